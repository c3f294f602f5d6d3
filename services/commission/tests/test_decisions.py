"""Given what has happened, when something is decided, then these facts follow. Pure, and for many cases."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import Rounding
from fenxiao.plans import SaleKind, plan_hash, read_plan
from services.commission.domain.events import LinesPosted, Report, ReturnRecorded, SaleRecorded
from services.commission.domain.plans import Version
from services.commission.domain.sales import Returned, check_repeated, decide_return, decide_sale, fold
from services.commission.tests.shop import day, document

SALE, RETURN = uuid.UUID(int=1), uuid.UUID(int=2)


def version(rounding: str = "half_up", levels: str = "8%, 4%, 2%") -> Version:
    content = document(rounding=rounding, levels=levels)
    return Version(plan_hash(content), read_plan(content))


def sold(amount: str = "100", *, at: datetime | None = None) -> Report:
    return Report(
        reference="s1",
        member="cai",
        kind=SaleKind.SALE,
        occurred_at=at or day(1),
        amount=Decimal(amount),
        currency="GBP",
    )


def returned(amount: str | Decimal, original: str = "s1") -> Report:
    return Report(
        reference="r1",
        member="cai",
        kind=SaleKind.RETURN,
        occurred_at=day(2),
        amount=Decimal(amount),
        currency="GBP",
        original_reference=original,
    )


def test_a_sale_under_a_plan_is_recorded_and_posted() -> None:
    recorded, posted = decide_sale(SALE, sold(), version(), ["cai", "bob"])
    assert recorded == SaleRecorded(report=sold(), plan_hash=version().hash)
    assert isinstance(posted, LinesPosted)
    assert [(line.member, line.level, line.amount_minor) for line in posted.lines] == [
        ("cai", 0, 800),
        ("bob", 1, 400),
    ]
    assert posted.upline == ("cai", "bob")
    sale = fold([recorded, posted])
    assert [sale.path_of(line) for line in sale.lines] == [("cai",), ("cai", "bob")]


def test_lines_that_were_stored_with_their_own_paths_still_have_them() -> None:
    recorded, posted = decide_sale(SALE, sold(), version(), ["cai", "bob"])
    assert isinstance(posted, LinesPosted)
    lines = tuple(line.model_copy(update={"path": posted.upline[: line.level + 1]}) for line in posted.lines)
    old = posted.model_copy(update={"upline": (), "lines": lines})
    assert "upline" not in old.model_dump_json()
    sale = fold([recorded, old])
    assert [sale.path_of(line) for line in sale.lines] == [("cai",), ("cai", "bob")]
    taken = decide_return(RETURN, returned("100"), str(SALE), sale, Returned(), version().plan)
    assert fold(taken).upline == ("cai", "bob")


def test_a_sale_under_no_plan_is_only_recorded() -> None:
    assert decide_sale(SALE, sold(), None, []) == [SaleRecorded(report=sold(), plan_hash="")]


def test_deciding_again_gives_the_same_lines_with_the_same_ids() -> None:
    assert decide_sale(SALE, sold(), version(), ["cai", "bob"]) == decide_sale(SALE, sold(), version(), ["cai", "bob"])
    other = decide_sale(RETURN, sold(), version(), ["cai", "bob"])
    assert other[1] != decide_sale(SALE, sold(), version(), ["cai", "bob"])[1]


def test_a_return_continues_where_the_one_before_stopped() -> None:
    original = fold(decide_sale(SALE, sold("1"), version(), ["cai"]))
    (line,) = original.lines
    before = Returned(Decimal("0.3"), {line.id: 2})
    events = decide_return(RETURN, returned("0.7"), str(SALE), original, before, version().plan)
    recorded, posted = events
    assert isinstance(recorded, ReturnRecorded)
    assert isinstance(posted, LinesPosted)
    assert (recorded.original_sale, recorded.returned_before) == (str(SALE), Decimal("0.3"))
    (taken,) = posted.lines
    assert (taken.amount_minor, taken.reverses, taken.reversed_before) == (-6, line.id, 2)
    assert fold(events).lines == (taken,)


def test_equal_amounts_are_equal_however_they_are_written() -> None:
    check_repeated(sold("100.00"), sold("100"))
    with pytest.raises(Refusal, match="another occurred_at, amount;"):
        check_repeated(sold("100.01", at=day(3)), sold("100"))


def test_a_time_zone_does_not_make_another_moment() -> None:
    check_repeated(
        sold(at=datetime.fromisoformat("2026-01-02T08:00:00+08:00")), sold(at=datetime(2026, 1, 2, tzinfo=UTC))
    )


@settings(deadline=None)
@given(
    st.sampled_from(list(Rounding)),
    st.lists(st.integers(1, 10**12), min_size=1, max_size=12),
    st.integers(0, 9),
    st.sampled_from(["8%, 4%, 2%", "0.000000001%, 33.333333333%", "100%", "0%, 1%, 1%, 1%"]),
)
def test_any_split_of_a_full_return_nets_each_line_to_zero(
    rounding: Rounding, parts: list[int], decimals: int, levels: str
) -> None:
    rule = version(rounding.value, levels)
    amounts = [Decimal(part).scaleb(-decimals) for part in parts]
    original = fold(decide_sale(SALE, sold(str(sum(amounts))), rule, ["cai", "bob", "ann", "zoe"]))
    so_far = Returned()
    for amount in amounts:
        recorded, *posted = decide_return(RETURN, returned(amount), str(SALE), original, so_far, rule.plan)
        assert isinstance(recorded, ReturnRecorded)
        taken = dict(so_far.clawed_back)
        for event in posted:
            assert isinstance(event, LinesPosted)
            for line in event.lines:
                assert line.reversed_before == taken.get(line.reverses, 0)
                assert line.amount_minor < 0
                taken[line.reverses] = line.reversed_before - line.amount_minor
        so_far = Returned(so_far.amount + amount, taken)
    assert so_far.clawed_back == {line.id: line.amount_minor for line in original.lines}
    with pytest.raises(Refusal, match="RETURN_EXCEEDS_SALE"):
        decide_return(RETURN, returned("0.000000001"), str(SALE), original, so_far, rule.plan)
