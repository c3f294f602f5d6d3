"""Whose identity is checked, and where members live, as membership tells of them; each word with its place there."""

from datetime import datetime

from fenxiao.api.membership.v1.events_pb2 import (
    CountriesDisclosed,
    CountryDisclosed,
    IdentityChecked,
    IdentityCheckWithdrawn,
)
from fenxiao.plans.periods.people import Checked, Word
from libs.eventbus import Received
from libs.eventlog import Reader, Tx, View
from libs.servicekit.times import from_timestamp
from services.commission.views.moments import FOREVER, from_micros, micros

_CHECK = (
    "INSERT INTO view_identity_checks (programme, member, since, position, withdrawn, until) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (programme, member, since, position) DO NOTHING"
)


def _checked(tx: Tx, received: Received) -> None:
    event: IdentityChecked = received.event
    until = micros(from_timestamp(event.expire_time)) if event.HasField("expire_time") else FOREVER
    since = micros(from_timestamp(event.check_time))
    tx.run(_CHECK, (received.programme, event.member, since, received.place.position, 0, until))


def _check_withdrawn(tx: Tx, received: Received) -> None:
    event: IdentityCheckWithdrawn = received.event
    since = micros(from_timestamp(event.effective_time))
    tx.run(_CHECK, (received.programme, event.member, since, received.place.position, 1, FOREVER))


def _country_disclosed(tx: Tx, received: Received) -> None:
    event: CountryDisclosed = received.event
    tx.run(
        "INSERT INTO view_countries (programme, member, since, position, country) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (programme, member, since, position) DO NOTHING",
        (
            received.programme,
            event.member,
            micros(from_timestamp(event.effective_time)),
            received.place.position,
            event.country,
        ),
    )


def _countries_disclosed(tx: Tx, received: Received) -> None:
    tx.run(
        "INSERT INTO view_disclosing (programme) VALUES (?) ON CONFLICT (programme) DO NOTHING", (received.programme,)
    )


PEOPLE = View(
    "people",
    [
        "CREATE TABLE IF NOT EXISTS view_identity_checks (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " since BIGINT NOT NULL, position BIGINT NOT NULL, withdrawn INTEGER NOT NULL, until BIGINT NOT NULL,"
        " PRIMARY KEY (programme, member, since, position))",
        "CREATE TABLE IF NOT EXISTS view_countries (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " since BIGINT NOT NULL, position BIGINT NOT NULL, country TEXT NOT NULL,"
        " PRIMARY KEY (programme, member, since, position))",
        "CREATE TABLE IF NOT EXISTS view_disclosing (programme TEXT PRIMARY KEY)",
    ],
    others={
        IdentityChecked: _checked,
        IdentityCheckWithdrawn: _check_withdrawn,
        CountryDisclosed: _country_disclosed,
        CountriesDisclosed: _countries_disclosed,
    },
)


def discloses_countries(reader: Reader, programme: str) -> bool:
    """Whether membership tells in which countries the members of a programme live."""
    return reader.one("SELECT 1 FROM view_disclosing WHERE programme = ?", (programme,)) is not None


def checks_told(reader: Reader, programme: str, end: datetime, newest: int) -> list[Word[Checked | None]]:
    """What was told of members' identities up to a position, of moments before a period's end."""
    rows = reader.all(
        "SELECT member, since, position, withdrawn, until FROM view_identity_checks"
        " WHERE programme = ? AND since < ? AND position <= ?",
        (programme, micros(end), newest),
    )
    return [
        Word(member, from_micros(since), position, None if withdrawn else _check(since, until))
        for member, since, position, withdrawn, until in rows
    ]


def countries_told(reader: Reader, programme: str, end: datetime, newest: int) -> list[Word[str]]:
    """The same of the countries in which members live."""
    rows = reader.all(
        "SELECT member, since, position, country FROM view_countries"
        " WHERE programme = ? AND since < ? AND position <= ?",
        (programme, micros(end), newest),
    )
    return [Word(member, from_micros(since), position, country) for member, since, position, country in rows]


def _check(since: int, until: int) -> Checked:
    return Checked(from_micros(since), None if until == FOREVER else from_micros(until))
