"""What became of what: links between identifiers, each for the time in which it holds.

A **link** leads from a source to a target. Forward in time, whoever is affected at the source from a moment on affects
the target from `max(moment, begins)` on, if the link ends after that moment; backward the same with `begins` and `ends`
changed about. So one recursive query follows all of them, either way:

    transformation    input → output, or through the node of the transformation where many meet or an id joins several
                      events; an input leads on at its own moment only, an output whenever
    contents          container → what is in it, while it is in it (aggregation, association)
    carrier           what is in it → container: where the container goes, it goes; not to what else is in there
    lot               lot → the serial numbers that were commissioned in it

A trade item without lot or serial number says too little to go on from: it gets a node for each event, which ends a
trace.

An aggregation holds from its ADD to the DELETE, in whatever order they are captured. What an event has linked is gone
once the event is declared erroneous, whichever of the two is captured first.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from typing import Final

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts, Item, Role, Space
from services.traceability.domain.genealogy import EVERYTHING, FOREVER, Kind, Link, Mark, Node, packed
from services.traceability.shared.reading import read_again

DIRECT: Final = 16
"""Links of a transformation at most that lead from inputs to outputs without a node between them."""
_CHILDREN_ASKED_FOR: Final = 1000
"""For more of them, all that is known of a container is read."""

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_nodes (node BYTEA PRIMARY KEY, programme TEXT NOT NULL, name TEXT NOT NULL,"
    " meeting SMALLINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS view_trace_nodes_by_name ON view_trace_nodes (programme, name)",
    "CREATE TABLE IF NOT EXISTS view_trace_links (source BYTEA NOT NULL, ends BIGINT NOT NULL, target BYTEA NOT NULL,"
    " begins BIGINT NOT NULL, kind SMALLINT NOT NULL, position BIGINT NOT NULL,"
    " PRIMARY KEY (source, ends, target, begins, kind, position))",
    "CREATE INDEX IF NOT EXISTS view_trace_links_back ON view_trace_links"
    " (target, begins, source, ends, kind, position)",
    "CREATE INDEX IF NOT EXISTS view_trace_links_of ON view_trace_links (position)",
    "CREATE TABLE IF NOT EXISTS view_trace_packing (parent BYTEA NOT NULL, child BYTEA NOT NULL,"
    " time BIGINT NOT NULL, position BIGINT NOT NULL, action TEXT NOT NULL, kind SMALLINT NOT NULL,"
    " PRIMARY KEY (parent, child, time, position))",
    "CREATE INDEX IF NOT EXISTS view_trace_packing_of ON view_trace_packing (position)",
    "CREATE TABLE IF NOT EXISTS view_trace_voided (programme TEXT NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY (programme, hash))",
    "CREATE TABLE IF NOT EXISTS view_trace_hashes (programme TEXT NOT NULL, hash TEXT NOT NULL,"
    " position BIGINT NOT NULL, PRIMARY KEY (programme, hash))",
]


def node_of(programme: str, name: str) -> Node:
    """The node of an identifier. Nodes of different identifiers never meet: 128 bits of SHA-256."""
    return hashlib.sha256(f"{programme}\0{name}".encode()).digest()[:16]


def is_open(identifier: str) -> bool:
    """Whether it names a trade item without lot and serial number: any two of them may have nothing in common."""
    return identifier.startswith("https://id.gs1.org/01/") and identifier.count("/") == 4


def nodes_of(facts: Facts, programme: str, position: int) -> set[Node]:
    """The nodes that an event names in what it links."""
    return {*_links_of(facts, programme, position)[2]}


class _Names:
    """The nodes that an event names."""

    def __init__(self, programme: str, position: int) -> None:
        self._programme = programme
        self._position = position
        self.rows: dict[Node, tuple[str, bool]] = {}

    def node(self, name: str) -> Node:
        """The node of an identifier."""
        node = node_of(self._programme, f"{name}\0{self._position}" if is_open(name) else name)
        self.rows[node] = name, False
        return node

    def meeting(self, transformation: str) -> Node:
        """The node in which inputs and outputs meet: of this event alone, if the transformation has no id."""
        node = node_of(self._programme, f"\0{transformation or self._position}")
        self.rows[node] = transformation, True
        return node


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    """Link what is captured at once, up to each declaration of an error together."""
    waiting: list[Recorded[TraceEventCaptured]] = []
    for recorded in captured:
        if read_again(recorded.event).declaration is None:
            waiting.append(recorded)
        else:
            _link(tx, waiting)
            waiting = []
            _void(tx, recorded.meta.programme, recorded.event.event_hash)
    _link(tx, waiting)


def _link(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    links: list[Link] = []
    marks: list[Mark] = []
    rows: dict[Node, tuple[object, ...]] = {}
    hashes: list[tuple[object, ...]] = []
    voided = _voided(tx, captured)
    for recorded in captured:
        programme, position, event_hash = recorded.meta.programme, recorded.position, recorded.event.event_hash
        own, own_marks, names = _links_of(read_again(recorded.event), programme, position)
        if own or own_marks:
            hashes.append((programme, event_hash, position))
            if (programme, event_hash) not in voided:
                links += own
                marks += own_marks
                rows |= {node: (node, programme, name, int(meeting)) for node, (name, meeting) in names.items()}
    # Read before anything is written: most containers are new.
    known = _known_containers(tx, {mark.parent for mark in marks})
    tx.run_many("INSERT INTO view_trace_hashes VALUES (?, ?, ?) ON CONFLICT DO NOTHING", hashes)
    tx.run_many("INSERT INTO view_trace_nodes VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", [*rows.values()])
    tx.run_many("INSERT INTO view_trace_packing VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", marks)
    _pack(tx, marks, known, links)


def _voided(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> set[tuple[str, str]]:
    hashes: dict[str, list[str]] = {}
    for recorded in captured:
        hashes.setdefault(recorded.meta.programme, []).append(recorded.event.event_hash)
    sql = "SELECT hash FROM view_trace_voided WHERE programme=? AND hash = {keys}"
    return {
        (programme, str(event_hash))
        for programme, own in hashes.items()
        for (event_hash,) in tx.among(sql, [programme], own)
    }


def _known_containers(tx: Tx, parents: set[Node]) -> set[Node]:
    """Those of which something was captured before."""
    rows = tx.among(
        "SELECT node FROM view_trace_nodes AS n WHERE EXISTS"
        " (SELECT 1 FROM view_trace_packing AS p WHERE p.parent=n.node) AND node = {keys}",
        (),
        parents,
    )
    return {bytes(node) for (node,) in rows}


def _links_of(
    facts: Facts, programme: str, position: int
) -> tuple[list[Link], list[Mark], dict[Node, tuple[str, bool]]]:
    names = _Names(programme, position)
    links: list[Link] = []
    marks: list[Mark] = []
    match facts.kind:
        case "TransformationEvent":
            links = _transformation(facts, names, position)
        case "AggregationEvent" | "AssociationEvent":
            marks = _marks(facts, names, position)
        case "ObjectEvent" if facts.action == "ADD":
            links = _lots(facts, names, position)
        case _:
            pass
    return links, marks, names.rows


def _transformation(facts: Facts, names: _Names, position: int) -> list[Link]:
    inputs = [names.node(item.id) for item in _of(facts, Role.INPUT)]
    outputs = [names.node(item.id) for item in _of(facts, Role.OUTPUT)]
    time, kind = facts.time, Kind.TRANSFORMATION
    if not facts.transformation and len(inputs) * len(outputs) <= DIRECT:
        return [Link(i, time + 1, o, time, kind, position) for i, o in product(inputs, outputs)]
    hub = names.meeting(facts.transformation)
    return [
        *(Link(i, time + 1, hub, time, kind, position) for i in inputs),
        *(Link(hub, FOREVER, o, time, kind, position) for o in outputs),
    ]


def _lots(facts: Facts, names: _Names, position: int) -> list[Link]:
    """Serial numbers that are commissioned with a lot number in their master data."""
    lot = next((str(a.value) for a in facts.attributes if a.space is Space.ILMD and a.name.endswith("}lotNumber")), "")
    if not lot:
        return []
    return [
        Link(
            names.node(f"{item.id.rsplit('/', 2)[0]}/10/{lot}"), FOREVER, names.node(item.id), facts.time, Kind.LOT,
            position,
        )
        for item in _of(facts, Role.EPC)
        if item.id.startswith("https://id.gs1.org/01/") and "/21/" in item.id
    ]  # fmt: skip


def _marks(facts: Facts, names: _Names, position: int) -> list[Mark]:
    parent = next((item.id for item in _of(facts, Role.PARENT)), "")
    if not parent:
        return []
    kind = Kind.CONTENTS if facts.kind == "AggregationEvent" else Kind.ATTACHED
    container = names.node(parent)
    children = [names.node(item.id) for item in _of(facts, Role.CHILD)]
    if not children and facts.action == "DELETE":
        children = [EVERYTHING]
    return [Mark(container, child, facts.time, position, facts.action, kind) for child in children]


def _of(facts: Facts, role: Role) -> Iterable[Item]:
    return (item for item in facts.items if item.role is role)


def _pack(tx: Tx, marks: Iterable[Mark], known: Collection[Node], links: Iterable[Link] = ()) -> None:
    """Link what these marks speak of anew, as all marks of it say, and with it what is only added.

    Of containers that are not `known` there are no other marks.
    """
    by_parent: dict[Node, set[Mark]] = {}
    for mark in marks:
        by_parent.setdefault(mark.parent, set()).add(mark)
    added = [*links]
    taken: list[tuple[Node, Node]] = []
    for parent, own_marks in by_parent.items():
        all_marks = own_marks
        if parent in known:
            all_marks = {Mark(*row) for row in _packing(tx, parent, {mark.child for mark in own_marks})}
        by_child: dict[Node, list[Mark]] = {}
        for mark in all_marks:
            by_child.setdefault(mark.child, []).append(mark)
        everything = by_child.pop(EVERYTHING, [])
        if all_marks != own_marks:
            taken += [(parent, child) for child in by_child]
        added += [link for child, own in by_child.items() for link in packed([*own, *everything], child)]
    # Each may be in the other: only what says that the child is in the parent.
    for kinds, pairs in (
        ((Kind.CONTENTS, Kind.ATTACHED), taken),
        ((Kind.CARRIER, Kind.ATTACHED_TO), [(child, parent) for parent, child in taken]),
    ):
        tx.run_many(
            "DELETE FROM view_trace_links WHERE source=? AND target=? AND kind IN (?, ?)",
            [(*pair, *map(int, kinds)) for pair in pairs],
        )
    tx.run_many(
        "INSERT INTO view_trace_links VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", [*dict.fromkeys(added)]
    )


def _packing(tx: Reader, parent: Node, touched: set[Node]) -> list[tuple[Node, Node, int, int, str, int]]:
    rows = "SELECT parent, child, time, position, action, kind FROM view_trace_packing WHERE parent=?"
    if EVERYTHING in touched or len(touched) > _CHILDREN_ASKED_FOR:
        return [*map(tuple, tx.all(rows, (parent,)))]
    children = [EVERYTHING, *sorted(touched)]
    return [*map(tuple, tx.all(f"{rows} AND child IN ({', '.join('?' * len(children))})", (parent, *children)))]


def _void(tx: Tx, programme: str, event_hash: str) -> None:
    """Take back what an event has linked that is declared erroneous now."""
    tx.run("INSERT INTO view_trace_voided VALUES (?, ?) ON CONFLICT DO NOTHING", (programme, event_hash))
    found = tx.one("SELECT position FROM view_trace_hashes WHERE programme=? AND hash=?", (programme, event_hash))
    if found is None:
        return
    position = int(found[0])
    rows = tx.all(
        "SELECT parent, child, time, position, action, kind FROM view_trace_packing WHERE position=?", (position,)
    )
    tx.run("DELETE FROM view_trace_packing WHERE position=?", (position,))
    tx.run("DELETE FROM view_trace_links WHERE position=?", (position,))
    if rows:
        marks = [Mark(*row) for row in rows]
        _pack(tx, marks, {mark.parent for mark in marks})


VIEW = View("genealogy", _DDL, together={TraceEventCaptured: _captured})
