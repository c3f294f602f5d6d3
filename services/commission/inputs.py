"""What periods are rated from, read from the views."""

from uuid import UUID

from fenxiao.plans import ENGINE_VERSION, Plan
from fenxiao.plans.periods.closing import Before, Row, ToRate, close
from fenxiao.plans.periods.inputs import Period, build_inputs
from fenxiao.plans.periods.timetable import Term
from libs.eventlog import Reader
from services.commission.domain.closing import Sealed
from services.commission.views import members, periods, placements, plans, sales

_NOT_SEALED = UUID(int=0)

_estimates: dict[str, tuple[Sealed, list[Row]]] = {}
"""The last estimate of each programme: good until something is recorded."""
_ESTIMATES_AT_MOST = 16


def to_do(reader: Reader, programme: str, closing: UUID) -> tuple[Sealed, list[Sealed], Before | None]:
    """The period to close, earlier ones to rate again, and the one before the first of them."""
    everything = [row.sealed for row in periods.period_rows(reader, programme)]
    number = next(i for i, one in enumerate(everything) if one.closing == closing)
    sealed = everything[number]
    marked = (
        sales.first_marked(reader, programme, everything[number - 1].sales_cut, sealed.sales_cut) if number else None
    )
    first = next((i for i, one in enumerate(everything[:number]) if marked is not None and marked < one.end), number)
    if not first:
        return sealed, everything[:number], None
    last = everything[first - 1]
    rows = periods.rows_before(reader, programme, last, sealed)
    return sealed, everything[first:number], Before(_plan(reader, programme, last), rows)


def gather(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> ToRate:
    """Everything that a period is rated from, as known at its cuts."""
    sold = sales.sold_between(reader, programme, period.start, period.end, closing.sales_cut)
    tree = members.tree_as_known(reader, programme, period.members_cut, closing.members_cut)
    plan, placed = _plan(reader, programme, period), None
    if plan.placement is not None:
        placed = placements.placed_as_known(reader, programme, period.members_cut, closing.members_cut)
    again = period.closing != closing.closing
    return ToRate(
        plan=plan,
        inputs=build_inputs(Period(period.start, period.end), tree, sold, placement=placed),
        times={sale.id: sale.occurred_at for sale in sold},
        posted=periods.posted_before(reader, programme, period, closing) if again else {},
        sealed=periods.rows_before(reader, programme, period, closing) if again else None,
    )


def _plan(reader: Reader, programme: str, period: Sealed) -> Plan:
    version = plans.version_of(reader, programme, period.plan_hash)
    assert version is not None, "a period has a plan"
    return version.plan


def estimate(reader: Reader, programme: str, term: Term, plan_hash: str) -> list[Row]:
    """What members come to in the open period as it stands, by member."""
    cuts = sales.newest_position(reader, programme), members.cut(reader)
    so_far = Sealed(_NOT_SEALED, *term.period, plan_hash, *cuts, ENGINE_VERSION)
    known = _estimates.get(programme)
    if known is None or known[0] != so_far:
        newest = periods.newest_sealed(reader, programme)
        before = None
        if newest is not None:
            rows = periods.rows_before(reader, programme, newest.sealed, so_far)
            before = Before(_plan(reader, programme, newest.sealed), rows)
        result = close(gather(reader, programme, so_far, so_far), before)
        if len(_estimates) >= _ESTIMATES_AT_MOST:
            _estimates.clear()
        known = _estimates[programme] = so_far, sorted(result.rows.values())
    return known[1]
