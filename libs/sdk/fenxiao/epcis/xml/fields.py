"""What the standard's elements are in JSON (ISO/IEC 19987, 9 and 10): the fields of every event, written as a table.

`extension` and `baseExtension`, in which 1.1 and 1.2 put what was new, are looked through. What is wrong with a value
is said by the checks of the JSON; here only what JSON could not show any more.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from fenxiao.epcis.checks import Problem, shown
from fenxiao.epcis.names import TEXT
from fenxiao.epcis.strict_json import MOST_DIGITS, MOST_EXPONENT, Json, Path
from fenxiao.epcis.vocabulary import Vocabulary
from fenxiao.epcis.xml.elements import Element
from fenxiao.epcis.xml.marks import LIST

Problems = list[Problem]
Reader = Callable[[Element, Path, Problems], Json]
_THROUGH: Final = ("extension", "baseExtension")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOTHING: Final = Decimal(0)
"""In the place of a number that is none; that it is none has been said."""
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


def own_value(element: Element) -> Json:
    """Read an element of somebody's own: a text, an object of all that it holds, or a list in a list."""
    if not element.attributes:
        if not element.children:
            return element.text
        if [child.name for child in element.children] == [LIST]:
            return [own_value(item) for item in element.children[0].children]
    made: dict[str, Json] = dict(element.attributes)
    for child in element.children:
        add(made, child.name, own_value(child))
    if element.text:
        add(made, TEXT, element.text)
    return made


def add(made: dict[str, Json], name: str, value: Json) -> None:
    """Add a value to those of its name: one, or a list of several."""
    known = made.get(name)
    if isinstance(known, list):
        known.append(value)
    elif known is not None:
        made[name] = [known, value]
    else:
        made[name] = [value] if isinstance(value, list) else value


def parts(element: Element) -> Iterator[Element]:
    """Give the elements in it, also those in what is looked through."""
    for child in element.children:
        if child.name in _THROUGH and not child.is_own:
            yield from parts(child)
        else:
            yield child


def read_event(element: Element, path: Path, problems: Problems) -> dict[str, Json]:
    """Read an event of any type."""
    fields = _read_fields(element, _EVENT, path, problems)
    fields.pop("type", None)
    return {"type": element.name, **fields}


def _read_fields(element: Element, readers: Mapping[str, Reader], path: Path, problems: Problems) -> dict[str, Json]:
    """Read the fields of an object; those that the standard doesn't know are somebody's own."""
    made: dict[str, Json] = {}
    for name, value in element.attributes.items():
        if ":" in name:
            made[name] = value
        else:
            problems.append(_unexpected(path, f"the attribute {shown(name)}"))
    for child in parts(element):
        name = child.name
        read = None if child.is_own else readers.get(name)
        if child.is_own:
            add(made, name, own_value(child))
        elif read is None:
            problems.append(_unexpected(path, f"the element {shown(name)}"))
        elif name not in made:
            made[name] = read(child, (*path, name), problems)
        elif name in _SEVERAL:
            add(made, name, read(child, (*path, name), problems))
        else:
            message = f"the element {shown(name)} stands twice; keep one of them"
            problems.append(((*path, name), "REPEATED_ELEMENT", message))
    if element.text:
        problems.append(_unexpected(path, f"the text {shown(element.text)}"))
    return made


def _unexpected(path: Path, what: str) -> Problem:
    message = f"{what} does not belong here; look at the spelling, or put what is your own into a namespace"
    return path, "UNEXPECTED_ELEMENT", message


def _text(element: Element, path: Path, problems: Problems) -> str:
    for child in element.children:
        problems.append(_unexpected(path, f"the element {shown(child.name)}"))
    for name in element.attributes:
        problems.append(_unexpected(path, f"the attribute {shown(name)}"))
    return element.text


def _number(text: str, path: Path, problems: Problems) -> Json:
    if not _NUMBER.fullmatch(text):
        problems.append((path, "WRONG_TYPE", f"{shown(text)} is not a number; write one such as 12.5"))
    elif len(text) <= MOST_DIGITS and abs((number := Decimal(text)).adjusted()) <= MOST_EXPONENT:
        return number
    else:
        message = (
            f"{shown(text)} is not taken: at most {MOST_DIGITS} characters and powers of ten up to {MOST_EXPONENT}"
        )
        problems.append((path, "NUMBER_OUT_OF_RANGE", message))
    return _NOTHING


def _word(vocabulary: Vocabulary) -> Reader:
    return lambda element, path, problems: vocabulary.word(_text(element, path, problems))


def _fields(**readers: Reader) -> Reader:
    return lambda element, path, problems: _read_fields(element, readers, path, problems)


def _list(inside: str, read: Reader) -> Reader:
    """A list, whose items XML calls by a name of their own."""

    def read_all(element: Element, path: Path, problems: Problems) -> Json:
        made: list[Json] = []
        for child in parts(element):
            if child.name == inside:
                made.append(read(child, (*path, len(made)), problems))
            else:
                problems.append(_unexpected(path, f"the element {shown(child.name)}"))
        for name in element.attributes:
            problems.append(_unexpected(path, f"the attribute {shown(name)}"))
        if element.text:
            problems.append(_unexpected(path, f"the text {shown(element.text)}"))
        return made

    return read_all


