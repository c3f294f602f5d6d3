"""By what an event can be found: everything it says, as terms (a name and a value) and as numbers to compare."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from fenxiao.epcis import parse_identifier
from fenxiao.money import plain
from services.traceability.domain.facts import Attribute, Facts, Role, Space, micros
from services.traceability.domain.units import to_base

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})")

WITH_UNIT: Final = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percValue"})
"""Fields of a sensor report that are measured in its unit."""

_OTHER_CLASSES: Final = ("253/", "255/", "8003/", "8006/", "8010/")

ANY: Final = ""
"""As a value: that there is one."""


def item_name(role: Role, *, is_class: bool) -> str:
    """The name under which identifiers of a role are found."""
    return f"class {role}" if is_class else role.value


def attribute_name(attribute: Attribute) -> str:
    """The name under which a partner's own field is found: its space, whether it is an inner one, and its name."""
    return f"{attribute.space}{' inner' if attribute.depth else ''} {attribute.name}"


def terms_of(facts: Facts) -> Iterator[tuple[str, str]]:
    """Everything that an event can be found by, as name and value."""
    yield "type", facts.kind
    named = {
        "action": facts.action,
        "bizStep": facts.biz_step,
        "disposition": facts.disposition,
        "readPoint": facts.read_point,
        "bizLocation": facts.biz_location,
        "transformationID": facts.transformation,
    }
    yield from ((name, value) for name, value in named.items() if value)
    yield from (("set", word) for word in facts.set)
    yield from (("unset", word) for word in facts.unset)
    for name, place in (("readPoint", facts.read_point), ("bizLocation", facts.biz_location)):
        yield from ((f"within {name}", wider) for wider in places_above(place))
    for item in facts.items:
        name = item_name(item.role, is_class=item.is_class)
        yield name, item.id
        yield from ((f"any {name}", wider) for wider in wider_classes(item.id))
    yield from ((f"bizTransaction {kind}", one) for kind, one in facts.transactions)
    yield from ((f"source {kind}", one) for kind, one in facts.sources)
    yield from ((f"destination {kind}", one) for kind, one in facts.destinations)
    yield from _terms_beside(facts)


def _terms_beside(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.declaration is not None:
        yield "errorDeclaration", ANY
        yield "errorReason", facts.declaration.reason
        yield from (("correctiveEventID", one) for one in facts.declaration.correctives)
    for attribute in facts.attributes:
        yield attribute_name(attribute), ANY
        if attribute.value:
            yield attribute_name(attribute), text_of(attribute.value)
    if any(attribute.space is Space.ILMD for attribute in facts.attributes):
        yield "ilmd", ANY
    if facts.sensors:
        yield "sensorElementList", ANY
    for report in (*facts.sensors, *facts.sensor_metadata):
        yield from ((f"sensor {key}", one) for key, one in report.items() if isinstance(one, str) and key != "uom")


def text_of(value: str | Decimal) -> str:
    """How a value of a partner's own field is compared: numbers without ornament, moments whatever their offset."""
    if isinstance(value, Decimal):
        return plain(value)
    moment = _moment(value)
    return value if moment is None else f"@{moment}"


def _moment(text: str) -> int | None:
    if not text[:1].isdigit() or text[10:11] not in ("T", "t"):
        return None
    try:
        return micros(text)
    except ValueError:
        return None


def numbers_of(facts: Facts) -> Iterator[tuple[str, Fraction]]:
    """Everything that is compared by size, as name and number. Times are microseconds since 1970."""
    for item in facts.items:
        if item.quantity is not None:
            yield "quantity", Fraction(item.quantity)
            if item.uom:
                base, number = to_base(item.quantity, item.uom)
                yield f"quantity {base}", number
    if facts.declaration is not None:
        yield "errorDeclarationTime", Fraction(facts.declaration.time)
    for attribute in facts.attributes:
        number = size_of(attribute.value)
        if number is not None:
            yield attribute_name(attribute), number
    for report in (*facts.sensors, *facts.sensor_metadata):
        unit = str(report.get("uom", ""))
        for key, value in report.items():
            if isinstance(value, Decimal):
                yield measured(key, value, unit)


def measured(key: str, value: Decimal, unit: str) -> tuple[str, Fraction]:
    """A field of a sensor report as name and number: what has a unit is brought to the base one."""
    if key not in WITH_UNIT:
        return f"sensor {key}", Fraction(value)
    base, number = to_base(value, unit)
    return f"sensor {key} {base}", number


def size_of(value: str | Decimal | None) -> Fraction | None:
    """A number, or a time, as what it is compared by; None for other text."""
    if isinstance(value, Decimal):
        return Fraction(value)
    if value is None or (not value[:1].isdigit() and value[:1] not in ("-", "+", ".")):
        return None
    if _NUMBER.fullmatch(value):
        return Fraction(value)
    moment = _moment(value)
    return None if moment is None else Fraction(moment)


def places_above(place: str) -> Iterator[str]:
    """A place, and where it lies by its identifier: the location of an extension (General Specifications, 3.5.11)."""
    if place:
        yield place
        head, extension, _ = place.partition("/254/")
        if extension:
            yield head


def wider_classes(identifier: str) -> Iterator[str]:
    """The classes to which an object belongs by its identifier: of a serial or lot, the goods or kind of asset."""
    link, _, rest = identifier.partition("id.gs1.org/")
    if link != "https://":
        return
    if rest.startswith("01/"):
        if rest.count("/") == 3:
            yield identifier.rsplit("/", 2)[0]
    elif rest.startswith(_OTHER_CLASSES):
        found = parse_identifier(identifier)
        if found is not None and found.class_uri:
            yield found.class_uri
