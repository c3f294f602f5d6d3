"""Sends what something came from or what became of it in parts, however much that is."""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.domain.genealogy import LinkRow, Node
from services.traceability.shared.genealogies import (
    asked_for,
    bounds_of,
    containers_of,
    directions_of,
    drawn,
    event_names,
    link_message,
    names_of,
    node_message,
    parts_of,
    seen,
    seen_alone,
    starts,
)
from services.traceability.shared.tracing import Bounds, Direction, follow
from services.traceability.shared.viewing import Viewer

MOST_NODES: Final = 1_000_000
PART: Final = 2000
"""Nodes or links in a message at most."""


async def stream_trace(
    running: Running, request: pb.StreamTraceRequest, call: Call
) -> AsyncIterator[pb.StreamTraceResponse]:
    """Nodes in the order of their depth, then links."""
    name = asked_for(request.epc)
    if request.direction not in (pb.TRACE_DIRECTION_BACKWARD, pb.TRACE_DIRECTION_FORWARD):
        raise Refusal("INVALID_DIRECTION", "a stream goes one way: BACKWARD or FORWARD", field="direction")
    (direction,) = directions_of(request.direction)
    bounds = bounds_of(
        request.since if request.HasField("since") else None,
        request.until if request.HasField("until") else None,
        request.depth, request.max_nodes, usual=MOST_NODES, most=MOST_NODES,
    )  # fmt: skip

    traced = await running.log.read(
        lambda reader: _walked(reader, Viewer.of(reader, call), call.programme, name, direction, bounds)
    )
    numbers: dict[Node, int] = {}
    rows: dict[int, int] = defaultdict(int)
    for part in parts_of(traced.nodes.items(), PART):
        yield await running.log.read(lambda reader, part=part: _nodes(reader, traced, part, rows, numbers))
    for links in parts_of(traced.links, PART):
        yield await running.log.read(lambda reader, links=links: _links(reader, call.programme, links, numbers))
    yield pb.StreamTraceResponse(complete=traced.complete, hidden_events=traced.hidden)


class _Walked(NamedTuple):
    """What is sent, before it is named."""

    first: frozenset[Node]
    nodes: dict[Node, bool]
    """And whether they only carry; in the order of their depth."""
    depths: dict[Node, int]
    times: dict[Node, tuple[int, int]]
    containers: set[Node]
    links: list[LinkRow]
    complete: bool
    hidden: int


def _walked(reader: Reader, viewer: Viewer, programme: str, name: str, direction: Direction, bounds: Bounds) -> _Walked:
    first = starts(reader, programme, name, whole=viewer.whole)
    traced = follow(reader, first, direction, bounds, viewer.visible)
    traced = traced if viewer.whole else seen_alone(traced)
    links = drawn(traced.links)
    depths: dict[Node, int] = {}
    for (node, _), (_, depth) in traced.states.items():
        depths.setdefault(node, depth)
    return _Walked(
        frozenset(first), traced.nodes, depths, seen(links), containers_of(links), links, traced.complete,
        len(viewer.hidden),
    )  # fmt: skip


def _nodes(
    reader: Reader, traced: _Walked, part: list[tuple[Node, bool]], rows: dict[int, int], numbers: dict[Node, int]
) -> pb.StreamTraceResponse:
    names = names_of(reader, [node for node, _ in part])
    answer = pb.StreamTraceResponse()
    for node, carried in part:
        depth = traced.depths[node]
        row = rows[depth]
        rows[depth] += 1
        named = names.get(node)
        if named is not None:
            numbers[node] = len(numbers)
            node_message(
                answer.nodes.add(), node, named, traced.times, layer=depth, row=row, depth=depth, carried=carried,
                start=node in traced.first, contains=node in traced.containers,
            )  # fmt: skip
    return answer


def _links(reader: Reader, programme: str, links: list[LinkRow], numbers: dict[Node, int]) -> pb.StreamTraceResponse:
    events = event_names(reader, programme, (position for *_, position in links))
    answer = pb.StreamTraceResponse()
    for link in links:
        if link[0] in numbers and link[2] in numbers:
            link_message(answer.links.add(), link, numbers, events, ring=False)
    return answer
