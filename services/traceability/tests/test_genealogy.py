"""What became of what, beside a slow and obvious walk over the events themselves."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.eventlog import EventLog, EventTypes, Meta, Reader, Tx
from services.traceability.domain.events import EVENTS, UPCASTERS, TraceEventCaptured
from services.traceability.domain.facts import Declaration, Facts, Item, Role
from services.traceability.domain.genealogy import FOREVER, LinkRow
from services.traceability.shared import tracing
from services.traceability.shared.reading import remember
from services.traceability.shared.tracing import Bounds, Direction, Traced, follow
from services.traceability.views import genealogy
from services.traceability.views.genealogy import node_of

T = TypeVar("T")

PROGRAMME = "olives"


def said(kind: str, time: int, *items: Item, **fields: Any) -> Facts:
    nothing = Facts(kind, time, "+00:00", "", "", "", (), (), "", "", items, "", (), (), (), None, (), ())
    return nothing._replace(**fields)


def items(role: Role, names: Sequence[str]) -> list[Item]:
    return [Item(role, name) for name in names]


def made(time: int, inputs: Sequence[str], outputs: Sequence[str], **fields: Any) -> Facts:
    return said("TransformationEvent", time, *items(Role.INPUT, inputs), *items(Role.OUTPUT, outputs), **fields)


def packed(time: int, parent: str, children: Sequence[str], action: str = "ADD") -> Facts:
    return said("AggregationEvent", time, Item(Role.PARENT, parent), *items(Role.CHILD, children), action=action)


class Store:
    """A log with nothing but the genealogy."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/{uuid.uuid4().hex}.db"
        self.log = EventLog.open(url, events=EventTypes(EVENTS, UPCASTERS), views=[genealogy.VIEW])

    async def capture(self, *facts: Facts, names: Sequence[str] = ()) -> None:
        """Takes events in; who has no name of its own is named by what it says."""

        def work(tx: Tx) -> None:
            for number, one in enumerate(facts):
                name = names[number] if number < len(names) else repr(one._replace(declaration=None))
                document = f"{name}/{one.declaration}"
                event = TraceEventCaptured(
                    event_hash=name, event_id=name, event_time=datetime.now(UTC), document=document, context=""
                )
                remember(event, one)
                tx.append(uuid.uuid4(), [event], after=0, meta=Meta(PROGRAMME, "t"), occurred_at=event.event_time)

        await self.log.write(work)

    async def names(self, start: str, direction: Direction, **bounds: Any) -> set[str]:
        """What is reached, without where it began."""

        def work(reader: Reader) -> tuple[Traced, dict[bytes, str]]:
            traced = follow(reader, [node_of(PROGRAMME, start)], direction, Bounds(**bounds))
            rows = reader.all("SELECT node, name FROM view_trace_nodes")
            return traced, {bytes(node): name for node, name in rows}

        traced, names = await self.log.read(work)
        return {names[node] for node in traced.nodes if node in names} - {start, ""}

    async def read(self, work: Callable[[Reader], T]) -> T:
        return await self.log.read(work)


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    store = Store(tmp_path)
    yield store
    await store.log.close()


FORWARD, BACKWARD = Direction.FORWARD, Direction.BACKWARD


async def test_through_transformations_and_packing(store: Store) -> None:
    await store.capture(
        made(10, ["grove1", "grove2"], ["oil"]),
        made(20, ["oil"], ["bottle1", "bottle2"]),
        packed(30, "case", ["bottle1"]),
        packed(40, "pallet", ["case"]),
        packed(50, "pallet", ["case"], action="DELETE"),
    )
    assert await store.names("grove1", FORWARD) == {"oil", "bottle1", "bottle2", "case", "pallet"}
    assert await store.names("bottle1", BACKWARD) == {"oil", "grove1", "grove2", "case", "pallet"}
    assert await store.names("pallet", BACKWARD) == {"case", "bottle1", "oil", "grove1", "grove2"}
    assert await store.names("bottle2", BACKWARD) == {"oil", "grove1", "grove2"}


async def test_containers_in_each_other(store: Store) -> None:
    await store.capture(packed(10, "a", ["b"]))
    await store.capture(packed(10, "b", ["a"]))
    # Again, and more of it: what the first has said still holds.
    await store.capture(packed(11, "b", ["a", "c"]))
    assert await store.names("a", BACKWARD) == {"b", "c"}
    assert await store.names("c", FORWARD) == {"b", "a"}


