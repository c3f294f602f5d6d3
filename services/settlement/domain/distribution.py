"""A distribution: what is payable becomes an entitlement under one root.

A payee's entitlement counts from the programme's start and never falls. Everybody who ever was entitled stands in every
later tree, since the vault looks at the newest one only.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.money import format_minor
from fenxiao.proofs.hashes import programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutTree
from services.settlement.domain.accounts import Account, Journal
from services.settlement.domain.assets import scale_of, scope_of
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import (
    AssetRegistered,
    DistributionBlocked,
    DistributionClosed,
    DistributionProposed,
    Entitlement,
    EntitlementsListed,
    LedgerEntry,
)

ENTRIES_IN_A_PART: Final = 500
"""Entitlements listed by one event at most."""

NO_ROOT: Final = to_hex(bytes(32))
"""The root before the first one."""


class State(StrEnum):
    """How far a distribution has come."""

    CLOSED = "closed"
    PROPOSED = "proposed"
    ACTIVE = "active"
    PAID = "paid"
    BLOCKED = "blocked"


class Standing(NamedTuple):
    """What is known of a distribution's way."""

    number: int
    root: str
    proposed: bool
    problem: str
    due_minor: int
    paid_minor: int

    @property
    def state(self) -> State:
        """How far it has come. Blocked lasts until it is proposed after all, or paid."""
        if self.proposed and self.paid_minor == self.due_minor:
            return State.PAID
        if self.problem:
            return State.BLOCKED
        if self.paid_minor:
            return State.ACTIVE
        return State.PROPOSED if self.proposed else State.CLOSED


class Claimant(NamedTuple):
    """A member with something to get, or who got something once."""

    member: str
    payable: int
    entitled: int
    payee: str
    """Empty without a proven wallet."""
    account: str
    withheld: bool
    listed_account: str
    """The account in the tree before; empty if the payee was in none."""


class Shares(NamedTuple):
    """What a distribution would hold."""

    entries: list[Entitlement]
    """In ascending order of payee."""
    withheld_members: int
    """Members with something payable that stays behind: no proven wallet, or suspended."""
    withheld_minor: int

    @property
    def due_payees(self) -> int:
        """Payees who get something new."""
        return sum(1 for entry in self.entries if entry.due_minor)

    @property
    def due_minor(self) -> int:
        """What is new."""
        return sum(entry.due_minor for entry in self.entries)

    @property
    def cumulative_minor(self) -> int:
        """All that was ever entitled."""
        return sum(entry.cumulative_minor for entry in self.entries)


def decide_shares(claimants: Iterable[Claimant]) -> Shares:
    """Decide who gets what."""
    entries: list[Entitlement] = []
    withheld_members = withheld_minor = 0
    for member, payable, entitled, payee, account, withheld, listed_account in claimants:
        due = payable if payee and not withheld else 0
        if payable > due:
            withheld_members += 1
            withheld_minor += payable
        if entitled + due:
            entries.append(
                Entitlement(
                    member=member,
                    payee=payee,
                    account=account,
                    cumulative_minor=entitled + due,
                    due_minor=due,
                    moved=bool(listed_account) and listed_account != account,
                )
            )
    entries.sort(key=lambda entry: entry.payee)
    return Shares(entries, withheld_members, withheld_minor)


def check_turn(previous: Standing | None) -> None:
    """Refuse to close while the distribution before has no place on chain.

    A root names the one before it, and the vault takes them in their order only: if that one never gets on chain, what
    builds on it never does either.
    """
    if previous is None or previous.proposed:
        return
    why = f"the chain bridge is stopped by: {previous.problem}" if previous.problem else "the chain bridge is at it"
    message = f"The root of distribution {previous.number} is not final on chain yet ({why}); close the next one then."
    raise Refusal("DISTRIBUTION_IN_PROGRESS", message, kind=Kind.FAILED_PRECONDITION)


