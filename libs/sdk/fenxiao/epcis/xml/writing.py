"""Events written as XML 2.0 (ISO/IEC 19987, 9.5): an element each, complete in itself, with the namespaces it needs.

Its elements stand in the order that the XML schema wants. An event that is read again has the same hash.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Final

from fenxiao.epcis.names import STANDARD_PREFIXES, TEXT, Names
from fenxiao.epcis.schema import EVENT_TYPES
from fenxiao.epcis.strict_json import MOST_DIGITS, Json, error, to_text
from fenxiao.epcis.vocabulary import Vocabulary
from fenxiao.epcis.xml.escaping import escape, escape_attribute
from fenxiao.epcis.xml.marks import FIELD, ITEM, LIST, PREFIX
from fenxiao.epcis.xml.orders import ANY_ORDER, ORDERS
from fenxiao.epcis.xml.prefixes import CBV_MASTER_DATA, MACHINERY, MOST_NAME, OURS, is_usable

Fields = Mapping[str, Json]
Writer = Callable[["EventWriter", str, Json], str]
Spelling = Callable[[Vocabulary, str], str]

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_KEPT: Final = MACHINERY | {CBV_MASTER_DATA}
"""Namespaces that XML would take for others."""
_MARKED: Final = "marked: "
"""Before a namespace that is not declared: its fields say themselves what it is."""
_LONG: Final = MOST_NAME // 3
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def as_web_uri(vocabulary: Vocabulary, word: str) -> str:
    """Write a standard word as its Web URI."""
    return vocabulary.uri(word)


def as_urn(vocabulary: Vocabulary, word: str) -> str:
    """Write a standard word as the URN of EPCIS 1.2, if it has one."""
    return vocabulary.urn + word if vocabulary.urn and word in vocabulary.words else vocabulary.uri(word)


def write_event(event: Fields, names: Names, spelling: Spelling = as_web_uri) -> str:
    """Write an event's element. Raises `EpcisError` NOT_IN_XML for what only JSON can hold."""
    return EventWriter(names, spelling).write(event)


