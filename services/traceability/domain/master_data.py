"""What is known of an element of a vocabulary, as partners say it anew (EPCIS 2.0, 6.5; CBV 2.0).

A header says what was so when its document was made, of those attributes that it names. So attributes are replaced one
by one, each with all its values; those that are not named stay, and so do children if nothing is said of them. What an
older document says does not replace what a newer one has said, whichever comes first.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from json import JSONDecodeError
from typing import Final
from uuid import UUID, uuid5

from fenxiao.epcis import EpcisError, EpcisIssue, Json, MasterDataElement, Names, is_uri
from fenxiao.epcis.master_data import (
    ATTRIBUTES,
    VOCABULARIES,
    attribute_name,
    element_name,
    is_element_name,
    vocabulary_name,
)
from fenxiao.epcis.moments import to_utc
from fenxiao.epcis.strict_json import Decoder, to_text
from fenxiao.errors import Refusal
from services.traceability.domain.events import MasterDataAttribute, MasterDataDefined

_NAMESPACE: Final = UUID("3e0b8c55-7a53-4f2b-9a0e-0f1f2b6c4d77")

MOST_URI: Final = 2000
MOST_NAME: Final = 300
"""Characters of a vocabulary's or an attribute's name."""
MOST_ATTRIBUTES: Final = 200
MOST_VALUE: Final = 10_000
MOST_CHILDREN: Final = 10_000
_DEPTH: Final = 16
_HEADER: Final = "$.epcisHeader.epcisMasterData"

NAME: Final = ATTRIBUTES + "name"
READ_POINTS: Final = (VOCABULARIES + "ReadPoint", VOCABULARIES + "Location")
BIZ_LOCATIONS: Final = (VOCABULARIES + "BusinessLocation", VOCABULARIES + "Location")
PLACES: Final = (*BIZ_LOCATIONS, VOCABULARIES + "ReadPoint")

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NO_NAMES: Final = Names()


def element_stream(programme: str, vocabulary: str, element: str) -> UUID:
    """What is known of an element is a stream."""
    return uuid5(_NAMESPACE, f"{programme}\0{vocabulary}\0{element}")


def as_of(created: str, now: datetime) -> datetime:
    """When what a document says was so: when it was made, but not in the future."""
    try:
        return min(to_utc(created), now)
    except ValueError:
        return now


def decide_said(known: MasterDataDefined | None, said: MasterDataElement, moment: datetime) -> MasterDataDefined | None:
    """What is known after a document has said something of an element; None if that changes nothing."""
    attributes = {one.name: one for one in known.attributes} if known else {}
    for name, values in said.attributes:
        texts = tuple(sorted(map(to_text, values)))
        before = attributes.get(name)
        news = bool(texts) if before is None else before.values != texts and before.as_of <= moment
        if news:
            attributes[name] = MasterDataAttribute(name=name, values=texts, as_of=moment)
    children, children_as_of = (known.children, known.children_as_of) if known else ((), None)
    below = None if said.children is None else tuple(sorted(said.children))
    older = children_as_of is not None and moment < children_as_of
    if below is not None and not older and (children_as_of is None or below != children):
        children, children_as_of = below, moment
    found = MasterDataDefined(
        vocabulary=said.vocabulary,
        element=said.id,
        attributes=tuple(attributes[name] for name in sorted(attributes)),
        children=children,
        children_as_of=children_as_of,
    )
    return None if found == known else found


def decide_set(
    known: MasterDataDefined | None, wanted: MasterDataElement, moment: datetime
) -> MasterDataDefined | None:
    """What is known after somebody has said all of it; None if that changes nothing."""
    named = {name for name, _ in wanted.attributes}
    gone = [(one.name, ()) for one in (known.attributes if known else ()) if one.name not in named]
    return decide_said(
        known,
        MasterDataElement(wanted.vocabulary, wanted.id, (*wanted.attributes, *gone), wanted.children or ()),
        moment,
    )


def problems(elements: Iterable[MasterDataElement]) -> list[EpcisIssue]:
    """What keeps valid master data from being captured all the same."""
    long = [name for one in elements for name in (one.vocabulary, *dict(one.attributes)) if len(name) > MOST_NAME]
    message = f"names of vocabularies and attributes have at most {MOST_NAME} characters, unlike {{}}…; shorten them"
    return [EpcisIssue(0, _HEADER, "NAME_TOO_LONG", message.format(repr(name[:80]))) for name in long[:10]]


def read_element(
    vocabulary: str, element: str, attributes: Iterable[tuple[str, Json]], children: Iterable[str]
) -> MasterDataElement:
    """An element as somebody sets it. Raises `Refusal` INVALID_VOCABULARY, INVALID_ELEMENT or INVALID_ATTRIBUTE."""
    kind = read_vocabulary(vocabulary, "element.vocabulary")
    values: dict[str, list[Json]] = {}
    for name, value in attributes:
        if len(to_text(value)) > MOST_VALUE:
            raise _invalid_attribute(f"a value has at most {MOST_VALUE:,} characters")
        values.setdefault(read_attribute(name, "element.attributes"), []).append(value)
    if len(values) > MOST_ATTRIBUTES:
        raise _invalid_attribute(f"an element has at most {MOST_ATTRIBUTES} attributes")
    below = [_read_name(kind, child, "element.children") for child in children]
    if len(below) > MOST_CHILDREN:
        message = f"an element has at most {MOST_CHILDREN:,} children; name those that lie directly below it"
        raise Refusal("INVALID_ELEMENT", message, field="element.children")
    found = tuple((name, tuple(said)) for name, said in values.items())
    return MasterDataElement(kind, _read_name(kind, element, "element.id"), found, tuple(dict.fromkeys(below)))


def read_vocabulary(text: str, field: str, names: Names = _NO_NAMES) -> str:
    """The name of a vocabulary. Raises `Refusal` INVALID_VOCABULARY."""
    found = vocabulary_name(text[: MOST_NAME + 1], names)
    if len(found) > MOST_NAME or not is_uri(found):
        message = "write a vocabulary of the standard, such as BusinessLocation, or the URI of your own"
        raise Refusal("INVALID_VOCABULARY", message, field=field)
    return found


def read_attribute(text: str, field: str, names: Names = _NO_NAMES) -> str:
    """The name of an attribute. Raises `Refusal` INVALID_ATTRIBUTE."""
    found = attribute_name(text[: MOST_NAME + 1], names)
    if len(found) > MOST_NAME or not (_WORD.fullmatch(text) or (":" in text and is_uri(found))):
        raise _invalid_attribute("write an attribute of the standard, such as name, or the URI of your own", field)
    return found


def _read_name(vocabulary: str, text: str, field: str) -> str:
    found = element_name(vocabulary, text[: MOST_URI + 1], _NO_NAMES)
    if len(found) > MOST_URI or not is_element_name(vocabulary, found):
        message = "write the element as events name it: an EPC URI, a Digital Link, or another URI"
        raise Refusal("INVALID_ELEMENT", message, field=field)
    return found


def read_value(text: str) -> Json:
    """A value in JSON: a number, a text or an object. Raises `Refusal` INVALID_ATTRIBUTE."""
    decoder = Decoder(_DEPTH)
    try:
        value, end = decoder.decode(text, 0)
        odd = decoder.inspect(value, text, 0, ())
    except (JSONDecodeError, EpcisError):
        value, end, odd = None, 0, []
    if odd or end != len(text) or value is None or isinstance(value, bool | list):
        raise _invalid_attribute("json is a number, a text or an object, with each field once")
    return value


def _invalid_attribute(message: str, field: str = "element.attributes") -> Refusal:
    return Refusal("INVALID_ATTRIBUTE", message, field=field)
