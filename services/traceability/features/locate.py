"""Says where something is, who has it and in what state, now or at any time before."""

from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.money import plain
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.domain.stock import Holding, stock_of
from services.traceability.domain.whereabouts import Happened, World, simulate
from services.traceability.shared.genealogies import asked_for, event_names, micros_of, stamp_of
from services.traceability.shared.histories import ALWAYS, Histories, Span
from services.traceability.shared.viewing import Viewer

HOLDINGS: Final = 1000
"""Of a lot in an answer at most; more are listed by ListInventory."""


def locate(reader: Reader, request: pb.LocateRequest, call: Call) -> pb.LocateResponse:
    """By the rules of `domain/whereabouts.py` and `domain/stock.py`, from what the caller sees of the events.

    Raises `Refusal` NOTHING_REPORTED.
    """
    name = asked_for(request.epc)
    until = micros_of(request.time, "time") if request.HasField("time") else ALWAYS
    histories = Histories(reader, call.programme, Viewer.of(reader, call).show)
    own = histories.own(name, Span(until=until))
    answer = pb.LocateResponse(epc=name)
    if any(item.id == name and not item.is_class for event in own for item in event.facts.items):
        world = simulate(histories.moving(name, until))
        answer.whereabouts.append(_object(reader, call.programme, name, world))
    if any(item.id == name and item.is_class for event in own for item in event.facts.items):
        answer.whereabouts.extend(_amounts(reader, call.programme, name, own))
    elif not own:
        message = "no event up to then names it" if request.HasField("time") else "no event names it"
        raise Refusal("NOTHING_REPORTED", message, field="epc", kind=Kind.NOT_FOUND)
    return answer


def _object(reader: Reader, programme: str, name: str, world: World) -> pb.Whereabouts:
    state = world.states[name]
    containers, ring = world.chain(name)
    positions = [
        *state.positions,
        *(world.states[one].container_by for one in containers if world.states[one].container),
    ]
    events = event_names(reader, programme, positions)
    return pb.Whereabouts(
        place=state.place,
        in_transit=state.in_transit,
        towards=state.towards,
        since=stamp_of(state.since) if state.place_by else None,
        holder=state.holder,
        owner=state.owner,
        disposition=state.disposition,
        persistent_dispositions=state.persistent,
        active=state.active,
        containers=containers,
        containers_contradict=ring,
        trace_events=[events[one] for one in dict.fromkeys(positions) if one in events],
    )


def _amounts(reader: Reader, programme: str, name: str, own: list[Happened]) -> list[pb.Whereabouts]:
    holdings: list[Holding] = [*stock_of(own, name).holdings][:HOLDINGS]
    events = event_names(reader, programme, [one.position for one in holdings])
    return [
        pb.Whereabouts(
            place=one.place,
            in_transit=one.in_transit,
            towards=one.towards,
            since=stamp_of(one.since),
            holder=one.holder,
            disposition=one.disposition,
            active=True,
            quantity=plain(one.quantity),
            uom=one.uom,
            trace_events=[events[one.position]] if one.position in events else [],
        )
        for one in holdings
    ]
