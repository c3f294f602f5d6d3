"""What periods are rated from, read from the views."""

from uuid import UUID

from fenxiao.plans import Plan
from fenxiao.plans.periods.closing import Before, ToRate
from fenxiao.plans.periods.inputs import Period, Person, build_inputs
from fenxiao.plans.periods.people import Checked, Known, Word, asks_who, people_of
from libs.eventlog import Reader
from services.commission.domain.closing import Sealed
from services.commission.views import members, people, periods, placements, plans, rank_grants, sales


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
    return sealed, everything[first:number], Before(plan_of(reader, programme, last), rows)


def gather(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> ToRate:
    """Everything that a period is rated from, as known at its cuts."""
    sold = sales.sold_between(reader, programme, period.start, period.end, closing.sales_cut)
    tree = members.tree_as_known(reader, programme, period.members_cut, closing.members_cut)
    plan, placed = plan_of(reader, programme, period), None
    if plan.placement is not None:
        placed = placements.placed_as_known(reader, programme, period.members_cut, closing.members_cut)
    again = period.closing != closing.closing
    return ToRate(
        plan=plan,
        inputs=build_inputs(
            Period(period.start, period.end),
            tree,
            sold,
            placement=placed,
            people=_people(reader, programme, plan, period, closing),
        ),
        times={sale.id: sale.occurred_at for sale in sold},
        posted=periods.posted_before(reader, programme, period, closing) if again else {},
        sealed=periods.rows_before(reader, programme, period, closing) if again else None,
    )


def own_cut(reader: Reader, programme: str) -> int:
    """How far this service's own store says anything that a period is rated from."""
    return max(sales.newest_position(reader, programme), rank_grants.newest_position(reader, programme))


def _people(reader: Reader, programme: str, plan: Plan, period: Sealed, closing: Sealed) -> dict[str, Person]:
    """Who members are, as far as the plan asks."""
    known, checks, countries = Known(0, 0), list[Word[Checked | None]](), list[Word[str]]()
    if asks_who(plan):
        known = members.known_at(reader, programme, period.members_cut, closing.members_cut)
        checks = people.checks_told(reader, programme, period.end, known.newest)
        countries = people.countries_told(reader, programme, period.end, known.newest)
    cut = period.sales_cut
    ranks = rank_grants.ranks_told(reader, programme, period.end, cut) if plan.ranks else []
    return people_of(plan, period.end, known, checks, countries, ranks, cut)


def plan_of(reader: Reader, programme: str, period: Sealed) -> Plan:
    """The version whose rules for periods apply to it."""
    version = plans.version_of(reader, programme, period.plan_hash)
    assert version is not None, "a period has a plan"
    return version.plan
