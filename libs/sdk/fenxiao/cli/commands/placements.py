"""`fenxiao members place` and the placement tree of `members tree --placement`."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli.commands import member_view
from fenxiao.cli.commands.importing import Rejects, import_file
from fenxiao.cli.commands.member_view import MemberArgument, MomentHelp
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session, find_member, to_stamp
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.membership.v1.membership_pb2 import ListPlacementsResponse
    from fenxiao.client import Client


def place(
    context: typer.Context,
    member: MemberArgument = "",
    since: Annotated[str, typer.Option("--since", help=MomentHelp)] = "",
    below: Annotated[
        str, typer.Option("--below", metavar="MEMBER", help=t("The parent; by spill-over from there without --leg."))
    ] = "",
    leg: Annotated[str, typer.Option("--leg", help=t("left, right, or its number from 0 on the left."))] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help=t("CSV or Parquet: member_id, since, placement_id, leg.")),
    ] = None,
    rejects: Rejects = None,
) -> None:
    """Place a member, or those of a file."""
    session = Session.of(context)
    if file is not None and not (member or since or below or leg):
        from fenxiao.client.imports import place_members

        import_file(session, place_members, file, rejects=rejects)
        return
    if file is not None or rejects is not None or not (member and since):
        message = "Give MEMBER and --since (with --below and --leg, if you like), or --file (with --rejects)."
        raise Misuse("WRONG_USAGE", message)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2, placement_pb2
        from fenxiao.cli.periods import read_moment, zone
        from fenxiao.client.lines import read_leg

        programme = await session.find_programme(client)
        name, _ = await find_member(client, programme.name, member)
        request = membership_pb2.PlaceMemberRequest(
            name=name, effective_time=to_stamp(read_moment(since, zone(programme.time_zone)))
        )
        if below or leg:
            request.placement.CopyFrom(placement_pb2.PlacementWish(leg=read_leg(leg)))
        if below:
            request.placement.parent, _ = await find_member(client, programme.name, below)
        await client.membership.PlaceMember(request)
        return await member_view.load(client, programme.name, name)

    member_view.show(session, session.run(work))


async def load_tree(
    client: "Client", parent: str, top: str, depth: int, until: datetime | None
) -> list[dict[str, Any]]:
    """Give the placement tree below a member (all of it if `top` is empty), depth first and legs from the left.

    `until` leaves out who had no place yet; nobody is moved, so that gives the tree of that moment.
    """
    from fenxiao.api.membership.v1 import membership_pb2
    from fenxiao.cli import member_shapes
    from fenxiao.client.client import pages

    below: defaultdict[str, list[ListPlacementsResponse.Placement]] = defaultdict(list)
    known: dict[str, ListPlacementsResponse.Placement] = {}
    request = membership_pb2.ListPlacementsRequest(parent=parent, page_size=10_000)
    latest = to_stamp(until).ToMicroseconds() if until else None
    async for page in pages(client.membership.ListPlacements, request):
        for one in page.placements:
            if latest is None or one.place.effective_time.ToMicroseconds() <= latest:
                known[one.name] = one
                below[one.place.parent].append(one)
    if top and top not in known:
        raise Refusal("MEMBER_NOT_PLACED", "The member has no place in the placement tree.", kind=Kind.NOT_FOUND)
    references = {name: one.reference for name, one in known.items() if one.reference}
    nodes: list[dict[str, Any]] = []
    # A stack and no recursion: a leg may be as deep as the programme has members.
    waiting = [(0, known[top])] if top else [(0, one) for one in reversed(below[""])]
    while waiting:
        level, one = waiting.pop()
        children = sorted(below.get(one.name, ()), key=lambda child: child.place.leg, reverse=True)
        nodes.append(member_shapes.placement_node(one, references, level, len(children)))
        if not depth or level < depth:
            waiting += [(level + 1, child) for child in children]
    return nodes


def print_tree(nodes: list[dict[str, Any]]) -> None:
    """Print a line for each member, with the leg on which it stands."""
    for node in nodes:
        leg = f"{node['leg']}: " if node["parent"] else ""
        below = f"  ({node['children']})" if node["children"] else ""
        typer.echo(f"{'  ' * node['level']}{leg}{node['member_id'] or node['member']}{below}")
