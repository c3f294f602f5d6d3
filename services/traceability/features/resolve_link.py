"""Sends who asks for an identifier on to what its merchant says of it (GS1-Conformant Resolver)."""

from typing import NamedTuple

from aiohttp import web

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.digital_links import Asked, read_path, with_lot
from services.traceability.domain.events import Link
from services.traceability.domain.links import DEFAULT, Level, choose, link_type, send_on
from services.traceability.domain.linkset import CONTEXT, header, linkset, own_links
from services.traceability.domain.visibility import ANYBODY
from services.traceability.features.draw_qr_code import draw_qr_code
from services.traceability.pages.rendering import links_page, problem_page
from services.traceability.shared.journeys import is_reported, lot_of
from services.traceability.shared.resolver import HEADERS, Root, Wanted, data, preflight, problem, root_of
from services.traceability.shared.viewing import Viewer
from services.traceability.views.published_names import levels_of, products_of

_WHOLE = ("all", "linkset")


class Known(NamedTuple):
    """What is known of what was asked for."""

    asked: Asked
    levels: list[Level]
    """From the finest; the consumer page last."""
    names: dict[str, tuple[str, str]]
    """Names of products, English and Chinese."""


async def resolve_link(running: Running, request: web.Request, _: Call) -> web.StreamResponse:
    """307 to a link, a set of links, or a code to print."""
    if request.method == "OPTIONS":
        return preflight()
    wanted = Wanted.of(request)
    try:
        root = root_of(running, request)
        path = path_in(request)
        parts = path.split("/")
        # A Digital Link has a value for each name: what stands behind them is a file.
        if len(parts) % 2 and parts[-1] in ("qr.svg", "qr.png"):
            return draw_qr_code(request, root, read_path("/".join(parts[:-1])), parts[-1])
        asked = read_path(path)
        secrets = running.use(Secrets)
        known = await running.log.read(lambda reader: _known(reader, root, asked, secrets))
        return _answer(request, root, known, wanted)
    except Refusal as refusal:
        return problem_page(refusal, wanted.language) if wanted.html else problem(refusal)


async def refuse_compressed(_: Running, request: web.Request, __: Call) -> web.StreamResponse:
    """Compressed Digital Links, and what may be one."""
    message = "this is no Digital Link; write /{programme}/01/{GTIN} in full: compressed links are not taken"
    refusal = Refusal("COMPRESSED_LINK", message)
    wanted = Wanted.of(request)
    return problem_page(refusal, wanted.language) if wanted.html else problem(refusal)


def path_in(request: web.Request) -> str:
    """The path behind the resolver's root, as it was sent: what is escaped in it stays so."""
    path = request.rel_url.raw_path.strip("/")
    programme = request.match_info.get("programme", "")
    return path.removeprefix(f"{programme}/") if programme else path


def _known(reader: Reader, root: Root, asked: Asked, secrets: Secrets) -> Known:
    """Raises `Refusal` NO_SUCH_ITEM."""
    viewer = Viewer(reader, root.programme, ANYBODY, secrets)
    if asked.serial and not asked.lot:
        asked = with_lot(asked, lot_of(reader, root.programme, asked.identifier, viewer))
    levels = levels_of(reader, root.programme, asked.levels)
    products = products_of(reader, root.programme, asked.levels)
    if (
        not products
        and not any(level.links for level in levels)
        and not is_reported(reader, root.programme, asked.levels)
    ):
        message = f"nothing is known of {asked.path}; look whether it is written as on the label"
        raise Refusal("NO_SUCH_ITEM", message, kind=Kind.NOT_FOUND)
    names = {one: (product.name_en, product.name_zh) for one, product in products.items()}
    return Known(asked, [*levels, own_links(root.url, asked)], names)


def _answer(request: web.Request, root: Root, known: Known, wanted: Wanted) -> web.Response:
    """Raises `Refusal` INVALID_LINK_TYPE or NO_SUCH_LINK."""
    if wanted.link_type in _WHOLE or (wanted.set_type and not wanted.link_type):
        return _set(root, known, known.levels, wanted, 200)
    if wanted.link_type in ("", "gs1:defaultLink", "gs1:defaultLinkMulti"):
        kind = DEFAULT
    else:
        kind = link_type(wanted.link_type)
    found = choose(known.levels, kind, wanted.accept, wanted.languages)
    if not found:
        message = (
            f"there is no link of the type {wanted.link_type[:80]}; ask with ?linkType=linkset for those there are"
        )
        raise Refusal("NO_SUCH_LINK", message, kind=Kind.NOT_FOUND)
    if wanted.set_type or len(found) > 1:
        level = next(level for level in known.levels if any(link in found for link in level.links))
        return _set(root, known, [Level(level.identifier, tuple(found))], wanted, 200 if wanted.set_type else 300)
    target = send_on(found[0].target, request.rel_url.raw_query_string)
    headers = {**HEADERS, "Location": target, "Link": _header(root, known, found)}
    return web.Response(status=307, headers=headers)


def _header(root: Root, known: Known, first: list[Link]) -> str:
    links = [*first, *(link for level in known.levels for link in level.links if link not in first)]
    return header(root.url, known.asked, links)


def _set(root: Root, known: Known, levels: list[Level], wanted: Wanted, status: int) -> web.Response:
    media_type = wanted.type_for_set()
    names = {one: (zh if wanted.language == "zh" else en) or en or zh for one, (en, zh) in known.names.items()}
    links = _header(root, known, [])
    if media_type == "text/html":
        return links_page(known.asked, levels, names, wanted.language, status, links)
    body = linkset(root.url, known.asked, levels, names)
    if media_type == "application/ld+json":
        body = {"@context": CONTEXT, **body}
    return data(body, media_type, status, Link=links)
