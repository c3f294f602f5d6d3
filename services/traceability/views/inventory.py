"""Who has what, and where: every object, and every amount of a lot (`domain/whereabouts.py`, `domain/stock.py`).

What an event moves is moved at once, if nothing newer has moved it before. What is captured late, and what is declared
erroneous, is different: all that it could have moved is made anew from its own events, which gives the same in
whatever order they come.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Final

from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.traceability.domain.entries import term
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.facts import Facts
from services.traceability.domain.stock import EMPTY, Holding, Stock, stock_after, stock_of
from services.traceability.domain.terms import wider_classes
from services.traceability.domain.whereabouts import Happened, Order, State, World, happen, simulate
from services.traceability.shared.histories import Histories, voided_among
from services.traceability.shared.reading import read_again
from services.traceability.views.genealogy import node_of

_encode = json.JSONEncoder(default=str, check_circular=False, separators=(",", ":")).encode

MICRO: Final = Decimal(1_000_000)
_MOST: Final = 2**62

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_trace_stock (item BYTEA NOT NULL, part BIGINT NOT NULL, programme TEXT NOT NULL,"
    " counts SMALLINT NOT NULL, holder TEXT NOT NULL, product TEXT NOT NULL, place TEXT NOT NULL,"
    " transit SMALLINT NOT NULL, uom TEXT NOT NULL, object SMALLINT NOT NULL, micros BIGINT NOT NULL,"
    " container BYTEA, name TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (item, part))",
    "CREATE INDEX IF NOT EXISTS view_trace_stock_by_product ON view_trace_stock (programme, product, counts)",
    "CREATE INDEX IF NOT EXISTS view_trace_stock_by_container ON view_trace_stock (container)",
    "CREATE TABLE IF NOT EXISTS view_trace_lines (programme TEXT NOT NULL, holder TEXT NOT NULL,"
    " product TEXT NOT NULL, place TEXT NOT NULL, transit SMALLINT NOT NULL, uom TEXT NOT NULL,"
    " objects BIGINT NOT NULL, lots BIGINT NOT NULL, micros NUMERIC NOT NULL,"
    " PRIMARY KEY (programme, holder, product, place, transit, uom))",
    "CREATE INDEX IF NOT EXISTS view_trace_lines_by_product ON view_trace_lines"
    " (programme, product, holder, place, transit, uom)",
    "CREATE INDEX IF NOT EXISTS view_trace_lines_by_place ON view_trace_lines"
    " (programme, place, holder, product, transit, uom)",
]
"""A row for each object (part 0). Of what comes in amounts, part -1 is all that is known; from 1 on its holdings.

