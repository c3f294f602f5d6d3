"""Alarms that closings have raised and cleared, and what was sold and paid in each period."""

from datetime import datetime, timedelta
from typing import NamedTuple

from fenxiao.plans.rules import Money, Subject
from libs.eventlog import Reader, Recorded, Tx, View
from services.commission.domain.closing import Sealed
from services.commission.domain.events import Alarm, AlarmsCleared, AlarmsRaised, PeriodWatched
from services.commission.views.moments import from_micros, micros

_MOST_IN_AN_EVENT = 1_000


class AlarmRow(NamedTuple):
    """An alarm as it is listed."""

    number: int
    """Its place among all alarms of the store."""
    period: datetime
    """When the period begins that it is about."""
    raised_by: datetime
    """When the period begins whose closing raised it."""
    cleared_by: datetime | None
    alarm: Alarm


def _period_watched(tx: Tx, recorded: Recorded[PeriodWatched]) -> None:
    event, posting = recorded.event, recorded.event.posting
    tx.run(
        "INSERT INTO view_period_money (programme, period, closing, sold, paid) VALUES (?, ?, ?, ?, ?)",
        (
            recorded.meta.programme,
            micros(posting.period),
            micros(posting.closing),
            event.sold_minor,
            event.paid_minor,
        ),
    )


def _alarms_raised(tx: Tx, recorded: Recorded[AlarmsRaised]) -> None:
    posting, first = recorded.event.posting, recorded.position * _MOST_IN_AN_EVENT
    tx.run_many(
        "INSERT INTO view_alarms (programme, number, id, period, raised_by, rule, member, alarm)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                recorded.meta.programme,
                first + at,
                alarm.id,
                micros(posting.period),
                micros(posting.closing),
                alarm.rule,
                alarm.member,
                alarm.model_dump_json(),
            )
            for at, alarm in enumerate(recorded.event.alarms)
        ],
    )


def _alarms_cleared(tx: Tx, recorded: Recorded[AlarmsCleared]) -> None:
    closing, programme = micros(recorded.event.posting.closing), recorded.meta.programme
    tx.run_many(
        "UPDATE view_alarms SET cleared_by = ? WHERE programme = ? AND id = ?",
        [(closing, programme, alarm) for alarm in recorded.event.alarms],
    )


ALARMS = View(
    "alarms",
    [
        "CREATE TABLE IF NOT EXISTS view_period_money (programme TEXT NOT NULL, period BIGINT NOT NULL,"
        " closing BIGINT NOT NULL, sold BIGINT NOT NULL, paid BIGINT NOT NULL,"
        " PRIMARY KEY (programme, period, closing))",
        "CREATE TABLE IF NOT EXISTS view_alarms (programme TEXT NOT NULL, number BIGINT NOT NULL, id TEXT NOT NULL,"
        " period BIGINT NOT NULL, raised_by BIGINT NOT NULL, cleared_by BIGINT, rule TEXT NOT NULL,"
        " member TEXT NOT NULL, alarm TEXT NOT NULL, PRIMARY KEY (programme, number))",
        "CREATE INDEX IF NOT EXISTS view_alarms_id ON view_alarms (programme, id)",
        "CREATE INDEX IF NOT EXISTS view_alarms_period ON view_alarms (programme, period)",
    ],
    own={PeriodWatched: _period_watched, AlarmsRaised: _alarms_raised, AlarmsCleared: _alarms_cleared},
)


_A_YEAR = timedelta(days=366)


def money_before(reader: Reader, programme: str, first: datetime, closing: Sealed) -> dict[datetime, Money]:
    """What was sold and paid in each period, as closings before this one have found it, by the period's beginning.

    It goes as far back as the year of the first period that is asked for.
    """
    rows = reader.all(
        "SELECT period, sold, paid FROM view_period_money WHERE programme = ? AND period > ? AND closing < ?"
        " ORDER BY closing",
        (programme, micros(first - _A_YEAR), micros(closing.start)),
    )
    return {from_micros(period): Money(int(sold), int(paid)) for period, sold, paid in rows}


def last_rated(reader: Reader, programme: str, period: Sealed) -> datetime | None:
    """When the period begins whose closing has rated this one last, and has posted all rows; None before the first."""
    row = reader.one(
        "SELECT MAX(closing) FROM view_period_money WHERE programme = ? AND period = ?",
        (programme, micros(period.start)),
    )
    return from_micros(row[0]) if row and row[0] is not None else None


def standing(reader: Reader, programme: str, period: Sealed, closing: Sealed) -> dict[Subject, str]:
    """The alarms about a period that closings before this one have raised and not cleared: their ids."""
    before = micros(closing.start)
    rows = reader.all(
        "SELECT rule, member, id FROM view_alarms WHERE programme = ? AND period = ? AND raised_by < ?"
        " AND (cleared_by IS NULL OR cleared_by >= ?) ORDER BY number",
        (programme, micros(period.start), before, before),
    )
    return {Subject(rule, member): alarm for rule, member, alarm in rows}


def alarm_rows(
    reader: Reader,
    programme: str,
    *,
    period: datetime | None,
    raised_by: datetime | None,
    cleared: bool | None,
    after: int,
    limit: int,
) -> list[AlarmRow]:
    """Alarms behind a number, in their order; about one period, raised by one closing, open or cleared, if said."""
    which, params = "programme = ? AND number > ?", [programme, after]
    for column, moment in (("period", period), ("raised_by", raised_by)):
        if moment is not None:
            which += f" AND {column} = ?"
            params.append(micros(moment))
    if cleared is not None:
        which += " AND cleared_by IS NOT NULL" if cleared else " AND cleared_by IS NULL"
    rows = reader.all(
        f"SELECT number, period, raised_by, cleared_by, alarm FROM view_alarms WHERE {which}"  # noqa: S608 # our own text
        " ORDER BY number LIMIT ?",
        (*params, limit),
    )
    return [
        AlarmRow(
            int(number),
            from_micros(about),
            from_micros(closing),
            None if gone is None else from_micros(gone),
            Alarm.model_validate_json(alarm),
        )
        for number, about, closing, gone, alarm in rows
    ]