def _typed(name: str, vocabulary: Vocabulary) -> Reader:
    """An identifier with its type as an attribute."""

    def read(element: Element, path: Path, problems: Problems) -> Json:
        kind = element.attributes.pop("type", None)
        text = _text(element, path, problems)
        return {name: text} if kind is None else {"type": vocabulary.word(kind.strip()), name: text}

    return read


def _persistent(element: Element, path: Path, problems: Problems) -> Json:
    word = _word(Vocabulary.DISPOSITION)
    read = _read_fields(element, {"set": word, "unset": word}, path, problems)
    return {name: value if isinstance(value, list) else [value] for name, value in read.items()}


def _quantity(element: Element, path: Path, problems: Problems) -> Json:
    made = _read_fields(element, _QUANTITY, path, problems)
    return {name: value for name, value in made.items() if value is not None}


def _amount(element: Element, path: Path, problems: Problems) -> Json:
    return None if element.is_nil else _number(_text(element, path, problems), path, problems)


def _attributes(**readers: Callable[[str, Path, Problems], Json]) -> Reader:
    """An object that XML has as attributes."""

    def read_all(element: Element, path: Path, problems: Problems) -> Json:
        made: dict[str, Json] = {}
        for name, text in element.attributes.items():
            read = readers.get(name)
            made[name] = text if read is None else read(text.strip(), (*path, name), problems)
        for child in element.children:
            if child.is_own:
                add(made, child.name, own_value(child))
            else:
                problems.append(_unexpected(path, f"the element {shown(child.name)}"))
        if element.text:
            problems.append(_unexpected(path, f"the text {shown(element.text)}"))
        return made

    return read_all


def _spelt(vocabulary: Vocabulary) -> Callable[[str, Path, Problems], Json]:
    def read(text: str, path: Path, problems: Problems) -> Json:
        del path, problems
        word = vocabulary.word(text)
        local = text.rpartition(":")[2].rpartition("/")[2]
        return word if local.endswith(word) and not local.startswith("MT-") else text

    return read


def _truth(text: str, path: Path, problems: Problems) -> Json:
    found = _TRUTHS.get(text)
    if found is None:
        problems.append((path, "WRONG_TYPE", f"{shown(text)} is not a truth value; write true or false"))
        return False
    return found


def _sensor_element(element: Element, path: Path, problems: Problems) -> Json:
    made = _read_fields(element, _SENSOR, path, problems)
    if "sensorReport" in made and not isinstance(made["sensorReport"], list):
        made["sensorReport"] = [made["sensorReport"]]
    return made


_SEVERAL: Final = frozenset({"certificationInfo", "set", "unset", "sensorReport"})
"""Fields whose elements are repeated, with none around them."""

_EPCS: Final = _list("epc", _text)
_QUANTITY: Final[dict[str, Reader]] = {"epcClass": _text, "quantity": _amount, "uom": _text}
_QUANTITIES: Final = _list("quantityElement", _quantity)
_SENSOR: Final[dict[str, Reader]] = {
    "sensorMetadata": _attributes(),
    "sensorReport": _attributes(
        type=_spelt(Vocabulary.MEASUREMENT),
        exception=_spelt(Vocabulary.SENSOR_ALERT),
        component=_spelt(Vocabulary.COMPONENT),
        booleanValue=_truth,
        **dict.fromkeys(["value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"], _number),
    ),
}

_EVENT: Final[dict[str, Reader]] = {
    "eventTime": _text,
    "recordTime": _text,
    "eventTimeZoneOffset": _text,
    "eventID": _text,
    "certificationInfo": _text,
    "errorDeclaration": _fields(
        declarationTime=_text,
        reason=_word(Vocabulary.ERROR_REASON),
        correctiveEventIDs=_list("correctiveEventID", _text),
    ),
    "action": _text,
    "parentID": _text,
    "transformationID": _text,
    "epcList": _EPCS,
    "childEPCs": _EPCS,
    "inputEPCList": _EPCS,
    "outputEPCList": _EPCS,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputQuantityList": _QUANTITIES,
    "bizStep": _word(Vocabulary.BIZ_STEP),
    "disposition": _word(Vocabulary.DISPOSITION),
    "persistentDisposition": _persistent,
    "readPoint": _fields(id=_text),
    "bizLocation": _fields(id=_text),
    "bizTransactionList": _list("bizTransaction", _typed("bizTransaction", Vocabulary.BIZ_TRANSACTION)),
    "sourceList": _list("source", _typed("source", Vocabulary.SOURCE_DESTINATION)),
    "destinationList": _list("destination", _typed("destination", Vocabulary.SOURCE_DESTINATION)),
    "sensorElementList": _list("sensorElement", _sensor_element),
    "ilmd": _fields(),
}
"""All fields of all types; which belong to which, the JSON schema says."""
