from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.money import Rounding
from fenxiao.plans import Plan, Sale, SaleKind, Tree
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.lines import Key, PeriodLine
from fenxiao.plans.sales.stream import Stream, differences
from fenxiao.plans.trials.facts import Facts
from libs.sdk.tests.plans.shop import NEXT, PERIOD, chain, day, plan, rate, sale, shops
from libs.sdk.tests.plans.singles import components, goods, plan_of

WITH_SALE = st.lists(components(with_sale=True), min_size=1, max_size=3)
ANY = st.lists(components(), min_size=1, max_size=3)
WEEKLY = """
- {id: d, type: direct, rate: 10%}
- {id: u, type: unilevel, levels: [5%, 5%], qualify: {active: {volume: 100}}}
"""


def numbered(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**part, "id": f"c{i}"} for i, part in enumerate(parts)]


def stream(plan: Plan, tree: Tree) -> Stream:
    facts = Facts()
    facts.tree = tree
    return Stream(plan, PERIOD, facts)


def reported(sold: Sold) -> Sale:
    """As the merchant reports it."""
    kind = SaleKind.SALE if sold.amount > 0 else SaleKind.RETURN
    measures: dict[str, Any] = {
        name: None if value is None else abs(value) for name, value in sold._asdict().items() if name in _ABS
    }
    return Sale(
        kind=kind,
        occurred_at=sold.occurred_at,
        currency="GBP",
        id=sold.id,
        member=sold.member,
        product=sold.product,
        category=sold.category,
        channel=sold.channel,
        sale_class=sold.sale_class,
        **measures,
    )


_ABS = ("amount", "margin", "points", "quantity")


def back(of: Sale, amount: Decimal, name: str) -> Sale:
    """A return that names its sale."""
    return Sale(
        kind=SaleKind.RETURN,
        occurred_at=of.occurred_at + timedelta(days=3),
        amount=amount,
        currency=of.currency,
        id=name,
        member=of.member,
        original=of.id,
    )


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[Tree, list[Sale]]:
    """Sales and returns in some order of arrival, a return behind its sale."""
    tree, sales = draw(shops(most=6))
    queues: list[list[Sale]] = []
    for sold in [draw(goods(one)) for one in sales]:
        queue = [reported(sold)]
        cents = int(sold.returned * 100)
        first = draw(st.integers(0, cents))
        for n, part in enumerate((first, cents - first)):
            if part:
                queue.append(back(queue[0], Decimal(part).scaleb(-2), f"{sold.id}-{n}"))
        queues.append(queue)
    order = draw(st.permutations([i for i, queue in enumerate(queues) for _ in queue]))
    return tree, [queues[i].pop(0) for i in order]


def by_key(lines: Iterable[PeriodLine]) -> dict[Key, int]:
    """What is due or posted under each key; nothing is left out."""
    sums: Counter[Key] = Counter()
    for line in lines:
        sums[line.key] += line.amount_minor
    return {key: amount for key, amount in sums.items() if amount}


@settings(max_examples=60, deadline=None)
@given(ANY, arrivals(), st.sampled_from(Rounding))
def test_after_any_prefix_what_is_posted_and_estimated_is_what_batch_gives(
    parts: list[dict[str, Any]], shop: tuple[Tree, list[Sale]], rounding: Rounding
):
    made, (tree, reports) = plan_of(*numbered(parts), rounding=rounding), shop
    live, posted = stream(made, tree), list[PeriodLine]()
    for report in reports:
        posted += live.credit(report)
        estimate = live.estimate()
        assert by_key([*posted, *estimate]) == by_key(live.due().written())
        assert not made.with_sale & {line.component for line in estimate}
        assert {line.component for line in posted} <= made.with_sale
    assert by_key(posted) == {key: amount for key, amount in live.posted.items() if amount}


