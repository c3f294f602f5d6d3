"""Inputs made of arrays, for periods that are too large to make an object of every sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fenxiao.errors import Kind, Refusal
from fenxiao.plans.components.base import Measure
from fenxiao.plans.periods.columns import LIMIT, Arrays, Column, frame_of, kernel, largest
from fenxiao.plans.periods.inputs import Inputs, Period, Person, Placement, Sales, Scaled, Words, micros
from fenxiao.plans.periods.segments import Segment, above


@dataclass(slots=True, kw_only=True)
class SoldArrays:
    """Sales as int64 arrays, in the order (time, id)."""

    ids: Sequence[str]
    member: Column
    """Members' numbers."""
    at: Column
    """Microseconds since 1970, UTC."""
    amount: Scaled
    """Below 0 for a return that names no sale; never 0."""
    returned: Column | None = None
    """How much of the amount has come back, in its scale."""
    others: Mapping[Measure, Scaled] = field(default_factory=dict[Measure, Scaled])
    """Margin, points and quantity, as far as they are known of every sale."""
    product: Words | None = None
    category: Words | None = None
    channel: Words | None = None
    sale_class: Words | None = None
    """Left out: retail."""


class _Measures(dict[Measure, Scaled]):
    """The measures that are given; another is made when it is asked for: a quantity of 1, of all else 0."""

    def __missing__(self, measure: Measure) -> Scaled:
        amount = self[Measure.AMOUNT].column
        made = self[measure] = Scaled(frame_of(amount).zeros(len(amount)), 1)
        if measure is Measure.QUANTITY:
            _sign(made.column, amount)
        return made


def inputs_from_arrays(
    period: Period,
    members: Sequence[str],
    joined: Column,
    sponsor: Column,
    sold: SoldArrays,
    *,
    placement: Placement | None = None,
    people: Mapping[int, Person] | None = None,
) -> Inputs:
    """Make inputs of arrays, where nobody has moved in the period.

    Members are in the order (time of joining, id), and have their place in it as number. `sponsor` holds numbers, -1
    for a root. Raises `Refusal` SALE_OUTSIDE_PERIOD, SALE_BEFORE_MEMBER, UNKNOWN_MEMBER and CYCLE; `ValueError` for
    arrays that are not as said here.
    """
    frame, size = Arrays(), len(sold.ids)
    joined, sponsor, member, at = (frame.of(column) for column in (joined, sponsor, sold.member, sold.at))
    amount, nothing = frame.of(sold.amount.column), frame.zeros(size)
    returned = nothing if sold.returned is None else frame.of(sold.returned)
    if len(joined) != len(members) or len(sponsor) != len(members):
        raise ValueError("every array of members has a row for each")
    if any(len(column) != size for column in (member, at, amount, returned)):
        raise ValueError("every array of sales has a row for each")
    if _descends(joined) or _descends(at):
        raise ValueError("members and sales stand in the order of time")
    if not (_within(sponsor, -1, len(members)) and _within(member, 0, len(members))):
        raise Refusal("UNKNOWN_MEMBER", "There is a number that no member has.", kind=Kind.NOT_FOUND)
    if _has_cycle(sponsor, frame.zeros(len(members))):
        raise Refusal("CYCLE", "Somebody stands below himself.", kind=Kind.FAILED_PRECONDITION)
    if not _within(at, micros(period.start), micros(period.end)):
        raise Refusal("SALE_OUTSIDE_PERIOD", "A sale is not of this period.", field="occurred_at")
    if _any_before(member, at, joined):
        message = "A sale happened before its member joined; look at the times."
        raise Refusal("SALE_BEFORE_MEMBER", message, kind=Kind.FAILED_PRECONDITION)
    measures = _Measures({measure: Scaled(frame.of(one.column), one.scale) for measure, one in sold.others.items()})
    measures[Measure.AMOUNT] = Scaled(amount, sold.amount.scale)
    if any(largest(column) >= LIMIT for column in (returned, *(one.column for one in measures.values()))):
        raise ValueError("no amount in arrays reaches 2^62")
    return Inputs(
        frame=frame,
        period=period,
        members=members,
        joined=joined,
        segments=[Segment(0, size, above(frame, sponsor))],
        sales=Sales(
            ids=sold.ids,
            member=member,
            at=at,
            measures=measures,
            returned=returned,
            product=sold.product or Words(nothing, [""]),
            category=sold.category or Words(nothing, [""]),
            channel=sold.channel or Words(nothing, [""]),
            sale_class=sold.sale_class or Words(nothing, ["retail"]),
            lacking={
                measure: range(size) for measure in (Measure.MARGIN, Measure.POINTS) if measure not in sold.others
            },
        ),
        placement=placement,
        people=people or {},
    )


@kernel
def _sign(signs: Column, values: Column) -> None:
    for i in range(len(values)):
        signs[i] = 1 if values[i] > 0 else -1


@kernel
def _within(values: Column, least: int, end: int) -> bool:
    outside = 0
    for i in range(len(values)):
        if values[i] < least or values[i] >= end:
            outside += 1
    return outside == 0


@kernel
def _descends(values: Column) -> bool:
    times = 0
    for i in range(1, len(values)):
        if values[i] < values[i - 1]:
            times += 1
    return times > 0


@kernel
def _any_before(member: Column, at: Column, joined: Column) -> bool:
    times = 0
    for i in range(len(member)):
        if at[i] < joined[member[i]]:
            times += 1
    return times > 0


@kernel
def _has_cycle(parent: Column, seen: Column) -> bool:
    """`seen` is zeros: from whom each member was first come by, plus 1."""
    for i in range(len(parent)):
        at = i
        while at >= 0 and seen[at] == 0:
            seen[at] = i + 1
            at = parent[at]
        if at >= 0 and seen[at] == i + 1:
            return True
    return False
