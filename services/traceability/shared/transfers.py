"""Between custody's messages and what is signed."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.epcis import Level, Names, canonical_text, is_uri, parse_identifier
from fenxiao.errors import Kind, Refusal
from fenxiao.money import parse_amount, plain
from fenxiao.proofs.custody import HandedOver, Transfer
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.signatures import signer_of_digest
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from libs.servicekit.times import from_timestamp, to_timestamp
from services.traceability.domain.custody import (
    CustodyEvent,
    Member,
    Signed,
    State,
    offer_stream,
    state_of,
    transfer_of,
)
from services.traceability.domain.events import CustodyAccepted, CustodyOffered, CustodyOfferWithdrawn, CustodyRejected
from services.traceability.views.members import member_of
from services.traceability.views.trace_rules import as_of

MEMBER: Final = "programmes/{programme}/members/{member}"
OFFER: Final = "programmes/{programme}/custodyOffers/{offer}"

MOST_ITEMS: Final = 1000
MOST_TRANSACTIONS: Final = 100
_MOST_URI: Final = 2000
_UOM: Final = re.compile(r"[A-Z0-9]{2,3}")
_STATES: Final = {
    State.OFFERED: pb.CUSTODY_STATE_OFFERED,
    State.ACCEPTED: pb.CUSTODY_STATE_ACCEPTED,
    State.REJECTED: pb.CUSTODY_STATE_REJECTED,
    State.WITHDRAWN: pb.CUSTODY_STATE_WITHDRAWN,
    State.EXPIRED: pb.CUSTODY_STATE_EXPIRED,
}
STATES: Final = {message: state for state, message in _STATES.items()}


def read_transfer(programme: str, message: pb.CustodyTransfer) -> Transfer:
    """What is to be signed, in its one form. Raises `Refusal`."""
    try:
        offer = str(UUID(message.offer)) if len(message.offer) == 36 else ""
    except ValueError:
        offer = ""
    if not offer:
        raise Refusal("INVALID_OFFER_ID", "choose a random UUID for the offer", field="transfer.offer")
    if not 1 <= len(message.items) <= MOST_ITEMS:
        raise Refusal("INVALID_ITEMS", f"name 1 to {MOST_ITEMS:,} items", field="transfer.items")
    items = tuple(map(_item, message.items))
    if len({(item.id, item.uom) for item in items}) < len(items):
        raise Refusal("INVALID_ITEMS", "name each item once", field="transfer.items")
    transactions = [_uri(one, "transfer.biz_transactions") for one in message.biz_transactions]
    if len(transactions) > MOST_TRANSACTIONS or len(set(transactions)) < len(transactions):
        text = f"name at most {MOST_TRANSACTIONS} business transactions, each once"
        raise Refusal("INVALID_BIZ_TRANSACTIONS", text, field="transfer.biz_transactions")
    expires = from_timestamp(message.expire_time, "transfer.expire_time")
    if message.expire_time.seconds <= 0 or message.expire_time.nanos:
        raise Refusal("INVALID_TIME", "say until when the offer stands, in whole seconds", field="transfer.expire_time")
    return Transfer(
        programme,
        offer,
        member_id(programme, message.offerer, "transfer.offerer"),
        member_id(programme, message.receiver, "transfer.receiver"),
        items,
        _uri(message.place, "transfer.place") if message.place else "",
        tuple(transactions),
        int(expires.timestamp()),
    )


def _item(message: pb.CustodyItem) -> HandedOver:
    uri = _uri(message.id, "transfer.items")
    known = parse_identifier(uri)
    if known is not None and known.level is Level.CLASS and message.quantity:
        text = f"{uri[:200]} names goods without lot or serial number; name one of them"
        raise Refusal("INVALID_ITEMS", text, field="transfer.items")
    if known is not None and (known.level is Level.LOT) != bool(message.quantity):
        text = "a lot is handed over with a quantity, an object without"
        raise Refusal("INVALID_ITEMS", text, field="transfer.items")
    if message.uom and not (message.quantity and _UOM.fullmatch(message.uom)):
        text = "a unit is 2 or 3 characters of UN/ECE Recommendation 20, beside a quantity"
        raise Refusal("INVALID_ITEMS", text, field="transfer.items")
    quantity = plain(parse_amount(message.quantity, field="transfer.items")) if message.quantity else ""
    return HandedOver(uri, quantity, message.uom)


def _uri(text: str, field: str) -> str:
    if len(text) > _MOST_URI or not is_uri(text):
        raise Refusal("INVALID_URI", f"{text[:100]!r} is not a URI of at most {_MOST_URI:,} characters", field=field)
    return canonical_text(text, Names())


def member_id(programme: str, name: str, field: str) -> str:
    """The id of a member of this programme. Raises `Refusal`."""
    found = parse_name(MEMBER, name)
    if found["programme"] != programme:
        message = f"{name[:200]} is not of the programme {programme}"
        raise Refusal("OTHER_PROGRAMME", message, field=field, kind=Kind.DENIED)
    return found["member"].lower()


def known_member(reader: Reader, programme: str, member: str, field: str) -> Member:
    """A member. Raises `Refusal` UNKNOWN_MEMBER."""
    found = member_of(reader, programme, member)
    if found is None:
        message = f"traceability knows of no member {member[:64]!r}; enrol the member first"
        raise Refusal("UNKNOWN_MEMBER", message, field=field, kind=Kind.NOT_FOUND)
    return found


def signed(digest: bytes, signature: bytes) -> Signed:
    """Whose signature it is. Raises `Refusal` INVALID_SIGNATURE."""
    return Signed(signer_of_digest(digest, signature), signature)


def seconds(reader: Reader, programme: str) -> int | None:
    """How far time has come."""
    moment = as_of(reader, programme)
    return None if moment is None else int(moment.timestamp())


def load_offer(reader: Reader, call: Call, name: str) -> list[Recorded[CustodyEvent]]:
    """The events of an offer. Raises `Refusal` UNKNOWN_CUSTODY_OFFER."""
    text = parse_name(OFFER, name)["offer"].lower()
    found = reader.load(offer_stream(call.programme, text))
    if not found:
        message = f"there is no offer {text[:64]!r}; list them to see which there are"
        raise Refusal("UNKNOWN_CUSTODY_OFFER", message, field="name", kind=Kind.NOT_FOUND)
    return found


def offered_in(events: Sequence[Recorded[CustodyEvent]], programme: str) -> Transfer:
    """What was offered."""
    first = events[0].event
    assert isinstance(first, CustodyOffered), "an offer begins with being offered"
    return transfer_of(programme, first)


def typed_data_message(transfer: Transfer) -> pb.CustodyTypedData:
    """What is to be signed, in every case."""
    return pb.CustodyTypedData(
        transfer_json=_json(transfer.typed_data()),
        transfer_digest=to_hex(transfer.digest()),
        rejection_json=_json(transfer.rejection_typed_data()),
        rejection_digest=to_hex(transfer.rejection_digest()),
        withdrawal_json=_json(transfer.withdrawal_typed_data()),
        withdrawal_digest=to_hex(transfer.withdrawal_digest()),
    )


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def offer_message(events: Sequence[Recorded[CustodyEvent]], now: int | None) -> pb.CustodyOffer:
    """An offer as it is shown."""
    first, last = events[0], events[-1]
    programme, offered = first.meta.programme, first.event
    assert isinstance(offered, CustodyOffered), "an offer begins with being offered"
    answer = pb.CustodyOffer(
        name=OFFER.format(programme=programme, offer=offered.offer),
        transfer=pb.CustodyTransfer(
            offer=offered.offer,
            offerer=MEMBER.format(programme=programme, member=offered.offerer),
            receiver=MEMBER.format(programme=programme, member=offered.receiver),
            items=[pb.CustodyItem(id=one.id, quantity=one.quantity, uom=one.uom) for one in offered.items],
            place=offered.place,
            biz_transactions=offered.biz_transactions,
            expire_time=to_timestamp(datetime.fromtimestamp(offered.expires, UTC)),
        ),
        state=_STATES[state_of([one.event for one in events], now)],
        digest=offered.digest,
        offerer_account=offered.account,
        offerer_signature=bytes.fromhex(offered.signature),
        offer_time=to_timestamp(first.recorded_at),
    )
    match last.event:
        case CustodyAccepted(receiver_account=account, receiver_signature=signature):
            answer.receiver_account, answer.receiver_signature = account, bytes.fromhex(signature)
        case CustodyRejected(account=account, signature=signature):
            answer.receiver_account, answer.receiver_signature = account, bytes.fromhex(signature)
        case CustodyOfferWithdrawn() | CustodyOffered():
            pass
    if len(events) > 1:
        answer.answer_time.CopyFrom(to_timestamp(last.recorded_at))
    return answer
