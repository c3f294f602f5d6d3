"""Objects, lots and places as people write and read them."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from fenxiao.cli.texts import CHINESE, language, t

if TYPE_CHECKING:
    from fenxiao.client import Client

_HOME: Final = "https://id.gs1.org/"
_PATH: Final = re.compile(r"[0-9]{2,4}/.+")
_ELEMENT: Final = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
_ELEMENTS: Final = re.compile(rf"(?:{_ELEMENT.pattern})+")
_PAGE: Final = 1000

_ITEM_HELP = t("An object or lot: EPC URI, Digital Link, 01/GTIN/10/LOT, or (01)GTIN(10)LOT.")
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help=_ITEM_HELP)]
ItemsArgument = Annotated[list[str], typer.Argument(metavar="ITEM", help=_ITEM_HELP)]
MOMENT_HELP = t("A date in the programme's time zone, or a time with its offset (RFC 3339).")
SinceOption = Annotated[str, typer.Option("--since", metavar="TIME", help=MOMENT_HELP)]
UntilOption = Annotated[str, typer.Option("--until", metavar="TIME", help=MOMENT_HELP)]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))]


def read_item(text: str) -> str:
    """Give the URI of what is named as on a label, `(01)…(10)…`, or by its path alone; others as it is."""
    if _PATH.fullmatch(text):
        return _HOME + text
    if _ELEMENTS.fullmatch(text):
        return _HOME + "/".join(f"{key}/{quote(value, safe='')}" for key, value in _ELEMENT.findall(text))
    return text


def short(uri: str) -> str:
    """Give a shorter form that `read_item` reads."""
    return uri.removeprefix(_HOME)


def stamp(text: str, where: ZoneInfo) -> Any:
    """Give a moment as a time stamp; None for none."""
    from fenxiao.cli.periods import read_moment
    from fenxiao.cli.session import to_stamp

    return to_stamp(read_moment(text, where)) if text else None


async def public_names(client: "Client", parent: str) -> dict[str, str]:
    """Give what places and products are called, by URI: those of the first page each, for people to read."""
    from fenxiao.api.traceability.v1 import links_pb2

    places = await client.traceability.ListPlaces(links_pb2.ListPlacesRequest(parent=parent, page_size=_PAGE))
    products = await client.traceability.ListProducts(links_pb2.ListProductsRequest(parent=parent, page_size=_PAGE))
    return {one.identifier: in_language(one.name_en, one.name_zh) for one in (*places.places, *products.products)}


def in_language(english: str, chinese: str) -> str:
    """Give the one that is spoken, or else the other."""
    return (chinese or english) if language() == CHINESE else (english or chinese)


def named(uri: str, names: Mapping[str, str]) -> str:
    """Give an identifier in short, with its name; one of a lot or an object is that of its product."""
    from fenxiao.epcis import parse_identifier

    if not uri:
        return ""
    found = parse_identifier(uri)
    name = names.get(uri) or names.get(found.class_uri if found else "", "")
    return f"{short(uri)}  {name}" if name else short(uri)


def amount(quantity: str, uom: str) -> str:
    """Give an amount with its unit."""
    return f"{quantity} {uom}".strip()
