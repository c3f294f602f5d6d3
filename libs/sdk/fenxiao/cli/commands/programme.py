"""`fenxiao programme`: create, set-placement, disclose-countries, show, list."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session, id_of, references_of, to_stamp
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
    help_ = t("Publish in which countries the members live, for good: plans that pay by country need it.")
    group.command("disclose-countries", help=help_)(disclose_countries)
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
        from fenxiao.cli import member_shapes
        from fenxiao.cli.periods import read_moment, zone

        programme = membership_pb2.Programme(
            display_name=name or programme_id,
            currency=currency,
            time_zone=time_zone,
            start_time=to_stamp(read_moment(start, zone(time_zone))),
            placement=_rule(placement_width, spill) if spill else None,
        )
        request = membership_pb2.CreateProgrammeRequest(programme_id=programme_id, programme=programme)
        return member_shapes.programme(await client.membership.CreateProgramme(request))

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
        from fenxiao.cli import member_shapes

        name = (await session.find_programme(client)).name
        request = membership_pb2.SetPlacementRuleRequest(name=name, placement=_rule(width, spill))
        return member_shapes.programme(await client.membership.SetPlacementRule(request))

    _print(session, session.run(work))


def disclose_countries(context: typer.Context) -> None:
    """Disclose the countries of everybody, a page at a time."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.client.client import pages

        name = (await session.find_programme(client)).name
        disclosed, unreadable = 0, list[str]()
        request = membership_pb2.DiscloseCountriesRequest(name=name)
        async for page in pages(client.membership.DiscloseCountries, request):
            disclosed += page.disclosed
            unreadable += page.unreadable
        numbers = await references_of(client, name, set(unreadable))
        return {
            "programme": id_of(name),
            "disclosed": disclosed,
            "unreadable": [{"member": id_of(one), "member_id": numbers.get(one, "")} for one in unreadable],
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    output.facts([(t("programme"), found["programme"]), (t("disclosed"), f"{found['disclosed']:,}")])
    if found["unreadable"]:
        output.table([t("member"), ""], [[one["member_id"], one["member"]] for one in found["unreadable"]])
        said = t(
            "What stands as the country of these members is no ISO 3166-1 code; give `members change-country` one."
        )
        output.say(said)


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
        from fenxiao.cli import member_shapes

        return member_shapes.programme(await session.find_programme(client))

    _print(session, session.run(work))


def list_(context: typer.Context) -> None:
    """Print the programmes that the credential may see."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli import member_shapes
        from fenxiao.client.client import pages

        request = membership_pb2.ListProgrammesRequest(page_size=1000)
        return [
            member_shapes.programme(programme)
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
            (t("countries"), t("disclosed") if programme["countries_disclosed"] else t("not disclosed")),
        ]
    )
