"""What every resource of the EPCIS REST binding (EPCIS 2.0, 12) has in common: versions, pages, problems."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlencode

from aiohttp import web

from fenxiao.epcis import Json, Names, is_uri
from fenxiao.epcis.xml import Spelling, as_urn, as_web_uri
from fenxiao.errors import Kind, Refusal
from libs.servicekit import Call, Running
from libs.servicekit.access import Unauthenticated

HEADERS: Final = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.1",
    "GS1-CBV-Version": "2.0.0",
    "GS1-CBV-Min": "2.0.0",
    "GS1-CBV-Max": "2.0.1",
    "GS1-Vendor-Version": "1.0.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
}

CAPTURE_HEADERS: Final = {
    "GS1-EPCIS-Capture-Limit": "10000000",
    "GS1-EPCIS-Capture-File-Size-Limit": str(1024 * 1024 * 1024),
    "GS1-Capture-Error-Behaviour": "all",
}

PER_PAGE: Final = 30
MOST_PER_PAGE: Final = 1000

_PROBLEMS: Final = {
    "QUERY_PARAMETER": "QueryParameterException",
    "QUERY_TOO_COMPLEX": "QueryTooComplexException",
    "QUERY_TOO_LARGE": "QueryTooLargeException",
    "QUERY_INVALID": "QueryValidationException",
    "NOT_ACCEPTABLE": "NotAcceptableException",
    "NOT_IN_XML": "NotAcceptableException",
    "UNSUPPORTED_MEDIA_TYPE": "UnsupportedMediaTypeException",
    "URI_TOO_LONG": "URITooLongException",
    "SUBSCRIPTION_CONTROLS": "SubscriptionControlsException",
    "INTERNAL": "ImplementationException",
    "INVALID_PAGE_TOKEN": "QueryParameterException",
    "NO_SUCH_QUERY": "NoSuchNameException",
    "QUERY_EXISTS": "DuplicateNameException",
    "NO_SUCH_SUBSCRIPTION": "NoSuchSubscriptionException",
    "BODY_TOO_LARGE": "CaptureLimitExceededException",
    "TOO_MANY_EVENTS": "CaptureLimitExceededException",
    "DOCUMENT_TOO_LARGE": "CaptureLimitExceededException",
    "HEADER_TOO_LARGE": "CaptureLimitExceededException",
    "TOO_MANY_ELEMENTS": "CaptureLimitExceededException",
}


STATUSES: Final = {
    "QUERY_TOO_LARGE": 413,
    "QUERY_TOO_COMPLEX": 413,
    "NOT_ACCEPTABLE": 406,
    "NOT_IN_XML": 406,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "URI_TOO_LONG": 414,
    "DOCUMENT_TOO_LARGE": 413,
    "TOO_MANY_EVENTS": 413,
}
"""Of refusals that the binding has a status for."""

LONGEST_URI: Final = 16_000
JSON_TYPES: Final = ("application/json", "application/ld+json")
XML_TYPES: Final = ("application/xml", "text/xml")
_ANY_TYPE: Final = ("*/*", "application/*")
FORMATS: Final = ("No_Preference", "Never_Translates", "Always_GS1_Digital_Link")
_OURS: Final = {"EPCIS": ((2, 0, 0), (2, 0, 1)), "CBV": ((2, 0, 0), (2, 0, 1))}
_SPELLINGS: Final[dict[str, tuple[str, Spelling]]] = {
    "No_Preference": ("Always_Web_URI", as_web_uri),
    "Always_Web_URI": ("Always_Web_URI", as_web_uri),
    "Always_URN": ("Always_URN", as_urn),
}
_QUALITY: Final = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*(?:;|$)")
_VERSION: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")

Handle = Callable[[Running, web.Request, Call], Awaitable[web.StreamResponse]]


def negotiated(handler: Handle, *, xml: bool = False) -> Handle:
    """The handler, for those alone who can be given what they ask for. Raises `Refusal` NOT_ACCEPTABLE and the like.

    `xml`: it takes or gives XML as well.
    """
    types = (*JSON_TYPES, *XML_TYPES) if xml else JSON_TYPES

    async def handle(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
        if len(request.raw_path) > LONGEST_URI:
            message = "the URI is too long; define a named query (POST /queries) and ask for its events"
            raise Refusal("URI_TOO_LONG", message)
        _check_accept(request.headers.get("Accept", ""), types)
        _check_versions(request)
        epc_format(request)
        if request.method == "POST":
            _check_content_type(request.headers.get("Content-Type", ""), types)
        return await handler(running, request, call)

    return handle


def discovery(*methods: str) -> Handle:
    """What a path is able to do (`OPTIONS`)."""

    async def discover(_: Running, request: web.Request, __: Call) -> web.StreamResponse:
        headers = {"Allow": ", ".join(("OPTIONS", *methods))}
        if "POST" in methods and request.path.rstrip("/").endswith(("/capture", "/events")):
            headers |= CAPTURE_HEADERS
        return web.Response(status=204, headers=headers)

    return discover


async def forget_token(_: Running, __: web.Request, ___: Call) -> web.StreamResponse:
    """204: a token holds nothing that had to be let go (`DELETE /nextPageToken/{token}`)."""
    return web.Response(status=204)


def epc_format(request: web.Request) -> str:
    """How identifiers are to be written (`GS1-EPC-Format`); nothing: as they were captured."""
    text = request.headers.get("GS1-EPC-Format", "")
    if text and text not in FORMATS:
        message = f"identifiers are written as captured or as Digital Links: {', '.join(FORMATS)}"
        raise Refusal("NOT_ACCEPTABLE", message, field="GS1-EPC-Format")
    return text


def prefixes(request: web.Request) -> Names:
    """The standard's prefixes and those that a caller defines."""
    return Names().within(prefixes_in(request))


