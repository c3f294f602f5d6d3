"""What the vault has paid, entered exactly as it moved; whatever does not fit the ledger is not entered at all.

Payments are counted by payee, not by distribution: the vault pays what is open under its newest active root. A payment
that takes a payee from one cumulative amount to a higher one pays those distributions whose share lies between them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.settlement.domain.accounts import Account, Journal
from services.settlement.domain.assets import to_minor
from services.settlement.domain.distribution import Standing
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import Payment, PayoutParked, PayoutsBooked, Progress


class Transfer(NamedTuple):
    """What the chain says of one payee: token units that moved, and all that ever moved."""

    payee: str
    account: str
    units: str
    cumulative_units: str


class Batch(NamedTuple):
    """What one transaction has paid."""

    currency: str
    number: int
    transaction: str
    block: int
    transfers: Sequence[Transfer]


class Share(NamedTuple):
    """What a distribution added to a payee's entitlement: from `cumulative − due` up to `cumulative`."""

    number: int
    cumulative: int
    due: int


class Creditor(NamedTuple):
    """What the ledger knows of a payee."""

    member: str
    in_distribution: int
    paid: int
    shares: Sequence[Share]
    """Those that are not paid in full."""


def decide_booking(batch: Batch, scale: int, creditors: Mapping[str, Creditor]) -> PayoutsBooked:
    """Book payments. Raises `DoesNotFit` for an unknown payee, for more than is owed, and for a gap or a repetition."""
    journal = Journal()
    payments: list[Payment] = []
    progress: dict[int, list[int]] = {}
    current = dict(creditors)
    for transfer in batch.transfers:
        creditor = current.get(transfer.payee)
        if creditor is None:
            raise DoesNotFit(f"{batch.transaction} pays {transfer.payee}, who is entitled to nothing")
        member, open_amount, before, shares = creditor
        amount, after = to_minor(transfer.units, scale), to_minor(transfer.cumulative_units, scale)
        if not 0 < amount <= open_amount:
            raise DoesNotFit(
                f"{batch.transaction} pays {amount} to {transfer.payee}, whose open credit is {open_amount}"
            )
        if before + amount != after:
            raise DoesNotFit(f"{batch.transaction} takes {transfer.payee} from {before} to {after} by paying {amount}")
        journal.move(member, amount, Account.IN_DISTRIBUTION, Account.PAID)
        payments.append(
            Payment(
                member=member,
                payee=transfer.payee,
                account=transfer.account,
                amount_minor=amount,
                cumulative_minor=after,
            )
        )
        for number, finished, part in allocate(before, after, shares):
            done = progress.setdefault(number, [0, 0])
            done[0] += finished
            done[1] += part
        current[transfer.payee] = Creditor(member, open_amount - amount, after, shares)
    return PayoutsBooked(
        currency=batch.currency,
        number=batch.number,
        transaction=batch.transaction,
        block=batch.block,
        payments=tuple(payments),
        progress=tuple(
            Progress(number=number, payees=payees, amount_minor=amount)
            for number, (payees, amount) in sorted(progress.items())
        ),
        postings=journal.postings(),
    )


def allocate(before: int, after: int, shares: Iterable[Share]) -> Iterable[tuple[int, bool, int]]:
    """Which distributions a payment belongs to: (number, whether it is the last of the share, amount)."""
    for number, cumulative, due in shares:
        part = min(after, cumulative) - max(before, cumulative - due)
        if part > 0:
            yield number, after >= cumulative, part


def decide_parking(
    known: Standing | None,
    member: str | None,
    *,
    currency: str,
    number: int,
    payee: str,
    account: str,
    transaction: str,
    reason: str,
) -> PayoutParked:
    """Note that a payee could not be paid. The money stays where it is."""
    if known is None or member is None:
        raise DoesNotFit(f"{transaction} could not pay {payee} of {currency}-{number}, whom nobody was to pay")
    return PayoutParked(
        currency=currency,
        number=number,
        member=member,
        payee=payee,
        account=account,
        transaction=transaction,
        reason=reason,
    )
