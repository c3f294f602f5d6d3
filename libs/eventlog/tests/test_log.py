"""The event log on both databases: order, isolation of callers, views, restarts."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from pydantic import BaseModel, ConfigDict

from libs.eventlog import Conflict, EventLog, EventTypes, Guard, Meta, Reader, Recorded, Tx, View
from libs.eventlog.events import PROGRAMME_FROM, pack
from libs.eventlog.postgres import OF_PROGRAMME

META = Meta("shop", "tester", request_id="r1", correlation_id="c1", signature=b"\x01\x02")
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Opened(BaseModel):
    model_config = ConfigDict(frozen=True)
    owner: str


class Paid(BaseModel):
    model_config = ConfigDict(frozen=True)
    amount: int


class Private(BaseModel):
    model_config = ConfigDict(frozen=True)
    VERSION: ClassVar[int] = 2
    text: str


def opened(tx: Tx, recorded: Recorded[Opened]) -> None:
    tx.run("INSERT INTO view_accounts VALUES (?, ?, 0)", (recorded.stream.hex, recorded.event.owner))


def paid(tx: Tx, recorded: Recorded[Paid]) -> None:
    tx.run("UPDATE view_accounts SET total = total + ? WHERE id = ?", (recorded.event.amount, recorded.stream.hex))


ACCOUNTS = View(
    "accounts",
    ["CREATE TABLE IF NOT EXISTS view_accounts (id TEXT PRIMARY KEY, owner TEXT UNIQUE, total BIGINT)"],
    own={Opened: opened, Paid: paid},
)
TYPES = EventTypes([Opened, Paid, Private], {("Private", 1): lambda old: {"text": old["words"]}})


class TooMuch(Exception):
    pass


def refuse_nonsense(recorded: Recorded[Any]) -> None:
    assert recorded.position == 0
    assert recorded.meta == META
    if recorded.event.text.startswith("nonsense"):
        raise TooMuch


GUARD = Guard(1000, refuse_nonsense)


def reopen(url: str) -> EventLog:
    return EventLog.open(url, events=TYPES, views=[ACCOUNTS], public={Opened, Paid}, guard=GUARD)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/t.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")


@pytest.fixture
async def log(url: str) -> AsyncIterator[EventLog]:
    log = reopen(url)
    yield log
    await log.close()


def open_account(owner: str, stream: UUID, meta: Meta = META) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        tx.append(stream, [Opened(owner=owner)], after=0, meta=meta, occurred_at=WHEN)

    return work


def write_privately(text: str, meta: Meta = META) -> Callable[[Tx], None]:
    return lambda tx: tx.append(uuid.uuid4(), [Private(text=text)], after=0, meta=meta, occurred_at=WHEN)


def total(reader: Reader) -> int:
    row = reader.one("SELECT SUM(total) FROM view_accounts")
    return int(row[0] or 0) if row else 0


async def test_the_envelope_comes_back_whole(log: EventLog) -> None:
    stream = uuid.uuid4()
    await log.write(open_account("ann", stream))
    (recorded,) = await log.read(lambda r: r.load(stream))
    assert recorded.event == Opened(owner="ann")
    assert recorded.meta == META
    assert (recorded.stream, recorded.version, recorded.occurred_at) == (stream, 1, WHEN)
    assert recorded.recorded_at.tzinfo is not None


async def test_a_caller_reads_what_it_has_written(log: EventLog) -> None:
    stream = uuid.uuid4()

    def work(tx: Tx) -> int:
        tx.append(stream, [Opened(owner="ann"), Paid(amount=7)], after=0, meta=META, occurred_at=WHEN)
        assert len(tx.load(stream)) == 2
        return total(tx)

    assert await log.write(work) == 7


async def test_one_conflict_fails_alone(log: EventLog) -> None:
    taken = uuid.uuid4()
    await log.write(open_account("taken", taken))
    streams = [uuid.uuid4() for _ in range(20)]
    results = await asyncio.gather(
        *(log.write(open_account(f"m{n}", stream)) for n, stream in enumerate(streams[:10])),
        log.write(open_account("other", taken)),
        *(log.write(open_account(f"m{n + 10}", stream)) for n, stream in enumerate(streams[10:])),
        return_exceptions=True,
    )
    assert [type(r) for r in results if r is not None] == [Conflict]
    assert len(await log.read(lambda r: r.after(0, 100))) == 21


async def test_a_view_that_refuses_undoes_its_caller_only(log: EventLog) -> None:
    results = await asyncio.gather(
        *(log.write(open_account(owner, uuid.uuid4())) for owner in ("a", "b", "a", "c")), return_exceptions=True
    )
    assert sum(isinstance(r, Exception) for r in results) == 1
    rows = await log.read(lambda r: r.all("SELECT owner FROM view_accounts ORDER BY owner"))
    assert [owner for (owner,) in rows] == ["a", "b", "c"]
    assert len(await log.read(lambda r: r.after(0, 100))) == 3


async def test_a_refusal_before_writing_costs_the_others_nothing(log: EventLog) -> None:
    def refuse(tx: Tx) -> None:
        tx.one("SELECT 1")
        raise ValueError("no")

    stream = uuid.uuid4()
    results = await asyncio.gather(
        log.write(open_account("a", stream)),
        log.write(refuse),
        log.write(open_account("b", uuid.uuid4())),
        return_exceptions=True,
    )
    assert [type(r) for r in results] == [type(None), ValueError, type(None)]
    assert len(await log.read(lambda r: r.after(0, 10))) == 2


async def test_positions_rise_and_the_public_one_skips_private_events(log: EventLog) -> None:
    stream = uuid.uuid4()
    await log.write(open_account("a", stream))
    before = log.public_position
    await log.write(lambda tx: tx.append(uuid.uuid4(), [Private(text="x")], after=0, meta=META, occurred_at=WHEN))
    assert log.public_position == before > 0
    positions = [r.position for r in await log.read(lambda r: r.after(0, 10))]
    assert positions == sorted(set(positions))
    assert await log.read(lambda r: [e.event for e in r.after(before, 10)]) == [Private(text="x")]


async def test_a_savepoint_gives_back_only_its_part(log: EventLog) -> None:
    kept, lost = uuid.uuid4(), uuid.uuid4()

    def work(tx: Tx) -> None:
        tx.append(kept, [Opened(owner="kept")], after=0, meta=META, occurred_at=WHEN)
        with suppress(ValueError), tx.savepoint():
            tx.append(lost, [Opened(owner="lost")], after=0, meta=META, occurred_at=WHEN)
            raise ValueError("inner")

    await log.write(work)
    assert [r.stream for r in await log.read(lambda r: r.after(0, 10))] == [kept]


async def test_rebuilt_views_equal_the_live_ones(log: EventLog) -> None:
    for n in range(30):
        stream = uuid.uuid4()
        await log.write(open_account(f"m{n}", stream))
        await log.write(lambda tx, s=stream, n=n: tx.append(s, [Paid(amount=n)], after=1, meta=META, occurred_at=WHEN))

    def rows(reader: Reader) -> list[Any]:
        return reader.all("SELECT * FROM view_accounts ORDER BY id")

    live = await log.read(rows)
    assert await log.rebuild() == 60
    assert await log.read(rows) == live


async def test_old_versions_are_upcast() -> None:
    event, version = TYPES.decode("Private.v1", b'{"words":"old"}')
    assert (event, version) == (Private(text="old"), 1)
    with pytest.raises(LookupError):
        TYPES.decode("Private.v3", b"{}")
    with pytest.raises(ValueError, match="upcaster"):
        EventTypes([Private])


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    first = EventLog.open(url, events=TYPES, views=[ACCOUNTS], public={Opened})
    await asyncio.gather(*(first.write(open_account(f"m{n}", uuid.uuid4())) for n in range(100)))
    store, position = first.store_id, first.public_position
    await first.close()
    second = EventLog.open(url, events=TYPES, views=[ACCOUNTS], public={Opened})
    assert (second.store_id, second.public_position) == (store, position)
    assert len(await second.read(lambda r: r.after(0, 1000))) == 100
    await second.close()


async def test_a_query_that_fails_loses_nobody_elses_work(log: EventLog) -> None:
    stream = uuid.uuid4()

    def write_and_read(tx: Tx) -> int:
        open_account("a", stream)(tx)
        return total(tx)

    def wrong(tx: Tx) -> None:
        tx.one("SELECT nothing FROM nowhere")

    results = await asyncio.gather(log.write(write_and_read), log.write(wrong), return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], Exception)
    assert len(await log.read(lambda r: r.load(stream))) == 1


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Topics of the events that are read."""
    topics: list[str] = []
    decode = EventTypes.decode

    def noting(self: EventTypes, topic: str, data: bytes) -> tuple[BaseModel, int]:
        topics.append(topic)
        return decode(self, topic, data)

    monkeypatch.setattr(EventTypes, "decode", noting)
    return topics