def prefixes_in(request: web.Request) -> dict[str, Json]:
    """The prefixes that a caller defines: `GS1-Extensions: example=https://ns.example.com/epcis/`."""
    defined: dict[str, Json] = {}
    for part in request.headers.get("GS1-Extensions", "").split(","):
        prefix, equals, meaning = part.strip().partition("=")
        if equals and prefix and is_uri(meaning.strip()):
            defined[prefix.strip()] = meaning.strip()
    return defined


def json_response(data: bytes | Any, **keywords: Any) -> web.Response:
    """An answer in JSON."""
    body = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json", **keywords)


def wants_xml(request: web.Request) -> bool:
    """Whether XML is asked for before JSON (`Accept`)."""
    best = {True: (0.0, False), False: (0.0, False)}
    for part in request.headers.get("Accept", "").lower().split(","):
        kind = part.split(";")[0].strip()
        found = _QUALITY.search(part)
        is_named = kind in XML_TYPES or kind in JSON_TYPES
        if is_named or kind in _ANY_TYPE:
            best[kind in XML_TYPES] = max(best[kind in XML_TYPES], (float(found[1]) if found else 1.0, is_named))
    return best[True] > best[False]


def xml_spelling(request: web.Request) -> tuple[str, Spelling]:
    """How standard words are written in XML (`GS1-CBV-XML-Format`). Raises `Refusal` NOT_ACCEPTABLE."""
    text = request.headers.get("GS1-CBV-XML-Format", "") or "No_Preference"
    found = _SPELLINGS.get(text)
    if found is None:
        message = f"standard words are written as {' or '.join(sorted({name for name, _ in _SPELLINGS.values()}))}"
        raise Refusal("NOT_ACCEPTABLE", message, field="GS1-CBV-XML-Format")
    return found


def _check_accept(text: str, types: tuple[str, ...]) -> None:
    wanted = [part.strip().lower() for part in text.split(",") if part.strip()]
    taken = {*_ANY_TYPE, *types}
    if wanted and not any(part.split(";")[0].strip() in taken and not _refused(part) for part in wanted):
        raise Refusal("NOT_ACCEPTABLE", f"answers are {' or '.join(types)}", field="Accept")


def _refused(part: str) -> bool:
    return re.search(r";\s*q=0(?:\.0*)?\s*(?:;|$)", part) is not None


def _check_content_type(text: str, types: tuple[str, ...]) -> None:
    kind = text.split(";", maxsplit=1)[0].strip().lower()
    if kind not in ("", "application/octet-stream", *types):
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", f"send {' or '.join(types)}", field="Content-Type")


