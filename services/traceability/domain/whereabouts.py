"""Where things are, who has them and in what state, as the events say in order of time.

Events stand in the order of `Order`: by time; at the same time what is packed comes behind what is unpacked, and then
the order of capture counts. Each event moves what it names and all that is in that, by packing that is open then:

- **Containers** (aggregation and association). An ADD puts the children into the parent, whatever they were in before;
  a DELETE takes them out of that parent, without children all that is in it; an OBSERVE says nothing of before and
  after. Who is in himself through others moves once.
- **Place.** `bizLocation` says where it is from then on. Without one, `shipping` and `departing`, and what is then
  `in_transit`, leave: it is in transit from the `readPoint` towards the destination of the type `location`. Any other
  `readPoint` is where it has been seen, and is taken to be. An event with neither says nothing of the place.
- **Holder.** What is shipped stays the source's (`possessing_party`) until it is received or accepted: then it is the
  destination's, as that event says, else as the shipment said. A transfer in any other step (a sale over the counter)
  is done at once. As long as no transfer has told, and again when something is received without any destination, the
  holder is the party with the GLN of the place.
- **Owner** the same by `owning_party`, but a place says nothing of it.
- **State.** The newest disposition; persistent ones from `set` to `unset`. What an ObjectEvent DELETEs, what is
  destroyed, decommissioned or sold to a consumer and what goes into a transformation exists no more, until somebody
  ADDs it again or it comes back as `returned`. What was in it goes with a destroyed container only if it is named.

Events that are declared erroneous are left out by the caller, who gives none of them here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from services.traceability.domain.facts import Facts, Role, Typed

LEAVING: Final = frozenset({"shipping", "departing"})
RECEIVING: Final = frozenset({"receiving", "accepting"})
ENDING: Final = frozenset({"destroying", "decommissioning", "retail_selling"})
"""What is with a consumer is nobody's stock any more."""
RETURNED: Final = "returned"
PACKING: Final = frozenset({"AggregationEvent", "AssociationEvent"})

_PLACE, _PARTY = "https://id.gs1.org/414/", "https://id.gs1.org/417/"


class Order(NamedTuple):
    """Where an event stands among others."""

    time: int
    rank: int
    position: int


BEGINNING: Final = Order(-(2**62), 0, 0)


class Happened(NamedTuple):
    """An event at its position in the store."""

    position: int
    facts: Facts

    @property
    def order(self) -> Order:
        """Where it stands among others."""
        return Order(self.facts.time, self.facts.action == "ADD", self.position)


class State(NamedTuple):
    """What is known of an object."""

    place: str = ""
    in_transit: bool = False
    towards: str = ""
    since: int = 0
    holder: str = ""
    told: bool = False
    """Whether a transfer has named the holder: then the place does not."""
    announced: str = ""
    """Who is to get it."""
    owner: str = ""
    announced_owner: str = ""
    disposition: str = ""
    persistent: tuple[str, ...] = ()
    active: bool = True
    container: str = ""
    last: Order = BEGINNING
    """The newest event that has moved it."""
    place_by: int = 0
    holder_by: int = 0
    disposition_by: int = 0
    container_by: int = 0
    """Positions of the events that say so; 0: none does."""

    @property
    def positions(self) -> list[int]:
        """The events that say where it is, who has it and in what state."""
        return sorted({self.place_by, self.holder_by, self.disposition_by, self.container_by} - {0})


UNKNOWN: Final = State()


@dataclass
class World:
    """What is known of some objects."""

    states: dict[str, State] = field(default_factory=dict[str, State])
    contents: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])

    def put(self, name: str, state: State) -> None:
        """Say what is known of an object."""
        before = self.states.get(name, UNKNOWN).container
        if before != state.container:
            if before:
                self.contents.get(before, {}).pop(name, None)
            if state.container:
                self.contents.setdefault(state.container, {})[name] = None
        self.states[name] = state

    def within(self, names: Iterable[str]) -> dict[str, None]:
        """Some objects and all that is in them, in whatever depth."""
        found = dict.fromkeys(names)
        waiting = list(found)
        while waiting:
            for child in self.contents.get(waiting.pop(), ()):
                if child not in found:
                    found[child] = None
                    waiting.append(child)
        return found

    def chain(self, name: str) -> tuple[list[str], bool]:
        """What something is in, the innermost first, and whether that leads back to something in it."""
        found: list[str] = []
        while container := self.states.get(name, UNKNOWN).container:
            if container in found:
                return found, True
            found.append(container)
            name = container
        return found, False


def happen(world: World, event: Happened) -> dict[str, None]:
    """Let an event happen. Returns what it has moved."""
    facts = event.facts
    named = dict.fromkeys(objects_of(facts))
    parent = parent_of(facts) if facts.kind in PACKING else ""
    if parent and facts.action == "DELETE":
        children = children_of(facts) or list(world.contents.get(parent, ()))
        named |= dict.fromkeys(children)
    moved = world.within(named)
    for name in moved:
        # What it is in is the same until it is packed below.
        world.states[name] = after(world.states.get(name, UNKNOWN), event, direct=name in named)
    if parent:
        moved |= dict.fromkeys(_pack(world, event, parent, moved))
    for name in ended(facts):
        world.put(name, world.states.get(name, UNKNOWN)._replace(active=False))
    return moved


