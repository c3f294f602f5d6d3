"""A genealogy as it is shown: what the nodes are, how its links are drawn, which events say so."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.epcis import Level, Names, canonical_text, is_uri, parse_identifier
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit.times import from_timestamp
from services.traceability.api import trace_event_name
from services.traceability.domain.genealogy import CARRIERS, FOREVER, INTERVALS, Kind, LinkRow, Node
from services.traceability.shared.tracing import Bounds, Direction, Traced
from services.traceability.views.genealogy import is_open, node_of

T = TypeVar("T")

DEPTH: Final = 100
"""Links that are followed one behind the other at most."""
MOST_URI: Final = 2000
"""Characters of an identifier at most."""
STARTS: Final = 10_000
"""Nodes of a trade item with which a trace begins at most."""

_SERIAL: Final = "/21/"
_LOT: Final = re.compile("https://id\\.gs1\\.org/01/[0-9]{14}/10/[^/]+")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LINKS: Final[dict[int, pb.LinkKind.ValueType]] = {
    Kind.TRANSFORMATION: pb.LINK_KIND_TRANSFORMATION,
    Kind.CONTENTS: pb.LINK_KIND_CONTENTS,
    Kind.CARRIER: pb.LINK_KIND_CONTENTS,
    Kind.ATTACHED: pb.LINK_KIND_ATTACHED,
    Kind.ATTACHED_TO: pb.LINK_KIND_ATTACHED,
    Kind.LOT: pb.LINK_KIND_LOT,
}


class Named(NamedTuple):
    """What a node stands for."""

    name: str
    meeting: bool


def asked_for(epc: str) -> str:
    """The canonical form of what is asked for. Raises `Refusal` INVALID_EPC."""
    if len(epc) > MOST_URI or not is_uri(epc):
        raise Refusal("INVALID_EPC", "epc is the URI of an object or of a class of objects", field="epc")
    return canonical_text(epc, Names())


def starts(reader: Reader, programme: str, name: str, *, whole: bool) -> list[Node]:
    """The nodes of an identifier; `whole`: of a trade item all that is known of it, lots and serial numbers too."""
    found = {node_of(programme, name): None}
    rows = reader.all(
        "SELECT node FROM view_trace_nodes WHERE programme=? AND name=? ORDER BY node LIMIT ?",
        (programme, name, STARTS),
    )
    found |= dict.fromkeys(bytes(node) for (node,) in rows)
    if whole and is_open(name):
        rows = reader.all(
            "SELECT DISTINCT item FROM view_trace_stock WHERE programme=? AND product=? ORDER BY item LIMIT ?",
            (programme, name, STARTS),
        )
        found |= dict.fromkeys(bytes(node) for (node,) in rows)
    return list(found)


def bounds_of(
    since: Timestamp | None, until: Timestamp | None, depth: int, nodes: int, *, usual: int, most: int
) -> Bounds:
    """How far to follow. Raises `Refusal` INVALID_TIME, INVALID_TIME_RANGE, INVALID_DEPTH or INVALID_MAX_NODES."""
    if not 0 <= depth <= DEPTH:
        raise Refusal("INVALID_DEPTH", f"depth is a number from 1 to {DEPTH}, or 0 for the most", field="depth")
    if not 0 <= nodes <= most:
        raise Refusal("INVALID_MAX_NODES", f"max_nodes is at most {most:,}, or 0 for {usual:,}", field="max_nodes")
    first = -FOREVER if since is None else micros_of(since, "since")
    last = FOREVER if until is None else micros_of(until, "until")
    if first >= last:
        raise Refusal("INVALID_TIME_RANGE", "since must be before until", field="since")
    return Bounds(first, last, depth or DEPTH, nodes or usual)


def micros_of(stamp: Timestamp, field: str) -> int:
    """Microseconds since 1970. Raises `Refusal` INVALID_TIME."""
    return (from_timestamp(stamp, field) - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def stamp_of(micros: int) -> Timestamp:
    """The opposite. Whoever gets it changes nothing in it."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def directions_of(direction: pb.TraceDirection.ValueType) -> list[Direction]:
    """Which ways to follow. Raises `Refusal` INVALID_DIRECTION."""
    match direction:
        case pb.TRACE_DIRECTION_BACKWARD:
            return [Direction.BACKWARD]
        case pb.TRACE_DIRECTION_FORWARD:
            return [Direction.FORWARD]
        case pb.TRACE_DIRECTION_UNSPECIFIED | pb.TRACE_DIRECTION_BOTH:
            return [Direction.BACKWARD, Direction.FORWARD]
        case _:
            raise Refusal("INVALID_DIRECTION", "direction is BACKWARD, FORWARD or BOTH", field="direction")