def _check_versions(request: web.Request) -> None:
    for standard, (least, most) in _OURS.items():
        wanted = {end: _version(request, f"GS1-{standard}-{end}") for end in ("Min", "Max", "Version")}
        low, high, exact = wanted["Min"], wanted["Max"], wanted["Version"]
        if (low and low > most) or (high and high < least) or (low and high and low > high):
            message = f"{standard} is answered in the versions {_dotted(least)} to {_dotted(most)}"
            raise Refusal("NOT_ACCEPTABLE", message, field=f"GS1-{standard}-Min")
        if exact and not least <= exact <= most:
            message = f"{standard} is taken in the versions {_dotted(least)} to {_dotted(most)}"
            raise Refusal("NOT_ACCEPTABLE", message, field=f"GS1-{standard}-Version")


def _version(request: web.Request, header: str) -> tuple[int, ...]:
    text = request.headers.get(header, "")
    if not text:
        return ()
    if not _VERSION.fullmatch(text):
        raise Refusal("NOT_ACCEPTABLE", "a version is numbers with dots, such as 2.0.0", field=header)
    parts = [int(part) for part in text.split(".")]
    # A Max of 2 or 2.0 means all that begin so; a Min of them, the first.
    filler = 9999 if header.endswith("Max") else 0
    return tuple((*parts, filler, filler)[:3])


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def problem_type(refusal: Refusal) -> str:
    """The standard's name of what went wrong (EPCIS 2.0, 12.4)."""
    if isinstance(refusal, Unauthenticated) or refusal.kind is Kind.DENIED:
        return "epcisException:SecurityException"
    name = _PROBLEMS.get(refusal.reason)
    if name is None:
        name = {Kind.NOT_FOUND: "NoSuchResourceException", Kind.EXISTS: "ResourceAlreadyExistsException"}.get(
            refusal.kind, "ValidationException"
        )
    return f"epcisException:{name}"


class Page(NamedTuple):
    """Which page is asked for."""

    size: int
    after: str
    """What came last on the page before; empty for the first."""

    @classmethod
    def of(cls, request: web.Request) -> Self:
        """Reads `perPage` and `nextPageToken`. Raises `Refusal` QUERY_PARAMETER."""
        text = request.query.get("perPage", str(PER_PAGE))
        if not text.isdecimal() or int(text[:9]) == 0:
            raise Refusal("QUERY_PARAMETER", "perPage is a whole number above 0", field="perPage")
        token = request.query.get("nextPageToken", "")
        return cls(min(int(text[:9]), MOST_PER_PAGE), _opened(token, _question(request)) if token else "")


def paged(
    request: web.Request, body: Any, page: Page, following: str, content_type: str = "application/json"
) -> web.Response:
    """A page, with a link to the next one if there is one."""
    answer = json_response(body)
    answer.content_type = content_type
    if following:
        asked = [(name, value) for name, value in request.query.items() if name not in ("perPage", "nextPageToken")]
        asked += [("perPage", str(page.size)), ("nextPageToken", _sealed(following, _question(request)))]
        answer.headers["Link"] = f'<{request.rel_url.raw_path}?{urlencode(asked)}>; rel="next"'
    return answer


def _question(request: web.Request) -> str:
    """What is asked, whichever page of it."""
    return "\n".join(
        [request.path, *(f"{k}={v}" for k, v in sorted(request.query.items()) if k not in ("perPage", "nextPageToken"))]
    )


def _sealed(place: str, question: str) -> str:
    # No secret: it only keeps the token of one question from being used for another by mistake.
    check = hashlib.blake2b(f"{question}\0{place}".encode(), digest_size=6).digest()
    return base64.urlsafe_b64encode(check + place.encode()).rstrip(b"=").decode()


def _opened(token: str, question: str) -> str:
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        place = data[6:].decode()
    except ValueError:
        place, data = "", b""
    if not place or not hmac.compare_digest(_sealed(place, question).encode(), token.encode()):
        raise Refusal("QUERY_PARAMETER", "nextPageToken is not one that this query gave out", field="nextPageToken")
    return place
