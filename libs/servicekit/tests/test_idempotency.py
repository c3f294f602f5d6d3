"""What is kept of requests: keyed hashes, for a while."""

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.credentials import generate_issuer
from fenxiao.errors import Refusal
from libs.eventlog import EventLog, Tx
from libs.eventlog.tests import conftest as postgres
from libs.servicekit import Settings, idempotency, lifecycle
from libs.servicekit.lifecycle import open_log, serve
from libs.servicekit.tests.test_server import SERVICE

postgres_server = postgres.postgres_server
fresh_postgres = postgres.fresh_postgres

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
REQUEST = pb.CaptureRequest(parent="programmes/shop", document=b"+8613912345678901")


@pytest.fixture(params=["sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[EventLog]:
    url = f"sqlite:///{tmp_path}/t.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    log = open_log(SERVICE, url)
    yield log
    await log.close()


def ask(
    request_id: str, *, request: pb.CaptureRequest = REQUEST, secret: bytes = b"s" * 32, now: datetime = NOW
) -> Callable[[Tx], str]:
    """Asks for something that is answered by another name each time."""

    def work(tx: Tx) -> str:
        key = ("shop", "ann", request_id)
        answered = idempotency.find_answered(tx, [key])
        mark = idempotency.fingerprint(secret, key, "Capture", request)
        answer = idempotency.once(tx, answered, key, mark, pb.CaptureResponse, lambda: answer_of(uuid.uuid4().hex), now)
        return answer.trace_events[0]

    return work


def answer_of(name: str) -> pb.CaptureResponse:
    return pb.CaptureResponse(trace_events=[name])


async def fingerprints(log: EventLog) -> dict[str, bytes]:
    rows = await log.read(lambda reader: reader.all("SELECT request_id, fingerprint FROM requests"))
    return {str(row[0]): row[1] for row in rows}


def plain() -> bytes:
    return hashlib.sha256(b"Capture\0" + REQUEST.SerializeToString(deterministic=True)).digest()


async def test_what_is_kept_cannot_be_guessed_without_the_secret(log: EventLog) -> None:
    first = await log.write(ask("r1"))
    assert await log.write(ask("r1")) == first
    await log.write(ask("r2"))
    await log.write(ask("r3", secret=b"t" * 32))
    kept = await fingerprints(log)
    assert plain() not in kept.values()
    assert len({*kept.values()}) == 3, "not even that two requests are alike can be seen"
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
        await log.write(ask("r1", request=pb.CaptureRequest(document=b"another")))


async def test_a_request_from_before_the_secret_is_still_known(log: EventLog) -> None:
    row = ("shop", "ann", "old", plain(), answer_of("first").SerializeToString(), NOW.isoformat())
    await log.write(lambda tx: tx.run("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", row))
    assert await log.write(ask("old")) == "first"
    with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
        await log.write(ask("old", request=pb.CaptureRequest(document=b"another")))


async def test_old_requests_are_forgotten_a_few_at_a_time(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_AT_ONCE", 10)
    for n in range(25):
        await log.write(ask(f"old{n}", now=NOW - timedelta(seconds=1 + n)))
    first = await log.write(ask("new"))

    def forget(tx: Tx) -> int:
        return idempotency.forget(tx, NOW)

    assert [await log.write(forget) for _ in range(4)] == [10, 10, 5, 0]
    assert set(await fingerprints(log)) == {"new"}
    assert await log.write(ask("new")) == first


async def test_a_service_forgets_what_is_older_than_a_week(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate_issuer(tmp_path)
    settings = Settings(
        service_address=f"127.0.0.1:{unused_tcp_port}",
        database_url=f"sqlite:///{tmp_path}/t.db",
        nats_url="nats://127.0.0.1:1",
        jwks_file=tmp_path / "jwks.json",
    )
    log = open_log(SERVICE, settings.database_url)
    now = datetime.now(UTC)
    for n in range(30):
        await log.write(ask(f"old{n}", now=now - timedelta(days=7, seconds=n)))
    await log.write(ask("young", now=now - timedelta(days=6, hours=23)))
    stop = asyncio.Event()
    monkeypatch.setattr(lifecycle, "_stop_signal", stop.wait)
    monkeypatch.setattr(idempotency, "_AT_ONCE", 10)
    monkeypatch.setattr(idempotency, "_PAUSE", 0.01)
    serving = asyncio.create_task(serve(SERVICE, settings))
    for _ in range(200):
        await asyncio.sleep(0.05)
        if len(await fingerprints(log)) == 1:
            break
    stop.set()
    await serving
    assert set(await fingerprints(log)) == {"young"}
    await log.close()


def test_partners_read_how_long_a_request_is_known() -> None:
    said: list[str] = []
    for path in (Path(__file__).parents[3] / "protos" / "fenxiao" / "api").rglob("*.proto"):
        said += re.findall(r"// (.*)\n +string request_id = ", path.read_text(encoding="utf-8"))
    assert len(said) >= 11
    assert all(f"within {idempotency.KEPT.days} days" in line for line in said)