@settings(max_examples=60, deadline=None)
@given(ANY, arrivals(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_in_what_is_due(
    parts: list[dict[str, Any]], shop: tuple[Tree, list[Sale]], random: Any
):
    made, (tree, reports) = plan_of(*numbered(parts)), shop
    one, other = stream(made, tree), stream(made, tree)
    for report in reports:
        one.credit(report)
    shuffled = sorted(reports, key=lambda report: (bool(report.original), random.random()))
    for report in shuffled:
        other.credit(report)
    assert list(one.due().written()) == list(other.due().written())
    assert {key: n for key, n in one.posted.items() if n} == {key: n for key, n in other.posted.items() if n}


@settings(max_examples=60, deadline=None)
@given(WITH_SALE, shops(), st.data(), st.sampled_from(Rounding))
def test_batch_lines_equal_streamed_lines_one_by_one(
    parts: list[dict[str, Any]], shop: tuple[Tree, list[Sold]], data: st.DataObject, rounding: Rounding
):
    tree, sales = shop
    sales = [data.draw(goods(one))._replace(returned=Decimal(0)) for one in sales]
    made = plan_of(*numbered(parts), rounding=rounding)
    live = stream(made, tree)
    streamed = [line for sold in sorted(sales, key=_when) for line in live.credit(reported(sold))]
    batch = [line for line in rate(made, tree, sales).written() if line.amount_minor]
    assert sorted(batch, key=_order(made, sales)) == sorted(streamed, key=_order(made, sales))
    assert live.estimate() == []


def _when(sold: Sold) -> tuple[Any, ...]:
    return sold.occurred_at, sold.id


def _order(plan: Plan, sales: Sequence[Sold]) -> Any:
    names = [component.id for component in plan.components]
    numbers = {sold.id: i for i, sold in enumerate(sorted(sales, key=_when))}

    def place(line: PeriodLine) -> tuple[int, int, int]:
        return names.index(line.component), numbers[line.sale], line.level

    return place


@settings(max_examples=60, deadline=None)
@given(ANY, arrivals(), st.data())
def test_a_full_return_equals_the_sale_never_having_happened(
    parts: list[dict[str, Any]], shop: tuple[Tree, list[Sale]], data: st.DataObject
):
    made, (tree, reports) = plan_of(*numbered(parts)), shop
    sales = [report for report in reports if report.kind is SaleKind.SALE]
    if not sales:
        return
    gone = data.draw(st.sampled_from(sales))
    left = gone.amount - sum((one.amount for one in reports if one.original == gone.id), Decimal(0))
    with_it, without = stream(made, tree), stream(made, tree)
    for report in reports:
        with_it.credit(report)
        if gone.id not in {report.id, report.original}:
            without.credit(report)
    if left:
        with_it.credit(back(gone, left, "rest"))
    assert by_key(with_it.due().written()) == by_key(without.due().written())
    posted = {key: amount for key, amount in with_it.posted.items() if amount}
    assert posted == {key: amount for key, amount in without.posted.items() if amount}


def test_what_posts_at_the_close_is_an_estimate_until_then():
    live = stream(plan(WEEKLY), chain("a", "b"))
    assert [line.amount_minor for line in live.credit(reported(sale("b", 60, id="s1")))] == [600]
    assert live.estimate() == []  # b is not active yet, and a never is
    live.credit(reported(sale("b", 60, day(2), id="s2")))
    assert {line.sale: line.amount_minor for line in live.estimate()} == {"s1": 300, "s2": 300}
    live.credit(back(reported(sale("b", 60, id="s1")), Decimal(30), "r1"))
    assert live.estimate() == []
    assert live.posted == {Key("d", "b", "s1", 0, "", "/components/0/rate"): 300} | {
        Key("d", "b", "s2", 0, "", "/components/0/rate"): 600
    }


def test_the_same_said_twice_posts_nothing():
    live = stream(plan(WEEKLY), chain("a"))
    first = reported(sale("a", 60, id="s1"))
    taken = back(first, Decimal(10), "r1")
    assert len(live.credit(first)) == len(live.credit(taken)) == 1
    assert live.credit(first) == live.credit(taken) == []
    assert sum(live.posted.values()) == 500


def refusals() -> list[tuple[Sale, str]]:
    first = reported(sale("a", 60, id="s1"))
    return [
        (first._replace(amount=Decimal(61)), "SALE_DIFFERS"),
        (first._replace(id="s2", currency="EUR"), "WRONG_CURRENCY"),
        (first._replace(id="s2", member="z"), "UNKNOWN_MEMBER"),
        (first._replace(id="s2", occurred_at=NEXT.start), "SALE_OUTSIDE_PERIOD"),
        (first._replace(id="s2", margin=Decimal(61)), "MARGIN_ABOVE_AMOUNT"),
        (first._replace(id="s2", points=Decimal(-1)), "INVALID_AMOUNT"),
        (back(first._replace(id="s0"), Decimal(1), "r1"), "UNKNOWN_SALE"),
        (back(first, Decimal("60.01"), "r1"), "RETURN_EXCEEDS_SALE"),
        (back(first._replace(member="b"), Decimal(1), "r1"), "RETURN_OF_OTHER_MEMBER"),
        (back(first, Decimal(1), "r1")._replace(occurred_at=day(-1)), "RETURN_BEFORE_SALE"),
        (back(first, Decimal(1), "r1")._replace(kind=SaleKind.SALE), "ORIGINAL_OF_SALE"),
    ]


@pytest.mark.parametrize(("wrong", "reason"), refusals(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_refused_changes_nothing(wrong: Sale, reason: str):
    live = stream(plan(WEEKLY), chain("a", "b"))
    live.credit(reported(sale("a", 60, id="s1")))
    before = dict(live.posted), list(live.due().written())
    with pytest.raises(Refusal) as refused:
        live.credit(wrong)
    assert refused.value.reason == reason
    assert (dict(live.posted), list(live.due().written())) == before


def test_differences_name_what_is_due_no_longer():
    made = plan("[{id: d, type: direct, rate: 10%}, {id: p, type: points, kind: star, flat: 3}]")
    due = list(rate(made, chain("a"), [sale("a", 60, id="s1")]).written())
    gone = Key("p", "a", "s0", 0, "", "/components/1/flat")
    posted = {due[0].key: 650, due[1].key: 3, gone: 3, gone._replace(sale="s2"): 0}
    changed, taken = differences(made, due, posted)
    assert changed == due[0]._replace(amount_minor=-50)
    assert taken == PeriodLine(*gone, Decimal(0), Decimal(0), Decimal(0), 0, -3, "star")
