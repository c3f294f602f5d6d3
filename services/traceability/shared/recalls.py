"""What a recall reaches: everything that has something of it in it, not what merely travelled beside it.

And how a recall is found and shown.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Kind as ErrorKind
from fenxiao.errors import Refusal
from fenxiao.money import plain
from libs.eventlog import Reader
from libs.servicekit.names import parse_name
from services.traceability.api import trace_event_name
from services.traceability.domain.events import GoodsRecalled
from services.traceability.domain.genealogy import Node
from services.traceability.shared.genealogies import LINKS, Named, kind_of, names_of, stamp_of, starts
from services.traceability.shared.tracing import Bounds, Direction, Traced, Visible, follow
from services.traceability.views.inventory import MICRO, OBJECT, disposition_from
from services.traceability.views.recalls import Recall, recalls

RECALL: Final = "programmes/{programme}/recalls/{recall}"

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


def reached(
    reader: Reader, programme: str, name: str, bounds: Bounds, visible: Visible = list
) -> tuple[Traced, dict[Node, Named]]:
    """What is affected, with what it stands for. Raises `Refusal` NOTHING_REPORTED or RECALL_TOO_LARGE."""
    first = starts(reader, programme, name, whole=visible is list)
    traced = follow(reader, first, Direction.FORWARD, bounds, visible)
    if not traced.complete:
        message = f"more than {MOST:,} objects and lots are affected; recall them by lot, or narrow it down by time"
        raise Refusal("RECALL_TOO_LARGE", message, field="epc")
    affected = [node for node, carried in traced.nodes.items() if not carried]
    named = names_of(reader, affected)
    # What has never been made into anything, nor packed, is affected alone.
    named |= {node: Named(name, meeting=False) for node, _ in [*traced.states][:1] if node not in named}
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
        is_object = part == OBJECT
        disposition = disposition_from(state, part)
        quantity = "1" if is_object else plain(Decimal(int(micros)) / MICRO)
        known.add(item)
        found.append(
            Affected(
                item, named[item].name, kinds[item], holder, place, bool(transit), bool(counts), quantity, uom,
                disposition,
            )
        )  # fmt: skip
    # A lot of which nothing is left, and what no event says an amount of.
    found += [Affected(node, one.name, kinds[node], active=False) for node, one in named.items() if node not in known]
    return sorted(found, key=lambda one: one.order)


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
                    kind=LINKS[kind],
                    trace_event=self._events[position][0],
                    event_hash=self._events[position][1],
                )
                for source, target, kind, position in chain
            ]

    def _chain(self, node: Node) -> Iterator[tuple[Node, Node, int, int]]:
        steps: list[tuple[Node, Node, int, int]] = []
        state = (node, False)
        while state in self._traced.came:
            state, (source, _, target, _, kind, position) = self._traced.came[state]
            steps.append((source, target, kind, position))
        return reversed(steps)


def recall_named(reader: Reader, programme: str, name: str, field: str) -> Recall:
    """A recall by its resource name. Raises `Refusal` RECALL_NOT_FOUND."""
    try:
        recall = UUID(parse_name(RECALL, name)["recall"])
    except ValueError:  # not the form of a UUID: there is none of this name
        recall = UUID(int=0)
    return recall_of(reader, programme, recall, field)


def recall_of(reader: Reader, programme: str, recall: UUID, field: str = "name") -> Recall:
    """A recall by its id. Raises `Refusal` RECALL_NOT_FOUND."""
    events = reader.load(recall)
    first = events[0] if events else None
    if first is None or not isinstance(first.event, GoodsRecalled) or first.meta.programme != programme:
        raise Refusal("RECALL_NOT_FOUND", "there is no such recall", field=field, kind=ErrorKind.NOT_FOUND)
    (found,) = recalls(reader, programme, before=first.position + 1, limit=1)
    return found


def recall_message(programme: str, recall: Recall) -> pb.RecallNotice:
    """A recall as it is shown."""
    return pb.RecallNotice(
        name=RECALL.format(programme=programme, recall=recall.id),
        epc=recall.epc,
        reason=pb.RecallReason.Value(f"RECALL_REASON_{recall.reason}"),
        open_time=stamp_of(recall.opened),
        close_time=None if recall.closed is None else stamp_of(recall.closed),
        item_count=recall.affected,
    )
