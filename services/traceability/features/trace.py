"""Shows what something came from and what became of it: the whole genealogy, laid out to be drawn."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.money import plain
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call
from services.traceability.api import trace_event_name
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.domain.genealogy import LinkRow
from services.traceability.domain.trace import lay_out
from services.traceability.shared.genealogies import (
    Named,
    asked_for,
    bounds_of,
    containers_of,
    directions_of,
    drawn,
    event_names,
    link_message,
    merged,
    names_of,
    node_message,
    seen,
    seen_alone,
    stamp_of,
    starts,
)
from services.traceability.shared.reading import Show, read_again
from services.traceability.shared.tracing import Traced, follow
from services.traceability.shared.viewing import Viewer

NODES: Final = 1000
MOST_NODES: Final = 10_000
EVENTS: Final = 1000
"""Events in an answer at most."""
BYTES: Final = 2 * 1024 * 1024
"""Of their documents at most."""


def trace(reader: Reader, request: pb.TraceRequest, call: Call) -> pb.TraceResponse:
    """Nodes with their layers and rows, and links. Empty but for the start where nobody has reported it."""
    name = asked_for(request.epc)
    bounds = bounds_of(
        request.since if request.HasField("since") else None,
        request.until if request.HasField("until") else None,
        request.depth, request.max_nodes, usual=NODES, most=MOST_NODES,
    )  # fmt: skip
    viewer = Viewer.of(reader, call)
    first = starts(reader, call.programme, name, whole=viewer.whole)
    ways = [follow(reader, first, direction, bounds, viewer.visible) for direction in directions_of(request.direction)]
    traced = ways[0] if len(ways) == 1 else merged(ways)
    traced = traced if viewer.whole else seen_alone(traced)
    links = drawn(traced.links)
    answer = _picture(reader, call.programme, name, traced, links, frozenset(first))
    if request.with_events:
        _add_events(reader, answer, links, viewer.show)
    answer.hidden_events = len(viewer.hidden)
    return answer


def _picture(
    reader: Reader, programme: str, asked: str, traced: Traced, links: list[LinkRow], first: frozenset[bytes]
) -> pb.TraceResponse:
    names = names_of(reader, traced.nodes)
    known = {node: carried for node, carried in traced.nodes.items() if node in names}
    if not known:
        # Nobody has linked it with anything: it stands alone.
        (alone, *_) = first
        known, names = {alone: False}, {alone: Named(asked, meeting=False)}
    numbers = {node: number for number, node in enumerate(known)}
    depths: dict[bytes, int] = {}
    for (node, _), (_, depth) in traced.states.items():
        depths[node] = min(depths.get(node, depth), depth)
    places = lay_out(list(known), [(link[0], link[2]) for link in links])
    times = seen(links)
    containers = containers_of(links)
    events = event_names(reader, programme, (position for *_, position in links))
    answer = pb.TraceResponse(
        complete=traced.complete,
        layers=1 + max(place.layer for place in places.values()),
        rows=1 + max(place.row for place in places.values()),
    )
    for node, carried in known.items():
        node_message(
            answer.nodes.add(), node, names[node], times, layer=places[node].layer, row=places[node].row,
            depth=depths.get(node, 0), carried=carried, start=node in first, contains=node in containers,
        )  # fmt: skip
    for link in links:
        ring = places[link[2]].layer <= places[link[0]].layer
        link_message(answer.links.add(), link, numbers, events, ring=ring)
    return answer


def _add_events(reader: Reader, answer: pb.TraceResponse, links: Iterable[LinkRow], show: Show) -> None:
    positions = sorted({position for *_, position in links})
    answer.events_complete = len(positions) <= EVENTS
    found: list[tuple[Facts, Recorded[TraceEventCaptured]]] = [
        (read_again(shown.event), shown) for recorded in reader.at(positions[:EVENTS]) if (shown := show(recorded))
    ]
    size = 0
    kept: list[Facts] = []
    for facts, recorded in sorted(found, key=lambda one: (one[0].time, one[1].position)):
        document = recorded.event.document.encode()
        size += len(document)
        if size > BYTES:
            answer.events_complete = False
            break
        kept.append(facts)
        answer.events.append(
            pb.TracedEvent(
                trace_event=trace_event_name(recorded.meta.programme, recorded.stream),
                event_hash=recorded.event.event_hash,
                event_time=stamp_of(facts.time),
                type=facts.kind,
                biz_step=facts.biz_step,
                document=document,
            )
        )
    amounts = _amounts(kept)
    for node in answer.nodes:
        node.quantities.extend(amounts.get(node.epc, ()))


def _amounts(events: Iterable[Facts]) -> dict[str, list[str]]:
    """What events say of amounts: of each class one a role and unit, added up."""
    found: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for facts in events:
        for item in facts.items:
            if item.quantity is not None:
                roles = found[item.id]
                roles[item.role, item.uom] = roles.get((item.role, item.uom), Decimal(0)) + item.quantity
    return {
        name: [f"{role} {plain(amount)} {uom}".rstrip() for (role, uom), amount in roles.items()]
        for name, roles in found.items()
    }
