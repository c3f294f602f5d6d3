"""Rules in all their versions, and how far time has come."""

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import TimeAdvanced, TraceRuleRemoved, TraceRuleSet
from services.traceability.domain.rules.deciding import SetRule, rule_key
from services.traceability.domain.rules.documents import Rule, stored_rule

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_rules (key TEXT PRIMARY KEY, programme TEXT NOT NULL, rule TEXT NOT NULL,"
    " version BIGINT NOT NULL, removed SMALLINT NOT NULL, document TEXT NOT NULL, set_at TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_trace_rules_of ON view_trace_rules (programme, removed, rule)",
    "CREATE TABLE IF NOT EXISTS view_trace_time (programme TEXT PRIMARY KEY, as_of TEXT NOT NULL)",
]
_COLUMNS: Final = "key, rule, version, removed, document, set_at"


class RuleRow(NamedTuple):
    """A version of a rule as it is listed."""

    rule: SetRule
    document: str
    set_at: datetime


def _set(tx: Tx, recorded: Recorded[TraceRuleSet]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run("UPDATE view_trace_rules SET removed=1 WHERE programme=? AND rule=?", (programme, event.rule))
    tx.run(
        f"INSERT INTO view_trace_rules (programme, {_COLUMNS}) VALUES (?, ?, ?, ?, 0, ?, ?)",  # noqa: S608 # our own text
        (
            programme,
            rule_key(programme, event.rule, event.version),
            event.rule,
            event.version,
            event.document,
            recorded.recorded_at.isoformat(),
        ),
    )


def _removed(tx: Tx, recorded: Recorded[TraceRuleRemoved]) -> None:
    programme = recorded.meta.programme
    tx.run("UPDATE view_trace_rules SET removed=1 WHERE programme=? AND rule=?", (programme, recorded.event.rule))


def _advanced(tx: Tx, recorded: Recorded[TimeAdvanced]) -> None:
    tx.run(
        "INSERT INTO view_trace_time VALUES (?, ?) ON CONFLICT (programme) DO UPDATE SET as_of=excluded.as_of",
        (recorded.meta.programme, recorded.event.as_of.isoformat()),
    )


VIEW = View("trace_rules", _DDL, own={TraceRuleSet: _set, TraceRuleRemoved: _removed, TimeAdvanced: _advanced})


def rules_in_force(reader: Reader, programme: str, *, after: str = "", limit: int = 1000) -> list[RuleRow]:
    """The rules that watch, by their id, behind one."""
    rows = reader.all(
        f"SELECT {_COLUMNS} FROM view_trace_rules WHERE programme=? AND removed=0 AND rule>? ORDER BY rule LIMIT ?",  # noqa: S608 # our own text
        (programme, after, limit),
    )
    return [_row(*row) for row in rows]


def rule_version(reader: Reader, key: str) -> SetRule:
    """A version of a rule that has noted something."""
    row = reader.one(f"SELECT {_COLUMNS} FROM view_trace_rules WHERE key=?", (key,))  # noqa: S608 # our own text
    if row is None:
        raise LookupError(f"no rule has the key {key}")
    return _row(*row).rule


def as_of(reader: Reader, programme: str) -> datetime | None:
    """How far time has come; None if nobody has said."""
    row = reader.one("SELECT as_of FROM view_trace_time WHERE programme=?", (programme,))
    return datetime.fromisoformat(row[0]) if row else None


def _row(key: str, rule: str, version: int, removed: int, document: str, set_at: str) -> RuleRow:
    found = SetRule(rule, int(version), key, _read(document), bool(removed))
    return RuleRow(found, document, datetime.fromisoformat(set_at))


@lru_cache(maxsize=1000)
def _read(document: str) -> Rule:
    return stored_rule(document)
