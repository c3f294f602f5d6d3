"""`fenxiao advance`: moves the programme's time on without a distribution."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, time_text, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the command."""
    what = "Move the programme's time on without a distribution: release what is due, and let points expire."
    app.command("advance", help=t(what))(advance)


def advance(
    context: typer.Context,
    as_of: Annotated[
        str,
        typer.Option("--as-of", help=t("A date in the programme's time zone, or a time with its offset (RFC 3339).")),
    ],
) -> None:
    """Advance the programme's time."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        moment = to_stamp(read_moment(as_of, zone(programme.time_zone)))
        answer = await client.settlement.AdvanceTime(points_pb2.AdvanceTimeRequest(parent=programme.name, as_of=moment))
        return {"as_of": time_text(answer.as_of)}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
    else:
        output.facts([(t("the programme's time"), found["as_of"])])
