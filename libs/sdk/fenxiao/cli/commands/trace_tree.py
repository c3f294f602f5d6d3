"""`fenxiao trace back`, `forward` and `tree`: where something came from, and what became of it."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.items import (
    ItemArgument,
    SinceOption,
    UntilOption,
    named,
    public_names,
    read_item,
    stamp,
)
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client

DepthOption = Annotated[int, typer.Option("--depth", min=0, help=t("Links from the item; as far as they go if 0."))]


class Direction(StrEnum):
    """Which way links are followed."""

    BACK = "back"
    FORWARD = "forward"
    BOTH = "both"


def add(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("back", help=t("Show where something came from: all its origins."))(back)
    group.command("forward", help=t("Show what became of something: all that it went into."))(forward)
    group.command("tree", help=t("Show the genealogy in layers, laid out to be drawn."))(tree)


def back(
    context: typer.Context,
    item: ItemArgument,
    since: SinceOption = "",
    until: UntilOption = "",
    depth: DepthOption = 0,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 1000,
) -> None:
    """Print the origins."""
    _stream(context, Direction.BACK, item, (since, until), depth, limit)


def forward(
    context: typer.Context,
    item: ItemArgument,
    since: SinceOption = "",
    until: UntilOption = "",
    depth: DepthOption = 0,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 1000,
) -> None:
    """Print the destinations."""
    _stream(context, Direction.FORWARD, item, (since, until), depth, limit)


def _stream(
    context: typer.Context, direction: Direction, item: str, span: tuple[str, str], depth: int, limit: int
) -> None:
    """Follow links one way: however many there are, they come in parts."""
    session = Session.of(context)
    backward = direction is Direction.BACK

    async def work(client: "Client") -> None:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_trace
        from fenxiao.cli.periods import zone
        from fenxiao.client.streams import answers

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        request = pb.StreamTraceRequest(
            parent=programme.name,
            epc=read_item(item),
            direction=pb.TRACE_DIRECTION_BACKWARD if backward else pb.TRACE_DIRECTION_FORWARD,
            since=stamp(span[0], where),
            until=stamp(span[1], where),
            depth=depth,
            max_nodes=limit,
        )
        nodes: list[dict[str, Any]] = []
        links: list[dict[str, Any]] = []
        lists = output.JsonLists("nodes", "links")
        complete = True
        with output.progress(quiet=session.as_json) as advance:
            async for part in answers(client, client.traceability.StreamTrace, request):
                complete = part.complete
                if session.as_json:
                    for node in part.nodes:
                        lists.add("nodes", _text(shapes_trace.node(node)))
                    for link in part.links:
                        lists.add("links", _text(shapes_trace.link(link)))
                    continue
                nodes += map(shapes_trace.node, part.nodes)
                links += map(shapes_trace.link, part.links)
                advance(t("{nodes} items, {links} links").format(nodes=len(nodes), links=len(links)), len(nodes), 0)
        if session.as_json:
            lists.end(complete=complete)
            return
        names = await public_names(client, programme.name)
        _draw_tree(nodes, links, names, backward=backward)
        _say_if_more(complete=complete)

    session.run(work)


def _draw_tree(
    nodes: list[dict[str, Any]], links: list[dict[str, Any]], names: dict[str, str], *, backward: bool
) -> None:
    from fenxiao.cli.tree_drawing import line_text, tree_lines

    for line in tree_lines(nodes, links, backward=backward):
        typer.echo(line_text(line, nodes[line.node], lambda uri: named(uri, names)))


def tree(
    context: typer.Context,
    item: ItemArgument,
    direction: Annotated[Direction, typer.Option("--direction", help=t("back, forward or both."))] = Direction.BOTH,
    since: SinceOption = "",
    until: UntilOption = "",
    depth: DepthOption = 0,
    limit: Annotated[int, typer.Option("--limit", min=0, max=10_000, help=t("At most so many; 10,000 if 0."))] = 1000,
    with_events: Annotated[
        bool, typer.Option("--events", help=t("Give the events that say so with it, in --json."))
    ] = False,
) -> None:
    """Print a genealogy with its layers."""
    session = Session.of(context)

    async def work(client: "Client") -> tuple[dict[str, Any], dict[str, str]]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_trace
        from fenxiao.cli.periods import zone

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        ways = {
            Direction.BACK: pb.TRACE_DIRECTION_BACKWARD,
            Direction.FORWARD: pb.TRACE_DIRECTION_FORWARD,
            Direction.BOTH: pb.TRACE_DIRECTION_BOTH,
        }
        request = pb.TraceRequest(
            parent=programme.name,
            epc=read_item(item),
            direction=ways[direction],
            since=stamp(since, where),
            until=stamp(until, where),
            depth=depth,
            max_nodes=limit or 10_000,
            with_events=with_events or not session.as_json,  # for people they say the amounts
        )
        answer = await client.traceability.Trace(request)
        found = {
            "layers": answer.layers,
            "rows": answer.rows,
            "complete": answer.complete,
            "nodes": [shapes_trace.node(one) for one in answer.nodes],
            "links": [shapes_trace.link(one) for one in answer.links],
        }
        if session.as_json:
            if with_events:
                found["events"] = [shapes_trace.traced_event(one) for one in answer.events]
                found["events_complete"] = answer.events_complete
            return found, {}
        return found, await public_names(client, programme.name)

    found, names = session.run(work)
    if session.as_json:
        _print_json(found)
        return
    from fenxiao.cli.tree_drawing import layer_lines

    for line in layer_lines(found["nodes"], found["links"], lambda uri: named(uri, names)):
        typer.echo(line)
    _say_if_more(complete=found["complete"])


def _print_json(found: dict[str, Any]) -> None:
    from fenxiao.epcis.strict_json import to_text

    kinds = ("nodes", "links", *(("events",) if "events" in found else ()))
    lists = output.JsonLists(*kinds)
    for kind in kinds:
        for one in found[kind]:
            lists.add(kind, to_text(one) if kind == "events" else _text(one))
    lists.end(**{key: value for key, value in found.items() if key not in kinds})


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _say_if_more(*, complete: bool) -> None:
    if not complete:
        output.say(t("There is more of it: raise --limit or --depth, or narrow it down with --since and --until."))