async def test_time_bounds_what_is_affected(store: Store) -> None:
    await store.capture(
        packed(10, "bin", ["a"]),
        packed(20, "bin", ["a"], action="DELETE"),
        packed(30, "bin", ["b"]),
        made(15, ["a"], ["early"]),
        made(5, ["a"], ["before"]),
    )
    # What was in the container before something else was put in has nothing to do with that.
    assert await store.names("a", FORWARD, since=12) == {"bin", "early"}
    assert await store.names("bin", FORWARD) == {"a", "b", "early"}
    assert await store.names("bin", FORWARD, since=25) == {"b"}
    assert await store.names("early", BACKWARD) == {"a", "bin"}
    assert await store.names("a", FORWARD, until=15) == {"bin", "before"}


async def test_what_is_packed_beside_it_is_not_affected(store: Store) -> None:
    await store.capture(packed(10, "pallet", ["a", "b"]), packed(20, "ship", ["pallet"]), packed(20, "ship", ["other"]))
    assert await store.names("a", FORWARD) == {"pallet", "ship"}
    assert await store.names("ship", FORWARD) == {"pallet", "other", "a", "b"}


async def test_an_id_joins_the_events_of_one_transformation(store: Store) -> None:
    await store.capture(
        made(10, ["milk1"], [], transformation="vat"),
        made(20, [], ["cheese1"], transformation="vat"),
        made(30, ["milk2"], [], transformation="vat"),
    )
    assert await store.names("milk2", FORWARD) == {"vat", "cheese1"}
    assert await store.names("cheese1", BACKWARD) == {"vat", "milk1", "milk2"}


async def test_many_inputs_and_outputs_meet_in_one_node(store: Store) -> None:
    some, others = [f"in{i}" for i in range(30)], [f"out{i}" for i in range(30)]
    await store.capture(made(10, some, others))
    assert await store.names("in7", FORWARD) == {*others}
    assert await store.names("out7", BACKWARD) == {*some}
    (count,) = await store.read(lambda reader: reader.all("SELECT count(*) FROM view_trace_links"))
    assert count[0] == 60


async def test_a_trade_item_alone_leads_nowhere(store: Store) -> None:
    flour = "https://id.gs1.org/01/09521141123454"
    await store.capture(made(10, [flour], ["bread"]), made(20, [flour], ["cake"]))
    assert await store.names("bread", BACKWARD) == {flour}
    assert await store.names("cake", BACKWARD) == {flour}


@pytest.mark.parametrize("late", [False, True])
async def test_what_is_declared_erroneous_links_nothing(store: Store, late: bool) -> None:
    wrong, right = made(10, ["a"], ["b"]), made(11, ["a"], ["c"])
    declared = wrong._replace(declaration=Declaration(20, "incorrect_data", ()))
    await store.capture(*([declared, wrong] if late else [wrong, declared]), right)
    assert await store.names("a", FORWARD) == {"c"}


async def test_a_declared_unpacking_never_happened(store: Store) -> None:
    out = packed(20, "box", ["a"], action="DELETE")
    await store.capture(packed(10, "box", ["a"]), out, made(30, ["box"], ["recycled"]))
    assert await store.names("a", FORWARD, since=25) == set()
    await store.capture(out._replace(declaration=Declaration(40, "did_not_occur", ())))
    assert await store.names("a", FORWARD, since=25) == {"box"}


async def test_too_many_links_to_walk_ahead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_SPARE", 0)
    # Twenty ways through four things: more links than are read at once for so few nodes.
    await store.capture(*(made(10 * n, [f"a{m}"], [f"a{m + 1}"]) for m in range(3) for n in range(m, 20)))
    assert await store.names("a0", FORWARD, nodes=4) == {"a1", "a2", "a3"}
    assert await store.names("a3", BACKWARD, nodes=4) == {"a0", "a1", "a2"}


async def test_hidden_links_lead_nowhere(store: Store) -> None:
    await store.capture(made(10, ["a"], ["b"]), made(20, ["b"], ["c"]), made(30, ["b"], ["d"]))
    start = [node_of(PROGRAMME, "a")]

    def visible(links: list[LinkRow]) -> list[LinkRow]:
        return [link for link in links if link[3] != 20]

    for depth in (100, 2):
        traced = await store.read(lambda reader, d=depth: follow(reader, start, FORWARD, Bounds(depth=d), visible))
        assert set(traced.nodes) == {node_of(PROGRAMME, name) for name in "abd"}