def _pack(world: World, event: Happened, parent: str, moved: Iterable[str]) -> list[str]:
    """Open and close packings. Returns what children were taken out of though the event does not name it."""
    left: list[str] = []
    match event.facts.action:
        case "ADD":
            for child in children_of(event.facts):
                state = world.states[child]
                if state.container not in ("", parent):
                    left.append(state.container)
                world.put(child, state._replace(container=parent, container_by=event.position))
        case "DELETE":
            for child in children_of(event.facts) or list(moved):
                state = world.states[child]
                if state.container == parent:
                    world.put(child, state._replace(container="", container_by=event.position))
        case _:
            pass
    for container in left:
        # What is captured later and happened earlier has moved more than is in there now.
        state = world.states.get(container, UNKNOWN)
        world.put(container, state._replace(last=max(state.last, event.order)))
    return left


def simulate(events: Iterable[Happened]) -> World:
    """What is known when all of this has happened."""
    world = World()
    for event in sorted(events, key=lambda event: event.order):
        happen(world, event)
    return world


def after(state: State, event: Happened, *, direct: bool) -> State:
    """What an event makes of an object that it names, or (not `direct`) that is in what it names."""
    facts, position = event.facts, event.position
    place, in_transit, towards, since, place_by = _placed(state, facts, position)
    holder, told, announced, owner, announced_owner = _handed(state, facts)
    if not told:
        holder = party_of(place)
    disposition, disposition_by, persistent, active = (
        state.disposition, state.disposition_by, state.persistent, state.active,
    )  # fmt: skip
    if facts.disposition and (direct or facts.kind not in PACKING):
        disposition, disposition_by = facts.disposition, position
    if facts.set or facts.unset:
        persistent = tuple(sorted({*persistent, *facts.set} - {*facts.unset}))
    if direct and facts.kind == "ObjectEvent" and (facts.action == "ADD" or facts.disposition == RETURNED):
        active = True
    return State(
        place, in_transit, towards, since, holder, told, announced, owner, announced_owner, disposition, persistent,
        active, state.container, max(state.last, event.order), place_by,
        state.holder_by if holder == state.holder else position, disposition_by, state.container_by,
    )  # fmt: skip


def _placed(state: State, facts: Facts, position: int) -> tuple[str, bool, str, int, int]:
    """Place, whether it is in transit, towards where, since when, and by which event."""
    if leaves(facts):
        return facts.read_point or state.place, True, party(facts.destinations, "location"), facts.time, position
    place = facts.biz_location or facts.read_point
    if not place or (place == state.place and not state.in_transit):
        return state.place, state.in_transit, state.towards, state.since, state.place_by
    return place, False, "", facts.time, position


def _handed(state: State, facts: Facts) -> tuple[str, bool, str, str, str]:
    """Holder, whether a transfer has told so, to whom it goes; the same for the owner."""
    holder, told, announced = state.holder, state.told, state.announced
    owner, announced_owner = state.owner, state.announced_owner
    giver, seller = party(facts.sources, "possessing_party"), party(facts.sources, "owning_party")
    taker, buyer = party(facts.destinations, "possessing_party"), party(facts.destinations, "owning_party")
    if leaves(facts):
        holder, told, announced = giver or holder, bool(giver) or told, taker or announced
        owner, announced_owner = seller or owner, buyer or announced_owner
    elif facts.biz_step in RECEIVING:
        holder = taker or announced
        told, announced = bool(holder), ""
        owner, announced_owner = buyer or announced_owner or owner, ""
    else:
        if taker or giver:
            holder, told, announced = taker or giver, True, "" if taker else announced
        owner = buyer or seller or owner
    return holder, told, announced, owner, announced_owner


def leaves(facts: Facts) -> bool:
    """Whether what an event names is under way from then on."""
    return not facts.biz_location and (facts.biz_step in LEAVING or facts.disposition == "in_transit")


def party(listed: Iterable[Typed], kind: str) -> str:
    """The source or destination of a type; empty if none is named."""
    for one in listed:
        if one.type == kind:
            return one.id
    return ""


def party_of(place: str) -> str:
    """The party with the GLN of a place; empty for a place without one."""
    return _PARTY + place.removeprefix(_PLACE).partition("/")[0] if place.startswith(_PLACE) else ""


def objects_of(facts: Facts) -> Iterator[str]:
    """The objects that an event names. A transformation makes outputs; its inputs are where it was."""
    return (item.id for item in facts.items if not item.is_class)


def parent_of(facts: Facts) -> str:
    """The container that an event is about."""
    return next((item.id for item in facts.items if item.role is Role.PARENT), "")


def children_of(facts: Facts) -> list[str]:
    """What an event packs or unpacks, of objects."""
    return [item.id for item in facts.items if item.role is Role.CHILD and not item.is_class]


def ended(facts: Facts) -> list[str]:
    """The objects that exist no more after an event."""
    if facts.kind == "TransformationEvent":
        return [item.id for item in facts.items if item.role is Role.INPUT and not item.is_class]
    if facts.kind == "ObjectEvent" and (facts.action == "DELETE" or facts.biz_step in ENDING):
        return list(objects_of(facts))
    return []
