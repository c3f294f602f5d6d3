"""Who members are in a period: the last word that was known, dated before the period's end."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans import Plan, read_plan
from fenxiao.plans.periods.inputs import Person
from fenxiao.plans.periods.people import Checked, Known, Word, asks_who, people_of, standing

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
EVERYTHING = Known(99, 99)

PLAN = """
plan: p
version: '1'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
ranks:
  - {id: silver, personal_volume: 100}
  - {id: gold}
components:
  - {id: a, type: unilevel, levels: [8%], qualify: {identity: true, countries: [CN]}}
"""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def plan(text: str = PLAN) -> Plan:
    return read_plan(text.encode())


def people(
    checks: Sequence[Word[Checked | None]] = (),
    countries: Sequence[Word[str]] = (),
    ranks: Sequence[Word[str]] = (),
    text: str = PLAN,
    known: Known = EVERYTHING,
    ranks_cut: int = 99,
) -> dict[str, Person]:
    return people_of(plan(text), END, known, checks, countries, ranks, ranks_cut)


def check(at: float, position: int, until: float | None = None) -> Word[Checked | None]:
    return Word("ann", day(at), position, Checked(day(at), None if until is None else day(until)))


def withdrawal(at: float, position: int) -> Word[Checked | None]:
    return Word("ann", day(at), position, None)


def verified(*told: Word[Checked | None], known: Known = EVERYTHING) -> bool:
    found = people(told, known=known).get("ann")
    return found is not None and found.verified(END)


def test_a_check_counts_if_it_was_made_before_the_periods_end() -> None:
    assert verified(check(30.9, 1))
    assert not verified(check(31, 1))
    assert verified(check(-400, 1))


def test_a_check_must_still_count_at_the_periods_end() -> None:
    assert not verified(check(1, 1, until=30.9))
    assert verified(check(1, 1, until=31))


def test_the_newest_check_holds_however_long_an_older_one_would_have() -> None:
    assert not verified(check(1, 1), check(2, 2, until=5))
    assert verified(check(2, 2), check(1, 1, until=5))
    # Told later and dated earlier, it is the older one.
    assert verified(check(2, 1), check(1, 2, until=5))
    assert not verified(check(1, 1), check(1, 2, until=5))


def test_a_check_that_is_withdrawn_counts_until_the_next() -> None:
    assert not verified(check(1, 1), withdrawal(30.9, 2))
    assert verified(check(1, 1), withdrawal(31, 2))
    assert verified(check(1, 1), withdrawal(2, 2), check(3, 3))
    assert not verified(check(1, 1), withdrawal(1, 2))


def test_the_country_is_the_one_at_the_periods_end() -> None:
    told = [Word("ann", day(1), 1, "GB"), Word("ann", day(20), 2, "CN"), Word("ann", day(31), 3, "US")]
    assert people(countries=told) == {"ann": Person("CN")}


def test_what_is_told_behind_the_cut_changes_nothing() -> None:
    told = [Word("ann", day(1), 5, "GB"), Word("ann", day(2), 6, "CN")]
    assert people(countries=told, known=Known(5, 9)) == {"ann": Person("GB")}
    assert not verified(check(1, 6), known=Known(5, 9))


def test_of_who_was_enrolled_behind_the_cut_what_is_told_up_to_the_newest_counts() -> None:
    late = Known(5, 9, frozenset(["ann"]))
    assert verified(check(1, 9), known=late)
    assert not verified(check(1, 10), known=late)
    assert people(countries=[Word("ann", day(1), 7, "CN"), Word("bob", day(1), 7, "CN")], known=late) == {
        "ann": Person("CN")
    }


def test_a_granted_rank_counts_as_far_as_it_was_known_and_the_plan_has_it() -> None:
    told = [Word("ann", day(1), 1, "gold"), Word("bob", day(1), 2, "director"), Word("cai", day(31), 3, "gold")]
    assert people(ranks=told) == {"ann": Person(rank="gold")}
    assert people(ranks=told, ranks_cut=0) == {}
    assert people(ranks=[*told, Word("ann", day(2), 4, "")]) == {}
    assert people(ranks=[*told, Word("ann", day(2), 4, "silver")]) == {"ann": Person(rank="silver")}


def test_everything_that_is_known_stands_together() -> None:
    told = people([check(1, 1, until=60)], [Word("ann", day(1), 2, "CN")], [Word("ann", day(1), 3, "gold")])
    assert told == {"ann": Person("CN", day(1), "gold", day(60))}


def test_what_the_plan_does_not_ask_is_left_out() -> None:
    other = PLAN.replace(", qualify: {identity: true, countries: [CN]}", "")
    assert not asks_who(plan(other))
    assert people([check(1, 1)], [Word("ann", day(1), 2, "CN")], text=other) == {}


@pytest.mark.parametrize("qualify", ["identity: true", "countries: [CN]"])
def test_either_is_asked(qualify: str) -> None:
    assert asks_who(plan(PLAN.replace("identity: true, countries: [CN]", qualify)))


WORDS = st.lists(
    st.builds(
        Word,
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 40).map(day),
        st.integers(1, 20),
        st.sampled_from(["CN", "GB", "US"]),
    ),
    max_size=12,
    unique_by=lambda word: word.position,
)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.integers(0, 20), st.integers(0, 20), st.sets(st.sampled_from(["ann", "bob"])), st.randoms())
def test_the_last_word_is_found_in_whatever_order_they_come(
    words: list[Word[str]], cut: int, more: int, late: set[str], random: object
) -> None:
    known = Known(cut, cut + more, late)
    expected: dict[str, str] = {}
    for word in sorted(words, key=lambda one: (one.since, one.position)):
        heard = word.position <= (known.newest if word.member in late else cut)
        if heard and word.since < END:
            expected[word.member] = word.what
    random.shuffle(words)  # type: ignore[attr-defined]
    assert standing(words, END, known) == expected
