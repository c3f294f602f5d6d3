"""A set of links as it is written: in JSON (RFC 9264, 4.2) and as a header (RFC 8288)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from services.traceability.domain.digital_links import Asked
from services.traceability.domain.events import Link
from services.traceability.domain.links import CERTIFICATES, DEFAULT, PRODUCT_PAGE, RECALL, TRACEABILITY, Level

CONTEXT: Final = {
    "linkset": {"@id": "@graph", "@container": "@set"},
    "anchor": "@id",
    "href": "@id",
    "title": "http://purl.org/dc/terms/title",
    "title*": {"@id": "http://purl.org/dc/terms/title"},
    "value": "@value",
    "language": "@language",
    "hreflang": "http://purl.org/dc/terms/language",
    "type": "http://purl.org/dc/terms/format",
    "itemDescription": "http://purl.org/dc/terms/description",
}
"""Makes JSON-LD of it, without anything being fetched."""

_TITLES: Final = {
    PRODUCT_PAGE: ("About this item", "关于此商品"),
    TRACEABILITY: ("Where it has been", "商品的来路"),
    CERTIFICATES: ("Certificates", "证书"),
    RECALL: ("Whether it is recalled", "召回状态"),
}
_PARTS: Final = {PRODUCT_PAGE: "", TRACEABILITY: "#journey", CERTIFICATES: "#certificates", RECALL: "#recall"}
_IN_HEADER: Final = 10
_LONGEST_HEADER: Final = 4000


def page_url(root: str, asked: Asked) -> str:
    """The consumer page of an item."""
    return f"{root}/i/{asked.path}"


def own_links(root: str, asked: Asked) -> Level:
    """What the consumer page answers."""
    page = page_url(root, asked)
    return Level(
        asked.identifier,
        tuple(
            Link(
                type=kind,
                target=page + part,
                title_en=_TITLES[kind][0],
                title_zh=_TITLES[kind][1],
                media_type="text/html",
                default=kind == PRODUCT_PAGE,
            )
            for kind, part in _PARTS.items()
        ),
    )


def linkset(root: str, asked: Asked, levels: Sequence[Level], names: dict[str, str]) -> dict[str, Any]:
    """All links, those of each identifier under its own address; `names` are of products."""
    merged: dict[str, list[Link]] = {}
    for level in levels:
        merged.setdefault(level.identifier, []).extend(level.links)
    default = next((level for level in levels if any(link.default for link in level.links)), None)
    contexts: list[dict[str, Any]] = []
    for identifier, links in merged.items():
        if not links:
            continue
        context: dict[str, Any] = {"anchor": f"{root}/{asked.path_of(identifier)}"}
        if identifier in names:
            context["itemDescription"] = names[identifier]
        if default is not None and default.identifier == identifier:
            targets = [_target(link, root) for link in default.links if link.default]
            context[DEFAULT] = targets[:1]
            if len(targets) > 1:
                context[f"{DEFAULT}Multi"] = targets
        for link in links:
            context.setdefault(link.type, []).append(_target(link, root))
        contexts.append(context)
    return {"linkset": contexts}


def _target(link: Link, root: str) -> dict[str, Any]:
    titles = [("en", link.title_en), ("zh", link.title_zh)]
    languages = [link.language] if link.language else ["en", "zh"] if link.target.startswith(f"{root}/i/") else []
    return {
        "href": link.target,
        "title": link.title_en or link.title_zh,
        "title*": [{"value": title, "language": language} for language, title in titles if title],
        **({"type": link.media_type} if link.media_type else {}),
        **({"hreflang": languages} if languages else {}),
    }


def header(root: str, asked: Asked, links: Iterable[Link]) -> str:
    """The set itself and the first links, as long as they fit."""
    whole = f'<{root}/{asked.path}?linkType=linkset>; rel="linkset"; type="application/linkset+json"'
    for link in list(links)[:_IN_HEADER]:
        one = f'<{link.target}>; rel="{link.type}"'
        one += f'; type="{link.media_type}"' if link.media_type else ""
        one += f'; hreflang="{link.language}"' if link.language else ""
        one += f"; title*=UTF-8''{quote(link.title_en or link.title_zh)}"
        if len(whole) + len(one) > _LONGEST_HEADER:
            break
        whole += f", {one}"
    return whole
