"""What a page about an item says, in one language: words made of what everybody may see."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Final, NamedTuple, cast
from urllib.parse import unquote

from babel import Locale
from babel.dates import format_date, format_datetime

from services.traceability.domain.digital_links import Asked
from services.traceability.domain.events import Link, PlaceSet, ProductSet
from services.traceability.domain.journey import Relation, Step
from services.traceability.domain.published_names import coordinates, geo_coordinates
from services.traceability.pages.texts import REASONS, step_name, words
from services.traceability.pages.world import Map, draw
from services.traceability.shared.journeys import Journey

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCALES: Final = {"en": Locale("en", "GB"), "zh": Locale("zh", script="Hans", territory="CN")}
_ZERO_CELSIUS: Final = Fraction("273.15")


class Item(NamedTuple):
    """All that is known of it."""

    asked: Asked
    products: Sequence[ProductSet]
    """From the finest."""
    places: Mapping[str, PlaceSet]
    links: Sequence[Link]
    journey: Journey
    recalled: bool
    recall_reasons: Sequence[str]
    root: str
    """Below what the programme's addresses stand."""


class ShownLink(NamedTuple):
    """A link on the page."""

    target: str
    title: str
    language: str = ""


class ShownStep(NamedTuple):
    """A step on the page."""

    name: str
    of: str
    place: str
    time: str
    moment: str
    event_hash: str
    proof: str
    """Where its proof is."""


class Page(NamedTuple):
    """What the template is filled with."""

    name: str
    name_language: str
    text: str
    text_language: str
    identity: list[tuple[str, str]]
    origins: list[str]
    steps: list[ShownStep]
    short: bool
    is_product: bool
    unreported: bool
    map: Map | None
    temperature: str
    alarms: str
    certificates: list[ShownLink]
    recalled: bool
    recall_reasons: str
    links: list[ShownLink]


def item_page(item: Item, language: str) -> Page:
    """The page in one language."""
    t = words(language)
    journey, zh = item.journey, language == "zh"
    steps = journey.steps
    kelvins = [kelvin for step in steps for kelvin in step.temperatures]
    alarms = sum(step.alarms for step in steps)
    named = _said([(p.name_en, p.name_zh) for p in item.products], language)
    text = _said([(p.text_en, p.text_zh) for p in item.products], language)
    reasons = [REASONS[one][zh] for one in item.recall_reasons if one in REASONS]
    is_product = not item.asked.lot and not item.asked.serial and item.asked.key == "01"
    return Page(
        name=named[0] or f"{_key_name(item.asked)} {item.asked.number}",
        name_language=named[1],
        text=text[0],
        text_language=text[1],
        identity=_identity(item, t, language),
        origins=_origins(item, language),
        steps=[_step(step, item.places, t, language, item.root) for step in steps],
        short=not journey.complete,
        is_product=is_product,
        unreported=not journey.reported and not is_product,
        map=draw(_stops(steps, item.places)),
        temperature=_temperature(kelvins, t),
        alarms=t["alarm"].format(count=alarms) if alarms else "",
        certificates=_certificates(steps),
        recalled=item.recalled,
        recall_reasons=t["recall_reason"].format(reasons=", ".join(reasons)) if reasons else "",
        links=[
            ShownLink(link.target, _pick(link.title_en, link.title_zh, zh=zh), link.language) for link in item.links
        ],
    )


