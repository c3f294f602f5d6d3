"""Sends what something came from or what became of it in parts, however much that is."""

from collections.abc import AsyncIterator
from itertools import islice
from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.domain.genealogy import Link, Node
from services.traceability.shared.genealogies import (
    asked_for,
    bounds_of,
    container_of,
    directions_of,
    drawn,
    event_names,
    kind_of,
    link_message,
    names_of,
    parts_of,
    seen,
    stamp_of,
    starts,
)
from services.traceability.shared.tracing import Traced, follow

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

    def walk(reader: Reader) -> tuple[list[Node], Traced]:
        first = starts(reader, call.programme, name)
        return first, follow(reader, first, direction, bounds)

    first, traced = await running.log.read(walk)
    links = drawn(traced.links)
    numbers: dict[Node, int] = {}
    rest = iter(await running.log.read(lambda reader: _nodes(traced, links, frozenset(first))))
    while part := list(islice(rest, PART)):
        yield await running.log.read(lambda reader, part=part: _named(reader, part, numbers))
    for some in parts_of((link for link in links if link.source in numbers and link.target in numbers), PART):
        yield await running.log.read(lambda reader, some=some: _linked(reader, call.programme, some, numbers))
    yield pb.StreamTraceResponse(complete=traced.complete)


def _nodes(traced: Traced, links: list[Link], first: frozenset[Node]) -> list[tuple[Node, pb.TraceNode, bool]]:
    """Every node without its name, and whether it contains something."""
    times = seen(links)
    containers = {container_of(link) for link in links}
    depths: dict[Node, int] = {}
    for state, reached in traced.states.items():
        depths.setdefault(state.node, reached.depth)
    rows: dict[int, int] = {}
    found: list[tuple[Node, pb.TraceNode, bool]] = []
    for node, carried in traced.nodes.items():
        depth = depths[node]
        row = rows[depth] = rows.get(depth, -1) + 1
        span = times.get(node)
        message = pb.TraceNode(
            layer=depth,
            row=row,
            carried=carried,
            start=node in first,
            depth=depth,
            first_time=stamp_of(span[0]) if span else None,
            last_time=stamp_of(span[1]) if span else None,
        )
        found.append((node, message, node in containers))
    return found


def _named(
    reader: Reader, part: list[tuple[Node, pb.TraceNode, bool]], numbers: dict[Node, int]
) -> pb.StreamTraceResponse:
    names = names_of(reader, [node for node, _, _ in part])
    answer = pb.StreamTraceResponse()
    for node, message, contains in part:
        named = names.get(node)
        if named is not None:
            numbers[node] = len(numbers)
            message.epc, message.kind = named.name, kind_of(named, contains=contains)
            answer.nodes.append(message)
    return answer


def _linked(reader: Reader, programme: str, links: list[Link], numbers: dict[Node, int]) -> pb.StreamTraceResponse:
    events = event_names(reader, programme, [link.position for link in links])
    return pb.StreamTraceResponse(links=[link_message(link, numbers, events, ring=False) for link in links])
