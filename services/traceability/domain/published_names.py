"""What a merchant makes known of places and products. Nothing else about them is shown to everybody."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

from fenxiao.epcis import Names, canonical_text, is_uri, parse_identifier, wrong_check_digit
from fenxiao.errors import Refusal
from services.traceability.domain.events import PlaceSet, ProductSet

E = TypeVar("E")

MOST_NAME: Final = 200
MOST_TEXT: Final = 2000
MOST_URI: Final = 2000

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,8})?")
_GEO: Final = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]{1,12})?),(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)(?:[,;].*)?")


def read_goods(text: str) -> str:
    """The canonical form of a GS1 identifier. Raises `Refusal` INVALID_IDENTIFIER or WRONG_CHECK_DIGIT."""
    found = parse_identifier(text) if len(text) <= MOST_URI else None
    if found is None:
        message = "write a GS1 identifier: an EPC URI, or a Digital Link such as https://id.gs1.org/01/{GTIN}/10/{lot}"
        raise Refusal("INVALID_IDENTIFIER", message, field="identifier")
    if (wrong := wrong_check_digit(found.uri)) is not None:
        stands, right = wrong
        message = f"the check digit of {found.number} is {right}, not {stands}; look for a digit that is mistyped"
        raise Refusal("WRONG_CHECK_DIGIT", message, field="identifier")
    return found.uri


def read_place(text: str) -> str:
    """The canonical form of a place. Raises `Refusal` INVALID_IDENTIFIER or WRONG_CHECK_DIGIT."""
    if parse_identifier(text[:MOST_URI]) is not None:
        return read_goods(text)
    if len(text) > MOST_URI or not is_uri(text):
        message = "write the place as events name it: https://id.gs1.org/414/{GLN}, urn:epc:id:sgln:…, or another URI"
        raise Refusal("INVALID_IDENTIFIER", message, field="identifier")
    return canonical_text(text, Names())


def decide_place(known: PlaceSet | None, wanted: PlaceSet) -> PlaceSet | None:
    """This is known of a place from now on; None if it is already."""
    _check_names(wanted.name_en, wanted.name_zh)
    if wanted.country and not _COUNTRY.fullmatch(wanted.country):
        raise Refusal("INVALID_COUNTRY", "write a country as IT or CN", field="country")
    if bool(wanted.latitude) != bool(wanted.longitude):
        raise Refusal("INVALID_COORDINATES", "name both latitude and longitude, or neither", field="longitude")
    if wanted.latitude:
        _check_degrees(wanted.latitude, 90, "latitude")
        _check_degrees(wanted.longitude, 180, "longitude")
    return None if wanted == known else wanted


def decide_product(known: ProductSet | None, wanted: ProductSet) -> ProductSet | None:
    """This is known of a product from now on; None if it is already."""
    _check_names(wanted.name_en, wanted.name_zh)
    for name, text in (("text_en", wanted.text_en), ("text_zh", wanted.text_zh)):
        if len(text) > MOST_TEXT or not text.replace("\n", "").isprintable():
            raise Refusal("INVALID_TEXT", f"a text has at most {MOST_TEXT} characters", field=name)
    return None if wanted == known else wanted


def newest(events: Iterable[Any], cls: type[E]) -> E | None:
    """What was said last."""
    found: Sequence[E] = [event for event in events if isinstance(event, cls)]
    return found[-1] if found else None


def coordinates(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Degrees north and east; None if they are no place on earth."""
    if not latitude or not longitude:
        return None
    north, east = float(latitude), float(longitude)
    return (north, east) if abs(north) <= 90 and abs(east) <= 180 else None


def geo_coordinates(uri: str) -> tuple[float, float] | None:
    """Of a `geo:` URI (RFC 5870); None for others."""
    found = _GEO.fullmatch(uri)
    return coordinates(found[1], found[2]) if found else None


def _check_names(*names: str) -> None:
    for field, name in zip(("name_en", "name_zh"), names, strict=True):
        if len(name) > MOST_NAME or not name.isprintable():
            message = f"a name is one line of at most {MOST_NAME} characters"
            raise Refusal("INVALID_NAME_TEXT", message, field=field)
    if not any(names):
        raise Refusal("INVALID_NAME_TEXT", "write a name in at least one language", field="name_en")


def _check_degrees(text: str, most: int, field: str) -> None:
    if not _DEGREES.fullmatch(text) or abs(Decimal(text)) > most:
        raise Refusal("INVALID_COORDINATES", f"write degrees from -{most} to {most}, such as 43.77", field=field)