def check_worth(shares: Shares, currency: str, as_of: datetime, held_minor: int) -> None:
    """Refuse a distribution that would pay nothing to anybody, and say where the money stands."""
    if shares.due_minor:
        return
    message = (
        f"Nothing is payable as of {as_of.isoformat()}: {format_minor(held_minor, currency)} is held, and"
        f" {format_minor(shares.withheld_minor, currency)} of {shares.withheld_members} members waits for a proven"
        " wallet or the end of a suspension."
    )
    raise Refusal("NOTHING_TO_PAY", message, kind=Kind.FAILED_PRECONDITION)


def decide_distribution(
    programme: str,
    asset: AssetRegistered,
    previous: Standing | None,
    as_of: datetime,
    plan_hashes: Sequence[str],
    shares: Shares,
) -> list[LedgerEntry]:
    """Close the next distribution: the entitlements in parts, then the distribution itself."""
    number = previous.number + 1 if previous else 1
    scale = scale_of(asset.currency, asset.token_decimals)
    tree = payout_tree(programme, asset, shares.entries)
    parts = list(_parts(asset.currency, number, scale, shares.entries))
    closed = DistributionClosed(
        currency=asset.currency,
        number=number,
        as_of=as_of,
        chain_id=asset.chain_id,
        vault=asset.vault,
        token=asset.token,
        scale=scale,
        programme_key=to_hex(programme_key(programme)),
        root=to_hex(tree.root),
        previous_root=previous.root if previous else NO_ROOT,
        data_hash=to_hex(tree.data_hash),
        plan_hashes=tuple(plan_hashes),
        parts=len(parts),
        payees=len(shares.entries),
        due_payees=shares.due_payees,
        cumulative_minor=shares.cumulative_minor,
        due_minor=shares.due_minor,
    )
    return [*parts, closed]


def payout_tree(programme: str, asset: AssetRegistered, entries: Iterable[Entitlement]) -> PayoutTree:
    """The tree over entitlements."""
    scale = scale_of(asset.currency, asset.token_decimals)
    payouts = (
        Payout(bytes.fromhex(entry.payee[2:]), bytes.fromhex(entry.account[2:]), entry.cumulative_minor * scale)
        for entry in entries
    )
    return PayoutTree(scope_of(asset, programme), payouts)


def _parts(currency: str, number: int, scale: int, entries: Sequence[Entitlement]) -> Iterator[EntitlementsListed]:
    for part, start in enumerate(range(0, len(entries), ENTRIES_IN_A_PART)):
        some = entries[start : start + ENTRIES_IN_A_PART]
        journal = Journal()
        for entry in some:
            journal.move(entry.member, entry.due_minor, Account.PAYABLE, Account.IN_DISTRIBUTION)
        yield EntitlementsListed(
            currency=currency,
            number=number,
            part=part,
            scale=scale,
            entries=tuple(some),
            postings=journal.postings(),
        )


def decide_proposed(
    known: Standing | None, *, currency: str, number: int, root: str, transaction: str, block: int, active_at: int
) -> DistributionProposed:
    """Note that a root is final on chain. Raises `DoesNotFit` if it is not ours."""
    if known is None:
        raise DoesNotFit(f"{transaction} proposes {currency}-{number}, which was never closed here")
    if known.root != root.lower():
        raise DoesNotFit(f"{transaction} proposes {currency}-{number} with the root {root}; ours is {known.root}")
    return DistributionProposed(
        currency=currency, number=number, transaction=transaction, block=block, active_at=active_at
    )


def decide_blocked(
    known: Standing | None, *, currency: str, number: int, purpose: str, reason: str
) -> DistributionBlocked:
    """Note why the chain bridge cannot go on."""
    if known is None:
        raise DoesNotFit(f"the chain bridge is blocked at {currency}-{number}, which was never closed here")
    return DistributionBlocked(currency=currency, number=number, purpose=purpose, reason=reason)
