"""`fenxiao trace query`, `event` and `show`: captured events, by what they say, by their hash, of one item."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.items import ItemArgument, LimitOption, SinceOption, UntilOption, named, public_names, read_item, short
from fenxiao.cli.session import Session, is_uuid
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import traceability_pb2
    from fenxiao.client import Client

_PAGE: Final = 100

Words = list[str] | None


def add(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("query", help=t("List captured events by what they say: a SimpleEventQuery."))(query)
    group.command("event", help=t("Show an event by its hash, its eventID or its UUID; corrections come with it."))(
        event
    )
    group.command("show", help=t("Show what happened to an object or lot, in order of time."))(show)


def query(  # a query has as many parameters
    context: typer.Context,
    parameters: Annotated[
        Words,
        typer.Option(
            "--param", metavar="NAME=VALUE", help=t("Any parameter of SimpleEventQuery; values divided by |.")
        ),
    ] = None,
    prefixes: Annotated[
        Words, typer.Option("--prefix", metavar="PREFIX=NAMESPACE", help=t("A prefix of fields in --param."))
    ] = None,
    event_type: Annotated[Words, typer.Option("--event-type", help=t("ObjectEvent, AggregationEvent, …"))] = None,
    items: Annotated[
        Words, typer.Option("--epc", metavar="ITEM", help=t("Events about it, whatever its part."))
    ] = None,
    step: Annotated[Words, typer.Option("--step", help=t("Business step, such as shipping."))] = None,
    action: Annotated[Words, typer.Option("--action", help=t("ADD, OBSERVE or DELETE."))] = None,
    disposition: Annotated[Words, typer.Option("--disposition", help=t("Such as in_transit."))] = None,
    at: Annotated[Words, typer.Option("--at", metavar="PLACE", help=t("Read there, or at a place in it."))] = None,
    location: Annotated[
        Words, typer.Option("--location", metavar="PLACE", help=t("There afterwards, or at a place in it."))
    ] = None,
    event_id: Annotated[Words, typer.Option("--event-id", help=t("The eventID or event hash."))] = None,
    since: SinceOption = "",
    until: UntilOption = "",
    recorded_since: Annotated[
        str, typer.Option("--recorded-since", metavar="TIME", help=t("Captured from then on."))
    ] = "",
    recorded_until: Annotated[str, typer.Option("--recorded-until", metavar="TIME", help=t("Captured before."))] = "",
    limit: LimitOption = 100,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help=t("Write an EPCIS document; into .ndjson or .jsonl an event on each line.")
        ),
    ] = None,
) -> None:
    """Print events, or write them to a file."""
    session = Session.of(context)
    options = {
        "event_type": event_type,
        "step": step,
        "action": action,
        "disposition": disposition,
        "at": at,
        "location": location,
        "event_id": event_id,
        "since": since,
        "until": until,
        "recorded_since": recorded_since,
        "recorded_until": recorded_until,
    }

    async def work(client: "Client") -> None:
        from fenxiao.cli.periods import zone
        from fenxiao.cli.queries import read_query

        programme = await session.find_programme(client)
        asked = read_query(parameters or (), prefixes or (), items or (), options, zone(programme.time_zone))
        found = _found(client, programme.name, asked, limit)
        if out is not None:
            from fenxiao.cli.epcis_files import write_events

            with output.progress(quiet=session.as_json) as advance:
                written = await write_events(found, out, lambda done: advance(t("Writing"), done, 0))
            said = t("{count} events written to {file}").format(count=f"{written:,}", file=out)
            output.print_json({"file": str(out), "events": written}) if session.as_json else typer.echo(said)
        elif session.as_json:
            await _print_json(found)
        else:
            names = await public_names(client, programme.name)
            _print_table([one async for one in found], names)

    session.run(work)


async def _found(
    client: "Client", parent: str, asked: dict[str, Any], limit: int
) -> "AsyncIterator[traceability_pb2.TraceEvent]":
    from fenxiao.api.traceability.v1 import traceability_pb2
    from fenxiao.client.client import listed

    request = traceability_pb2.QueryEventsRequest(
        parent=parent, query=json.dumps(asked).encode(), page_size=min(limit or _PAGE, _PAGE)
    )
    async for one in listed(client.traceability.QueryEvents, request, lambda page: page.events, limit):
        yield one


def event(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help=t("Event hash (ni:///…), eventID, or UUID."))],
) -> None:
    """Print an event as it was captured."""
    session = Session.of(context)

    async def work(client: "Client") -> "list[traceability_pb2.TraceEvent]":
        from fenxiao.api.traceability.v1 import traceability_pb2

        parent = (await session.find_programme(client)).name
        if is_uuid(event):
            request = traceability_pb2.GetTraceEventRequest(name=f"{parent}/traceEvents/{event.lower()}")
            return [await client.traceability.GetTraceEvent(request)]
        found = [one async for one in _found(client, parent, {"EQ_eventID": [event]}, 0)]
        if not found:
            message = f"There is no event {event[:200]!r}; `fenxiao trace query` finds events by what they say."
            raise Refusal("NO_SUCH_EVENT", message, kind=Kind.NOT_FOUND)
        return found

    found = session.run(work)
    from fenxiao.cli import shapes_trace
    from fenxiao.epcis.strict_json import to_text

    if session.as_json:
        lists = output.JsonLists("events")
        for one in found:
            lists.add("events", to_text(shapes_trace.event(one)))
        lists.end()
        return
    for message in found:
        one = shapes_trace.event(message)
        output.facts(
            [
                (t("event"), one["event_id"]),
                ("UUID", one["trace_event"]),
                (t("time"), one["event_time"]),
                (t("kind"), _what(one)),
                (t("step"), one["biz_step"]),
                (t("disposition"), one["disposition"]),
                (t("read at"), one["read_point"]),
                (t("afterwards at"), one["biz_location"]),
                *((t("item"), short(item)) for item in one["items"]),
            ]
        )
        typer.echo(message.document.decode())


def show(context: typer.Context, item: ItemArgument, limit: LimitOption = 100) -> None:
    """Print the path of an item."""
    session = Session.of(context)

    async def work(client: "Client") -> None:
        from fenxiao.api.traceability.v1 import traceability_pb2
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = traceability_pb2.GetPathRequest(
            parent=parent, epc=read_item(item), page_size=min(limit or _PAGE, _PAGE)
        )
        found = listed(client.traceability.GetPath, request, lambda page: page.steps, limit)
        if session.as_json:
            await _print_json(found)
            return
        steps = [one async for one in found]
        if not steps:
            output.say(t("No event names it. `fenxiao trace query` finds events by what they say."))
            return
        _print_table(steps, await public_names(client, parent))

    session.run(work)


async def _print_json(found: "AsyncIterator[traceability_pb2.TraceEvent]") -> None:
    from fenxiao.cli import shapes_trace
    from fenxiao.epcis.strict_json import to_text

    lists = output.JsonLists("events")
    async for one in found:
        lists.add("events", to_text(shapes_trace.event(one)))
    lists.end()


def _print_table(found: "Sequence[traceability_pb2.TraceEvent]", names: dict[str, str]) -> None:
    from fenxiao.cli import shapes_trace

    rows: list[list[str]] = []
    for message in found:
        one = shapes_trace.event(message)
        first, rest = one["items"][:1], len(one["items"]) - 1
        rows.append(
            [
                one["event_time"],
                _what(one),
                one["biz_step"],
                one["disposition"],
                named(one["read_point"] or one["biz_location"], names),
                "".join(named(item, names) for item in first) + (f"  +{rest:,}" if rest > 0 else ""),
                one["trace_event"],
            ]
        )
    columns = [t("time"), t("kind"), t("step"), t("disposition"), t("place"), t("items"), t("event")]
    output.table(columns, rows)


def _what(found: dict[str, Any]) -> str:
    return f"{found['type'].removesuffix('Event')} {found['action']}".strip()