_NAMES = [f"n{i}" for i in range(7)]
_some = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True)
_time = st.integers(0, 12)
_events = st.lists(
    st.one_of(
        st.builds(made, _time, _some, _some),
        st.builds(packed, _time, st.sampled_from(_NAMES), _some, st.sampled_from(["ADD", "DELETE", "OBSERVE"])),
    ),
    max_size=12,
)


def _intervals(events: Sequence[Facts]) -> list[tuple[str, str, int, int]]:
    """Container, content, from, to: straight from the definition, moment by moment."""
    found: list[tuple[str, str, int, int]] = []
    pairs = {
        (next(i.id for i in e.items if i.role is Role.PARENT), c.id)
        for e in events if e.kind == "AggregationEvent" for c in e.items if c.role is Role.CHILD
    }  # fmt: skip
    for parent, child in sorted(pairs):
        inside = False
        for moment in range(14):
            here = {
                e.action
                for e in events
                if e.kind == "AggregationEvent" and e.time == moment
                and Item(Role.PARENT, parent) in e.items and Item(Role.CHILD, child) in e.items
            }  # fmt: skip
            if "DELETE" in here:
                inside = False
            if "ADD" in here:
                inside = True
            if inside or "OBSERVE" in here:
                found.append((parent, child, moment, FOREVER if moment == 13 and inside else moment + 1))
    return found


def _walk(events: Sequence[Facts], start: str, *, forward: bool, since: int, until: int) -> set[str]:
    """Everything reached, one step at a time until nothing is new."""
    inside = _intervals(events)
    known = {(start, since if forward else until, False)}
    while True:
        more = set(known)
        for name, when, carried in known:
            for event in events:
                if event.kind != "TransformationEvent" or carried or not since <= event.time < until:
                    continue
                inputs = [i.id for i in event.items if i.role is Role.INPUT]
                outputs = [i.id for i in event.items if i.role is Role.OUTPUT]
                if forward and name in inputs and event.time >= when:
                    more |= {(o, event.time, False) for o in outputs}
                if not forward and name in outputs and event.time < when:
                    more |= {(i, event.time + 1, False) for i in inputs}
            for parent, child, begins, ends in inside:
                if begins >= until or ends <= since:
                    continue
                if forward and ends > when:
                    at = max(when, begins)
                    more |= {(parent, at, True)} if child == name else set()
                    more |= {(child, at, False)} if parent == name and not carried else set()
                if not forward and begins < when:
                    at = min(when, ends)
                    more |= {(parent, at, True)} if child == name else set()
                    more |= {(child, at, False)} if parent == name and not carried else set()
        if more == known:
            return {name for name, *_ in known} - {start}
        known = more


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_events, st.randoms(), st.sampled_from(_NAMES), st.booleans(), st.integers(0, 12), st.integers(1, 5))
def test_as_a_walk_over_the_events_in_any_order_of_arrival(
    tmp_path: Path, events: list[Facts], random: Any, start: str, forward: bool, since: int, long: int
) -> None:
    until = since + long
    expected = _walk(events, start, forward=forward, since=since, until=until)
    shuffled = list(dict.fromkeys(events))
    random.shuffle(shuffled)

    async def found() -> set[str]:
        store = Store(tmp_path)
        for one in shuffled:
            await store.capture(one)
        way = FORWARD if forward else BACKWARD
        names = await store.names(start, way, since=since, until=until)
        # However much of it the database walks ahead, and however few nodes are wanted.
        begin = [node_of(PROGRAMME, start)]
        bounds = Bounds(since, until)
        whole = await store.read(lambda reader: follow(reader, begin, way, bounds))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tracing, "SEEDS", 0)
            assert await store.read(lambda reader: follow(reader, begin, way, bounds)) == whole
        few = await store.read(lambda reader: follow(reader, begin, way, replace(bounds, nodes=3)))
        assert len(few.states) == min(3, len(whole.states))
        assert few.links.keys() <= whole.links.keys()
        assert not few.complete or few == whole
        await store.log.close()
        return names

    assert asyncio.run(found()) == expected
