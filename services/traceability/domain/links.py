"""Links from an identifier to what its merchant says of it (GS1-Conformant Resolver): those set, and the one chosen."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from fenxiao.errors import Refusal
from services.traceability.domain.events import Link, LinksRemoved, LinksSet
from services.traceability.domain.negotiation import Wish, language_weight, type_weight

VOCABULARY: Final = "https://ref.gs1.org/voc/"
_OLDER: Final = ("https://gs1.org/voc/", "https://www.gs1.org/voc/", "http://gs1.org/voc/")

DEFAULT: Final = f"{VOCABULARY}defaultLink"
PRODUCT_PAGE: Final = f"{VOCABULARY}pip"
TRACEABILITY: Final = f"{VOCABULARY}traceability"
CERTIFICATES: Final = f"{VOCABULARY}certificationInfo"
RECALL: Final = f"{VOCABULARY}recallStatus"

MOST_LINKS: Final = 100
"""Of one identifier."""
MOST_URL: Final = 2000
MOST_TITLE: Final = 200

_LOCAL: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
_URL_CHARACTERS: Final = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]]+")
_RESOLVERS_OWN: Final = frozenset({"linktype", "context", "format"})
"""Parameters that are meant for the resolver."""


def link_type(text: str) -> str:
    """The address of a link type, `gs1:pip` or in full. Raises `Refusal` INVALID_LINK_TYPE."""
    for older in _OLDER:
        text = text.replace(older, VOCABULARY, 1) if text.startswith(older) else text
    name = text.removeprefix("gs1:") if text.startswith("gs1:") else text.removeprefix(VOCABULARY)
    if name != text and _LOCAL.fullmatch(name):
        return VOCABULARY + name
    if name == text and is_target(text):
        return text
    message = (
        f"{text[:80]!r} is no link type; write one of GS1 (gs1:pip, gs1:traceability, …) or the https URL of another"
    )
    raise Refusal("INVALID_LINK_TYPE", message, field="link_type")


def is_target(url: str) -> bool:
    """Whether somebody can be sent there: http or https, a host, no credentials in it."""
    if len(url) > MOST_URL or _URL_CHARACTERS.fullmatch(url) is None:
        return False
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        return False


def decide_set(known: Sequence[Link], identifier: str, wanted: Sequence[Link]) -> LinksSet | None:
    """These are the links of an identifier from now on; None if they are already."""
    if not wanted:
        raise Refusal("NO_LINKS", "name at least one link; RemoveLinks takes them away", field="links")
    if len(wanted) > MOST_LINKS:
        raise Refusal("TOO_MANY_LINKS", f"an identifier has at most {MOST_LINKS} links", field="links")
    links = tuple(_checked(link, number) for number, link in enumerate(wanted))
    _check_distinct("two links say the same", [(one.type, one.target, one.language, one.media_type) for one in links])
    defaults = [(one.language, one.media_type) for one in links if one.default]
    _check_distinct("several default links need different languages or media types", defaults)
    return None if links == tuple(known) else LinksSet(identifier=identifier, links=links)


def decide_remove(known: Sequence[Link], identifier: str, types: Iterable[str]) -> LinksRemoved | None:
    """An identifier has no links of these types any more, or none at all if no type is named."""
    wanted = frozenset(map(link_type, types))
    gone = sorted({link.type for link in known if not wanted or link.type in wanted})
    return LinksRemoved(identifier=identifier, types=tuple(gone)) if gone else None


def links_after(events: Iterable[Any]) -> tuple[Link, ...]:
    """What an identifier's events come to."""
    links: tuple[Link, ...] = ()
    for event in events:
        match event:
            case LinksSet():
                links = event.links
            case LinksRemoved():
                links = tuple(link for link in links if link.type not in event.types)
            case _:
                pass
    return links


def _checked(link: Link, number: int) -> Link:
    field = f"links[{number}]"
    if not is_target(link.target):
        message = f"write the http or https URL of the page, with at most {MOST_URL} characters, other letters as %XX"
        raise Refusal("INVALID_TARGET", message, field=f"{field}.target")
    if link.language and not _LANGUAGE.fullmatch(link.language):
        raise Refusal("INVALID_LANGUAGE", "write a language as en or zh-CN", field=f"{field}.language")
    if link.media_type and not _MEDIA_TYPE.fullmatch(link.media_type):
        raise Refusal("INVALID_MEDIA_TYPE", "write a media type as text/html", field=f"{field}.media_type")
    for name, title in (("title_en", link.title_en), ("title_zh", link.title_zh)):
        if len(title) > MOST_TITLE or not title.isprintable():
            message = f"a title is one line of at most {MOST_TITLE} characters"
            raise Refusal("INVALID_TITLE", message, field=f"{field}.{name}")
    if not link.title_en and not link.title_zh:
        raise Refusal("INVALID_TITLE", "write a title in at least one language", field=f"{field}.title_en")
    return link.model_copy(update={"type": link_type(link.type)})


def _check_distinct(message: str, values: Sequence[object]) -> None:
    if len(set(values)) < len(values):
        raise Refusal("REPEATED_LINK", message, field="links")


class Level(NamedTuple):
    """An identifier and its links."""

    identifier: str
    links: tuple[Link, ...]


def choose(levels: Sequence[Level], wanted: str, accept: Sequence[Wish], languages: Sequence[Wish]) -> list[Link]:
    """The links of a type (`DEFAULT`: the default links) that suit best, of the finest identifier that has some.

    More than one only if nothing speaks for one of them.
    """
    for level in levels:
        links = [link for link in level.links if (link.default if wanted == DEFAULT else link.type == wanted)]
        if links:
            best = max(_suits(link, accept, languages) for link in links)
            return [link for link in links if _suits(link, accept, languages) == best]
    return []


def _suits(link: Link, accept: Sequence[Wish], languages: Sequence[Wish]) -> tuple[float, float, bool]:
    # A link that names no language or media type suits everybody, but less than one that names what is wanted.
    language = language_weight(languages, link.language) if link.language else 0.01
    media = type_weight(accept, link.media_type) if link.media_type else 0.01
    return language, media, link.default


def send_on(target: str, query: str) -> str:
    """A target with the caller's query string behind its own, without what was meant for the resolver."""
    pieces = [piece for piece in query.split("&") if piece and piece.partition("=")[0].lower() not in _RESOLVERS_OWN]
    if not pieces:
        return target
    parts = urlsplit(target)
    passed = quote("&".join(pieces), safe="!$%&'()*+,-./:;=?@_~")
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, passed)))))
