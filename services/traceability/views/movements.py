"""Shipments and receipts by what they have in common, so that either finds the other, whichever is captured first."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.business import Move, Receipt, entries, move_of
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.shared.reading import read_again

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_movements (key BYTEA NOT NULL, shipped SMALLINT NOT NULL,"
    " time BIGINT NOT NULL, hash TEXT NOT NULL, programme TEXT NOT NULL, PRIMARY KEY (key, shipped, time, hash))"
]
_NOT_VOIDED: Final = (
    " AND NOT EXISTS (SELECT 1 FROM view_trace_voided AS v WHERE v.programme=m.programme AND v.hash=m.hash)"
)
_AT_ONCE: Final = 500


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    rows: list[tuple[object, ...]] = []
    for recorded in captured:
        facts, programme = read_again(recorded.event), recorded.meta.programme
        move = move_of(facts)
        if move is not None and facts.declaration is None:
            shipped, event_hash = int(move is Move.SHIPPED), recorded.event.event_hash
            rows += [(key, shipped, facts.time, event_hash, programme) for key in sorted(entries(facts, programme))]
    tx.run_many("INSERT INTO view_trace_movements VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)


VIEW = View("movements", _DDL, together={TraceEventCaptured: _captured})


class Movement(NamedTuple):
    """A shipment or receipt under a key."""

    key: bytes
    time: int
    hash: str


def movements_at(reader: Reader, move: Move, keys: Collection[bytes]) -> list[Movement]:
    """All that counts under some keys."""
    found: list[Movement] = []
    wanted = sorted(keys)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = reader.among(
            f"SELECT key, time, hash FROM view_trace_movements AS m WHERE shipped=?{_NOT_VOIDED} AND key = {{keys}}",  # noqa: S608 # our own text
            (int(move is Move.SHIPPED),),
            wanted[start : start + _AT_ONCE],
        )
        found += [Movement(bytes(key), int(time), str(event_hash)) for key, time, event_hash in rows]
    return found


def first_receipts(reader: Reader, keys: Collection[bytes], since: int) -> dict[bytes, Receipt]:
    """The first receipt under each key, from a moment on."""
    found: dict[bytes, Receipt] = {}
    for movement in movements_at(reader, Move.RECEIVED, keys):
        receipt = Receipt(movement.time, movement.hash)
        if receipt.time >= since and receipt < found.get(movement.key, Receipt(2**63, "")):
            found[movement.key] = receipt
    return found


def voided(reader: Reader, programme: str, hashes: Collection[str]) -> set[str]:
    """Those of some events that were declared erroneous."""
    rows = reader.among("SELECT hash FROM view_trace_voided WHERE programme=? AND hash = {keys}", (programme,), hashes)
    return {str(row[0]) for row in rows}