class EventWriter:
    """Writes one event, or what else stands alone, and knows the namespaces that it has needed so far."""

    def __init__(self, names: Names, spelling: Spelling) -> None:
        self._names = names
        self._prefixes: dict[str, str] = {}
        self._made = 0
        self._event: Fields = {}
        self.spelling = spelling

    def write(self, event: Fields) -> str:
        """Write it all."""
        kind, self._event = str(event["type"]), event
        order = ORDERS.get(kind, ANY_ORDER)
        parts = [_FIELDS[name](self, name, event[name]) for name in order if name in event]
        rest = [name for name in event if name not in order and name not in ("type", "@context")]
        parts += [self.own(name, event[name]) for name in rest]
        if kind in EVENT_TYPES:
            return f"<{kind}{self.declarations()}>{''.join(parts)}</{kind}>"
        tag, attributes = self._tag(kind)
        inner = f"<{tag}{attributes}{self.declarations()}>{''.join(parts)}</{tag}>"
        return f"<extension>{inner}</extension>"

    def own(self, name: str, value: Json, *, inside: bool = False) -> str:
        """Write a field of somebody's own; `inside` another such one, where names need no namespace."""
        tag, attributes = self._tag(name, inside=inside)
        items = value if isinstance(value, list) else [value]
        return "".join(self._element(tag, attributes, item) for item in items if item is not None)

    def text(self, value: Json) -> str:
        """A value as text, its prefix written out: XML may give the namespace another one."""
        if isinstance(value, str):
            return self._names.expand(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Decimal):
            plain = format(value, "f")
            return plain if len(plain) <= MOST_DIGITS else str(value)
        raise _not_here()

    def attribute(self, name: str, value: Json) -> tuple[str, str]:
        """Write a field as an attribute, or if that cannot be, as an element: one of both is empty."""
        tag, marked = self._tag(name)
        if marked or isinstance(value, dict | list):
            return "", self.own(name, value)
        return (f' {tag}="{escape_attribute(self.text(value))}"', "") if value is not None else ("", "")

    def _element(self, tag: str, attributes: str, value: Json) -> str:
        return f"<{tag}{attributes}>{self.content(value)}</{tag}>"

    def content(self, value: Json) -> str:
        """Write what stands in the element of a field of somebody's own."""
        match value:
            case None:
                return ""
            case dict():
                text = value.get(TEXT)
                if not isinstance(text, str | Decimal | bool):
                    return "".join(self.own(name, item, inside=True) for name, item in value.items())
                rest = {name: item for name, item in value.items() if name != TEXT}
                return escape(self.text(text)) + self.content(rest)
            case list():
                items = "".join(self._element(self._ours(ITEM), "", item) for item in value if item is not None)
                return f"<{self._ours(LIST)}>{items}</{LIST}>"
            case _:
                return escape(self.text(value))

    def _tag(self, name: str, *, inside: bool = False) -> tuple[str, str]:
        """Find the element that stands for a field, and the attributes that tell more of it."""
        key = self._names.key(name)
        namespace, closing, local = key[1:].partition("}") if key.startswith("{") else ("", "", key)
        if not closing:
            namespace, local = "", key
        if not namespace and inside and _NAME.fullmatch(local):
            return local, ""
        if namespace and namespace not in _KEPT and _NAME.fullmatch(local) and len(key) <= _LONG:
            return f"{self._prefix(namespace, name.partition(':')[0])}:{local}", ""
        there = ""
        if namespace:
            prefix = self._free(_MARKED + namespace, name.partition(":")[0])
            there = f' namespace="{escape_attribute(namespace)}" prefix="{prefix}"'
        return self._ours(FIELD), f' name="{escape_attribute(local)}"{there}'

    def _prefix(self, namespace: str, wish: str) -> str:
        if namespace == _XML:
            return "xml"
        if namespace == CBV_MASTER_DATA + ":":
            namespace = CBV_MASTER_DATA
        return self._free(namespace, wish)

    def _free(self, meaning: str, wish: str) -> str:
        """Find a prefix that means this, and nothing else in this event."""
        prefix = wish if len(wish) <= _LONG else ""
        while not self._is_free(prefix, meaning):
            self._made += 1
            prefix = f"ns{self._made}"
            while f'"{prefix}:' in self._text:  # has no meaning there, and shall get none
                self._made += 1
                prefix = f"ns{self._made}"
        self._prefixes[prefix] = meaning
        return prefix

    @cached_property
    def _text(self) -> str:
        return to_text({**self._event})

    def _is_free(self, prefix: str, meaning: str) -> bool:
        if STANDARD_PREFIXES.get(prefix, meaning) != meaning and (prefix, meaning) != ("cbvmda", CBV_MASTER_DATA):
            return False
        if not is_usable(prefix) or prefix == PREFIX or prefix.lower().startswith("xml"):
            return False
        return self._prefixes.get(prefix, meaning) == meaning

    def _ours(self, tag: str) -> str:
        self._prefixes.setdefault(PREFIX, OURS)
        return tag

    def declarations(self) -> str:
        """Declare the namespaces that were needed."""
        declared = {prefix: found for prefix, found in self._prefixes.items() if not found.startswith(_MARKED)}
        return "".join(f' xmlns:{prefix}="{escape_attribute(found)}"' for prefix, found in declared.items())


def _not_here() -> Exception:
    message = "the event has a value of a kind that its field cannot hold in XML; ask for it in JSON"
    return error("NOT_IN_XML", message)


def _simple(write: EventWriter, name: str, value: Json) -> str:
    return f"<{name}>{escape(write.text(value))}</{name}>"


def _each(item: Writer) -> Writer:
    """Write a field that may have several values."""

    def write_all(write: EventWriter, name: str, value: Json) -> str:
        return "".join(item(write, name, one) for one in (value if isinstance(value, list) else [value]))

    return write_all


