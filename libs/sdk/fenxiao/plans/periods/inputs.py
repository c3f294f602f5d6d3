"""What a period is rated from: members, their trees, and sales, as columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from operator import ge
from typing import Final, NamedTuple

from fenxiao.errors import Kind, Refusal
from fenxiao.plans.components.base import Measure
from fenxiao.plans.periods.columns import LIMIT, Column, Frame, Lists, frame_for, largest
from fenxiao.plans.periods.measuring import Numbers, measures_of, missing
from fenxiao.plans.periods.numbers import all_micros, micros
from fenxiao.plans.periods.segments import Above, Segment, above, segments_of
from fenxiao.plans.sales.sale import Sale, SaleKind
from fenxiao.plans.trees.placement import PlacementTree
from fenxiao.plans.trees.sponsors import Tree

NEVER: Final = 2**61
"""Later than any moment, in microseconds since 1970."""


class Period(NamedTuple):
    """A span of time that is closed as one."""

    start: datetime
    end: datetime
    """The first moment behind it."""


class Person(NamedTuple):
    """What rating needs of a member beside the trees."""

    country: str = ""
    """ISO 3166-1 alpha-2; empty where it is not known."""
    verified_at: datetime | None = None
    """Since when the identity is checked."""
    rank: str = ""
    """A rank that is given, whatever the plan's rules say."""
    verified_until: datetime | None = None
    """The check counts up to then; None: without end."""

    def verified(self, end: datetime) -> bool:
        """Whether the identity is checked at the end of a period, which is the first moment behind it."""
        begun = self.verified_at is not None and self.verified_at < end
        return begun and (self.verified_until is None or self.verified_until >= end)


class Sold(NamedTuple):
    """A sale, or a return that names no sale (every measure of it is below 0), and what has come back of it."""

    id: str
    member: str
    occurred_at: datetime
    amount: Decimal
    returned: Decimal = Decimal(0)
    """How much of the amount named returns have brought back, up to the cut."""
    margin: Decimal | None = None
    """None where it is not known."""
    points: Decimal | None = None
    """None where it is not known."""
    quantity: Decimal | None = None
    """None: 1, and -1 for a return."""
    product: str = ""
    category: str = ""
    channel: str = ""
    sale_class: str = "retail"

    @classmethod
    def of(cls, sale: Sale, returned: Decimal = Decimal(0)) -> "Sold":
        """Take a reported sale, or a return that names none."""

        def signed(value: Decimal | None) -> Decimal | None:
            return value.copy_negate() if value and sale.kind is SaleKind.RETURN else value

        return cls(
            id=sale.id,
            member=sale.member,
            occurred_at=sale.occurred_at,
            amount=sale.amount.copy_negate() if sale.kind is SaleKind.RETURN else sale.amount,
            returned=returned,
            margin=signed(sale.margin),
            points=signed(sale.points),
            quantity=signed(sale.quantity),
            product=sale.product,
            category=sale.category,
            channel=sale.channel,
            sale_class=sale.sale_class,
        )

    @property
    def units(self) -> Decimal:
        """The quantity."""
        if self.quantity is None:
            return Decimal(1).copy_sign(self.amount)
        return self.quantity


class Scaled(NamedTuple):
    """A column of exact decimals: each is `column[i] / scale`, the scale a power of ten."""

    column: Column
    scale: int


@dataclass(slots=True)
class Words:
    """A column of texts, each kept once."""

    column: Column
    texts: Sequence[str]


@dataclass(slots=True)
class Placement:
    """The placement tree of binary and matrix components."""

    tree: Above
    leg: Column
    """Position below the parent: 0 is left; -1 for a root and for who is not placed."""
    since: Column
    """Microseconds since 1970, UTC; `NEVER` for who is not placed. A sale counts in the tree from then on."""
    width: int
    """Positions below each member."""


@dataclass
class Sales:
    """Sales in the order (occurred_at, id)."""

    ids: Sequence[str]
    member: Column
    at: Column
    """Microseconds since 1970, UTC."""
    measures: Mapping[Measure, Scaled]
    """As sold; below 0 for a return that names no sale."""
    returned: Column
    """How much of the amount named returns have brought back, in the amount's scale."""
    product: Words
    category: Words
    channel: Words
    sale_class: Words
    lacking: Mapping[Measure, Sequence[int]] = field(default_factory=dict[Measure, Sequence[int]])
    """The sales of which a measure is not known; it counts as 0, and no plan is rated that is based on it."""

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def most_returned(self) -> int:
        """The most that has come back of any of them."""
        return largest(self.returned)

    @cached_property
    def most_sold(self) -> int:
        """The largest amount, of either sign."""
        return largest(self.measures[Measure.AMOUNT].column)


