"""Custody between two members, as signed hand-overs tell it.

1. An offer says what, from whom, to whom, where, under which business transactions and until when. The offerer's wallet
   has signed it. That alone moves nothing: custody goes over when the receiver's wallet signs the same.
2. A signature counts if it is that of the wallet which is bound to the member at that time. The receiver signs another
   statement to reject, the offerer another one to withdraw. What is answered is answered.
3. An offer lapses once time (`AdvanceTo`) has come to the moment that it names.
4. Custody of an object is known once it was handed over: then only its holder offers it. One open offer of an object
   at a time, whoever makes it.
5. Of a lot, the first who hands some over is its origin and may hand over any amount; everybody else has what he has
   received less what he has given away, in each unit, and what he has offered is not offered again.
6. Identifiers stand for themselves: handing over a container says nothing of what is in it.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from fenxiao.errors import Kind, Refusal
from fenxiao.money import EXACT, plain
from fenxiao.proofs.custody import HandedOver, Transfer
from fenxiao.proofs.hashes import to_hex
from services.traceability.domain.events import (
    CustodyAccepted,
    CustodyItem,
    CustodyOffered,
    CustodyOfferWithdrawn,
    CustodyRejected,
)

_NAMESPACE: Final = UUID("8a1f4d52-2c63-4a94-bb0a-6f1d5e7c9a13")

CustodyEvent = CustodyOffered | CustodyAccepted | CustodyRejected | CustodyOfferWithdrawn


class State(StrEnum):
    """How far an offer is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Member(NamedTuple):
    """A member as traceability knows him."""

    id: str
    account: str
    """The bound wallet (EIP-55); empty if there is none."""
    suspended: bool


class Signed(NamedTuple):
    """A signature, and whose it is."""

    account: str
    signature: bytes


class Holding(NamedTuple):
    """What a member has of an item, as far as hand-overs say."""

    item: str
    uom: str
    member: str
    quantity: Decimal | None
    """None: the object itself."""
    origin: bool
    """Of a lot: the first who handed some of it over."""


class Open(NamedTuple):
    """An item in an offer that is not answered."""

    item: str
    uom: str
    offerer: str
    quantity: Decimal | None


def offer_stream(programme: str, offer: str) -> UUID:
    """The stream of an offer."""
    return uuid5(_NAMESPACE, f"{programme}/{offer}")


def transfer_of(programme: str, offered: CustodyOffered) -> Transfer:
    """What an offer's signature is over."""
    return Transfer(
        programme,
        offered.offer,
        offered.offerer,
        offered.receiver,
        tuple(HandedOver(one.id, one.quantity, one.uom) for one in offered.items),
        offered.place,
        offered.biz_transactions,
        offered.expires,
    )


def state_of(events: Sequence[CustodyEvent], as_of: int | None) -> State:
    """How far an offer is, time having come to a second."""
    offered, last = events[0], events[-1]
    match last:
        case CustodyAccepted():
            return State.ACCEPTED
        case CustodyRejected():
            return State.REJECTED
        case CustodyOfferWithdrawn():
            return State.WITHDRAWN
        case CustodyOffered():
            assert isinstance(offered, CustodyOffered), "an offer begins with being offered"
            return State.EXPIRED if as_of is not None and as_of >= offered.expires else State.OFFERED


def decide_offer(
    transfer: Transfer,
    offerer: Member,
    receiver: Member,
    signed: Signed,
    holdings: Iterable[Holding],
    opened: Iterable[Open],
    as_of: int | None,
) -> CustodyOffered:
    """Offer custody. `holdings` and `opened` are those of the items. Raises `Refusal`."""
    if offerer.id == receiver.id:
        raise _refused("SAME_MEMBER", "a member hands over to another one", "transfer.receiver", Kind.INVALID)
    if as_of is not None and transfer.expires <= as_of:
        message = "time has come to that moment already; give a later one"
        raise _refused("ALREADY_EXPIRED", message, "transfer.expire_time", Kind.INVALID)
    _check_signer(offerer, signed, "offerer")
    # Without a wallet, nobody could accept.
    _check_member(receiver, "receiver")
    _check_custody(transfer, list(holdings), list(opened))
    return CustodyOffered(
        offer=transfer.offer,
        offerer=transfer.offerer,
        receiver=transfer.receiver,
        items=tuple(CustodyItem(id=one.id, quantity=one.quantity, uom=one.uom) for one in transfer.items),
        place=transfer.place,
        biz_transactions=transfer.biz_transactions,
        expires=transfer.expires,
        digest=to_hex(transfer.digest()),
        account=signed.account,
        signature=signed.signature.hex(),
    )


def decide_accept(
    events: Sequence[CustodyEvent],
    transfer: Transfer,
    offerer: Member,
    receiver: Member,
    signed: Signed,
    holdings: Iterable[Holding],
    as_of: int | None,
) -> CustodyAccepted:
    """Accept an offer: custody goes over. Raises `Refusal`."""
    offered = _open_offer(events, as_of)
    _check_signer(receiver, signed, "receiver")
    _check_member(offerer, "offerer")
    _check_custody(transfer, list(holdings), [])
    return CustodyAccepted(
        offer=offered.offer,
        offerer=offered.offerer,
        receiver=offered.receiver,
        digest=offered.digest,
        offerer_account=offered.account,
        offerer_signature=offered.signature,
        receiver_account=signed.account,
        receiver_signature=signed.signature.hex(),
    )


