"""Paths that are open to everybody: the resolver, and the pages to which it sends who scans an item.

Each stands below its programme, and at the root of a domain that belongs to one. What comes first is answered first.
"""

from libs.servicekit.web import Handler, Route
from services.traceability.domain.digital_links import KEYS
from services.traceability.features.describe_resolver import describe_resolver
from services.traceability.features.resolve_link import refuse_compressed, resolve_link
from services.traceability.features.show_item import show_item

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
        (_LINK, resolve_link),
    )
    for route in _open(root + path, handler)
] + _open(f"{_PROGRAMME}/{{compressed:[A-Za-z0-9_-]{{12,}}}}", refuse_compressed)
