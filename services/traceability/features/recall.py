"""Sends everything that is affected by what is wrong with a lot or a component: where it is and who has it."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

from aiohttp import web
from google.protobuf.json_format import MessageToDict

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.domain.facts import micros
from services.traceability.domain.genealogy import Node
from services.traceability.shared.genealogies import DEPTH, Named, asked_for, bounds_of, stamp_of
from services.traceability.shared.recalls import MOST, Affected, Proofs, reached, whereabouts
from services.traceability.shared.tracing import Bounds, Traced
from services.traceability.shared.viewing import Viewer

PART: Final = 1000
"""Items in a message at most."""

COLUMNS: Final = (
    "epc", "kind", "holder", "place", "in_transit", "disposition", "active", "quantity", "uom", "proof",
)  # fmt: skip
"""Of the CSV. `proof`: the events' hashes that lead to it, divided by spaces."""


async def recall(running: Running, request: pb.RecallRequest, call: Call) -> AsyncIterator[pb.RecallResponse]:
    """Parts in order of holder, and the totals."""
    name = asked_for(request.epc)
    bounds = bounds_of(
        request.since if request.HasField("since") else None,
        request.until if request.HasField("until") else None,
        DEPTH, MOST, usual=MOST, most=MOST,
    )  # fmt: skip
    as_csv = request.format == pb.RECALL_FORMAT_CSV
    traced, named, found = await running.log.read(lambda reader: _found(reader, call, name, bounds))
    proofs = Proofs(traced, dict(named), call.programme) if request.with_proofs else None
    for start in range(0, len(found), PART):
        part = found[start : start + PART]
        answer = await running.log.read(lambda reader, part=part: _items(reader, part, proofs))
        yield pb.RecallResponse(csv=_csv(answer.items, header=start == 0)) if as_csv else answer
    holders = {one.holder for one in found if one.active and one.holder}
    total = pb.RecallTotal(item_count=len(named), holder_count=len(holders), complete=traced.complete)
    yield pb.RecallResponse(total=total)


def _found(reader: Reader, call: Call, name: str, bounds: Bounds) -> tuple[Traced, dict[Node, Named], list[Affected]]:
    viewer = Viewer.of(reader, call)
    viewer.require_books()
    traced, named = reached(reader, call.programme, name, bounds, viewer.visible)
    found = whereabouts(reader, named)
    if viewer.caller.parties:
        # A party learns what of it is its own.
        found = [one for one in found if one.holder in viewer.caller.parties]
        named = {one.node: named[one.node] for one in found}
    return traced, named, found


def _items(reader: Reader, part: Sequence[Affected], proofs: Proofs | None) -> pb.RecallResponse:
    answer = pb.RecallResponse()
    for one in part:
        answer.items.add(
            epc=one.name,
            kind=one.kind,
            holder=one.holder,
            place=one.place,
            in_transit=one.in_transit,
            disposition=one.disposition,
            active=one.active,
            quantity=one.quantity,
            uom=one.uom,
        )
    if proofs is not None:
        for item, steps in zip(answer.items, proofs.of(reader, [one.node for one in part]), strict=True):
            item.proof.extend(steps)
    return answer


def _csv(items: Iterable[pb.RecalledItem], *, header: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(COLUMNS)
    for item in items:
        kind = pb.NodeKind.Name(item.kind).removeprefix("NODE_KIND_").lower()
        in_transit, active = ("true" if flag else "false" for flag in (item.in_transit, item.active))
        proof = " ".join(step.event_hash for step in item.proof)
        writer.writerow(
            (item.epc, kind, item.holder, item.place, in_transit, item.disposition, active, item.quantity, item.uom,
             proof)
        )  # fmt: skip
    return text.getvalue().encode()


async def download_recall(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """The same over HTTP: `?epc=…&since=…&until=…&format=csv|json&proofs=true`, JSON with one item a line."""
    asked = _asked(request)
    parts = recall(running, asked, call)
    # What is refused is refused before the answer begins.
    first = await anext(parts)
    as_csv = asked.format == pb.RECALL_FORMAT_CSV
    answer = web.StreamResponse()
    answer.content_type = "text/csv" if as_csv else "application/x-ndjson"
    answer.charset = "utf-8"
    await answer.prepare(request)
    await answer.write(_bytes(first, as_csv=as_csv))
    async for part in parts:
        await answer.write(_bytes(part, as_csv=as_csv))
    await answer.write_eof()
    return answer


def _bytes(part: pb.RecallResponse, *, as_csv: bool) -> bytes:
    if as_csv:
        return part.csv
    lines = [*map(MessageToDict, part.items)]
    if part.HasField("total"):
        lines.append({"total": MessageToDict(part.total)})
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _asked(request: web.Request) -> pb.RecallRequest:
    """Raises `Refusal` QUERY_PARAMETER."""
    known = {"epc", "since", "until", "format", "proofs"}
    unknown = sorted(request.query.keys() - known)
    if unknown:
        raise Refusal("QUERY_PARAMETER", f"{unknown[0]} is none of {', '.join(sorted(known))}", field=unknown[0])
    formats = {"csv": pb.RECALL_FORMAT_CSV, "json": pb.RECALL_FORMAT_MESSAGES}
    chosen = request.query.get("format", "json")
    proofs = request.query.get("proofs", "false")
    if chosen not in formats:
        raise Refusal("QUERY_PARAMETER", "format is csv or json", field="format")
    if proofs not in ("true", "false"):
        raise Refusal("QUERY_PARAMETER", "proofs is true or false", field="proofs")
    asked = pb.RecallRequest(epc=request.query.get("epc", ""), format=formats[chosen], with_proofs=proofs == "true")
    for name in ("since", "until"):
        if text := request.query.get(name, ""):
            try:
                getattr(asked, name).CopyFrom(stamp_of(micros(text)))
            except ValueError:
                message = f"{name} is a time with its offset, for example 2026-01-31T12:00:00Z"
                raise Refusal("QUERY_PARAMETER", message, field=name) from None
    return asked
