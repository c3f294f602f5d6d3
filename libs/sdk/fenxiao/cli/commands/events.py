"""`fenxiao events tail`: the public events of the services, as they come."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help=t("Public events of the services."), no_args_is_help=True)
    group.callback()(_group)  # one command alone would take the group's place
    group.command("tail", help=t("Show public events as they come."))(tail)
    app.add_typer(group, name="events")


def _group() -> None:
    pass


def tail(
    context: typer.Context,
    service: Annotated[
        list[str] | None,
        typer.Option("--service", help=t("A service; may be repeated. All of them if none is named.")),
    ] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help=t("Begin with the first event."))] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("Stop after so many."))] = 0,
) -> None:
    """Print events until enough are printed, or for ever."""
    from fenxiao.client import SERVICES

    session = Session.of(context)
    for name in service or ():
        if name not in SERVICES:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(SERVICES)}", param_hint="--service")
    session.run(lambda client: _tail(session, client, service or [], from_start=from_start, limit=limit))


async def _tail(session: Session, client: "Client", services: list[str], *, from_start: bool, limit: int) -> None:
    import asyncio

    import fenxiao.verify.export  # noqa: F401 # pyright: ignore[reportUnusedImport] - loads the events' types
    from fenxiao.client import SERVICES
    from fenxiao.client.streams import tail_events

    programme = id_of((await session.find_programme(client)).name)
    queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=100)

    async def read(service: str) -> None:
        async for event in tail_events(client, service, programme, only_new=not from_start):
            await queue.put(event)

    tasks = [asyncio.create_task(read(service)) for service in services or SERVICES]
    try:
        count = 0
        while not limit or count < limit:
            getting = asyncio.ensure_future(queue.get())
            await asyncio.wait({getting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                for task in tasks:
                    if task.done():
                        task.result()  # a stream never ends well by itself
            _print(session, await getting)
            count += 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _print(session: Session, event: Any) -> None:
    from google.protobuf.json_format import MessageToDict

    shown: dict[str, Any] = MessageToDict(event, preserving_proto_field_name=True)
    if session.as_json:
        output.print_json_line(shown)
        return
    name = str(shown.get("type", "")).rpartition(".")[2]
    data = {key: value for key, value in shown.get("data", {}).items() if key != "@type"}
    words = " ".join(f"{key}={_short(value)}" for key, value in data.items())
    typer.echo(f"{shown.get('occur_time', '')}  {event.source:<12}  {name:<20}  {words}")


def _short(value: Any) -> str:
    match value:
        case list():
            return f"[{len(value)}]"  # pyright: ignore[reportUnknownArgumentType] - only counted
        case str() if len(value) > 44:
            return value[:40] + "…"
        case _:
            return str(value)
