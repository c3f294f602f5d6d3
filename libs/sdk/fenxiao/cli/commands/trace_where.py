"""`fenxiao trace locate` and `inventory`: where something is, who has it, and what all have."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.items import (
    MOMENT_HELP,
    ItemsArgument,
    LimitOption,
    amount,
    named,
    public_names,
    read_item,
    stamp,
)
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE: Final = 1000


def add(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("locate", help=t("Say where something is, who has it and in what state."))(locate)
    group.command("inventory", help=t("List who has what and where, added up from the events."))(inventory)


def locate(
    context: typer.Context,
    items: ItemsArgument,
    at: Annotated[str, typer.Option("--as-of", metavar="TIME", help=MOMENT_HELP)] = "",
) -> None:
    """Print where each is; what no event names ends it with 5, the others are shown."""
    session = Session.of(context)

    async def work(client: "Client") -> tuple[list[dict[str, Any]], dict[str, str]]:
        from fenxiao.api.traceability.v1 import goods_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.cli.periods import zone

        programme = await session.find_programme(client)
        moment = stamp(at, zone(programme.time_zone))
        found: list[dict[str, Any]] = []
        for item in items:
            request = goods_pb2.LocateRequest(parent=programme.name, epc=read_item(item), time=moment)
            try:
                answer = await client.traceability.Locate(request)
            except Refusal as refusal:
                if len(items) == 1 or refusal.kind is not Kind.NOT_FOUND:
                    raise
                problem = {"reason": refusal.reason, "message": refusal.message}
                found.append({"item": read_item(item), "whereabouts": [], "problem": problem})
                continue
            places = [shapes_trace.whereabouts(one) for one in answer.whereabouts]
            found.append({"item": answer.epc, "whereabouts": places, "problem": None})
        return found, {} if session.as_json else await public_names(client, programme.name)

    found, names = session.run(work)
    if session.as_json:
        output.print_json({"items": found})
    else:
        _print(found, names)
    if any(one["problem"] for one in found):
        raise typer.Exit(exits.NOT_FOUND)


def _print(found: list[dict[str, Any]], names: dict[str, str]) -> None:
    output.table(
        [t("item"), t("quantity"), t("place"), t("holder"), t("disposition"), t("since"), t("in")],
        [
            [
                named(one["item"], names),
                amount(place["quantity"], place["uom"]),
                _place(place, names),
                named(place["holder"], names),
                " ".join([place["disposition"], *place["persistent_dispositions"]]).strip()
                or ("" if place["active"] else t("no longer there")),
                place["since"] or "",
                " < ".join(named(container, names) for container in place["containers"]),
            ]
            for one in found
            for place in one["whereabouts"]
        ],
        right=[1],
    )
    for one in found:
        if one["problem"]:
            said = refusal_text(one["problem"]["reason"], one["problem"]["message"])
            output.say(f"✗ {named(one['item'], names)}: {said}")
        elif not one["whereabouts"]:
            output.say(t("{item}: nothing of it is left.").format(item=named(one["item"], names)))


def _place(place: dict[str, Any], names: dict[str, str]) -> str:
    here = named(place["place"], names)
    if not place["in_transit"]:
        return here
    towards = named(place["towards"], names) or "?"
    return t("under way from {place} to {towards}").format(place=here or "?", towards=towards)


def inventory(
    context: typer.Context,
    holder: Annotated[str, typer.Option("--holder", metavar="PARTY", help=t("Only what this party has."))] = "",
    product: Annotated[str, typer.Option("--product", metavar="ITEM", help=t("Only this product."))] = "",
    place: Annotated[str, typer.Option("--place", metavar="PLACE", help=t("Only what is there."))] = "",
    limit: LimitOption = 0,
) -> None:
    """Print what all have."""
    session = Session.of(context)

    async def work(client: "Client") -> tuple[list[dict[str, Any]], dict[str, str]]:
        from fenxiao.api.traceability.v1 import goods_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = goods_pb2.ListInventoryRequest(
            parent=parent,
            holder=read_item(holder),
            product=read_item(product),
            place=read_item(place),
            page_size=min(limit or _PAGE, _PAGE),
        )
        found = listed(client.traceability.ListInventory, request, lambda page: page.lines, limit)
        lines = [shapes_trace.inventory_line(one) async for one in found]
        return lines, {} if session.as_json else await public_names(client, parent)

    found, names = session.run(work)
    if session.as_json:
        output.print_json({"lines": found})
        return
    output.table(
        [t("holder"), t("product"), t("place"), t("objects"), t("lots"), t("quantity")],
        [
            [
                named(one["holder"], names) or "?",
                named(one["product"], names),
                t("in transit") if one["in_transit"] else named(one["place"], names) or "?",
                f"{one['objects']:,}",
                f"{one['lots']:,}",
                amount(one["quantity"], one["uom"]),
            ]
            for one in found
        ],
        right=[3, 4, 5],
    )
