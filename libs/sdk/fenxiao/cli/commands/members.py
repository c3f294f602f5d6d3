"""`fenxiao members`: import, show, tree; places, persons and wallets stand in the files of these names."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.commands import member_view, persons, placements, wallets
from fenxiao.cli.commands.importing import AllOrNothing, FileArgument, Rejects, import_file
from fenxiao.cli.commands.member_view import MemberArgument, MomentHelp
from fenxiao.cli.session import Session, find_member, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Members and the tree of their sponsors."), no_args_is_help=True)
    group.command("import", help=t("Import members from CSV or Parquet."))(import_)
    group.command("show", help=t("Show a member."))(show)
    help_ = t("Give a member a place in the placement tree whom enrolment has not placed.")
    group.command("place", help=help_)(placements.place)
    group.command("tree", help=t("Show the tree below a member, or the whole of it."))(tree)
    persons.register(group)
    wallets.register(group)
    app.add_typer(group, name="members")


def import_(
    context: typer.Context, file: FileArgument, all_or_nothing: AllOrNothing = False, rejects: Rejects = None
) -> None:
    """Import members."""
    from fenxiao.client.imports import import_members

    import_file(Session.of(context), import_members, file, rejects=rejects, all_or_nothing=all_or_nothing)


def show(context: typer.Context, member: MemberArgument) -> None:
    """Print a member."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        parent = (await session.find_programme(client)).name
        name, _ = await find_member(client, parent, member)
        return await member_view.load(client, parent, name)

    member_view.show(session, session.run(work))


def tree(
    context: typer.Context,
    member: MemberArgument = "",
    depth: Annotated[int, typer.Option("--depth", min=0, help=t("Levels below; all of them if 0."))] = 0,
    as_of: Annotated[str, typer.Option("--as-of", help=MomentHelp)] = "",
    placement: Annotated[
        bool, typer.Option("--placement", help=t("The placement tree instead of that of the sponsors."))
    ] = False,
) -> None:
    """Print the tree, a line for each member."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import member_shapes
        from fenxiao.cli.periods import read_moment, zone
        from fenxiao.client.client import pages

        programme = await session.find_programme(client)
        top = (await find_member(client, programme.name, member))[0] if member else ""
        moment = read_moment(as_of, zone(programme.time_zone)) if as_of else None
        if placement:
            return await placements.load_tree(client, programme.name, top, depth, moment)
        request = membership_pb2.GetTreeRequest(parent=programme.name, root=top, depth=depth, page_size=5000)
        if moment is not None:
            request.as_of.CopyFrom(to_stamp(moment))
        found: list[dict[str, Any]] = []
        async for page in pages(client.membership.GetTree, request):
            found += [member_shapes.node(node) for node in page.nodes]
        return found

    nodes = session.run(work)
    if session.as_json:
        output.print_json({"nodes": nodes})
    elif placement:
        placements.print_tree(nodes)
    else:
        for node in nodes:
            below = f"  ({node['children']})" if node["children"] else ""
            typer.echo(f"{'  ' * node['level']}{node['member_id'] or node['member']}{below}")
