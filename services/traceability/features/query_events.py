"""Gives the events that are asked for over HTTP (`GET /events`, `/bizSteps/{bizStep}/events`, …)."""

from collections.abc import Mapping, Sequence

from aiohttp import web

from fenxiao.epcis import Json
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Recorded
from libs.servicekit import Call, Running
from services.traceability.domain.events import TraceEventCaptured
from services.traceability.domain.parameters import read_query
from services.traceability.domain.query import OneOf, Query
from services.traceability.domain.values import invalid
from services.traceability.features.get_path import naming
from services.traceability.shared.answering import Answer, Cursor, answer
from services.traceability.shared.documents import query_document, query_document_in_xml
from services.traceability.shared.rest import (
    JSON_TYPES,
    XML_TYPES,
    Handle,
    Page,
    epc_format,
    paged,
    prefixes,
    wants_xml,
    xml_spelling,
)
from services.traceability.shared.searching import search
from services.traceability.shared.viewing import Viewer
from services.traceability.views.resources import STANDARD, Resource

SIMPLE: str = "SimpleEventQuery"

_PAGING = frozenset({"perPage", "nextPageToken"})

_ASKED_BY: Mapping[Resource, str] = {
    Resource.BIZ_STEP: "EQ_bizStep",
    Resource.BIZ_LOCATION: "EQ_bizLocation",
    Resource.READ_POINT: "EQ_readPoint",
    Resource.DISPOSITION: "EQ_disposition",
    Resource.EVENT_TYPE: "eventType",
}


async def query_events(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """Events by parameters."""
    query = read_query(parameters_of(request), prefixes(request))
    return await give_page(running, request, call, query, SIMPLE)


async def show_event(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """The event with an id; its corrections have the same."""
    name = request.match_info["value"]
    if request.query_string and name.startswith("ni:"):  # the end of a hash, written without escaping its `?`
        name += "?" + request.query_string
    query = Query((OneOf((("eventID", name),)),))
    found = await running.log.read(
        lambda reader: [
            one.event
            for one in search(reader, call.programme, query, Viewer.of(reader, call).show, after=None, limit=100)
        ]
    )
    if not found:
        raise Refusal("NO_SUCH_EVENT", f"there is no event {name[:200]}", kind=Kind.NOT_FOUND)
    return _written(request, call, found, SIMPLE)


def events_of(kind: Resource) -> Handle:
    """The events that name a resource."""

    async def query_events_of(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
        parameters, own = parameters_of(request), asked_for(kind, request)
        name = _ASKED_BY.get(kind, "MATCH_anyEPC")
        if name in parameters:
            raise invalid(name, "the path says this already")
        rest = read_query(parameters, prefixes(request))
        query = read_query({**parameters, **own}, prefixes(request)) if own else rest
        if kind is Resource.EPC:
            query = naming(request.match_info["value"], rest)
        await check_known(running, call, kind, request)
        return await give_page(running, request, call, query, SIMPLE, named=kind is Resource.EPC)

    return query_events_of


async def check_known(running: Running, call: Call, kind: Resource, request: web.Request) -> None:
    """Raises `Refusal` NO_SUCH_RESOURCE for what no event has named."""
    value = request.match_info["value"]
    if value in STANDARD.get(kind, ()):
        return
    own = asked_for(kind, request)
    query = read_query(own, prefixes(request)) if own else naming(value)
    known = await running.log.read(
        lambda reader: [*search(reader, call.programme, query, Viewer.of(reader, call).show, after=None, limit=1)]
    )
    if not known:
        raise Refusal("NO_SUCH_RESOURCE", f"no event has named {value[:200]}", kind=Kind.NOT_FOUND)


def asked_for(kind: Resource, request: web.Request) -> dict[str, Json]:
    """The parameter that a path stands for; none for objects, which are asked for in every role."""
    return {_ASKED_BY[kind]: request.match_info["value"]} if kind in _ASKED_BY else {}


def parameters_of(request: web.Request) -> dict[str, Json]:
    """The parameters of a URI. One may have several values: divided by `|`, or written several times."""
    found: dict[str, Json] = {}
    for name in request.query:
        if name not in _PAGING:
            found[name] = [part for value in request.query.getall(name) for part in value.split("|")]
    return found


async def give_page(
    running: Running, request: web.Request, call: Call, query: Query, name: str, *, named: bool = False
) -> web.StreamResponse:
    """A page of what a query asks for. `named`: it names goods, and so whoever asks knows of them."""
    page = Page.of(request)
    after = Cursor.parse(page.after)

    def work(reader: Reader) -> Answer:
        viewer = Viewer.of(reader, call)
        show = viewer.show if named else viewer.listed
        return answer(reader, call.programme, query, show, size=page.size, after=after, most=viewer.looked_at)

    result = await running.log.read(work)
    following = result.following.key if result.following else ""
    return _written(request, call, [one.event for one in result.found], name, page, following)


def _written(
    request: web.Request,
    call: Call,
    events: Sequence[Recorded[TraceEventCaptured]],
    name: str,
    page: Page | None = None,
    following: str = "",
) -> web.Response:
    """Events in the form that is asked for, JSON or XML, and where the next page is."""
    as_links = epc_format(request) == "Always_GS1_Digital_Link"
    headers: dict[str, str] = {"GS1-EPC-Format": "Always_GS1_Digital_Link"} if as_links else {}
    if wants_xml(request):
        kind, (headers["GS1-CBV-XML-Format"], spelling) = XML_TYPES[0], xml_spelling(request)
        body = query_document_in_xml(events, name=name, made=call.now, spelling=spelling, as_links=as_links)
    else:
        kind = JSON_TYPES[0]
        body = query_document(events, name=name, made=call.now, as_links=as_links)
    if page is None:
        return web.Response(body=body, content_type=kind, headers=headers)
    response = paged(request, body, page, following, kind)
    response.headers.update(headers)
    return response
