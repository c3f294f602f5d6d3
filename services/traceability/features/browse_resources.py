"""Shows what there is to ask for over HTTP: `GET /`, `/epcs`, `/bizSteps`, …, and what stands below each."""

from typing import Any, Final

from aiohttp import web

from fenxiao.epcis.names import STANDARD_CONTEXT
from libs.servicekit import Call, Running
from services.traceability.features.query_events import check_known
from services.traceability.shared.rest import Handle, Page, json_response, paged
from services.traceability.views.resources import Resource, resources

TOP_LEVEL: Final = ["queries", "capture", "events", *Resource]


async def show_top_level(_: Running, __: web.Request, ___: Call) -> web.StreamResponse:
    """The resources of the binding."""
    return json_response(_collection([str(one) for one in TOP_LEVEL]))


def list_resources(kind: Resource) -> Handle:
    """The values of a kind that events have named, and those of the standard."""

    async def list_them(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
        page = Page.of(request)
        found = await running.log.read(
            lambda reader: resources(reader, call.programme, kind, after=page.after, limit=page.size + 1)
        )
        shown = found[: page.size]
        return paged(request, _collection(shown), page, shown[-1] if len(found) > page.size else "")

    return list_them


def show_resource(kind: Resource) -> Handle:
    """What stands below one of them."""

    async def show_it(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
        await check_known(running, call, kind, request)
        return json_response(_collection(["events"]))

    return show_it


def _collection(members: list[str]) -> dict[str, Any]:
    return {"@context": STANDARD_CONTEXT, "type": "Collection", "member": members}
