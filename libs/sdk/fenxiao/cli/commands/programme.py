"""`fenxiao programme`: create, set-placement, show, list."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.membership.v1.placement_pb2 import PlacementRule
    from fenxiao.client import Client

SpillOption = Annotated[
    str,
    typer.Option(
        "--spill",
        metavar="balanced|weaker|left|right",
        help=t("Where members go below their sponsor who choose no place."),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Programmes: one merchant's distribution scheme each."), no_args_is_help=True)
    group.command("create", help=t("Open a programme."))(create)
    group.command("set-placement", help=t("Give a programme its placement tree; fixed from then on."))(set_placement)
    group.command("show", help=t("Show a programme."))(show)
    group.command("list", help=t("List programmes."))(list_)
    app.add_typer(group, name="programme")


def create(
    context: typer.Context,
    programme_id: Annotated[str, typer.Argument(metavar="ID")],
    currency: Annotated[str, typer.Option("--currency", help=t("ISO 4217 code."))],
    start: Annotated[str, typer.Option("--start", help=t("Nothing that the programme records may be earlier."))],
    time_zone: Annotated[str, typer.Option("--time-zone", help=t("IANA name, such as Europe/London."))] = "UTC",
    name: Annotated[str, typer.Option("--name", help=t("Name for people."))] = "",
    placement_width: Annotated[
        int, typer.Option("--placement-width", help=t("Places below each member in a binary (2) or matrix tree."))
    ] = 0,
    spill: SpillOption = "",
) -> None:
    """Open a programme."""
    session = Session.of(context)
    if bool(placement_width) != bool(spill):
        raise Misuse("WRONG_USAGE", "Name --placement-width and --spill, or neither.")

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import shapes
        from fenxiao.cli.periods import read_moment, zone

        programme = membership_pb2.Programme(
            display_name=name or programme_id,
            currency=currency,
            time_zone=time_zone,
            start_time=to_stamp(read_moment(start, zone(time_zone))),
            placement=_rule(placement_width, spill) if spill else None,
        )
        request = membership_pb2.CreateProgrammeRequest(programme_id=programme_id, programme=programme)
        return shapes.programme(await client.membership.CreateProgramme(request))

    _print(session, session.run(work))


def set_placement(
    context: typer.Context,
    width: Annotated[int, typer.Option("--width", help=t("Places below each member in a binary (2) or matrix tree."))],
    spill: SpillOption,
) -> None:
    """Set the placement rule."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import shapes

        name = (await session.find_programme(client)).name
        request = membership_pb2.SetPlacementRuleRequest(name=name, placement=_rule(width, spill))
        return shapes.programme(await client.membership.SetPlacementRule(request))

    _print(session, session.run(work))


def _rule(width: int, spill: str) -> "PlacementRule":
    from fenxiao.api.membership.v1 import placement_pb2
    from fenxiao.plans.trees.placement import PlacementRules

    rules = PlacementRules.of(width, spill)
    return placement_pb2.PlacementRule(width=rules.width, spill=placement_pb2.Spill.Value(f"SPILL_{spill.upper()}"))


def show(context: typer.Context, programme_id: Annotated[str, typer.Argument(metavar="ID")] = "") -> None:
    """Print a programme."""
    from dataclasses import replace

    session = Session.of(context)
    if programme_id:
        session = replace(session, programme=programme_id)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.cli import shapes

        return shapes.programme(await session.find_programme(client))

    _print(session, session.run(work))


def list_(context: typer.Context) -> None:
    """Print the programmes that the credential may see."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        request = membership_pb2.ListProgrammesRequest(page_size=1000)
        return [
            shapes.programme(programme)
            async for page in pages(client.membership.ListProgrammes, request)
            for programme in page.programmes
        ]

    found = session.run(work)
    if session.as_json:
        output.print_json({"programmes": found})
        return
    keys = ("programme", "name", "currency", "time_zone", "start")
    output.table(
        [t("programme"), t("name"), t("currency"), t("time zone"), t("start")],
        [[str(programme[key]) for key in keys] for programme in found],
    )


def _print(session: Session, programme: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(programme)
        return
    placement = programme["placement"]
    output.facts(
        [
            (t("programme"), programme["programme"]),
            (t("name"), programme["name"]),
            (t("currency"), programme["currency"]),
            (t("time zone"), programme["time_zone"]),
            (t("start"), programme["start"]),
            (t("placement tree"), f"{placement['width']}  {t(placement['spill'])}" if placement else "–"),
        ]
    )
