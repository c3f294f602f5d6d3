"""`fenxiao leaderboard`: who comes first in a period, and who has reached a target."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("leaderboard", help=t("Show who comes first in a period, or who has reached a target."))(leaderboard)


def leaderboard(
    context: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="MEASURE",
            help=t("pv, gv, sales, rank, highest, earned, or what a rank asks for: /ranks/1/legs/0."),
        ),
    ] = "gv",
    period: Annotated[
        str, typer.Option("--period", metavar="DAY", help=t("The period's first day; without: the open one, so far."))
    ] = "open",
    top: Annotated[int, typer.Option("--top", min=1, max=1000, help=t("Show at most so many members."))] = 20,
    target: Annotated[
        str, typer.Option("--target", metavar="NUMBER", help=t("Only who has reached so much, and how many have."))
    ] = "",
) -> None:
    """Print a leaderboard."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        name, reached = f"{parent}/periods/{period}", None
        if target:
            listing = commission_pb2.ListTargetsReachedRequest(parent=name, by=by, least=target, page_size=top)
            answer = await client.commission.ListTargetsReached(listing)
            reached = answer.reached
        else:
            request = commission_pb2.GetLeaderboardRequest(parent=name, by=by, top=top)
            answer = await client.commission.GetLeaderboard(request)
        members = await references_of(client, parent, {one.member for one in answer.standings})
        return {
            "period": shapes.period(answer.period),
            "by": by,
            "target": target or None,
            "reached": reached,
            "standings": [shapes.standing(one, members) for one in answer.standings],
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    facts = [(t("period"), found["period"]["period"]), (t("state"), t(found["period"]["state"])), (t("by"), by)]
    if target:
        facts += [(t("target"), target), (t("have reached it"), f"{found['reached']:,}")]
    output.facts(facts)
    output.table(
        [t("standing"), t("member"), t("value"), t("rank")],
        [
            [str(one["place"]), one["member_id"] or one["member"], one["value"], one["rank"]]
            for one in found["standings"]
        ],
        right=[0, 2],
    )
