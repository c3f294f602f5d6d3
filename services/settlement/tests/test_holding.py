"""The rules of holding, clawback and release, one example each."""

from datetime import datetime

import pytest

from services.settlement.domain.accounts import Balances, changes
from services.settlement.domain.conditions import ReturnWindow
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import LedgerLine, LinePart, LinesHeld
from services.settlement.domain.holding import (
    LINES_IN_AN_EVENT,
    HeldLine,
    Posted,
    Standing,
    decide_lines,
    decide_release,
    needed,
)
from services.settlement.tests.given import GBP, PLAN, START, day


def line(name: str, amount: int, until: int | None = None, reverses: str = "", member: str = "anna") -> LedgerLine:
    return LedgerLine(
        line=name,
        member=member,
        component="direct",
        level=0,
        rate="0.08",
        base="1.25",
        amount_minor=amount,
        conditions=() if until is None else (ReturnWindow(until=day(until)),),
        reverses=reverses,
    )


def enter(
    *lines: LedgerLine,
    time: datetime | None = None,
    standing: Standing | None = None,
    named: HeldLine | None = None,
) -> LinesHeld:
    posted = Posted("s1", GBP, START, PLAN, lines)
    standings = {member: standing or Standing() for member in needed(posted, time)}
    return decide_lines(posted, time, standings, {named.line: named} if named else {})


def test_a_line_is_held_before_time_has_begun() -> None:
    event = enter(line("l1", 100, until=0))
    assert event.held(event.lines[0]) == 100
    assert changes(event.postings) == {"anna": Balances(accrued=100, held=100)}


def test_a_line_is_held_until_its_window_has_ended() -> None:
    assert changes(enter(line("l1", 100, until=14), time=day(13)).postings)["anna"].held == 100
    assert changes(enter(line("l1", 100, until=14), time=day(14)).postings)["anna"].payable == 100


def test_a_line_without_conditions_is_payable_at_once() -> None:
    event = enter(line("l1", 100))
    assert event.held(event.lines[0]) == 0
    assert event.released == ("l1",)
    assert changes(event.postings) == {"anna": Balances(accrued=100, payable=100)}


def test_a_late_line_settles_the_debt_first() -> None:
    event = enter(line("l1", 100), standing=Standing(debt=30))
    assert changes(event.postings) == {"anna": Balances(accrued=100, payable=70, debt=-30)}


def test_a_debt_is_not_set_against_what_is_merely_held() -> None:
    event = enter(line("l1", 100, until=14), standing=Standing(debt=30))
    assert changes(event.postings) == {"anna": Balances(accrued=100, held=100)}


def test_a_clawback_takes_the_named_line_first() -> None:
    event = enter(
        line("r1", -60, reverses="l1"),
        standing=Standing(payable=5, held={"l2": 50}),
        named=HeldLine("l1", "anna", 40),
    )
    assert event.cancelled == (LinePart(line="l1", amount_minor=40), LinePart(line="l2", amount_minor=20))
    assert changes(event.postings) == {"anna": Balances(clawed_back=-60, held=-60)}


def test_a_clawback_takes_held_then_payable_and_the_rest_is_debt() -> None:
    event = enter(line("r1", -100), standing=Standing(payable=25, held={"l3": 30, "l2": 40}))
    assert [part.line for part in event.cancelled] == ["l3", "l2"]
    assert changes(event.postings) == {"anna": Balances(clawed_back=-100, held=-70, payable=-25, debt=5)}


def test_a_clawback_of_a_released_line_takes_what_else_is_held() -> None:
    event = enter(line("r1", -10, reverses="l1"), standing=Standing(held={"l2": 50}), named=HeldLine("l1", "anna", 0))
    assert event.cancelled == (LinePart(line="l2", amount_minor=10),)


def test_a_clawback_posted_together_with_its_line_cancels_it() -> None:
    event = enter(line("l1", 100, until=14), line("r1", -100, reverses="l1"))
    assert event.cancelled == (LinePart(line="l1", amount_minor=100),)
    assert changes(event.postings) == {"anna": Balances(accrued=100, clawed_back=-100)}


def test_a_clawback_without_anything_is_a_debt() -> None:
    assert changes(enter(line("r1", -7)).postings) == {"anna": Balances(clawed_back=-7, debt=7)}


@pytest.mark.parametrize("named", [None, HeldLine("l1", "ben", 40)])
def test_a_clawback_must_name_a_line_of_its_member(named: HeldLine | None) -> None:
    with pytest.raises(DoesNotFit):
        enter(line("r1", -10, reverses="l1"), named=named)


def test_lines_of_several_members_are_one_entry() -> None:
    event = enter(line("l1", 100, until=14), line("l2", 50, until=14, member="ben"))
    assert changes(event.postings) == {
        "anna": Balances(accrued=100, held=100),
        "ben": Balances(accrued=50, held=50),
    }


def test_a_release_settles_debts_before_anything_is_payable() -> None:
    due = [HeldLine("l1", "anna", 20), HeldLine("l2", "anna", 30), HeldLine("l3", "ben", 5)]
    (event,) = decide_release(GBP, day(14), due, {"anna": 35})
    assert changes(event.postings) == {
        "anna": Balances(held=-50, payable=15, debt=-35),
        "ben": Balances(held=-5, payable=5),
    }


def test_a_large_release_is_several_entries_and_nets_a_debt_once() -> None:
    due = [HeldLine(f"l{n}", "anna", 1) for n in range(LINES_IN_AN_EVENT + 10)]
    events = list(decide_release(GBP, day(14), due, {"anna": LINES_IN_AN_EVENT + 4}))
    assert [len(event.lines) for event in events] == [LINES_IN_AN_EVENT, 10]
    assert [changes(event.postings)["anna"].debt for event in events] == [-LINES_IN_AN_EVENT, -4]
    assert changes(events[1].postings)["anna"].payable == 6
