"""A small shop for the tests of components: plans from YAML, trees from parents, sales of December 2010."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.plans import Plan, PlanError, Tree, read_plan
from fenxiao.plans.periods.context import Carry
from fenxiao.plans.periods.inputs import Period, Person, Sold, build_inputs
from fenxiao.plans.periods.rating import RatedPeriod, rate_period
from fenxiao.plans.trees.placement import Place, PlacementTree

START = datetime(2010, 12, 1, tzinfo=UTC)
PERIOD = Period(START, datetime(2011, 1, 1, tzinfo=UTC))
NEXT = Period(PERIOD.end, datetime(2011, 2, 1, tzinfo=UTC))

HEAD: dict[str, Any] = {
    "plan": "Shop",
    "version": "1",
    "currency": "GBP",
    "effective_from": "2010-01-01T00:00:00Z",
    "rounding": "half_up",
    "jurisdictions": [],
    "return_window": "14",
}


def day(n: int, hour: int = 0) -> datetime:
    """A moment of the period: day 0 is its first."""
    return START + timedelta(days=n, hours=hour)


def document(components: str, more: str = "") -> bytes:
    """A plan document of components (a YAML list) and more fields (a YAML mapping)."""
    loaded: Any = yaml.load(components, yaml.BaseLoader)
    fields: Any = yaml.load(more, yaml.BaseLoader) or {}
    return json.dumps({**HEAD, **fields, "components": loaded}).encode()


def plan(components: str, more: str = "") -> Plan:
    return read_plan(document(components, more))


def faults(components: str, more: str = "") -> list[tuple[str, str]]:
    """Place and reason of everything that is wrong with a plan."""
    with pytest.raises(PlanError) as error:
        plan(components, more)
    return [(issue.path, issue.reason) for issue in error.value.issues]


def tree(parents: Mapping[str, str | None], joined: Mapping[str, datetime] | None = None) -> Tree:
    """A tree of members and whom each stands below, sponsors first; all joined a year before the period."""
    result = Tree()
    for member, sponsor in parents.items():
        result.enrol(member, sponsor, (joined or {}).get(member, START - timedelta(days=365)))
    return result


def chain(*members: str) -> Tree:
    """Each below the one before."""
    return tree(dict(zip(members, [None, *members], strict=False)))


def placed(width: int, places: Mapping[str, tuple[str, int] | None], at: datetime = START) -> PlacementTree:
    """A placement tree of members and their parents and legs, parents first."""
    result = PlacementTree(width)
    for member, place in places.items():
        result.put(member, place and Place(*place), at)
    return result


@st.composite
def placements(draw: st.DrawFn, tree: Tree, width: int, days: int = 31) -> PlacementTree:
    """Places for the members of a shop, in any order and free of their sponsors; some late, some none."""
    result = PlacementTree(width)
    free: list[Place] = []
    for member in draw(st.permutations(list(tree))):
        choice = draw(st.integers(-2, 30))
        if choice == -2:
            continue
        at = draw(st.sampled_from([START - timedelta(days=9), day(draw(st.integers(0, days)), 12)]))
        place = None
        if choice >= 0 and free:
            place = free[choice % len(free)]
            above = result.get(place.parent)
            assert above is not None
            at = max(at, above.at)
            free.remove(place)
        result.put(member, place, at)
        free += [Place(member, leg) for leg in range(width)]
    return result


def sale(member: str, amount: str | int, at: datetime = START, **more: Any) -> Sold:
    """A sale; its id is made of its member, amount and time, unless it is named. Decimals may be given as text."""
    name = more.pop("id", f"{member} {amount} {at:%d %H:%M}")
    decimals = {"margin", "points", "quantity", "returned"}
    more = {key: Decimal(value) if key in decimals else value for key, value in more.items()}
    return Sold(name, member, at, Decimal(amount), **more)


def rate(
    plan: Plan,
    tree: Tree,
    sales: Sequence[Sold],
    *,
    ranks: Mapping[str, str] | None = None,
    people: Mapping[str, Person] | None = None,
    carried: Carry | None = None,
    period: Period = PERIOD,
    frame: Any = None,
    sealed_ranks: Mapping[int, tuple[int, ...]] | None = None,
    placement: PlacementTree | None = None,
) -> RatedPeriod:
    """Rate a period; `ranks` are given ones."""
    known = {**(people or {}), **{member: Person(rank=rank) for member, rank in (ranks or {}).items()}}
    inputs = build_inputs(period, tree, sales, placement=placement, people=known, frame=frame)
    return rate_period(plan, inputs, carried, sealed_ranks=sealed_ranks)


def paid(rated: RatedPeriod) -> dict[str, Decimal]:
    """What each member is due, in units of a currency with two digits."""
    return {member: Decimal(minor).scaleb(-2) for member, minor in rated.totals().items()}


@st.composite
def shops(draw: st.DrawFn, *, most: int = 12, moves: bool = True, days: int = 31) -> tuple[Tree, list[Sold]]:
    """A tree of members `0`, `1`, …, some of whom move in mid-period, and sales: some returned, some returns."""
    size = draw(st.integers(1, most))
    parents = {str(i): draw(st.sampled_from([None, *map(str, range(i))])) for i in range(size)}
    grown = tree(parents)
    for _ in range(draw(st.integers(0, 2)) if moves and size > 1 else 0):
        member = draw(st.integers(1, size - 1))
        above = draw(st.sampled_from([None, *map(str, range(member))]))  # never below himself
        grown.change_sponsor(str(member), above, day(draw(st.integers(1, days - 1))))
    return grown, [draw(_sale(n, size, days)) for n in range(draw(st.integers(0, 12)))]


@st.composite
def _sale(draw: st.DrawFn, n: int, size: int, days: int) -> Sold:
    cents = draw(st.integers(1, 50_000))
    negative = draw(st.integers(0, 7)) == 0
    came_back = 0 if negative else draw(st.sampled_from([0, 0, 0, cents, draw(st.integers(0, cents))]))
    points = draw(st.integers(0, 9_999))
    sign = -1 if negative else 1
    return Sold(
        id=f"s{n:02}",
        member=str(draw(st.integers(0, size - 1))),
        occurred_at=day(draw(st.integers(0, days - 1)), draw(st.integers(0, 23))),
        amount=Decimal(sign * cents).scaleb(-2),
        returned=Decimal(came_back).scaleb(-2),
        points=Decimal(sign * points).scaleb(-1),
        product=draw(st.sampled_from(["", "tea", "oil"])),
        channel=draw(st.sampled_from(["", "app"])),
        sale_class=draw(st.sampled_from(["retail", "retail", "personal"])),
    )


def rankings(*ranks: str) -> st.SearchStrategy[dict[str, str]]:
    """Ranks that are given to some of the members of a shop."""
    return st.dictionaries(st.integers(0, 11).map(str), st.sampled_from(ranks), max_size=12)


def own(tree: Tree, given: Mapping[str, str]) -> dict[str, str]:
    """Those of them that are members."""
    return {member: rank for member, rank in given.items() if member in tree}


def busy(seed: int) -> tuple[Tree, list[Sold], dict[str, str]]:
    """A shop in which much happens at once: deep lines, moves also upside down, returns, and a rank for most.

    What hypothesis draws by itself is mostly small; this is what a seed makes.
    """
    chance = Random(seed)
    size = chance.randint(2, 14)
    deep = chance.choice([1, 3, size])  # a sponsor is one of so many who joined before
    parents = {str(i): str(chance.randint(max(0, i - deep), i - 1)) if i else None for i in range(size)}
    grown = tree(parents)
    for _ in range(chance.choice([0, 0, 1, 3, 6])):
        member, above = chance.sample(sorted(grown), 2)
        try:
            grown.change_sponsor(member, chance.choice([None, above, above]), day(chance.randint(1, 30)))
        except Refusal:
            continue  # somebody would stand below himself
    sales: list[Sold] = []
    for n in range(chance.randint(1, 30)):
        cents = chance.choice([chance.randint(1, 50_000), chance.randint(1, 100) * 100])
        sign = chance.choice([1] * 7 + [-1])
        came_back = chance.choice([0, 0, 0, cents, chance.randint(0, cents)]) if sign > 0 else 0
        sales.append(
            Sold(
                id=f"s{n:02}",
                member=str(chance.randrange(size)),
                occurred_at=day(chance.randint(0, 30), chance.randint(0, 23)),
                amount=Decimal(sign * cents).scaleb(-2),
                returned=Decimal(came_back).scaleb(-2),
                points=Decimal(sign * chance.randint(0, 9_999)).scaleb(-1),
                product=chance.choice(["", "tea", "oil"]),
                sale_class=chance.choice(["retail", "retail", "personal"]),
            )
        )
    names = ["", *chance.choice([["silver", "gold"], ["silver", "gold", "jade", "ruby"]])]
    ranks = {member: name for member in grown if (name := chance.choice(names))}
    return grown, sales, ranks


busy_shops = st.integers(0, 2**32).map(busy)
