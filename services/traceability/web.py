"""Traceability over HTTP: the EPCIS REST binding (EPCIS 2.0, 12), and what is open to everybody."""

from typing import Final

from libs.servicekit.web import Handler, Route, Site
from services.traceability.domain.digital_links import KEYS
from services.traceability.features.browse_resources import list_resources, show_resource, show_top_level
from services.traceability.features.capture_event import capture_event
from services.traceability.features.define_query import define_query, delete_query, list_queries, show_query
from services.traceability.features.describe_resolver import describe_resolver
from services.traceability.features.query_events import events_of, query_events, show_event
from services.traceability.features.recall import download_recall
from services.traceability.features.receive_document import receive_document
from services.traceability.features.resolve_link import refuse_compressed, resolve_link
from services.traceability.features.show_captures import list_captures, show_capture
from services.traceability.features.show_item import show_item
from services.traceability.features.show_proof import show_proof
from services.traceability.features.stream_events import query_named_events
from services.traceability.features.subscribe import (
    list_dead_letters,
    list_subscriptions,
    retry_dead_letter,
    show_subscription,
    subscribe,
    unsubscribe,
)
from services.traceability.shared.rest import (
    HEADERS,
    STATUSES,
    Handle,
    discovery,
    forget_token,
    negotiated,
    problem_type,
)
from services.traceability.shared.viewing import for_programme
from services.traceability.views.resources import Resource

EPCIS = "/{programme}/epcis"

READ, WRITE, SUBSCRIBE = "trace.read", "trace.write", "trace.subscribe"

_QUERY = "/queries/{query}"
_SUBSCRIPTION = f"{_QUERY}/subscriptions/{{subscription}}"

_PATHS: dict[str, dict[str, tuple[Handle, str]]] = {
    "": {"GET": (show_top_level, READ)},
    "/": {"GET": (show_top_level, READ)},
    "/capture": {"GET": (list_captures, READ), "POST": (receive_document, WRITE)},
    "/capture/{capture}": {"GET": (show_capture, READ)},
    "/events": {"GET": (query_events, READ), "POST": (capture_event, WRITE)},
    "/events/{value:.+}": {"GET": (show_event, READ)},
    **{
        path: {"GET": (handler, READ)}
        for kind in Resource
        for path, handler in (
            (f"/{kind}", list_resources(kind)),
            (f"/{kind}/{{value:.+}}/events", events_of(kind)),
            (f"/{kind}/{{value:.+}}", show_resource(kind)),
        )
    },
    "/queries": {"GET": (list_queries, READ), "POST": (define_query, SUBSCRIBE)},
    _QUERY: {"GET": (show_query, READ), "DELETE": (delete_query, SUBSCRIBE)},
    f"{_QUERY}/events": {"GET": (query_named_events, READ)},
    f"{_QUERY}/subscriptions": {"GET": (list_subscriptions, READ), "POST": (subscribe, SUBSCRIBE)},
    _SUBSCRIPTION: {"GET": (show_subscription, READ), "DELETE": (unsubscribe, SUBSCRIBE)},
    # What could not be delivered: no part of the standard.
    f"{_SUBSCRIPTION}/deadLetters": {"GET": (list_dead_letters, READ)},
    f"{_SUBSCRIPTION}/deadLetters/{{number}}": {"POST": (retry_dead_letter, SUBSCRIBE)},
    "/nextPageToken/{token}": {"DELETE": (forget_token, READ)},
}
"""Every path below `EPCIS`: its methods, what answers them, and what a credential must allow."""

_PARTIES: Final = {
    "": ["GET"],
    "/": ["GET"],
    "/capture": ["POST"],
    "/capture/{capture}": ["GET"],
    "/events": ["GET", "POST"],
    "/events/{value:.+}": ["GET"],
    **{f"/{kind}/{{value:.+}}{below}": ["GET"] for kind in Resource for below in ("", "/events")},
    "/queries": ["POST"],
    _QUERY: ["GET"],
    f"{_QUERY}/events": ["GET"],
    f"{_QUERY}/subscriptions": ["GET", "POST"],
    _SUBSCRIPTION: ["GET", "DELETE"],
    f"{_SUBSCRIPTION}/deadLetters": ["GET"],
    f"{_SUBSCRIPTION}/deadLetters/{{number}}": ["POST"],
    "/nextPageToken/{token}": ["DELETE"],
}
"""What answers a credential that names a party: it knows what concerns it. All else is about the programme."""


def _checked(method: str, path: str, handler: Handle) -> Handle:
    xml = path in ("/capture", "/events") if method == "POST" else "/events" in path
    return negotiated(handler if method in _PARTIES.get(path, ()) else for_programme(handler), xml=xml)


ROUTES = [
    route
    for path, methods in _PATHS.items()
    for route in (
        *(
            Route(method, EPCIS + path, _checked(method, path, handler), scope)
            for method, (handler, scope) in methods.items()
        ),
        Route("OPTIONS", EPCIS + path, discovery(*methods)),
    )
]

ROUTES.append(Route("GET", "/{programme}/recall", download_recall, READ))

_PROGRAMME = "/{programme:[a-z0-9][a-z0-9-]{1,38}[a-z0-9]}"
_LINK = f"/{{key:{'|'.join(KEYS)}}}/{{value:.+}}"


def _open(path: str, handler: Handler) -> list[Route]:
    return [Route(method, path, handler) for method in ("GET", "HEAD", "OPTIONS")]


RESOLVER = [
    route
    for root in ("", _PROGRAMME)
    for path, handler in (
        ("/.well-known/gs1resolver", describe_resolver),
        (f"/i{_LINK}", show_item),
        ("/proof/{event}", show_proof),
        (_LINK, resolve_link),
    )
    for route in _open(root + path, handler)
] + _open(f"{_PROGRAMME}/{{compressed:[A-Za-z0-9_-]{{12,}}}}", refuse_compressed)
"""The resolver, and the pages to which it sends who scans an item: open to everybody.

Each stands below its programme, and at the root of a domain that belongs to one. What comes first is answered first.
"""

SITE = Site([*ROUTES, *RESOLVER], problem_type, HEADERS, STATUSES)
