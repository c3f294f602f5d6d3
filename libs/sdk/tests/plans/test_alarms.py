"""From findings to alarms, and years that are added up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans.rules import Finding, Money, Severity, Subject, changes, year_before
from fenxiao.plans.rules.texts import Text

WORD = Text(en="word", zh="字")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def finding(rule: str, about: str = "", found: str = "3 of 4") -> Finding:
    said = Text(en=found, zh=found)
    return Finding("CN", rule, "", Severity.ALARM, said, WORD, WORD, WORD, about=about)


def test_the_same_finding_with_other_figures_is_no_new_alarm() -> None:
    standing = {Subject("CN/a", "ann"): 1, Subject("CN/a", "bob"): 2, Subject("CN/b", ""): 3}
    found = [finding("a", "ann", "5 of 6"), finding("b", "ann"), finding("c")]
    raised, cleared = changes(standing, found)
    assert raised == found[1:]
    assert cleared == [2, 3]


def test_what_is_found_twice_is_raised_once() -> None:
    assert len(changes({}, [finding("a", "ann", "one tree"), finding("a", "ann", "the other tree")])[0]) == 1


def test_a_period_counts_in_the_year_in_which_it_begins_where_the_programme_is() -> None:
    periods = {
        datetime(2025, 12, 28, 16, tzinfo=UTC): Money(1, 10),  # the 29th in Shanghai, over the new year
        datetime(2025, 12, 31, 16, tzinfo=UTC): Money(2, 20),  # New Year's Day in Shanghai
        datetime(2026, 1, 31, 16, tzinfo=UTC): Money(4, 40),
        datetime(2026, 3, 31, 16, tzinfo=UTC): Money(8, 80),
    }
    march = datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert year_before(periods, march, SHANGHAI) == Money(6, 60)
    assert year_before(periods, march, ZoneInfo("UTC")) == Money(4, 40)
    assert year_before(periods, datetime(2025, 12, 31, 16, tzinfo=UTC), SHANGHAI) == Money()
    assert year_before({}, march, SHANGHAI) == Money()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 3000), unique=True, max_size=40),
    st.integers(0, 3000),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/Los_Angeles"]),
)
def test_years_are_added_up_as_one_would_by_hand(days: list[int], start: int, zone: str) -> None:
    where, first = ZoneInfo(zone), datetime(2020, 1, 1, tzinfo=UTC)
    periods = {first + timedelta(days=one): Money(one, 2 * one) for one in days}
    at = first + timedelta(days=start)
    new_year = datetime(at.astimezone(where).year, 1, 1, tzinfo=where)
    counted = [one for one in days if new_year <= first + timedelta(days=one) < at]
    assert year_before(periods, at, where) == Money(sum(counted), 2 * sum(counted))
