"""`fenxiao rank`: grant, withdraw, list."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.commands.importing import Rejects, import_file
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session, find_member, references_of, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client

_PAGE = 500
_MEMBER_HELP = t("The merchant's number of the member, or the UUID.")
_TIME_HELP = t("A date in the programme's time zone, or a time with its offset (RFC 3339).")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Ranks that are granted to members."), no_args_is_help=True)
    group.command("grant", help=t("Grant a member a rank whatever the plan's rules say, or those of a file."))(grant)
    group.command("withdraw", help=t("Let the plan's rules decide on a member's rank again."))(withdraw)
    group.command("list", help=t("List granted ranks, in the order in which they were granted."))(list_)
    app.add_typer(group, name="rank")


def grant(
    context: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_MEMBER_HELP)] = "",
    rank: Annotated[str, typer.Argument(metavar="RANK", help=t("A rank of the plan."))] = "",
    since: Annotated[str, typer.Option("--since", help=_TIME_HELP)] = "",
    until: Annotated[
        str, typer.Option("--until", help=t("When it is withdrawn at once; without end if it is left out."))
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help=t("CSV or Parquet: member_id, rank, since, until.")),
    ] = None,
    rejects: Rejects = None,
) -> None:
    """Grant one rank, or those of a file."""
    session = Session.of(context)
    if file is not None and not (member or since or until):
        from fenxiao.client.imports import grant_ranks

        import_file(session, grant_ranks, file, rejects=rejects)
    elif file is None and rank and since and rejects is None:
        _grant_one(session, member, rank, since, until)
    else:
        raise Misuse("WRONG_USAGE", "Give MEMBER RANK --since TIME, or --file FILE (with --rejects, if you like).")


def withdraw(
    context: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_MEMBER_HELP)],
    since: Annotated[str, typer.Option("--since", help=_TIME_HELP)],
) -> None:
    """Withdraw what is granted to a member."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        request = commission_pb2.WithdrawRankGrantRequest(
            parent=programme.name,
            member=(await find_member(client, programme.name, member))[0],
            effective_time=to_stamp(read_moment(since, zone(programme.time_zone))),
        )
        return await _shown(client, programme.name, await client.commission.WithdrawRankGrant(request))

    _print(session, session.run(work))


def list_(
    context: typer.Context,
    member: Annotated[str, typer.Option("--member", metavar="MEMBER", help=_MEMBER_HELP)] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 100,
) -> None:
    """Print granted ranks."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListRankGrantsRequest(
            parent=parent,
            member=(await find_member(client, parent, member))[0] if member else "",
            page_size=min(limit or _PAGE, _PAGE),
        )
        found: list[commission_pb2.RankGrant] = []
        async for page in pages(client.commission.ListRankGrants, request):
            found += page.grants
            if limit and len(found) >= limit:
                break
        found = found[: limit or None]
        members = await references_of(client, parent, {one.member for one in found})
        return [shapes.rank_grant(one, members) for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"grants": found})
        return
    output.table(
        [t("member"), t("rank"), t("since"), t("until"), t("granted by")],
        [
            [one["member_id"] or one["member"], one["rank"], one["since"], one["until"] or "–", one["granted_by"]]
            for one in found
        ],
    )


def _grant_one(session: Session, member: str, rank: str, since: str, until: str) -> None:
    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        calendar = zone(programme.time_zone)
        wanted = commission_pb2.RankGrant(
            member=(await find_member(client, programme.name, member))[0],
            rank=rank,
            effective_time=to_stamp(read_moment(since, calendar)),
            end_time=to_stamp(read_moment(until, calendar)) if until else None,
        )
        request = commission_pb2.GrantRankRequest(parent=programme.name, grant=wanted)
        return await _shown(client, programme.name, await client.commission.GrantRank(request))

    _print(session, session.run(work))


async def _shown(client: "Client", parent: str, message: "commission_pb2.RankGrant") -> dict[str, Any]:
    from fenxiao.cli import shapes

    return shapes.rank_grant(message, await references_of(client, parent, {message.member}))


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("member"), f"{found['member_id']}  {found['member']}".strip()),
            (t("rank"), found["rank"]),
            (t("since"), found["since"]),
            (t("until"), found["until"] or "–"),
            (t("granted by"), found["granted_by"]),
        ]
    )
