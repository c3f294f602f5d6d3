"""What is written goes to the database late and together, and nobody can tell from what he reads."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from libs.eventlog import EventLog, EventTypes, Meta, Reader, Recorded, Tx, View

META = Meta("shop", "tester")
WHEN = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = "abcd"


class Added(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    number: int


def added(tx: Tx, recorded: Recorded[Added]) -> None:
    event = recorded.event
    tx.run("INSERT INTO view_entries VALUES (?, ?, ?)", (recorded.position, event.name, event.number))
    tx.run(
        "INSERT INTO view_sums (name, total) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET total = view_sums.total + excluded.total",
        (event.name, event.number),
    )
    if event.number % 5 == 0:
        # A view that reads what stands before its own event.
        row = tx.one("SELECT COUNT(*) FROM view_entries WHERE name = ?", (event.name,))
        assert row is not None
        tx.run("UPDATE view_sums SET total = total + ? WHERE name = ?", (row[0] * 1000, event.name))


VIEW = View(
    "sums",
    [
        "CREATE TABLE IF NOT EXISTS view_entries (position BIGINT PRIMARY KEY, name TEXT, number BIGINT)",
        "CREATE TABLE IF NOT EXISTS view_sums (name TEXT PRIMARY KEY, total BIGINT)",
    ],
    own={Added: added},
)
TABLES = ["CREATE TABLE IF NOT EXISTS notes (place BIGINT PRIMARY KEY, text TEXT)"]


@pytest.fixture(params=["sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    url = f"sqlite:///{tmp_path}/t.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    log = EventLog.open(url, events=EventTypes([Added]), views=[VIEW], public={Added}, tables=TABLES)
    yield log
    await log.close()


def add(tx: Tx, name: str, number: int) -> None:
    tx.append(uuid.uuid4(), [Added(name=name, number=number)], after=0, meta=META, occurred_at=WHEN)


class State:
    """The same at once and in memory: what is to be read at any moment."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, int]] = []
        self.sums: dict[str, int] = {}
        self.notes: dict[int, str] = {}

    def copy(self) -> "State":
        copy = State()
        copy.entries, copy.sums, copy.notes = list(self.entries), dict(self.sums), dict(self.notes)
        return copy

    def become(self, other: "State") -> None:
        self.entries, self.sums, self.notes = other.entries, other.sums, other.notes

    def add(self, name: str, number: int) -> None:
        self.entries.append((name, number))
        self.sums[name] = self.sums.get(name, 0) + number
        if number % 5 == 0:
            self.sums[name] += 1000 * sum(1 for entry, _ in self.entries if entry == name)


def read(reader: Reader) -> State:
    state = State()
    state.entries = [(str(n), int(k)) for n, k in reader.all("SELECT name, number FROM view_entries ORDER BY position")]
    state.sums = dict(reader.all("SELECT name, total FROM view_sums"))
    state.notes = dict(reader.all("SELECT place, text FROM notes"))
    stored = [(one.event.name, one.event.number) for one in reader.after(0, 10_000)]
    assert stored == state.entries
    return state


class Undone(Exception):
    pass


def act(tx: Tx, state: State, choose: random.Random, depth: int = 0) -> None:
    """Does something, to the database and in memory."""
    for _ in range(choose.randrange(1, 8)):
        name, number = choose.choice(NAMES), choose.randrange(20)
        match choose.choice(["add", "add", "add", "note", "sum", "clear", "part", "part", "read"]):
            case "add":
                add(tx, name, number)
                state.add(name, number)
            case "note":
                place = len(state.notes)
                tx.run("INSERT INTO notes VALUES (?, ?)", (place, name))
                state.notes[place] = name
            case "sum":
                # A table of the view, written by somebody else than the view.
                tx.run("UPDATE view_sums SET total = total * 2 WHERE name = ?", (name,))
                if name in state.sums:
                    state.sums[name] *= 2
            case "clear":
                tx.run("DELETE FROM notes")
                state.notes.clear()
            case "part" if depth < 3:
                before = state.copy()
                with suppress(Undone), tx.savepoint() if choose.random() < 0.5 else tx.attempt():
                    act(tx, state, choose, depth + 1)
                    if choose.random() < 0.5:
                        state.become(before)
                        raise Undone
            case _:
                assert vars(read(tx)) == vars(state)


async def test_whatever_is_done_shows_as_if_it_had_been_done_at_once(log: EventLog) -> None:
    choose = random.Random(7)
    state = State()
    for _ in range(60):

        def work(tx: Tx) -> None:
            act(tx, state, choose)

        await log.write(work)
        assert vars(await log.read(read)) == vars(state)
    rows = await log.read(lambda reader: reader.all("SELECT * FROM view_entries ORDER BY position"))
    assert [row[0] for row in rows] == [one.position for one in await log.read(lambda reader: reader.after(0, 10_000))]


async def test_parts_that_only_write_cost_no_savepoints(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def work(tx: Tx) -> None:
        connection = tx._connection  # pyright: ignore[reportPrivateUsage] # what is sent cannot be seen elsewhere
        run, run_many = connection.run, connection.run_many

        def noted(sql: str, params: Sequence[object] = ()) -> None:
            said.append(sql)
            run(sql, params)

        def noted_many(sql: str, rows: Sequence[Sequence[object]]) -> None:
            said.append(sql)
            run_many(sql, rows)

        monkeypatch.setattr(connection, "run", noted)
        monkeypatch.setattr(connection, "run_many", noted_many)
        for number in range(1, 500):
            with suppress(Undone), tx.attempt():
                if number % 5:
                    add(tx, choose.choice(NAMES), number)
                if number == 250:
                    raise Undone

    choose = random.Random(1)
    await log.write(work)
    assert len(said) == 2, "one statement for each table of the view"
    assert len(await log.read(lambda reader: reader.after(0, 1000))) == 400


async def test_callers_read_together_and_only_their_neighbours(log: EventLog) -> None:
    calls: list[list[str]] = []

    def ahead(tx: Tx, names: Sequence[str]) -> list[dict[str, int]]:
        calls.append(list(names))
        found = {name: int(total) for name, total in tx.all("SELECT name, total FROM view_sums")}
        return [found] * len(names)

    def count(name: str, *, fail: bool = False) -> asyncio.Task[int]:
        def work(tx: Tx, sums: dict[str, int]) -> int:
            add(tx, name, 1)
            sums[name] = sums.get(name, 0) + 1
            if fail:
                raise Undone
            return sums[name]

        return asyncio.ensure_future(log.write_ahead(ahead, name, work))

    blocked = asyncio.ensure_future(log.write(lambda _: time.sleep(0.2)))
    await asyncio.sleep(0.05)
    first = [count("a"), count("b"), count("a")]
    await asyncio.sleep(0)
    between = asyncio.ensure_future(log.write(lambda tx: add(tx, "a", 6)))
    await asyncio.sleep(0)
    last = [count("a")]
    assert await asyncio.gather(*first, *last) == [1, 1, 2, 9]
    await asyncio.gather(blocked, between)
    assert calls == [["a", "b", "a"], ["a"]]
    # Somebody who fails after having written: all are run again, each for himself.
    results = await asyncio.gather(count("b"), count("b", fail=True), count("b"), return_exceptions=True)
    assert [result for result in results if isinstance(result, int)] == [2, 3]
    assert isinstance(results[1], Undone)
