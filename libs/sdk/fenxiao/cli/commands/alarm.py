"""`fenxiao alarm`: what rules have found in the network."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import alarms, output
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


class State(StrEnum):
    """Whether an alarm still holds."""

    OPEN = "open"
    CLEARED = "cleared"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Rules of law that the network does not satisfy."), no_args_is_help=True)
    group.command("list", help=t("List alarms, in the order in which closings raised them."))(list_)
    app.add_typer(group, name="alarm")


def list_(
    context: typer.Context,
    period: Annotated[
        str, typer.Option("--period", metavar="DAY", help=t("Only about the period that begins on this day."))
    ] = "",
    state: Annotated[State | None, typer.Option("--state", help=t("Only those in this state."))] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 100,
) -> None:
    """Print alarms."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        about = f"{parent}/periods/{period}" if period else ""
        request = commission_pb2.ListAlarmsRequest(parent=parent, period=about)
        if state is not None:
            request.state = commission_pb2.AlarmState.Value(f"ALARM_STATE_{state.name}")
        return await alarms.shaped(client, parent, await alarms.read(client, request, limit))

    found = session.run(work)
    if session.as_json:
        output.print_json({"alarms": found})
    else:
        alarms.print_alarms(found)