def _list(inside: str, item: Writer) -> Writer:
    def write_all(write: EventWriter, name: str, value: Json) -> str:
        if not isinstance(value, list):
            raise _not_here()
        return f"<{name}>{''.join(item(write, inside, one) for one in value)}</{name}>"

    return write_all


def _word(vocabulary: Vocabulary) -> Writer:
    def write_word(write: EventWriter, name: str, value: Json) -> str:
        return f"<{name}>{escape(write.spelling(vocabulary, write.text(value)))}</{name}>"

    return write_word


def _fields(**writers: Writer) -> Writer:
    """Write an object, the standard's fields first."""

    def write_all(write: EventWriter, name: str, value: Json) -> str:
        if not isinstance(value, dict):
            raise _not_here()
        parts = [writer(write, field, value[field]) for field, writer in writers.items() if field in value]
        parts += [write.own(field, value[field]) for field in value if field not in writers]
        return f"<{name}>{''.join(parts)}</{name}>"

    return write_all


def _typed(vocabulary: Vocabulary) -> Writer:
    def write_typed(write: EventWriter, name: str, value: Json) -> str:
        if not isinstance(value, dict) or value.keys() - {"type", name}:
            raise _not_here()
        kind = write.spelling(vocabulary, write.text(value["type"])) if "type" in value else None
        attribute = "" if kind is None else f' type="{escape_attribute(kind)}"'
        return f"<{name}{attribute}>{escape(write.text(value[name]))}</{name}>"

    return write_typed


def _attributes(**vocabularies: Vocabulary) -> Writer:
    def write_all(write: EventWriter, name: str, value: Json) -> str:
        if not isinstance(value, dict):
            raise _not_here()
        attributes, elements = "", ""
        for field, item in value.items():
            if ":" in field:
                attribute, element = write.attribute(field, item)
                attributes, elements = attributes + attribute, elements + element
            else:
                text = write.text(item)
                text = write.spelling(vocabularies[field], text) if field in vocabularies else text
                attributes += f' {field}="{escape_attribute(text)}"'
        return f"<{name}{attributes}>{elements}</{name}>"

    return write_all


_EPCS: Final = _list("epc", _simple)
_QUANTITIES: Final = _list("quantityElement", _fields(epcClass=_simple, quantity=_simple, uom=_simple))
_DISPOSITION: Final = _each(_word(Vocabulary.DISPOSITION))
_FIELDS: Final[dict[str, Writer]] = {
    "eventTime": _simple,
    "recordTime": _simple,
    "eventTimeZoneOffset": _simple,
    "eventID": _simple,
    "errorDeclaration": _fields(
        declarationTime=_simple,
        reason=_word(Vocabulary.ERROR_REASON),
        correctiveEventIDs=_list("correctiveEventID", _simple),
    ),
    "certificationInfo": _each(_simple),
    "action": _simple,
    "parentID": _simple,
    "transformationID": _simple,
    **dict.fromkeys(["epcList", "childEPCs", "inputEPCList", "outputEPCList"], _EPCS),
    **dict.fromkeys(["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"], _QUANTITIES),
    "bizStep": _word(Vocabulary.BIZ_STEP),
    "disposition": _word(Vocabulary.DISPOSITION),
    "readPoint": _fields(id=_simple),
    "bizLocation": _fields(id=_simple),
    "bizTransactionList": _list("bizTransaction", _typed(Vocabulary.BIZ_TRANSACTION)),
    "sourceList": _list("source", _typed(Vocabulary.SOURCE_DESTINATION)),
    "destinationList": _list("destination", _typed(Vocabulary.SOURCE_DESTINATION)),
    "sensorElementList": _list(
        "sensorElement",
        _fields(
            sensorMetadata=_attributes(),
            sensorReport=_each(
                _attributes(
                    type=Vocabulary.MEASUREMENT, exception=Vocabulary.SENSOR_ALERT, component=Vocabulary.COMPONENT
                )
            ),
        ),
    ),
    "persistentDisposition": _fields(unset=_DISPOSITION, set=_DISPOSITION),
    "ilmd": _fields(),
}
