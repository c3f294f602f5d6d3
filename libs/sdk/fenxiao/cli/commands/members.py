"""`fenxiao members`: import, show, tree, place; what there is about wallets stands in `wallets.py`."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.commands import wallets
from fenxiao.cli.commands.importing import AllOrNothing, FileArgument, Rejects, import_file
from fenxiao.cli.session import Session, find_member, references_of, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Members and the tree of their sponsors."), no_args_is_help=True)
    group.command("import", help=t("Import members from CSV or Parquet."))(import_)
    group.command("show", help=t("Show a member."))(show)
    group.command("place", help=t("Give a member a place in the placement tree whom enrolment has not placed."))(place)
    group.command("tree", help=t("Show the tree below a member, or the whole of it."))(tree)
    wallets.register(group)
    app.add_typer(group, name="members")


def import_(
    context: typer.Context, file: FileArgument, all_or_nothing: AllOrNothing = False, rejects: Rejects = None
) -> None:
    """Import members."""
    from fenxiao.client.imports import import_members

    import_file(Session.of(context), import_members, file, rejects=rejects, all_or_nothing=all_or_nothing)


def show(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ],
) -> None:
    """Print a member."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        name, _ = await find_member(client, parent, member)
        found = await client.membership.GetMember(membership_pb2.GetMemberRequest(name=name))
        above = await references_of(client, parent, {found.sponsor, found.place.parent} - {""})
        return shapes.member(found, above)

    _print(session, session.run(work))


def place(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ],
    since: Annotated[
        str,
        typer.Option("--since", help=t("A date in the programme's time zone, or a time with its offset (RFC 3339).")),
    ],
    below: Annotated[
        str, typer.Option("--below", metavar="MEMBER", help=t("The parent; by spill-over from there without --leg."))
    ] = "",
    leg: Annotated[str, typer.Option("--leg", help=t("left, right, or its number from 0 on the left."))] = "",
) -> None:
    """Place a member."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2, placement_pb2
        from fenxiao.cli import shapes
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
        found = await client.membership.GetMember(membership_pb2.GetMemberRequest(name=name))
        above = await references_of(client, programme.name, {found.sponsor, found.place.parent} - {""})
        return shapes.member(found, above)

    _print(session, session.run(work))


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    proven = t("proven") if found["wallet_proven"] else t("not proven")
    output.facts(
        [
            (t("member"), f"{found['member_id']}  {found['member']}"),
            (t("sponsor"), f"{found['sponsor_id']}  {found['sponsor']}" if found["sponsor"] else "–"),
            (t("place"), _place(found["place"])),
            (t("joined"), found["joined_at"]),
            (t("name"), found["name"]),
            (t("wallet"), f"{found['wallet']} ({proven})" if found["wallet"] else "–"),
            (t("state"), t(found["state"])),
            (t("payee"), found["payee"]),
        ]
    )


def _place(place: dict[str, Any] | None) -> str:
    if place is None:
        return "–"
    if not place["parent"]:
        return t("at the top")
    where = t("leg {leg} of {parent}").format(leg=place["leg"], parent=place["parent_id"] or place["parent"])
    return f"{where}  ({place['since']})"


def tree(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ] = "",
    depth: Annotated[int, typer.Option("--depth", min=0, help=t("Levels below; all of them if 0."))] = 0,
    as_of: Annotated[
        str,
        typer.Option("--as-of", help=t("A date in the programme's time zone, or a time with its offset (RFC 3339).")),
    ] = "",
) -> None:
    """Print the tree, a line for each member."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import shapes
        from fenxiao.cli.periods import read_moment, zone
        from fenxiao.client.client import pages

        programme = await session.find_programme(client)
        request = membership_pb2.GetTreeRequest(parent=programme.name, depth=depth, page_size=5000)
        if member:
            request.root, _ = await find_member(client, programme.name, member)
        if as_of:
            request.as_of.CopyFrom(to_stamp(read_moment(as_of, zone(programme.time_zone))))
        found: list[dict[str, Any]] = []
        async for page in pages(client.membership.GetTree, request):
            found += [shapes.node(node) for node in page.nodes]
        return found

    nodes = session.run(work)
    if session.as_json:
        output.print_json({"nodes": nodes})
        return
    for node in nodes:
        below = f"  ({node['children']})" if node["children"] else ""
        typer.echo(f"{'  ' * node['level']}{node['member_id'] or node['member']}{below}")
