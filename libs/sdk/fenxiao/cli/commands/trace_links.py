"""`fenxiao trace links` and `qr`: where somebody is sent who scans an item, and the code to be scanned."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import ItemArgument, LimitOption, in_language, read_item, short
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import links_pb2
    from fenxiao.client import Client

_PAGE: Final = 100


class Level(StrEnum):
    """How much of a code may be damaged."""

    L = "L"
    M = "M"
    Q = "Q"
    H = "H"


def add(group: typer.Typer) -> None:
    """Add the commands."""
    links = typer.Typer(help=t("Links that answer who scans an item (GS1 Digital Link)."), no_args_is_help=True)
    help_ = t("Set a link of an item; in place of one of the same type, language and media type.")
    links.command("set", help=help_)(set_)
    links.command("list", help=t("List links: of an item and what it inherits from, or all."))(list_)
    links.command("remove", help=t("Take links of an item away."))(remove)
    group.add_typer(links, name="links")
    group.command("qr", help=t("Draw the QR code of an item, to be printed on it."))(qr)


def set_(
    context: typer.Context,
    item: ItemArgument,
    link_type: Annotated[str, typer.Argument(metavar="TYPE", help=t("gs1:pip, gs1:traceability, … or a URL."))],
    target: Annotated[str, typer.Argument(metavar="URL", help=t("Where it leads: http or https."))],
    title_en: Annotated[str, typer.Option("--title-en", help=t("What it is called in English."))] = "",
    title_zh: Annotated[str, typer.Option("--title-zh", help=t("What it is called in Chinese."))] = "",
    language: Annotated[str, typer.Option("--language", help=t("Of the target, such as en or zh-CN; any."))] = "",
    media_type: Annotated[str, typer.Option("--media-type", help=t("Of the target, such as text/html."))] = "",
    is_default: Annotated[
        bool, typer.Option("--default", help=t("It answers who asks for nothing in particular."))
    ] = False,
) -> None:
    """Set a link."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import links_pb2 as pb
        from fenxiao.cli import shapes_trace

        parent = (await session.find_programme(client)).name
        wanted = pb.Link(
            link_type=link_type,
            target=target,
            title_en=title_en,
            title_zh=title_zh,
            language=language,
            media_type=media_type,
            is_default=is_default,
        )
        others = [one for one in await _own_links(client, parent, item) if _key(one) != _key(wanted)]
        request = pb.SetLinksRequest(parent=parent, identifier=read_item(item), links=[*others, wanted])
        return shapes_trace.link_set(await client.traceability.SetLinks(request))

    _print(session, [session.run(work)], single=True)


async def _own_links(client: "Client", parent: str, item: str) -> "list[links_pb2.Link]":
    """The links that an item has itself. A message has all of them: what is not named in it is gone."""
    from fenxiao.api.traceability.v1 import links_pb2
    from fenxiao.epcis import canonical_identifier

    uri = read_item(item)
    answer = await client.traceability.ListLinks(links_pb2.ListLinksRequest(parent=parent, identifier=uri))
    own = canonical_identifier(uri)
    return [link for one in answer.link_sets if canonical_identifier(one.identifier) == own for link in one.links]


def _key(link: "links_pb2.Link") -> tuple[str, str, str]:
    kind = link.link_type.removeprefix("https://ref.gs1.org/voc/").removeprefix("gs1:")
    return kind, link.language, link.media_type


def list_(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help=t("Only of this one and what it inherits from."))] = "",
    limit: LimitOption = 100,
) -> None:
    """Print links."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = links_pb2.ListLinksRequest(
            parent=parent, identifier=read_item(item), page_size=min(limit or _PAGE, _PAGE)
        )
        found = listed(client.traceability.ListLinks, request, lambda page: page.link_sets, limit)
        return [shapes_trace.link_set(one) async for one in found]

    _print(session, session.run(work))


def remove(
    context: typer.Context,
    item: ItemArgument,
    link_types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help=t("Only links of this type; may be repeated."))
    ] = None,
) -> None:
    """Remove links."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import links_pb2
        from fenxiao.cli import shapes_trace

        parent = (await session.find_programme(client)).name
        request = links_pb2.RemoveLinksRequest(parent=parent, identifier=read_item(item), link_types=link_types or ())
        return shapes_trace.link_set(await client.traceability.RemoveLinks(request))

    _print(session, [session.run(work)], single=True)


def _print(session: Session, found: list[dict[str, Any]], *, single: bool = False) -> None:
    if session.as_json:
        output.print_json(found[0] if single else {"link_sets": found})
        return
    output.table(
        [t("item"), t("kind"), t("target"), t("title"), t("language"), t("default")],
        [
            [
                short(one["item"]),
                link["link_type"].replace("https://ref.gs1.org/voc/", "gs1:"),
                link["target"],
                in_language(link["title_en"], link["title_zh"]),
                link["language"],
                t("yes") if link["is_default"] else "",
            ]
            for one in found
            for link in one["links"]
        ],
    )


def qr(
    context: typer.Context,
    item: ItemArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=t("Where to put it: .svg or .png."))],
    size: Annotated[int, typer.Option("--size", min=64, max=2048, help=t("Its width in pixels."))] = 512,
    level: Annotated[Level, typer.Option("--level", help=t("How much of it may be damaged, from L to H."))] = Level.M,
) -> None:
    """Write the code."""
    session = Session.of(context)
    kind = out.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png"):
        raise Misuse("WRONG_USAGE", "A code is drawn into a file that ends in .svg or .png.")

    async def work(client: "Client") -> bytes:
        from fenxiao.client.web import call_web
        from fenxiao.epcis import canonical_identifier

        programme = id_of((await session.find_programme(client)).name)
        written = read_item(item)
        # A Digital Link may name more than its canonical form, such as the lot of a serial number.
        uri = written if short(written) != written else canonical_identifier(written)
        if uri is None:
            message = f"{item[:200]!r} is no GS1 identifier, and others have no Digital Link to be drawn."
            raise Refusal("INVALID_IDENTIFIER", message, field="item")
        path = f"/{programme}/{short(uri)}/qr.{kind}?size={size}&level={level}"
        return (await call_web(client, "traceability", "GET", path)).body

    drawn = session.run(work)
    try:
        out.write_bytes(drawn)
    except OSError as error:
        raise Refusal("FILE_NOT_WRITABLE", f"{out} cannot be written: {error.strerror}.") from None
    if session.as_json:
        output.print_json({"file": str(out), "bytes": len(drawn)})
    else:
        typer.echo(str(out))
