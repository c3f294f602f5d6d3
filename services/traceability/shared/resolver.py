"""What all that a resolver answers has in common: whose it is, what the caller would rather have, open to any page."""

import json
import re
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from aiohttp import web

from fenxiao.errors import Kind, Refusal
from libs.servicekit import Running
from services.traceability.domain.negotiation import Wish, best_language, best_type, wishes
from services.traceability.shared.rest import problem_type

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Language",
    "X-Content-Type-Options": "nosniff",
}
"""Everybody may ask, from any page; a recall has to show at once."""

LANGUAGES: Final = ("en", "zh")
_HTML: Final = "text/html"
_SETS: Final = ("application/linkset+json", "application/ld+json", "application/json")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


class Root(NamedTuple):
    """Below what a programme's Digital Links stand."""

    programme: str
    url: str
    """Without a slash at the end."""


def root_of(running: Running, request: web.Request) -> Root:
    """By the path (`/{programme}/01/…`), or where a domain belongs to one programme by the domain.

    Settings: `FENXIAO_PUBLIC_URL` is how this site is reached from outside (`https://id.example`);
    `FENXIAO_RESOLVER_DOMAINS` gives domains to programmes (`https://id.mill.example=olives, …`).

    Raises `Refusal` NO_SUCH_RESOLVER or INVALID_HOST.
    """
    settings = running.settings.others
    programme = request.match_info.get("programme", "")
    if programme:
        base = (settings.get("public_url") or "").rstrip("/") or f"{request.scheme}://{_host(request)}"
        return Root(programme, f"{base}/{programme}")
    host = _host(request).lower()
    for entry in (settings.get("resolver_domains") or "").split(","):
        url, _, owner = entry.strip().rpartition("=")
        if owner and urlsplit(url).netloc.lower() == host:
            return Root(owner, url.rstrip("/"))
    message = "this domain is no programme's own; write the programme first: /{programme}/01/{GTIN}"
    raise Refusal("NO_SUCH_RESOLVER", message, kind=Kind.NOT_FOUND)


def _host(request: web.Request) -> str:
    host = request.headers.get("Host", "")
    if _HOST.fullmatch(host) is None:
        raise Refusal("INVALID_HOST", "the Host header is not the name of a server")
    return host


class Wanted(NamedTuple):
    """What a caller would rather have."""

    accept: list[Wish]
    languages: list[Wish]
    link_type: str
    """As it was asked for; empty: the default link."""

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Reads headers, `?linkType=` and `?lang=`, which goes before the header."""
        asked = request.query.get("lang", "")
        languages = [Wish(asked.lower(), 1.0)] if asked else wishes(request.headers.get("Accept-Language", ""))
        return cls(wishes(request.headers.get("Accept", "")), languages, request.query.get("linkType", ""))

    @property
    def language(self) -> str:
        """In which of our languages."""
        return best_language(self.languages, LANGUAGES)

    @property
    def set_type(self) -> str:
        """The media type of a set of links, if one was asked for by name and no page is wanted more; else empty."""
        weights = {wish.value: wish.weight for wish in reversed(self.accept)}
        best = max(_SETS, key=lambda one: weights.get(one, 0.0))
        return best if weights.get(best, 0.0) > weights.get(_HTML, 0.0) else ""

    @property
    def html(self) -> bool:
        """Whether a page is wanted rather than data."""
        return not self.set_type and _HTML in {wish.value for wish in self.accept}

    def type_for_set(self) -> str:
        """The media type of a set of links that somebody gets who has asked for the set."""
        if self.html:
            return _HTML
        return self.set_type or best_type(self.accept, _SETS) or _SETS[0]


def data(body: Any, media_type: str, status: int = 200, **headers: str) -> web.Response:
    """An answer in some kind of JSON."""
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={**HEADERS, **headers, "Content-Type": media_type},
    )


def problem(refusal: Refusal) -> web.Response:
    """A refusal for a program."""
    status = status_of(refusal)
    body = {"type": problem_type(refusal), "title": refusal.reason, "status": status, "detail": refusal.message}
    return data(body, "application/problem+json", status)


def status_of(refusal: Refusal) -> int:
    """The status of a refusal."""
    return 404 if refusal.kind is Kind.NOT_FOUND else 400


def preflight() -> web.Response:
    """What a browser asks before it lets a page ask."""
    headers = {"Access-Control-Allow-Methods": "GET, HEAD, OPTIONS", "Access-Control-Allow-Headers": "*"}
    return web.Response(status=204, headers={**HEADERS, **headers, "Allow": "GET, HEAD, OPTIONS"})
