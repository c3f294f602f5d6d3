"""The programmes."""

from typing import Any

from fenxiao.plans.trees.placement import PlacementRules
from libs.eventlog import Reader, Recorded, Tx, View
from services.membership.domain.events import CountriesDisclosed, PlacementRuleSet, ProgrammeCreated
from services.membership.domain.programme import Programme
from services.membership.views.moments import from_micros, micros

_SELECT = (
    "SELECT p.programme, p.display_name, p.currency, p.time_zone, p.start_time, r.width, r.spill, d.programme"
    " FROM view_programmes p LEFT JOIN view_placement_rules r ON r.programme = p.programme"
    " LEFT JOIN view_disclosing_programmes d ON d.programme = p.programme"
)


def _created(tx: Tx, recorded: Recorded[ProgrammeCreated]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_programmes VALUES (?, ?, ?, ?, ?)",
        (event.programme, event.display_name, event.currency, event.time_zone, micros(event.start_time)),
    )


def _rule_set(tx: Tx, recorded: Recorded[PlacementRuleSet]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_placement_rules (programme, width, spill) VALUES (?, ?, ?)",
        (recorded.meta.programme, event.width, event.spill.value),
    )


def _disclosed(tx: Tx, recorded: Recorded[CountriesDisclosed]) -> None:
    tx.run("INSERT INTO view_disclosing_programmes (programme) VALUES (?)", (recorded.event.programme,))


PROGRAMMES = View(
    "programmes",
    [
        "CREATE TABLE IF NOT EXISTS view_programmes (programme TEXT PRIMARY KEY, display_name TEXT NOT NULL,"
        " currency TEXT NOT NULL, time_zone TEXT NOT NULL, start_time BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS view_placement_rules (programme TEXT PRIMARY KEY, width BIGINT NOT NULL,"
        " spill TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS view_disclosing_programmes (programme TEXT PRIMARY KEY)",
    ],
    own={ProgrammeCreated: _created, PlacementRuleSet: _rule_set, CountriesDisclosed: _disclosed},
)


def find_programme(reader: Reader, programme: str) -> Programme | None:
    """The programme with this id."""
    row = reader.one(f"{_SELECT} WHERE p.programme = ?", (programme,))
    return _programme(row) if row else None


def list_programmes(reader: Reader, only: str, after: str, limit: int) -> list[Programme]:
    """Programmes by id behind `after`; only one of them if `only` names it."""
    rows = reader.all(
        f"{_SELECT} WHERE p.programme > ? AND (? = '' OR p.programme = ?) ORDER BY p.programme LIMIT ?",
        (after, only, only, limit),
    )
    return [_programme(row) for row in rows]


def _programme(row: tuple[Any, ...]) -> Programme:
    programme, display_name, currency, time_zone, start_time, width, spill, disclosing = row
    rules = None if width is None else PlacementRules.of(width, spill)
    start = from_micros(start_time)
    return Programme(programme, display_name, currency, time_zone, start, rules, disclosing is not None)
