"""What periods come to by every measure: the open one as it stands, and closed ones as they were rated last."""

from typing import Final, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fenxiao.errors import Kind, Refusal
from fenxiao.plans import ENGINE_VERSION
from fenxiao.plans.periods.closing import Before, Row, close_rated, rate
from fenxiao.plans.periods.leaderboard import KEPT_IN_ROWS, Measures, measures_of, measures_of_rows
from fenxiao.plans.periods.timetable import Term
from fenxiao.plans.rules import Finding, year_before
from libs.eventlog import Reader
from libs.servicekit import Settings
from services.commission.domain.closing import Sealed
from services.commission.shared.inputs import gather, own_cut, plan_of
from services.commission.views import alarms, members, periods

K = TypeVar("K")
V = TypeVar("V")

_NOT_SEALED = UUID(int=0)


class Estimate(NamedTuple):
    """What the open period comes to as it stands."""

    rows: list[Row]
    """By member."""
    findings: list[Finding]
    """What its close would raise."""
    measures: Measures


_OPEN_AT_MOST: Final = 16
_CLOSED_AT_MOST: Final = 4


class Estimates:
    """What was rated in order to be shown, remembered for as long as it is good."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Sealed, Estimate]] = {}
        """The last estimate of each programme: good until something is recorded."""
        self._closed: dict[tuple[UUID, UUID, bool], Measures] = {}
        """By period, by the closing that has rated it last, and by whether they come from its rows alone."""

    def open_one(self, reader: Reader, programme: str, zone: ZoneInfo, term: Term, plan_hash: str) -> Estimate:
        """Rate the open period as it stands; `zone` is the programme's."""
        cuts = own_cut(reader, programme), members.cut(reader)
        so_far = Sealed(_NOT_SEALED, *term.period, plan_hash, *cuts, ENGINE_VERSION)
        known = self._open.get(programme)
        if known is None or known[0] != so_far:
            newest = periods.newest_sealed(reader, programme)
            before = None
            if newest is not None:
                rows = periods.rows_before(reader, programme, newest.sealed, so_far)
                before = Before(plan_of(reader, programme, newest.sealed), rows)
            to_rate = gather(reader, programme, so_far, so_far)
            rated = rate(to_rate, before)
            money = alarms.money_before(reader, programme, so_far.start, so_far)
            result = close_rated(to_rate, rated, year_before(money, so_far.start, zone))
            known = so_far, Estimate(sorted(result.rows.values()), result.findings, measures_of(rated))
            if newest is None or newest.closed:  # what it carries in is all posted
                _keep(self._open, programme, known, _OPEN_AT_MOST)
        return known[1]

    def closed_one(self, reader: Reader, programme: str, period: Sealed, by: str) -> Measures:
        """What a closed period can be measured by, as its last rating has left it.

        Its rows suffice for most of that; for the rest it is rated again, and that is remembered. Raises `Refusal`
        while its own closing is being posted.
        """
        rated = alarms.last_rated(reader, programme, period)
        if rated is None:
            message = "The period is still being closed; wait until its rows have been posted."
            raise Refusal("PERIOD_STILL_CLOSING", message, field="parent", kind=Kind.FAILED_PRECONDITION)
        closing = next(row.sealed for row in periods.period_rows(reader, programme) if row.sealed.start == rated)
        key = (period.closing, closing.closing, by in KEPT_IN_ROWS)
        found = self._closed.get(key)
        if found is None:
            found = (
                _from_rows(reader, programme, period, closing)
                if key[-1]
                else _again(reader, programme, period, closing)
            )
            _keep(self._closed, key, found, _CLOSED_AT_MOST)
        return found


def open_estimates(_settings: Settings) -> Estimates:
    """Nothing is remembered when the service starts."""
    return Estimates()


def _from_rows(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> Measures:
    rows = periods.rows_at(reader, programme, period, closing)
    known = (rows[member] for member in members.in_order(reader, programme) if member in rows)
    return measures_of_rows(plan_of(reader, programme, period), known)


def _again(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> Measures:
    """Rate it as the closing did that rated it last."""
    earlier = [row.sealed for row in periods.period_rows(reader, programme) if row.sealed.start < period.start]
    before = None
    if earlier:
        rows = periods.rows_at(reader, programme, earlier[-1], closing)
        before = Before(plan_of(reader, programme, earlier[-1]), rows)
    return measures_of(rate(gather(reader, programme, period, closing), before))


def _keep(cache: dict[K, V], key: K, value: V, most: int) -> None:
    """Remember it, and forget what has been remembered longest where that is too much."""
    cache.pop(key, None)
    cache[key] = value
    for oldest in list(cache)[:-most]:
        cache.pop(oldest, None)