def of(programme: str, position: int = 0, limit: int = 1000) -> Callable[[Reader], list[tuple[int, int | None]]]:
    """Positions of a programme's public events, each with that of the public event before it."""
    return lambda reader: [
        (one.position, before and before.position)
        for one, before in reader.of_programme(programme, [Opened, Paid], position, limit)
    ]


async def shops_and_others(log: EventLog) -> None:
    """Ten events of `shop` and 300 of others, mixed, public and private, and names that begin alike."""
    for n in range(10):
        await log.write(open_account(f"{n}", uuid.uuid4()))
        if n % 3 == 0:
            await log.write(write_privately("own"))
        for other in ["shop-2", "sho", "other"][: n % 4]:
            meta = Meta(other, "tester")
            await log.write(write_privately("theirs", meta))
            for k in range(10):
                await log.write(open_account(f"{n}-{other}-{k}", uuid.uuid4(), meta))


async def test_a_programmes_events_come_with_what_stands_before_them(log: EventLog) -> None:
    await shops_and_others(log)
    public = [one for one in await log.read(lambda r: r.after(0, 1000)) if isinstance(one.event, Opened | Paid)]
    expected = [
        (one.position, before.position if before else None)
        for before, one in zip([None, *public], public, strict=False)
        if one.meta.programme == "shop"
    ]
    assert await log.read(of("shop")) == expected
    assert expected[0][1] is None
    pages: list[tuple[int, int | None]] = []
    while page := await log.read(of("shop", pages[-1][0] if pages else 0, 3)):
        pages += page
    assert pages == expected
    assert await log.write(of("shop")) == expected
    assert await log.read(of("nobody")) == []
    assert await log.read(lambda r: r.of_programme("shop", [], 0, 10)) == []