And the lines to which those that count add up: a page of them is found as quickly in a large inventory as in a small.
"""

OBJECT: Final = 0
SUMMARY: Final = -1

_OF_OBJECT: Final = State._fields.index("disposition")
_OF_HOLDING: Final = Holding._fields.index("disposition")

_UPSERT: Final = (
    "INSERT INTO view_trace_stock VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (item, part) DO UPDATE SET counts=excluded.counts, holder=excluded.holder, place=excluded.place,"
    " transit=excluded.transit, uom=excluded.uom, micros=excluded.micros, container=excluded.container,"
    " state=excluded.state"
)

_COUNTED: Final = (
    "SELECT programme, holder, product, place, transit, uom, object, micros FROM view_trace_stock WHERE counts=1"
)
_ADD_UP: Final = (
    "INSERT INTO view_trace_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (programme, holder, product, place, transit, uom) DO UPDATE SET"
    " objects=view_trace_lines.objects+excluded.objects, lots=view_trace_lines.lots+excluded.lots,"
    " micros=view_trace_lines.micros+excluded.micros"
)
_DROP: Final = (
    "DELETE FROM view_trace_lines WHERE programme=? AND holder=? AND product=? AND place=? AND transit=? AND uom=?"
    " AND objects=0 AND lots=0"
)


@dataclass
class _Changes:
    """What one programme's events make of what is known."""

    tx: Tx
    programme: str
    world: World = field(default_factory=World)
    stocks: dict[str, Stock] = field(default_factory=dict[str, Stock])
    moved: dict[str, None] = field(default_factory=dict[str, None])
    late: dict[str, None] = field(default_factory=dict[str, None])
    """Objects and lots that have to be made anew."""
    amounts: dict[str, None] = field(default_factory=dict[str, None])
    """Lots and classes among them."""
    gone: list[str] = field(default_factory=list[str])
    """Objects of which no event says anything any more."""

    def load(self, events: Sequence[Facts]) -> None:
        """Read what is known of all that some events name, and of what is in that."""
        objects = {item.id for facts in events for item in facts.items if not item.is_class}
        lots = {item.id for facts in events for item in facts.items if item.is_class}
        for name, state in _stored(self.tx, self.programme, lots | self.amounts.keys(), SUMMARY):
            self.stocks[name] = stock_from(state)
        states = {name: state_from(state) for name, state in _stored(self.tx, self.programme, objects, OBJECT)}
        containers = {state.container for state in states.values()} - states.keys() - {""}
        for name, state in _stored(self.tx, self.programme, containers, OBJECT):
            self.world.put(name, state_from(state))
        while states:
            for name, state in states.items():
                self.world.put(name, state)
            inside = self.tx.among(
                "SELECT name, state FROM view_trace_stock WHERE container = {keys}",
                (),
                [node_of(self.programme, name) for name in states],
            )
            states = {name: state_from(state) for name, state in inside if name not in self.world.states}

    def happen(self, event: Happened) -> None:
        """Let an event move what it moves, and see what it comes too late for."""
        named = [item.id for item in event.facts.items if not item.is_class]
        order, states = event.order, self.world.states
        late = [name for name in self.world.within(named) if name in states and states[name].last > order]
        self.late |= dict.fromkeys(late)
        self.moved |= happen(self.world, event)
        for lot in dict.fromkeys(item.id for item in event.facts.items if item.is_class):
            known = self.stocks.get(lot, EMPTY)
            if known.last > event.order:
                self.late[lot] = None
            else:
                self.stocks[lot] = stock_after(known, event, lot)

    def declared(self, event_hash: str) -> None:
        """All that an event has named is made anew: it is declared erroneous."""
        rows = self.tx.all(
            "SELECT position FROM view_trace_terms WHERE term=?", (term(self.programme, "hash", event_hash),)
        )
        for recorded in self.tx.at([int(position) for (position,) in rows]):
            if recorded.event.event_hash == event_hash:
                facts = read_again(recorded.event)
                self.late |= dict.fromkeys(item.id for item in facts.items)
                # Should nothing be left of it, that is to be written too.
                self.amounts |= {item.id: None for item in facts.items if item.is_class}

    def make_anew(self) -> None:
        """Make what is late from its events, with all that was ever in it."""
        histories = Histories(self.tx, self.programme)
        names = self._with_contents()
        unknown = [name for name in names if name not in self.world.states]
        stored = {name: state_from(state) for name, state in _stored(self.tx, self.programme, unknown, OBJECT)}
        for name, moving in histories.moving_all(names).items():
            if name in self.amounts or name in self.stocks:
                known_stock = self.stocks.get(name, EMPTY)
                stock = stock_of(histories.own(name), name)
                self.stocks[name] = stock._replace(last=max(stock.last, known_stock.last))
            state = simulate(moving).states.get(name)
            known = self.world.states.get(name) or stored.get(name)
            if state is not None:
                # What is older than what was known may still be late for others that have left it.
                self.world.put(name, state._replace(last=max(state.last, known.last) if known else state.last))
                self.moved[name] = None
            elif known is not None:
                self.world.states.pop(name, None)
                self.gone.append(name)

    def _with_contents(self) -> list[str]:
        found = dict(self.late)
        names = list(found)
        while names:
            rows = self.tx.among(
                "SELECT n.name FROM view_trace_packing AS p JOIN view_trace_nodes AS n ON n.node=p.child"
                " WHERE p.parent = {keys}",
                (),
                [node_of(self.programme, name) for name in names],
            )
            names = [name for (name,) in rows if name not in found]
            found |= dict.fromkeys(names)
        return list(found)

    def save(self) -> None:
        """Write down what has changed."""
        objects = [self._object(name, self.world.states[name]) for name in self.moved if name in self.world.states]
        lots = [row for name, stock in self.stocks.items() for row in self._lot(name, stock)]
        gone = [node_of(self.programme, name) for name in self.gone]
        changed = [node_of(self.programme, name) for name in self.stocks]
        before = self.tx.among(f"{_COUNTED} AND part=0 AND item = {{keys}}", (), [*gone, *(row[0] for row in objects)])
        before += self.tx.among(f"{_COUNTED} AND part>0 AND item = {{keys}}", (), changed)
        self.tx.run_many("DELETE FROM view_trace_stock WHERE item=? AND part=0", [(node,) for node in gone])
        self.tx.run_many("DELETE FROM view_trace_stock WHERE item=? AND part>0", [(node,) for node in changed])
        self.tx.run_many(_UPSERT, [*objects, *lots])
        self._add_up(before, [(row[2], *row[4:11]) for row in (*objects, *lots) if row[3]])

    def _add_up(self, before: Iterable[Row], now: Iterable[Row]) -> None:
        """Change the lines by what was counted and what is."""
        lines: dict[Row, list[int]] = {}
        for sign, rows in ((-1, before), (1, now)):
            for *key, is_object, micros in rows:
                line = lines.setdefault(tuple(key), [0, 0, 0])
                line[0 if is_object else 1] += sign
                line[2] += sign * micros
        self.tx.run_many(_ADD_UP, [(*key, *line) for key, line in lines.items() if any(line)])
        self.tx.run_many(_DROP, [key for key, line in lines.items() if min(line) < 0])

    def _object(self, name: str, state: State) -> tuple[object, ...]:
        container = node_of(self.programme, state.container) if state.container else None
        return (
            node_of(self.programme, name), OBJECT, self.programme, int(state.active), state.holder, product_of(name),
            state.place, int(state.in_transit), "", 1, 1_000_000, container, name, _encode(state),
        )  # fmt: skip

    def _lot(self, name: str, stock: Stock) -> Iterable[tuple[object, ...]]:
        node, product = node_of(self.programme, name), product_of(name)
        state = _encode(stock)
        yield (node, SUMMARY, self.programme, 0, "", product, "", 0, "", 0, 0, None, name, state)
        for part, one in enumerate(stock.holdings, 1):
            micros = min(int(one.quantity * MICRO), _MOST)
            yield (
                node, part, self.programme, 1, one.holder, product, one.place, int(one.in_transit), one.uom, 0, micros,
                None, name, _encode(one),
            )  # fmt: skip


