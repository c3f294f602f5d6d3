"""Shows who comes first in a period."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.money import plain
from fenxiao.plans import Plan
from fenxiao.plans.periods.leaderboard import By, Measures, Standing, check_measure, leaderboard
from libs.eventlog import Reader
from libs.servicekit import Call
from services.commission.api.messages import first_day, open_period_message, period_message
from services.commission.api.names import PERIOD, id_in, member_name
from services.commission.features.get_period import OPEN, open_term, sealed_on, unknown_period
from services.commission.shared.estimates import Estimates
from services.commission.shared.inputs import plan_of
from services.commission.views.programmes import programme_of

_MOST: Final = 1_000
_USUAL: Final = 20


class Measured(NamedTuple):
    """A period with what it can be measured by."""

    period: pb.Period
    plan: Plan
    measures: Measures


def get_leaderboard(reader: Reader, request: pb.GetLeaderboardRequest, call: Call) -> pb.Leaderboard:
    """The first members of a closed period, or of the open one as it stands."""
    if not 0 <= request.top <= _MOST:
        message = f"A leaderboard has 1 to {_MOST:,} members; list a target for more."
        raise Refusal("INVALID_TOP", message, field="top")
    found = measured(reader, request.parent, request.by, call)
    first = leaderboard(found.measures, request.by, request.top or _USUAL)
    return pb.Leaderboard(
        period=found.period, by=request.by, standings=standing_messages(call.programme, found.plan, request.by, first)
    )


def measured(reader: Reader, name: str, by: str, call: Call) -> Measured:
    """The period that is named, with at least what one measure of it takes. Raises `Refusal`."""
    programme = programme_of(reader, call.programme)
    day = id_in(PERIOD, call.programme, name, "parent")
    closed = None if day == OPEN else sealed_on(reader, call.programme, programme, day, "parent")
    if closed is not None:
        plan = plan_of(reader, call.programme, closed.sealed)
        check_measure(plan, by)
        measures = call.use(Estimates).closed_one(reader, call.programme, closed.sealed, by)
        return Measured(period_message(call.programme, programme, closed), plan, measures)
    following = open_term(reader, call.programme, programme)
    if following is None:
        message = "No plan has been published, so there are no periods; publish one."
        raise Refusal("NO_PLAN_IN_FORCE", message, kind=Kind.FAILED_PRECONDITION)
    term, plan_hash = following
    if day not in {OPEN, first_day(term.period.start, programme.zone)}:
        raise unknown_period(day)
    check_measure(term.plan, by)
    so_far = call.use(Estimates).open_one(reader, call.programme, programme.zone, term, plan_hash)
    return Measured(open_period_message(call.programme, programme, term, plan_hash), term.plan, so_far.measures)


def standing_messages(programme: str, plan: Plan, by: str, standings: Iterable[Standing]) -> list[pb.Standing]:
    """Places as they are shown."""
    return [
        pb.Standing(
            place=one.place,
            member=member_name(programme, one.member),
            value=plain(one.value),
            rank=plan.ranks[int(one.value) - 1].id if by in {By.RANK, By.HIGHEST} else "",
        )
        for one in standings
    ]
