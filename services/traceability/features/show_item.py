"""Shows somebody who has scanned an item what everybody may know of it."""

from aiohttp import web

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.domain.digital_links import Asked, read_path, with_lot
from services.traceability.domain.genealogy import FOREVER
from services.traceability.domain.journey import is_recalled
from services.traceability.domain.linkset import header, own_links
from services.traceability.domain.visibility import ANYBODY
from services.traceability.features.resolve_link import path_in
from services.traceability.pages.item import Item
from services.traceability.pages.rendering import problem_page, show_page
from services.traceability.shared.journeys import Journey, is_reported, journey_of, lot_of
from services.traceability.shared.public_names import names_of_places
from services.traceability.shared.resolver import Root, Wanted, preflight, root_of
from services.traceability.shared.viewing import Viewer
from services.traceability.views.published_names import levels_of, products_of
from services.traceability.views.recalls import recalls


async def show_item(running: Running, request: web.Request, _: Call) -> web.StreamResponse:
    """A page in English or Chinese."""
    if request.method == "OPTIONS":
        return preflight()
    wanted = Wanted.of(request)
    try:
        root = root_of(running, request)
        asked = read_path(path_in(request).removeprefix("i/"))
        secrets = running.use(Secrets)
        item = await running.log.read(lambda reader: _item(reader, root, asked, secrets))
        return show_page(item, wanted.language, header(root.url, asked, own_links(root.url, asked).links))
    except Refusal as refusal:
        return problem_page(refusal, wanted.language)


def _item(reader: Reader, root: Root, asked: Asked, secrets: Secrets) -> Item:
    """Raises `Refusal` NO_SUCH_ITEM."""
    programme = root.programme
    viewer = Viewer(reader, programme, ANYBODY, secrets)
    if asked.serial and not asked.lot:
        asked = with_lot(asked, lot_of(reader, programme, asked.identifier, viewer))
    products = products_of(reader, programme, asked.levels)
    levels = levels_of(reader, programme, asked.levels)
    links = [link for level in levels for link in level.links]
    if not products and not links and not is_reported(reader, programme, asked.levels):
        message = f"nothing is known of {asked.path}; look whether it is written as on the label"
        raise Refusal("NO_SUCH_ITEM", message, kind=Kind.NOT_FOUND)
    journey = journey_of(reader, programme, asked, viewer)
    named = {step.place for step in journey.steps} | set(journey.origins)
    places = names_of_places(reader, programme, named - {""})
    return Item(
        asked,
        [products[one] for one in asked.levels if one in products],
        places,
        links,
        journey,
        *_recall(reader, programme, journey),
        root.url,
    )


def _recall(reader: Reader, programme: str, journey: Journey) -> tuple[bool, list[str]]:
    """Whether it is recalled, and for what reasons: by its merchant, or by what events say since."""
    known = {recall.id: recall for one in journey.made_of for recall in recalls(reader, programme, name=one, limit=20)}
    is_open = [recall.reason for recall in known.values() if recall.closed is None]
    closed = max((recall.closed for recall in known.values() if recall.closed is not None), default=-FOREVER)
    return bool(is_open) or is_recalled(journey.steps, closed), [*dict.fromkeys(is_open)]
