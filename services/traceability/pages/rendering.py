"""From data to HTML: templates that escape everything, one style sheet, no script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fenxiao.errors import Refusal
from services.traceability.domain.digital_links import Asked
from services.traceability.domain.links import VOCABULARY, Level
from services.traceability.pages.item import Item, item_page
from services.traceability.pages.texts import PROBLEMS, words
from services.traceability.shared.resolver import HEADERS, status_of

_FOLDER: Final = Path(__file__).parent
_STYLE: Final = (_FOLDER / "style.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)

_templates: Final = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def show_page(item: Item, language: str, links: str) -> web.Response:
    """The page about an item."""
    return _html("item.html", language, 200, {"Link": links}, page=item_page(item, language))


def problem_page(refusal: Refusal, language: str) -> web.Response:
    """A refusal for a reader, in both languages."""
    status = status_of(refusal)
    texts = words(language)
    english, chinese = refusal.message, PROBLEMS.get(refusal.reason, refusal.message)
    message, other = (chinese, english) if language == "zh" else (english, chinese)
    return _html(
        "problem.html",
        language,
        status,
        {},
        heading=texts["unknown_heading" if status == 404 else "wrong_heading"],
        message=message,
        other_message=other,
        other_lang="en" if language == "zh" else "zh",
    )


def links_page(
    asked: Asked, levels: Sequence[Level], names: Mapping[str, str], language: str, status: int, links: str
) -> web.Response:
    """The links of an item for a reader."""
    shown = [
        {
            "name": names.get(level.identifier) or asked.path_of(level.identifier),
            "links": [
                {
                    "target": link.target,
                    "title": (link.title_zh or link.title_en) if language == "zh" else (link.title_en or link.title_zh),
                    "language": link.language,
                    "kind": link.type.replace(VOCABULARY, "gs1:", 1),
                }
                for link in level.links
            ],
        }
        for level in levels
    ]
    heading = words(language)["links_of"].format(item=next(iter(names.values()), asked.path))
    return _html("links.html", language, status, {"Link": links}, heading=heading, levels=shown)


def _html(template: str, language: str, status: int, headers: Mapping[str, str], **values: Any) -> web.Response:
    text = _templates.get_template(template).render(
        lang=language,
        t=words(language),
        style=Markup(_STYLE),  # noqa: S704 - our own file
        **values,
    )
    return web.Response(
        status=status,
        body=text.encode(),
        headers={
            **HEADERS,
            **headers,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Language": language,
            "Content-Security-Policy": _POLICY,
        },
    )
