"""`fenxiao trace place` and `product`: what everybody may know of the places and products that events name."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.commands.importing import FileArgument, Rejects, import_file
from fenxiao.cli.items import ItemArgument, LimitOption, read_item, short
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE: Final = 500

NameEn = Annotated[str, typer.Option("--name-en", help=t("What it is called in English."))]
NameZh = Annotated[str, typer.Option("--name-zh", help=t("What it is called in Chinese."))]


def add(group: typer.Typer) -> None:
    """Add the commands."""
    places = typer.Typer(help=t("Places: what everybody may know of them."), no_args_is_help=True)
    places.command("set", help=t("Say what a place is called and where it is."))(set_place)
    places.command("import", help=t("Import places from CSV or Parquet."))(import_places_)
    places.command("list", help=t("List the places of which something is known."))(list_places)
    group.add_typer(places, name="place")
    products = typer.Typer(help=t("Products: what everybody may know of them."), no_args_is_help=True)
    products.command("set", help=t("Say what a product, lot or object is called."))(set_product)
    products.command("import", help=t("Import products from CSV or Parquet."))(import_products_)
    products.command("list", help=t("List the products of which something is known."))(list_products)
    group.add_typer(products, name="product")


def set_place(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help=t("As events name it: 414/GLN, an EPC URI, or another URI."))
    ],
    name_en: NameEn = "",
    name_zh: NameZh = "",
    country: Annotated[str, typer.Option("--country", help=t("ISO 3166-1 alpha-2 code, such as GB."))] = "",
    latitude: Annotated[str, typer.Option("--latitude", help=t("Degrees north, such as 43.77."))] = "",
    longitude: Annotated[str, typer.Option("--longitude", help=t("Degrees east, such as 11.25."))] = "",
) -> None:
    """Set a place."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace

        wanted = links_pb2.PublicPlace(
            identifier=read_item(place),
            name_en=name_en,
            name_zh=name_zh,
            country=country,
            latitude=latitude,
            longitude=longitude,
        )
        request = links_pb2.SetPlaceRequest(parent=(await session.find_programme(client)).name, place=wanted)
        return shapes_trace.place(await client.traceability.SetPlace(request))

    found = session.run(work)
    output.print_json(found) if session.as_json else _print_places([found])


def import_places_(context: typer.Context, file: FileArgument, rejects: Rejects = None) -> None:
    """Import places."""
    from fenxiao.client.imports import import_places

    import_file(Session.of(context), import_places, file, rejects=rejects)


def list_places(context: typer.Context, limit: LimitOption = 0) -> None:
    """Print places."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = links_pb2.ListPlacesRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
        found = listed(client.traceability.ListPlaces, request, lambda page: page.places, limit)
        return [shapes_trace.place(one) async for one in found]

    found = session.run(work)
    output.print_json({"places": found}) if session.as_json else _print_places(found)


def _print_places(found: list[dict[str, Any]]) -> None:
    output.table(
        [t("place"), t("English"), t("Chinese"), t("country"), t("position on earth")],
        [
            [
                short(one["place"]),
                one["name_en"],
                one["name_zh"],
                one["country"],
                f"{one['latitude']}, {one['longitude']}" if one["latitude"] else "",
            ]
            for one in found
        ],
    )


def set_product(
    context: typer.Context,
    item: ItemArgument,
    name_en: NameEn = "",
    name_zh: NameZh = "",
    text_en: Annotated[str, typer.Option("--text-en", help=t("What there is to say of it, in English."))] = "",
    text_zh: Annotated[str, typer.Option("--text-zh", help=t("What there is to say of it, in Chinese."))] = "",
) -> None:
    """Set a product."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace

        wanted = links_pb2.PublicProduct(
            identifier=read_item(item), name_en=name_en, name_zh=name_zh, text_en=text_en, text_zh=text_zh
        )
        request = links_pb2.SetProductRequest(parent=(await session.find_programme(client)).name, product=wanted)
        return shapes_trace.product(await client.traceability.SetProduct(request))

    found = session.run(work)
    output.print_json(found) if session.as_json else _print_products([found])


def import_products_(context: typer.Context, file: FileArgument, rejects: Rejects = None) -> None:
    """Import products."""
    from fenxiao.client.imports import import_products

    import_file(Session.of(context), import_products, file, rejects=rejects)


def list_products(context: typer.Context, limit: LimitOption = 0) -> None:
    """Print products."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = links_pb2.ListProductsRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
        found = listed(client.traceability.ListProducts, request, lambda page: page.products, limit)
        return [shapes_trace.product(one) async for one in found]

    found = session.run(work)
    output.print_json({"products": found}) if session.as_json else _print_products(found)


def _print_products(found: list[dict[str, Any]]) -> None:
    output.table(
        [t("item"), t("English"), t("Chinese")],
        [[short(one["item"]), one["name_en"], one["name_zh"]] for one in found],
    )
