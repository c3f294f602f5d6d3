"""Double entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.settlement.domain.accounts import Account, Balances, Journal, Posting, changes, imbalance
from services.settlement.domain.events import LEDGER_ENTRIES, LedgerEntry, LinesReleased
from services.settlement.tests.given import GBP, START

MOVES = st.lists(
    st.tuples(
        st.sampled_from(["anna", "ben"]),
        st.integers(0, 1000),
        st.sampled_from(list(Account)),
        st.sampled_from(list(Account)),
    )
)


@given(MOVES)
def test_whatever_a_journal_moves_sums_to_zero_for_each_member(moves: list[tuple[str, int, Account, Account]]) -> None:
    journal = Journal()
    for member, amount, source, target in moves:
        journal.move(member, amount, source, target)
    assert not imbalance(journal.postings())
    for balances in changes(journal.postings()).values():
        assert "unbalanced" not in balances.problem()


def test_an_unbalanced_entry_cannot_be_made() -> None:
    wrong = (Posting(Account.HELD, "anna", -5), Posting(Account.PAYABLE, "anna", 4))
    with pytest.raises(ValidationError, match="unbalanced"):
        LinesReleased(currency=GBP, as_of=START, lines=(), postings=wrong)


def test_an_entry_that_balances_only_by_taking_from_another_member_cannot_be_made() -> None:
    wrong = (Posting(Account.HELD, "anna", -5), Posting(Account.PAYABLE, "ben", 5))
    with pytest.raises(ValidationError, match="unbalanced"):
        LinesReleased(currency=GBP, as_of=START, lines=(), postings=wrong)


def test_an_unbalanced_entry_cannot_be_read_back() -> None:
    right = (Posting(Account.HELD, "anna", -5), Posting(Account.PAYABLE, "anna", 5))
    stored = LinesReleased(currency=GBP, as_of=START, lines=(), postings=right).model_dump_json()
    assert LinesReleased.model_validate_json(stored).postings == right
    with pytest.raises(ValidationError, match="unbalanced"):
        LinesReleased.model_validate_json(stored.replace("-5", "-6"))


def test_balances_say_what_is_wrong_with_them() -> None:
    assert Balances(accrued=10, held=10).problem() == ""
    assert Balances(accrued=10, clawed_back=-4, held=6).problem() == ""
    assert Balances(accrued=10, clawed_back=-12, debt=2).problem() == ""
    assert "unbalanced" in Balances(accrued=10, held=9).problem()
    assert "below zero" in Balances(accrued=10, held=12, payable=-2).problem()
    assert "below zero" in Balances(accrued=10, clawed_back=2, held=12).problem()


def test_every_ledger_entry_is_listed() -> None:
    assert set(LEDGER_ENTRIES) == set(LedgerEntry.__subclasses__())