def _captured(tx: Tx, captured: Sequence[Recorded[TraceEventCaptured]]) -> None:
    for programme, events in groupby(
        sorted(captured, key=lambda one: one.meta.programme), lambda one: one.meta.programme
    ):
        _captured_in(tx, programme, list(events))


def _captured_in(tx: Tx, programme: str, captured: list[Recorded[TraceEventCaptured]]) -> None:
    changes = _Changes(tx, programme)
    voided = voided_among(tx, programme, {one.event.event_hash for one in captured})
    declared = {one.event.event_hash: one.position for one in captured if read_again(one.event).declaration is not None}
    happened: list[Happened] = []
    for one in captured:
        event_hash = one.event.event_hash
        facts = read_again(one.event)
        # What is declared erroneous behind it has moved things until then: whatever comes together is as if it came
        # one after the other, so that views that are made anew are the same.
        if facts.declaration is None and (event_hash not in voided or declared.get(event_hash, 0) > one.position):
            happened.append(Happened(one.position, facts))
    for event_hash in declared:
        changes.declared(event_hash)
    changes.load([event.facts for event in happened])
    for event in happened:
        changes.happen(event)
    if changes.late:
        changes.make_anew()
    changes.save()


VIEW = View("inventory", _DDL, together={TraceEventCaptured: _captured})


def product_of(name: str) -> str:
    """The trade item, or kind of asset, of an object or lot; empty where its identifier names none."""
    return next(iter(wider_classes(name)), "")


def _stored(reader: Reader, programme: str, names: Iterable[str], part: int) -> list[tuple[str, str]]:
    rows = reader.among(
        "SELECT name, state FROM view_trace_stock WHERE part=? AND item = {keys}",
        (part,),
        [node_of(programme, name) for name in names],
    )
    return [(str(name), str(state)) for name, state in rows]


def state_of(reader: Reader, programme: str, name: str) -> State | None:
    """What is known of an object now."""
    rows = _stored(reader, programme, [name], OBJECT)
    return state_from(rows[0][1]) if rows else None


def state_from(text: str) -> State:
    """Read what stands in a row of an object."""
    fields = json.loads(text)
    state = State(*fields)
    return state._replace(persistent=tuple(state.persistent), last=Order(*state.last))


def disposition_from(text: str, part: int) -> str:
    """No more of a row than its disposition."""
    return str(json.loads(text)[_OF_OBJECT if part == OBJECT else _OF_HOLDING])


def stock_from(text: str) -> Stock:
    """Read what stands in a row of a lot."""
    holdings, last = json.loads(text)
    return Stock(tuple(map(holding_from, holdings)), Order(*last))


def holding_from(fields: Sequence[object]) -> Holding:
    """Read a holding."""
    one = Holding(*fields)  # pyright: ignore[reportArgumentType] - as it was written
    return one._replace(quantity=Decimal(one.quantity), transactions=tuple(one.transactions))
