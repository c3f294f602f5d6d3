"""The export: a programme's public events and statements as files that anybody can keep and read.

A folder holds one `<service>.jsonl` for each service with its public events in the order of its store
(`fenxiao.api.events.v1.Event` in protobuf's JSON form, one a line), `statements.jsonl`
(`fenxiao.api.settlement.v1.Statement`), `points.jsonl` (`fenxiao.api.settlement.v1.Points`), and `manifest.json` with
`format`, `programme` and the SHA-256 of each file. `fenxiao.client.export` writes it; of traceability's events only the
deliveries, on which money is released.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import Message

# Their types must be known before an event of theirs can be read.
from fenxiao.api.chain_bridge.v1 import events_pb2 as _chain_bridge
from fenxiao.api.commission.v1 import events_pb2 as _commission
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as _membership
from fenxiao.api.settlement.v1 import events_pb2 as _settlement
from fenxiao.api.settlement.v1 import points_pb2, settlement_pb2
from fenxiao.api.traceability.v1 import events_pb2 as _traceability

FORMAT = "fenxiao-export-1"
SERVICES = ("membership", "commission", "settlement", "chain_bridge", "traceability")
_KNOWN = (_membership, _commission, _settlement, _chain_bridge, _traceability)

M = TypeVar("M", bound=Message)


class ExportError(Exception):
    """The export is not what it should be; the message names file and line."""


@dataclass(frozen=True)
class Export:
    """What was read."""

    programme: str
    events: Mapping[str, list[events_pb2.Event]]
    """Service → its public events, in order."""
    statements: list[settlement_pb2.Statement]
    points: list[points_pb2.Points] = field(default_factory=list[points_pb2.Points])
    """What members have of points."""


def write_export(
    folder: Path,
    programme: str,
    events: Mapping[str, Iterable[events_pb2.Event]],
    statements: Iterable[settlement_pb2.Statement],
    points: Iterable[points_pb2.Points] = (),
) -> None:
    """Writes an export. The manifest comes last: a folder without one is not whole."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    files = {f"{service}.jsonl": found for service, found in events.items()}
    written = {name: _write_lines(folder / name, found) for name, found in files.items()}
    written["statements.jsonl"] = _write_lines(folder / "statements.jsonl", statements)
    written["points.jsonl"] = _write_lines(folder / "points.jsonl", points)
    content = {"format": FORMAT, "programme": programme, "made_at": datetime.now(UTC).isoformat(), "files": written}
    manifest.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_lines(path: Path, messages: Iterable[Message]) -> dict[str, Any]:
    """Writes one file and returns what the manifest says of it."""
    digest, rows = hashlib.sha256(), 0
    with path.open("wb") as file:
        for message in messages:
            line = MessageToJson(message, indent=None, ensure_ascii=False).encode() + b"\n"
            digest.update(line)
            file.write(line)
            rows += 1
    return {"rows": rows, "sha256": digest.hexdigest()}


def read_export(folder: Path) -> Export:
    """Reads an export. Raises `ExportError`."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ExportError(f"{folder} holds no export: manifest.json is missing") from None
    except ValueError as error:
        raise ExportError(f"manifest.json is broken: {error}") from None
    if manifest.get("format") != FORMAT:
        raise ExportError(f"the export has the format {manifest.get('format')!r}; this verifier reads {FORMAT}")
    for name, file in dict(manifest.get("files", {})).items():
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            raise ExportError(f"{name} is missing or not as it was written; export again")
    return Export(
        programme=str(manifest["programme"]),
        events={service: _read_lines(folder / f"{service}.jsonl", events_pb2.Event) for service in SERVICES},
        statements=_read_lines(folder / "statements.jsonl", settlement_pb2.Statement),
        points=_read_lines(folder / "points.jsonl", points_pb2.Points),
    )


def _read_lines(path: Path, cls: type[M]) -> list[M]:
    if not path.exists():
        return []
    found: list[M] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                found.append(Parse(line, cls()))
            except ParseError as error:
                raise ExportError(f"{path.name}, line {number}: {error}") from None
    return found
