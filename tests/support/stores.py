"""The services' databases as files: looked at without disturbing who writes them, copied, and rebuilt as copies."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork, repository_root
from libs.localnet.services import Surroundings, environment

Tables = dict[str, list[str]]
"""Table → its rows as text, sorted: what stands in it, whatever the order in which it was written."""


_GOES_ON = {
    "chain_bridge.chain_cursor",
    "chain_bridge.consumed",
    "chain_bridge.stored_events",
    "chain_bridge.view_log_checkpoints",
    "chain_bridge.view_log_entries",
    "chain_bridge.view_log_nodes",
    "chain_bridge.view_log_size",
    "chain_bridge.view_versions",
}
"""Where the bridge notes how far it has read the chain and the others' events: a little behind whatever was done."""


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)


def tables_of(database: Path, prefix: str = "") -> list[str]:
    """Names of the tables that begin with a prefix."""
    with closing(_open(database)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in rows if name.startswith(prefix) and not name.startswith("sqlite_")]


def row_counts(home: Home, services: Iterable[str]) -> dict[str, int]:
    """Rows of every table of every service: a half-done command would leave some behind, or take some away."""
    counts: dict[str, int] = {}
    for service in services:
        database = home.database(service)
        with closing(_open(database)) as connection:
            for table in tables_of(database):
                if f"{service}.{table}" in _GOES_ON:
                    continue
                (counts[f"{service}.{table}"],) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return counts


def rows_of(database: Path, sql: str) -> list[tuple[object, ...]]:
    """What a query finds."""
    with closing(_open(database)) as connection:
        return connection.execute(sql).fetchall()


def parked(home: Home, services: Iterable[str]) -> list[str]:
    """Every message that a consumer could not apply, and why."""
    return [
        f"{service}: {subject}: {reason}"
        for service in services
        for subject, reason in rows_of(home.database(service), "SELECT subject, reason FROM parked")
    ]


def copy(database: Path, to: Path) -> Path:
    """A copy of one moment, taken while the service goes on."""
    with closing(_open(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def content(database: Path, prefix: str = "view_") -> Tables:
    """All that stands in the tables with a prefix."""
    with closing(_open(database)) as connection:
        return {
            table: sorted(repr(row) for row in connection.execute(f"SELECT * FROM {table}"))
            for table in tables_of(database, prefix)
        }


def differences(expected: Tables, found: Tables) -> list[str]:
    """Where two contents differ: table by table, with a row of each side."""
    problems: list[str] = []
    for table in sorted(expected.keys() | found.keys()):
        one, other = expected.get(table), found.get(table)
        if one == other:
            continue
        if one is None or other is None:
            problems.append(f"{table} is missing on one side")
            continue
        only_one, only_other = sorted({*one} - {*other}), sorted({*other} - {*one})
        problems.append(
            f"{table}: {len(one)} rows against {len(other)}; "
            f"only in the first: {only_one[:1]}, only in the second: {only_other[:1]}"
        )
    return problems


def spoil_views(database: Path) -> None:
    """Empties every view and leaves nothing that a rebuild could lean on."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for table in tables_of(database, "view_"):
            connection.execute(f"DELETE FROM {table}")


async def rebuild(network: LocalNetwork, service: str, database: Path) -> None:
    """Runs the service's own `rebuild` on another database than its own."""
    endpoints = network.endpoints
    around = Surroundings(endpoints.nats_url, endpoints.rpc_url, endpoints.deployment.vault.address)
    settings = environment(network.home, service, "127.0.0.1:1", around)
    settings["FENXIAO_DATABASE_URL"] = f"sqlite:///{database}"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}", "rebuild"),
        cwd=repository_root(),
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(60):
            output, _ = await child.communicate()
    except TimeoutError:
        child.kill()
        raise
    assert child.returncode == 0, output.decode()