def names_of(reader: Reader, nodes: Iterable[Node]) -> dict[Node, Named]:
    """What nodes stand for; those that no event links are missing."""
    rows = reader.among("SELECT node, name, meeting FROM view_trace_nodes WHERE node = {keys}", (), list(nodes))
    return {node: Named(name, bool(meeting)) for node, name, meeting in rows}


def event_names(reader: Reader, programme: str, positions: Iterable[int]) -> dict[int, str]:
    """The resource names of events."""
    rows = reader.among(
        "SELECT position, stream FROM view_trace_events WHERE position = {keys}", (), list(dict.fromkeys(positions))
    )
    return {position: trace_event_name(programme, UUID(hex=stream)) for position, stream in rows}


def drawn(links: Iterable[LinkRow]) -> list[LinkRow]:
    """Links without those that say the same as one before, the other way about."""
    found: list[LinkRow] = []
    packings: set[tuple[Node, Node, int, int]] = set()
    for link in links:
        source, _, target, begins, kind, position = link
        if kind in INTERVALS:
            packing = (min(source, target), max(source, target), begins, position)
            if packing in packings:
                continue
            packings.add(packing)
        found.append(link)
    return found


def containers_of(links: Iterable[LinkRow]) -> set[Node]:
    """Everything that packings put something into."""
    return {target if kind in CARRIERS else source for source, _, target, _, kind, _ in links if kind in INTERVALS}


def kind_of(named: Named, *, contains: bool) -> pb.NodeKind.ValueType:
    """What a node is, by its identifier and by what its links say."""
    if named.meeting:
        return pb.NODE_KIND_TRANSFORMATION
    if _SERIAL in named.name:
        # Most are of these kinds: they are not looked at more closely.
        return pb.NODE_KIND_CONTAINER if contains else pb.NODE_KIND_OBJECT
    if is_open(named.name):
        return pb.NODE_KIND_CLASS
    if _LOT.fullmatch(named.name):
        return pb.NODE_KIND_LOT
    identifier = parse_identifier(named.name)
    if identifier is not None and identifier.level is Level.LOT:
        return pb.NODE_KIND_LOT
    if identifier is not None and identifier.level is Level.CLASS:
        return pb.NODE_KIND_CLASS
    return pb.NODE_KIND_CONTAINER if contains else pb.NODE_KIND_OBJECT


def seen_alone(traced: Traced) -> Traced:
    """What was found, without what it begins with where no link that the caller sees speaks of it."""
    touched = {node for source, _, target, *_ in traced.links for node in (source, target)}
    traced.states = {state: reached for state, reached in traced.states.items() if state[0] in touched}
    return traced


def merged(some: Sequence[Traced]) -> Traced:
    """Traces both ways as one."""
    whole = Traced()
    for traced in some:
        for state, reached in traced.states.items():
            known = whole.states.get(state)
            if known is None or reached[1] < known[1]:
                whole.states[state] = reached
        whole.links |= traced.links
        whole.complete = whole.complete and traced.complete
    return whole


def node_message(
    message: pb.TraceNode,
    node: Node,
    named: Named,
    times: Mapping[Node, tuple[int, int]],
    *,
    layer: int,
    row: int,
    depth: int,
    carried: bool,
    start: bool,
    contains: bool,
) -> None:
    """Write down a node as it is drawn. Field by field: messages that are made first and then put in are copied."""
    message.epc, message.kind, message.layer, message.row = named.name, kind_of(named, contains=contains), layer, row
    message.carried, message.start, message.depth = carried, start, depth
    span = times.get(node)
    if span is not None:
        message.first_time.CopyFrom(stamp_of(span[0]))
        message.last_time.CopyFrom(stamp_of(span[1]))


def link_message(
    message: pb.TraceLink, link: LinkRow, numbers: dict[Node, int], events: dict[int, str], *, ring: bool
) -> None:
    """The same for a link."""
    source, ends, target, begins, kind, position = link
    message.source, message.target, message.kind, message.ring = numbers[source], numbers[target], LINKS[kind], ring
    message.begin_time.CopyFrom(stamp_of(begins))
    if kind in INTERVALS and ends < FOREVER:
        message.end_time.CopyFrom(stamp_of(ends))
    message.trace_event = events.get(position, "")


def seen(links: Iterable[LinkRow]) -> dict[Node, tuple[int, int]]:
    """The first and the last moment at which links speak of each node."""
    found: dict[Node, tuple[int, int]] = {}
    for source, ends, target, begins, kind, _ in links:
        last = ends if ends < FOREVER and kind in INTERVALS else begins
        for node in (source, target):
            known = found.get(node)
            if known is None:
                found[node] = begins, last
            elif begins < known[0] or last > known[1]:
                found[node] = min(known[0], begins), max(known[1], last)
    return found


def parts_of(values: Iterable[T], size: int) -> Iterable[list[T]]:
    """Cut into parts."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
