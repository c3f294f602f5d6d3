from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Tree

START = datetime(2010, 12, 1, tzinfo=UTC)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


def chain(*members: str) -> Tree:
    tree = Tree()
    for above, member in zip([None, *members], members, strict=False):
        tree.enrol(member, above, START)
    return tree


def test_the_upline_of_a_chain():
    tree = chain("a", "b", "c", "d")
    assert tree.upline("d", START, 3) == ["d", "c", "b"]
    assert tree.upline("b", START, 3) == ["b", "a"]
    assert tree.sponsor("a", START) is None
    assert ("d" in tree, "e" in tree, len(tree), list(tree)) == (True, False, 4, ["a", "b", "c", "d"])


def test_a_change_counts_from_its_moment_on():
    tree = chain("a", "b", "c")
    tree.enrol("x", None, START)
    tree.change_sponsor("c", "x", day(5))
    assert tree.upline("c", day(5) - timedelta(microseconds=1), 9) == ["c", "b", "a"]
    assert tree.upline("c", day(5), 9) == ["c", "x"]
    tree.change_sponsor("c", None, day(7))
    assert tree.upline("c", day(8), 9) == ["c"]
    tree.change_sponsor("c", "a", day(2))  # backdated: until the next change only
    assert [tree.sponsor("c", day(n)) for n in (1, 2, 5, 7)] == ["b", "a", "x", None]
    tree.change_sponsor("c", "x", day(5))  # the same again changes nothing
    tree.change_sponsor("c", "a", day(5))  # another at the same moment corrects it
    assert [tree.sponsor("c", day(n)) for n in (1, 2, 5, 7)] == ["b", "a", "a", None]


@pytest.mark.parametrize(
    ("member", "sponsor", "at", "reason"),
    [
        ("a", "c", 1, "CYCLE"),
        ("a", "a", 1, "CYCLE"),
        ("a", "nobody", 1, "UNKNOWN_SPONSOR"),
        ("nobody", "a", 1, "UNKNOWN_MEMBER"),
        ("c", "late", 1, "SPONSOR_JOINED_LATER"),
        ("c", "a", 0, "CHANGE_BEFORE_JOINING"),
    ],
)
def test_refused_changes_change_nothing(member: str, sponsor: str | None, at: int, reason: str):
    tree = chain("a", "b", "c")
    tree.enrol("late", "c", day(3))
    tree.change_sponsor("b", "a", day(4))
    before = [tree.upline(m, day(9), 9) for m in tree]
    with pytest.raises(Refusal) as refused:
        tree.change_sponsor(member, sponsor, day(at))
    assert refused.value.reason == reason
    assert [tree.upline(m, day(9), 9) for m in tree] == before


def test_refused_enrolments_and_questions():
    tree = chain("a")
    for member, sponsor, at, reason in [
        ("a", None, START, "DUPLICATE_MEMBER"),
        ("b", "nobody", START, "UNKNOWN_SPONSOR"),
        ("b", "b", START, "UNKNOWN_SPONSOR"),
        ("b", "a", day(-1), "SPONSOR_JOINED_LATER"),
    ]:
        with pytest.raises(Refusal) as refused:
            tree.enrol(member, sponsor, at)
        assert refused.value.reason == reason
    with pytest.raises(Refusal, match="UNKNOWN_MEMBER"):
        tree.upline("b", START, 1)
    with pytest.raises(Refusal, match="NOT_YET_A_MEMBER"):
        tree.upline("a", day(-1), 1)


def test_a_backdated_change_may_not_make_a_cycle_later():
    tree = chain("r", "a", "b")
    tree.change_sponsor("b", "r", day(2))  # b beside a …
    tree.change_sponsor("b", "a", day(6))  # … and below again
    with pytest.raises(Refusal, match="CYCLE"):
        tree.change_sponsor("a", "b", day(3))  # would be above himself from day 6 on
    tree.change_sponsor("a", "r", day(5))
    tree.change_sponsor("a", "b", day(3))  # until day 5 only
    assert tree.upline("a", day(4), 9) == ["a", "b", "r"]
    assert tree.upline("b", day(6), 9) == ["b", "a", "r"]


MEMBERS = [str(i) for i in range(7)]
changes = st.lists(
    st.tuples(st.sampled_from(MEMBERS), st.none() | st.sampled_from(MEMBERS), st.integers(1, 6)), max_size=25
)


class Naive:
    """Everything ever said, read anew for every question."""

    def __init__(self, sponsors: dict[str, str | None]) -> None:
        self.said = [(member, sponsor, 0) for member, sponsor in sponsors.items()]

    def sponsor(self, member: str, at: int) -> str | None:
        return max((n, s or "") for m, s, n in self.said if m == member and n <= at)[1] or None

    def upline(self, member: str, at: int) -> list[str] | None:
        """None if it never ends."""
        line: list[str] = []
        above: str | None = member
        while above is not None:
            if above in line:
                return None
            line.append(above)
            above = self.sponsor(above, at)
        return line

    def try_change(self, member: str, sponsor: str | None, at: int) -> str:
        before = self.said
        # The newest word on a moment counts.
        self.said = [(m, s, n) for m, s, n in before if (m, n) != (member, at)] + [(member, sponsor, at)]
        if any(self.upline(m, n) is None for m in MEMBERS for n in range(7)):
            self.said = before
            return "CYCLE"
        return ""


@settings(max_examples=300)
@given(st.lists(st.integers(0, 100), min_size=len(MEMBERS), max_size=len(MEMBERS)), changes)
def test_the_tree_equals_a_naive_one_at_every_moment(seed: list[int], asked: list[tuple[str, str | None, int]]):
    sponsors = {m: (MEMBERS[seed[i] % i] if i and seed[i] % 5 else None) for i, m in enumerate(MEMBERS)}
    tree, naive = Tree(), Naive(sponsors)
    for member, sponsor in sponsors.items():
        tree.enrol(member, sponsor, START)
    for member, sponsor, at in asked:
        expected = naive.try_change(member, sponsor, at)
        try:
            tree.change_sponsor(member, sponsor, day(at))
            got = ""
        except Refusal as refusal:
            got = refusal.reason
        assert got == expected
    for member in MEMBERS:
        for at in range(8):
            line = naive.upline(member, at)
            assert line is not None
            assert tree.upline(member, day(at), 99) == line
            assert tree.upline(member, day(at), 2) == line[:2]