@dataclass(slots=True)
class Inputs:
    """Everything that a period is rated from, up to a cut.

    A member's number is the place in the order (joined_at, id) of all who joined before the period's end.
    """

    frame: Frame
    period: Period
    members: Sequence[str]
    joined: Column
    """Microseconds since 1970, UTC."""
    segments: Sequence[Segment]
    """The sponsors over the period, in order of time; together they span all sales. Never empty."""
    sales: Sales
    placement: Placement | None = None
    people: Mapping[int, Person] = field(default_factory=dict[int, "Person"])
    """By member's number; who is left out has nothing that is known."""

    @property
    def tree(self) -> Above:
        """The sponsors at the period's end."""
        return self.segments[-1].end


def build_inputs(
    period: Period,
    tree: Tree,
    sales: Iterable[Sold],
    *,
    placement: PlacementTree | None = None,
    people: Mapping[str, Person] | None = None,
    frame: Frame | None = None,
) -> Inputs:
    """Make columns of a tree and the sales of a period.

    Raises `Refusal` UNKNOWN_MEMBER or SALE_BEFORE_MEMBER for a sale credited to nobody, SALE_OUTSIDE_PERIOD for one of
    another period, UNKNOWN_MEMBER or PLACED_BEFORE_JOINING for a place given to nobody.
    """
    ordered = list(sales)
    at = all_micros(sale.occurred_at for sale in ordered)
    if any(map(ge, at, islice(at, 1, None))):
        ordered.sort(key=lambda sale: (sale.occurred_at, sale.id))
        at.sort()
    joined = tree.joined_before(period.end)
    members = [member for _, member in joined]
    number: dict[str | None, int] = {member: i for i, member in enumerate(members)}
    since = all_micros(moment for moment, _ in joined)
    seller = [number.get(sale.member, -1) for sale in ordered]
    if ordered and (
        min(seller) < 0
        or at[0] < micros(period.start)
        or at[-1] >= micros(period.end)
        # The last to join is the last listed.
        or (since[-1] > at[0] and any(since[i] > moment for i, moment in zip(seller, at, strict=True)))
    ):
        for sale in ordered:
            _check(sale, period, tree)
    measures, returned, most = measures_of(ordered)
    frame = frame or frame_for(len(members) + len(ordered))
    if most >= LIMIT:
        frame = Lists()
    return Inputs(
        frame=frame,
        period=period,
        members=members,
        joined=frame.of(since),
        segments=segments_of(frame, period.start, period.end, tree, members, number, at),
        sales=_sales(frame, ordered, seller, at, measures, returned),
        placement=None if placement is None else _placement(frame, period, tree, placement, number),
        people={number[member]: person for member, person in (people or {}).items() if member in number},
    )


def _check(sale: Sold, period: Period, tree: Tree) -> None:
    if not period.start <= sale.occurred_at < period.end:
        raise Refusal("SALE_OUTSIDE_PERIOD", f"Sale {sale.id[:64]!r} is not of this period.", field="occurred_at")
    if sale.occurred_at < tree.joined_at(sale.member):
        message = f"Sale {sale.id[:64]!r} happened before its member joined; look at the times."
        raise Refusal("SALE_BEFORE_MEMBER", message, kind=Kind.FAILED_PRECONDITION)


def _placement(
    frame: Frame, period: Period, tree: Tree, placement: PlacementTree, number: Mapping[str | None, int]
) -> Placement:
    """The places that were taken before the period's end."""
    parent, leg, since = [-1] * len(number), [-1] * len(number), [NEVER] * len(number)
    for placed in placement:
        if placed.at < tree.joined_at(placed.member):
            message = f"{placed.member[:64]!r} was placed before joining; look at the times."
            raise Refusal("PLACED_BEFORE_JOINING", message, kind=Kind.FAILED_PRECONDITION)
        if placed.at < period.end:
            i = number[placed.member]
            parent[i] = -1 if placed.parent is None else number[placed.parent]
            leg[i], since[i] = placed.leg, micros(placed.at)
    return Placement(above(frame, frame.of(parent)), frame.of(leg), frame.of(since), placement.width)


def _sales(
    frame: Frame,
    sales: Sequence[Sold],
    seller: Sequence[int],
    at: Sequence[int],
    measures: Mapping[Measure, Numbers],
    returned: Sequence[int],
) -> Sales:
    def words(texts: Sequence[str]) -> Words:
        if texts and texts.count(texts[0]) == len(texts):
            return Words(frame.zeros(len(texts)), texts[:1])
        kept = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        return Words(frame.of([kept[text] for text in texts]), list(kept))

    return Sales(
        ids=[sale.id for sale in sales],
        member=frame.of(seller),
        at=frame.of(at),
        measures={measure: Scaled(frame.of(numbers), scale) for measure, (numbers, scale) in measures.items()},
        returned=frame.of(returned),
        product=words([sale.product for sale in sales]),
        category=words([sale.category for sale in sales]),
        channel=words([sale.channel for sale in sales]),
        sale_class=words([sale.sale_class for sale in sales]),
        lacking={
            Measure.MARGIN: missing([sale.margin for sale in sales]),
            Measure.POINTS: missing([sale.points for sale in sales]),
        },
    )