async def test_one_programme_costs_nobody_elses_events(log: EventLog, url: str, decoded: list[str]) -> None:
    await shops_and_others(log)
    assert len(await log.read(of("shop"))) == 10
    assert len(decoded) <= 2 * 10
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE stored_events")
            # A table so small is read as a whole, unless that is forbidden.
            connection.execute("SET enable_seqscan = off")
            explain = f"EXPLAIN {OF_PROGRAMME}".encode()
            params = {"programme": b"sho", "position": 0, "topics": ["Opened.v1"], "limit": 10}
            plan = str(connection.execute(explain, params).fetchall())
            assert "stored_events_by_programme" in plan, plan


def test_the_programme_stands_where_the_index_looks_for_it() -> None:
    meta = Meta("a-programme", 'an "actor"', request_id="r")
    state = pack(uuid.uuid4(), meta, WHEN, WHEN, b"{}")
    assert state[PROGRAMME_FROM - 1 :].partition(b'"')[0] == b"a-programme"


async def test_a_store_from_before_the_index_is_upgraded(url: str) -> None:
    first = reopen(url)
    await shops_and_others(first)
    expected = await first.read(of("shop"))

    def undo(tx: Tx) -> None:
        tx.run("DROP INDEX stored_events_by_programme")
        tx.run("DROP TABLE store_secret")

    await first.write(undo)
    store = first.store_id
    await first.close()
    second = reopen(url)
    assert second.store_id == store
    assert await second.read(of("shop")) == expected
    if url.startswith("postgresql"):
        known = "SELECT COUNT(*) FROM pg_stats WHERE tablename = 'stored_events_by_programme'"
        assert await second.read(lambda reader: reader.one(known)) != (0,)
    await second.write(open_account("new", uuid.uuid4()))
    assert len(await second.read(of("shop"))) == len(expected) + 1
    await second.rebuild()
    assert len(await second.read(of("shop"))) == len(expected) + 1
    await second.close()


async def test_an_event_that_the_guard_refuses_is_not_kept_nor_is_what_came_with_it(log: EventLog) -> None:
    kept, lost, mixed = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    large = [Private(text=text * 200) for text in ("sense ", "nonsense ")]

    def with_a_first_event(tx: Tx) -> None:
        tx.append(lost, [Opened(owner="lost")], after=0, meta=META, occurred_at=WHEN)
        tx.append(lost, large, after=1, meta=META, occurred_at=WHEN)

    def item_by_item(tx: Tx) -> int:
        refused = 0
        for number, event in enumerate([large[1], large[0]]):
            try:
                with tx.savepoint():
                    tx.append(mixed, [Opened(owner=f"mixed{number}"), event], after=0, meta=META, occurred_at=WHEN)
            except TooMuch:
                refused += 1
        return refused

    def at_once(tx: Tx) -> None:
        tx.append(lost, [Opened(owner="lost"), large[1]], after=0, meta=META, occurred_at=WHEN)

    with pytest.raises(TooMuch):
        await log.write(at_once)
    results = await asyncio.gather(
        log.write(open_account("a", kept)),
        log.write(at_once),
        log.write(with_a_first_event),
        log.write(item_by_item),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), TooMuch, TooMuch, int]
    assert results[3] == 1
    recorded = await log.read(lambda r: r.after(0, 100))
    assert [(one.stream, type(one.event)) for one in recorded] == [(kept, Opened), (mixed, Opened), (mixed, Private)]
    rows = await log.read(lambda r: r.all("SELECT owner FROM view_accounts ORDER BY owner"))
    assert [owner for (owner,) in rows] == ["a", "mixed1"]


async def test_a_store_has_a_secret_of_its_own(url: str, tmp_path: Path) -> None:
    first = reopen(url)
    other = reopen(f"sqlite:///{tmp_path}/other.db")
    secret = first.secret
    await first.close()
    await other.close()
    again = reopen(url)
    assert again.secret == secret
    assert len(secret) == 32
    assert other.secret != secret
    await again.close()
