"""Where things are and who has them: the view beside a slow and obvious simulation, in any order of capture."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.eventlog import EventLog, EventTypes, Meta, Reader, Tx
from services.traceability.domain.events import EVENTS, UPCASTERS, TraceEventCaptured
from services.traceability.domain.facts import Declaration, Facts, Item, Role, Typed
from services.traceability.domain.whereabouts import Happened, simulate
from services.traceability.shared.histories import Histories
from services.traceability.shared.reading import remember
from services.traceability.tests.test_genealogy import items, made, packed, said
from services.traceability.views import genealogy, inventory, terms
from services.traceability.views.inventory import state_from, stock_from

PROGRAMME = "olives"
LOT = "https://id.gs1.org/01/09521141123454/10/A"


def place(number: int) -> str:
    return f"https://id.gs1.org/414/{number:013}"


def holder(number: int) -> str:
    return f"https://id.gs1.org/417/{number:013}"


def seen(time: int, names: Sequence[str], at: str = "", **fields: Any) -> Facts:
    fields.setdefault("action", "OBSERVE")
    return said("ObjectEvent", time, *items(Role.EPC, names), biz_location=at, **fields)


def amount(time: int, quantity: int, at: str, **fields: Any) -> Facts:
    fields.setdefault("action", "OBSERVE")
    item = Item(Role.EPC, LOT, is_class=True, quantity=Decimal(quantity))
    return said("ObjectEvent", time, item, read_point=at, **fields)


def shipped(event: Facts, giver: str = "", taker: str = "") -> Facts:
    sources = (Typed("possessing_party", giver),) if giver else ()
    destinations = (Typed("possessing_party", taker),) if taker else ()
    return event._replace(biz_step="shipping", sources=sources, destinations=destinations)


class Shelf:
    """A log with the views that the inventory needs."""

    def __init__(self, folder: Path) -> None:
        views = [terms.VIEW, genealogy.VIEW, inventory.VIEW]
        types = EventTypes(EVENTS, UPCASTERS)
        self.log = EventLog.open(f"sqlite:///{folder}/{uuid.uuid4().hex}.db", events=types, views=views)

    async def capture(self, *facts: Facts) -> None:
        """Takes events in, together."""

        def work(tx: Tx) -> None:
            for one in facts:
                name = repr(one._replace(declaration=None))
                document = f"{name}/{one.declaration}"
                event = TraceEventCaptured(
                    event_hash=name, event_id=name, event_time=datetime.now(UTC), document=document, context=""
                )
                remember(event, one)
                tx.append(uuid.uuid4(), [event], after=0, meta=Meta(PROGRAMME, "t"), occurred_at=event.event_time)

        await self.log.write(work)

    async def known(self) -> dict[str, Any]:
        """What stands in the view, without the order of capture."""

        def work(reader: Reader) -> dict[str, Any]:
            added = reader.all(
                "SELECT programme, holder, product, place, transit, uom, sum(object), sum(1 - object), sum(micros)"
                " FROM view_trace_stock WHERE counts=1 GROUP BY programme, holder, product, place, transit, uom"
            )
            assert sorted(reader.all("SELECT * FROM view_trace_lines")) == sorted(added)
            rows = reader.all("SELECT name, part, counts, container, state FROM view_trace_stock")
            found: dict[str, Any] = {}
            for name, part, counts, _, state in rows:
                if part == 0:
                    one = state_from(state)
                    found[name] = (*_plain(one), counts)
                elif part == -1:
                    found[name] = {tuple(h._replace(position=0)) for h in stock_from(state).holdings}
            return found

        return await self.log.read(work)


def _plain(state: Any) -> tuple[Any, ...]:
    return tuple(state._replace(last=None, place_by=0, holder_by=0, disposition_by=0, container_by=0))


@pytest.fixture
async def shelf(tmp_path: Path) -> Any:
    shelf = Shelf(tmp_path)
    yield shelf
    await shelf.log.close()


def where(events: Sequence[Facts], name: str) -> Any:
    return simulate([Happened(number, facts) for number, facts in enumerate(events, 1)]).states[name]


def test_what_is_in_a_container_goes_with_it() -> None:
    events = [
        seen(1, ["a"], place(1)),
        packed(2, "pallet", ["a"]),
        shipped(seen(3, ["pallet"]), holder(1), holder(2)),
    ]
    state = where(events, "a")
    assert (state.in_transit, state.holder, state.container) == (True, holder(1), "pallet")
    received = seen(4, ["pallet"], place(2), biz_step="receiving", disposition="in_progress")
    state = where([*events, received], "a")
    assert (state.in_transit, state.place, state.holder, state.disposition) == (
        False, place(2), holder(2), "in_progress",
    )  # fmt: skip
    out = packed(5, "pallet", [], action="DELETE")
    away = seen(6, ["pallet"], place(3))
    assert where([*events, received, out, away], "a").place == place(2)


def test_who_is_named_by_no_transfer_is_known_by_the_place() -> None:
    assert where([seen(1, ["a"], place(7))], "a").holder == holder(7)
    assert where([seen(1, ["a"], f"{place(7)}/254/shelf")], "a").holder == holder(7)
    assert where([seen(1, ["a"], "urn:x:somewhere")], "a").holder == ""
    # A transfer counts more than where it lies: a warehouse keeps what belongs to others.
    told = shipped(seen(1, ["a"]), holder(1), holder(2))
    events = [told, seen(2, ["a"], place(9), biz_step="receiving"), seen(3, ["a"], place(8))]
    assert where(events, "a").holder == holder(2)
    assert where([*events, seen(4, ["a"], place(8), biz_step="receiving")], "a").holder == holder(8)


def test_what_exists_no_more() -> None:
    assert not where([made(1, ["a"], ["b"])], "a").active
    assert where([made(1, ["a"], ["b"])], "b").active
    assert not where([seen(1, ["a"], action="DELETE")], "a").active
    assert not where([seen(1, ["a"], biz_step="destroying")], "a").active
    assert where([seen(1, ["a"], action="DELETE"), seen(2, ["a"], action="ADD")], "a").active
    assert not where([seen(1, ["a"], action="DELETE"), seen(2, ["a"], place(1))], "a").active
    sold = seen(1, ["a"], place(1), biz_step="retail_selling", disposition="retail_sold")
    back = seen(2, ["a"], place(1), biz_step="receiving", disposition="returned")
    # Seen somewhere it is still with the consumer: that it was returned has to be said.
    found = seen(2, ["a"], place(2), biz_step="inspecting")
    assert not where([sold], "a").active
    assert not where([sold, found], "a").active
    assert where([sold, back], "a").active
    assert not where([sold, back, seen(3, ["a"], place(1), biz_step="retail_selling")], "a").active


def test_persistent_dispositions_hold_until_they_are_unset() -> None:
    events = [seen(1, ["a"], set=("recalled", "conformant")), seen(2, ["a"], unset=("conformant",))]
    assert where(events, "a").persistent == ("recalled",)


def test_containers_in_a_ring() -> None:
    events = [packed(1, "a", ["b"]), packed(2, "b", ["c"]), packed(3, "c", ["a"]), seen(4, ["b"], place(4))]
    world = simulate([Happened(number, facts) for number, facts in enumerate(events, 1)])
    assert {world.states[name].place for name in "abc"} == {place(4)}
    assert world.chain("a") == (["c", "b", "a"], True)
    itself = simulate([Happened(1, packed(1, "a", ["a"]))])
    assert itself.chain("a") == (["a"], True)


async def test_amounts_of_a_lot(shelf: Shelf) -> None:
    mill, trader = place(1), place(2)
    delivery = (Typed("desadv", "urn:x:DA-1"),)
    await shelf.capture(amount(1, 600, mill, action="ADD"))
    await shelf.capture(shipped(amount(2, 480, mill)._replace(transactions=delivery), holder(11), holder(22)))
    known = (await shelf.known())[LOT]
    assert {(h[0], h[1], h[2], h[4]) for h in known} == {
        (holder(1), mill, False, Decimal(120)), (holder(11), mill, True, Decimal(480)),
    }  # fmt: skip
    await shelf.capture(amount(3, 400, trader, biz_step="receiving", transactions=delivery))
    await shelf.capture(amount(4, 10, f"{trader}/254/shop", action="DELETE"))
    known = (await shelf.known())[LOT]
    assert {(h[0], h[1], h[2], h[4]) for h in known} == {
        (holder(1), mill, False, Decimal(120)), (holder(11), mill, True, Decimal(80)),
        (holder(22), trader, False, Decimal(390)),
    }  # fmt: skip


async def test_nothing_is_left_of_what_did_not_occur(shelf: Shelf) -> None:
    wrong = seen(1, ["a"], place(1))
    await shelf.capture(wrong)
    await shelf.capture(wrong._replace(declaration=Declaration(9, "did_not_occur", ())))
    assert await shelf.known() == {}
    await shelf.capture(wrong)
    assert await shelf.known() == {}


_NAMES = ["a", "b", "box", "pallet", "ship"]
_some = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=2, unique=True)
_time = st.integers(0, 9)
_place = st.sampled_from([place(1), place(2), ""])
_event = st.one_of(
    st.builds(
        seen, _time, _some, _place, action=st.sampled_from(["OBSERVE", "OBSERVE", "ADD", "DELETE"]),
        biz_step=st.sampled_from(["", "shipping", "receiving", "storing"]),
        disposition=st.sampled_from(["", "in_transit", "active"]), read_point=_place,
    ),
    st.builds(
        packed, _time, st.sampled_from(_NAMES), st.lists(st.sampled_from(_NAMES), max_size=2, unique=True),
        st.sampled_from(["ADD", "ADD", "DELETE", "OBSERVE"]),
    ),
    st.builds(made, _time, _some, _some),
    st.builds(
        amount, _time, st.integers(1, 5), _place, action=st.sampled_from(["OBSERVE", "ADD", "DELETE"]),
        biz_step=st.sampled_from(["", "shipping", "receiving"]),
    ),
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_event, max_size=9), st.randoms(), st.lists(st.integers(0, 8), max_size=2), st.integers(1, 4))
def test_as_if_everything_had_come_in_order(
    tmp_path: Path, events: list[Facts], random: Any, wrong: list[int], together: int
) -> None:
    """Moved as it comes in any order, with errors declared, as all that counts moved at once in order."""
    events = [e for e in dict.fromkeys(events) if not (e.kind == "AggregationEvent" and e.action == "ADD"
              and not any(i.role is Role.CHILD for i in e.items))]  # fmt: skip
    # Order among what happens at one moment is that of capture: each has a moment of its own here.
    events = [e._replace(time=e.time * 10 + number) for number, e in enumerate(events)]
    declared = [events[n]._replace(declaration=Declaration(99, "x", ())) for n in {*wrong} if n < len(events)]
    counting = [e for n, e in enumerate(events) if n not in wrong]
    arriving = [*events, *declared]
    random.shuffle(arriving)

    async def captured(parts: list[list[Facts]]) -> tuple[dict[str, Any], dict[str, Any]]:
        shelf = Shelf(tmp_path)
        for part in parts:
            await shelf.capture(*part)
        found = await shelf.known()

        def asked(reader: Reader) -> dict[str, Any]:
            histories = Histories(reader, PROGRAMME)
            worlds = {name: simulate(histories.moving(name)).states.get(name) for name in _NAMES}
            return {name: _plain(state) for name, state in worlds.items() if state is not None}

        located = await shelf.log.read(asked)
        await shelf.log.close()
        return found, located

    parts = [arriving[n : n + together] for n in range(0, len(arriving), together)]
    found, located = asyncio.run(captured(parts))
    world = simulate([Happened(number, facts) for number, facts in enumerate(counting, 1)])
    expected = {name: _plain(state) for name, state in world.states.items()}
    assert {name: state[:-1] for name, state in found.items() if name != LOT} == expected
    assert located == expected
    (lots, _) = asyncio.run(captured([sorted(counting, key=lambda e: e.time)]))
    assert found.get(LOT, set()) == lots.get(LOT, set())
