"""What a recall reaches: everything that has something of it in it, not what merely travelled beside it."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.money import plain
from libs.eventlog import Reader
from services.traceability.api import trace_event_name
from services.traceability.domain.genealogy import Kind, Node
from services.traceability.shared.genealogies import LINKS, Named, kind_of, names_of, starts
from services.traceability.shared.tracing import Bounds, Direction, State, Traced, follow
from services.traceability.views.inventory import MICRO, OBJECT, holding_from, state_from

MOST: Final = 200_000
"""Affected objects and lots at most: half of a recall is none."""


class Affected(NamedTuple):
    """An object, or an amount of a lot, where it is."""

    node: Node
    name: str
    kind: pb.NodeKind.ValueType
    holder: str = ""
    place: str = ""
    in_transit: bool = False
    active: bool = True
    quantity: str = ""
    uom: str = ""
    disposition: str = ""

    @property
    def order(self) -> tuple[object, ...]:
        """By holder; what still exists, and is known to be somewhere, comes first."""
        return not self.active, not self.holder, self.holder, self.place, self.name


def reached(reader: Reader, programme: str, name: str, bounds: Bounds) -> tuple[Traced, dict[Node, Named]]:
    """What is affected, with what it stands for. Raises `Refusal` NOTHING_REPORTED or RECALL_TOO_LARGE."""
    traced = follow(reader, starts(reader, programme, name), Direction.FORWARD, bounds)
    if not traced.complete:
        message = f"more than {MOST:,} objects and lots are affected; recall them by lot, or narrow it down by time"
        raise Refusal("RECALL_TOO_LARGE", message, field="epc")
    affected = [node for node, carried in traced.nodes.items() if not carried]
    named = names_of(reader, affected)
    # What has never been made into anything, nor packed, is affected alone.
    named |= {state.node: Named(name, meeting=False) for state in [*traced.states][:1] if state.node not in named}
    return traced, {node: named[node] for node in affected if node in named and not named[node].meeting}


def whereabouts(reader: Reader, named: dict[Node, Named]) -> list[Affected]:
    """Where all of it is, in order of holder."""
    rows = reader.among(
        "SELECT item, part, counts, holder, place, transit, uom, micros, state FROM view_trace_stock"
        " WHERE part>=0 AND item = {keys}",
        (),
        list(named),
    )
    found: list[Affected] = []
    known: set[Node] = set()
    kinds = {node: kind_of(one, contains=False) for node, one in named.items()}
    for item, part, counts, holder, place, transit, uom, micros, state in rows:
        node = bytes(item)
        is_object = part == OBJECT
        disposition = state_from(state).disposition if is_object else _disposition(state)
        quantity = "1" if is_object else plain(Decimal(int(micros)) / MICRO)
        known.add(node)
        found.append(
            Affected(
                node, named[node].name, kinds[node], holder, place, bool(transit), bool(counts), quantity, uom,
                disposition,
            )
        )  # fmt: skip
    # A lot of which nothing is left, and what no event says an amount of.
    found += [Affected(node, one.name, kinds[node], active=False) for node, one in named.items() if node not in known]
    return sorted(found, key=lambda one: one.order)


def _disposition(state: str) -> str:
    return holding_from(json.loads(state)).disposition


class Proofs:
    """Chains of events that lead from what is recalled to what is affected."""

    def __init__(self, traced: Traced, names: dict[Node, Named], programme: str) -> None:
        self._traced = traced
        self._names = names
        self._programme = programme
        self._events: dict[int, tuple[str, str]] = {}

    def of(self, reader: Reader, nodes: Iterable[Node]) -> Iterator[list[pb.ProofStep]]:
        """The chain of each."""
        chains = [list(self._chain(node)) for node in nodes]
        ends = {node for chain in chains for source, target, _, _ in chain for node in (source, target)}
        self._names |= names_of(reader, ends - self._names.keys())
        positions = sorted({position for chain in chains for *_, position in chain} - self._events.keys())
        for recorded in reader.at(positions) if positions else ():
            name = trace_event_name(self._programme, UUID(str(recorded.stream)))
            self._events[recorded.position] = name, recorded.event.event_hash
        for chain in chains:
            yield [
                pb.ProofStep(
                    source=self._names[source].name,
                    target=self._names[target].name,
                    kind=LINKS[Kind(kind)],
                    trace_event=self._events[position][0],
                    event_hash=self._events[position][1],
                )
                for source, target, kind, position in chain
            ]

    def _chain(self, node: Node) -> Iterator[tuple[Node, Node, int, int]]:
        steps: list[tuple[Node, Node, int, int]] = []
        state = State(node, carried=False)
        while state in self._traced.came:
            before, link = self._traced.came[state]
            steps.append((link.source, link.target, link.kind, link.position))
            state = before
        return reversed(steps)
