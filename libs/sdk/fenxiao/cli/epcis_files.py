"""Events written to files as they were captured, so that they can be captured again elsewhere."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from fenxiao.cli.shapes_trace import exact_json
from fenxiao.epcis.names import KNOWN_CONTEXTS, STANDARD_CONTEXT
from fenxiao.epcis.strict_json import to_text
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import traceability_pb2

_LINES: Final = (".ndjson", ".jsonl")


async def write_events(
    events: "AsyncIterator[traceability_pb2.TraceEvent]", path: Path, report: Callable[[int], None]
) -> int:
    """Write events as they come, and give how many there were."""
    lines = path.suffix.lower() in _LINES
    count = 0
    try:
        with path.open("w", encoding="utf-8") as file:
            if not lines:
                file.write(_head())
            async for one in events:
                between = "" if not count else "\n" if lines else ",\n"
                file.write(between + to_text(_with_context(one, alone=lines)))
                count += 1
                report(count)
            file.write("\n" if lines else "\n]}}\n")
    except OSError as error:
        raise Refusal("FILE_NOT_WRITABLE", f"{path} cannot be written: {error.strerror}.") from None
    return count


def _with_context(message: "traceability_pb2.TraceEvent", *, alone: bool) -> dict[str, Any]:
    """The event, with the prefixes that its document has defined; where it stands alone, with the standard's too."""
    event: dict[str, Any] = exact_json(message.document)
    parts: list[Any] = []
    for context in (exact_json(message.context), event.get("@context")):
        some = cast("list[Any]", context if isinstance(context, list) else [context])
        for part in some:
            if part and part not in parts and not (isinstance(part, str) and part in KNOWN_CONTEXTS):
                parts.append(part)
    if not parts and not alone:
        return {key: value for key, value in event.items() if key != "@context"}
    return {**event, "@context": [STANDARD_CONTEXT, *parts]}


def _head() -> str:
    made = json.dumps(datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    return (
        f'{{"@context":["{STANDARD_CONTEXT}"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":{made},'
        '"epcisBody":{"eventList":[\n'
    )
