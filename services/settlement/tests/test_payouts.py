"""Payments are booked exactly as they moved, or not at all."""

import pytest

from services.settlement.domain.accounts import Balances, changes
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import PayoutsBooked, Progress
from services.settlement.domain.payouts import (
    Batch,
    Creditor,
    Share,
    Transfer,
    allocate,
    decide_booking,
    decide_parking,
)
from services.settlement.tests.given import GBP

SCALE = 100
ANNA = Creditor("anna", in_distribution=30, paid=20, shares=[Share(1, 25, 25), Share(2, 50, 25)])


def book(*transfers: tuple[str, int | str, int | str], **creditors: Creditor) -> PayoutsBooked:
    batch = Batch(GBP, 2, "0xt", 7, [Transfer(who, "0xa", str(units), str(after)) for who, units, after in transfers])
    return decide_booking(batch, SCALE, creditors)


def test_what_moved_is_paid_and_counts_for_the_distributions_it_came_from() -> None:
    booked = book(("p", 3000, 5000), p=ANNA)
    assert changes(booked.postings) == {"anna": Balances(in_distribution=-30, paid=30)}
    assert booked.progress == (
        Progress(number=1, payees=1, amount_minor=5),
        Progress(number=2, payees=1, amount_minor=25),
    )
    assert booked.payments[0].cumulative_minor == 50


def test_a_payment_under_the_older_root_pays_its_share_only() -> None:
    booked = book(("p", 500, 2500), p=ANNA)
    assert booked.progress == (Progress(number=1, payees=1, amount_minor=5),)


def test_one_payee_twice_in_a_transaction_counts_once_each() -> None:
    booked = book(("p", 500, 2500), ("p", 2500, 5000), p=ANNA)
    assert changes(booked.postings)["anna"].paid == 30


@pytest.mark.parametrize(
    ("units", "after"),
    [
        (3100, 5100),  # more than is owed
        (3000, 6000),  # a payment between was missed
        (3000, 3000),  # a payment was booked already
        (0, 2000),  # nothing moved
        (3050, 5050),  # not a whole number of minor units
        ("-100", "1900"),
        ("٣٠٠٠", "5000"),  # other digits than ours
    ],
)
def test_what_does_not_fit_is_not_booked(units: int | str, after: int | str) -> None:
    with pytest.raises(DoesNotFit):
        book(("p", units, after), p=ANNA)


def test_an_unknown_payee_is_not_booked() -> None:
    with pytest.raises(DoesNotFit, match="entitled to nothing"):
        book(("p", 500, 2500))


def test_nobody_is_parked_whom_nobody_was_to_pay() -> None:
    with pytest.raises(DoesNotFit):
        decide_parking(
            None, "anna", currency=GBP, number=9, payee="p", account="0xa", transaction="0xt", reason="blacklisted"
        )


def test_a_payment_is_shared_out_completely() -> None:
    shares = [Share(1, 10, 10), Share(3, 25, 15), Share(4, 26, 1)]
    for before in range(27):
        for after in range(before + 1, 27):
            parts = list(allocate(before, after, shares))
            assert sum(amount for _, _, amount in parts) == after - before
            assert [n for n, finished, _ in parts if finished] == [
                s.number for s in shares if before < s.cumulative <= after
            ]