def decide_reject(
    events: Sequence[CustodyEvent], receiver: Member, signed: Signed, as_of: int | None
) -> CustodyRejected:
    """Reject an offer. Raises `Refusal`."""
    offered = _open_offer(events, as_of)
    _check_signer(receiver, signed, "receiver")
    return CustodyRejected(
        offer=offered.offer,
        digest=offered.digest,
        offerer_account=offered.account,
        offerer_signature=offered.signature,
        account=signed.account,
        signature=signed.signature.hex(),
    )


def decide_withdraw(
    events: Sequence[CustodyEvent], offerer: Member, signed: Signed, as_of: int | None
) -> CustodyOfferWithdrawn:
    """Take an offer back. Raises `Refusal`."""
    offered = _open_offer(events, as_of)
    _check_signer(offerer, signed, "offerer")
    return CustodyOfferWithdrawn(
        offer=offered.offer, digest=offered.digest, account=signed.account, signature=signed.signature.hex()
    )


def _open_offer(events: Sequence[CustodyEvent], as_of: int | None) -> CustodyOffered:
    state = state_of(events, as_of)
    if state is not State.OFFERED:
        message = f"the offer is {state} already; nothing was changed"
        raise _refused("CUSTODY_OFFER_NOT_OPEN", message, "name")
    assert isinstance(events[0], CustodyOffered), "an offer begins with being offered"
    return events[0]


def _check_member(member: Member, role: str) -> None:
    if member.suspended:
        raise _refused("MEMBER_SUSPENDED", f"the {role} is suspended; reinstate the member first", "transfer")
    if not member.account:
        raise _refused("NO_WALLET", f"the {role} has no bound wallet; bind one first", "transfer")


def _check_signer(member: Member, signed: Signed, role: str) -> None:
    _check_member(member, role)
    if signed.account != member.account:
        message = (
            f"the signature is not that of the wallet that is bound to the {role} now, over what is to be signed; "
            "get the typed data and sign it anew"
        )
        raise _refused("WRONG_SIGNER", message, "signature", Kind.DENIED)


def _check_custody(transfer: Transfer, holdings: Sequence[Holding], opened: Sequence[Open]) -> None:
    for item in transfer.items:
        known = [one for one in holdings if one.item == item.id]
        offered = [one for one in opened if one.item == item.id]
        if any((one.quantity is None) == bool(item.quantity) for one in known):
            message = f"{item.id[:200]} was handed over {'whole' if item.quantity else 'in amounts'} before; name it so"
            raise _refused("NOT_IN_CUSTODY", message, "transfer.items")
        if item.quantity:
            _check_lot(transfer.offerer, item.id, item.uom, Decimal(item.quantity), known, offered)
        elif offered:
            message = f"{item.id[:200]} is offered already; withdraw that offer first, or wait for its answer"
            raise _refused("ALREADY_OFFERED", message, "transfer.items", Kind.EXISTS)
        elif known and not any(one.member == transfer.offerer for one in known):
            message = f"{item.id[:200]} is in another member's custody; only that member can offer it"
            raise _refused("NOT_IN_CUSTODY", message, "transfer.items")


def _check_lot(
    offerer: str, item: str, uom: str, quantity: Decimal, known: Sequence[Holding], offered: Sequence[Open]
) -> None:
    if not known or any(one.origin and one.member == offerer for one in known):
        return
    held = _sum(one.quantity for one in known if (one.member, one.uom) == (offerer, uom))
    held = EXACT.subtract(held, _sum(one.quantity for one in offered if (one.offerer, one.uom) == (offerer, uom)))
    if quantity > held:
        left = f"{plain(max(held, Decimal(0)))} {uom}".strip()
        message = f"the member has {left} of {item[:200]} that can be offered, and no more"
        raise _refused("NOT_IN_CUSTODY", message, "transfer.items")


def _sum(quantities: Iterable[Decimal | None]) -> Decimal:
    total = Decimal(0)
    for one in quantities:
        total = EXACT.add(total, one or Decimal(0))
    return total


def handed_over(transfer: Transfer, holdings: Iterable[Holding]) -> tuple[list[Holding], list[Holding]]:
    """What is known of the items no longer, and what is known now, once a transfer is accepted."""
    before = list(holdings)
    after = list(before)
    for item in transfer.items:
        known = [one for one in after if one.item == item.id]
        if not item.quantity:
            after = [one for one in after if one.item != item.id]
            after.append(Holding(item.id, "", transfer.receiver, None, origin=False))
            continue
        quantity = Decimal(item.quantity)
        if not known:
            after.append(Holding(item.id, item.uom, transfer.offerer, Decimal(0), origin=True))
        for member, change in ((transfer.offerer, -quantity), (transfer.receiver, quantity)):
            after = _changed(after, item.id, item.uom, member, change)
    return [one for one in before if one not in after], [one for one in after if one not in before]


def _changed(holdings: list[Holding], item: str, uom: str, member: str, change: Decimal) -> list[Holding]:
    mine = [one for one in holdings if (one.item, one.uom, one.member) == (item, uom, member)]
    origin = any(one.origin for one in holdings if (one.item, one.member) == (item, member))
    # An origin makes what it hands over: it never has less than nothing.
    quantity = max(EXACT.add(_sum(one.quantity for one in mine), change), Decimal(0))
    return [one for one in holdings if one not in mine] + [Holding(item, uom, member, quantity, origin=origin)]


def _refused(reason: str, message: str, field: str, kind: Kind = Kind.FAILED_PRECONDITION) -> Refusal:
    return Refusal(reason, message, field=field, kind=kind)