def _identity(item: Item, t: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    asked, data = item.asked, item.journey.master_data
    rows = [(_key_name(asked) or t["key"], asked.number)]
    if asked.lot:
        rows.append((t["lot"], unquote(asked.lot)))
    if asked.serial:
        rows.append((t["serial"], unquote(asked.serial)))
    if data.countries:
        rows.append((t["country"], ", ".join(_country(one, language) for one in data.countries)))
    rows += [(t[name], _date(text, language)) for name, text in data.dates.items()]
    return rows


_KEY_NAMES: Final = {
    "00": "SSCC", "01": "GTIN", "253": "GDTI", "255": "GCN", "401": "GINC", "402": "GSIN", "414": "GLN", "417": "GLN",
    "8003": "GRAI", "8004": "GIAI", "8006": "ITIP", "8010": "CPID", "8017": "GSRN", "8018": "GSRN",
}  # fmt: skip


def _key_name(asked: Asked) -> str:
    return _KEY_NAMES.get(asked.key, "")


def _origins(item: Item, language: str) -> list[str]:
    named = [_place_name(one, item.places, language) for one in item.journey.origins]
    return [*dict.fromkeys(name for name in named if name)]


def _step(step: Step, places: Mapping[str, PlaceSet], t: Mapping[str, str], language: str, root: str) -> ShownStep:
    moment = (_EPOCH + timedelta(microseconds=step.time)).astimezone(_zone(step.zone))
    shown = format_datetime(
        moment, "d MMM y, HH:mm" if language == "en" else "y年M月d日 HH:mm", locale=_LOCALES[language]
    )
    return ShownStep(
        name=step_name(step.biz_step, language),
        of="" if step.relation is Relation.ITEM else t[f"from_{step.relation}"],
        place=(_place_name(step.place, places, language) or t["place_unnamed"]) if step.place else "",
        time=f"{shown} (UTC{step.zone or '+00:00'})",
        moment=moment.isoformat(timespec="seconds"),
        event_hash=step.event_hash,
        proof=f"{root}/proof/{step.trace_event}",
    )


def _zone(text: str) -> timezone:
    # The form was checked when the event was captured.
    if len(text) != 6:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _place_name(identifier: str, places: Mapping[str, PlaceSet], language: str) -> str:
    place = place_of(identifier, places)
    if place is None:
        return ""
    name = _pick(place.name_en, place.name_zh, zh=language == "zh")
    form = words(language)["place_country"]
    return form.format(name=name, country=_country(place.country, language)) if place.country else name


def place_of(identifier: str, places: Mapping[str, PlaceSet]) -> PlaceSet | None:
    """A place, or that of which it is a part."""
    return places.get(identifier) or places.get(identifier.partition("/254/")[0])


def _stops(steps: Sequence[Step], places: Mapping[str, PlaceSet]) -> list[tuple[int, tuple[float, float]]]:
    found: list[tuple[int, tuple[float, float]]] = []
    for number, step in enumerate(steps, 1):
        place = place_of(step.place, places)
        where = coordinates(place.latitude, place.longitude) if place else geo_coordinates(step.place)
        if where:
            found.append((number, (where[1], where[0])))
    return found


def _temperature(kelvins: Sequence[Fraction], t: Mapping[str, str]) -> str:
    if not kelvins:
        return ""
    least, most = (f"{float(value - _ZERO_CELSIUS):.1f}" for value in (min(kelvins), max(kelvins)))
    return t["temperature_range"].format(least=least, most=most, count=len(kelvins))


def _certificates(steps: Sequence[Step]) -> list[ShownLink]:
    found = dict.fromkeys(one for step in steps for one in step.certificates)
    return [ShownLink(one, one.partition("://")[2]) for one in found]


def _country(code: str, language: str) -> str:
    names = cast("Mapping[str, str]", _LOCALES[language].territories)
    return names.get(code, code)


def _date(text: str, language: str) -> str:
    try:
        return format_date(datetime.fromisoformat(text), "long", locale=_LOCALES[language])
    except ValueError:
        return text


def _pick(en: str, zh_text: str, *, zh: bool) -> str:
    return (zh_text or en) if zh else (en or zh_text)


def _said(texts: Sequence[tuple[str, str]], language: str) -> tuple[str, str]:
    """The first text that there is, and the language in which it is."""
    for en, zh in texts:
        if en or zh:
            chinese = bool(zh) and (language == "zh" or not en)
            return (zh, "zh") if chinese else (en, "en")
    return "", language
