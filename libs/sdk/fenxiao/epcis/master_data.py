"""Master data: what a document's header says of places, parties, classes and words (ISO/IEC 19987, 6.5 and 9.5).

An element belongs to a vocabulary, has attributes, and may name others below it in the same vocabulary. Vocabularies,
elements and attributes are named in one form each, however a partner writes them:
`urn:epcglobal:epcis:vtype:BusinessLocation`, identifiers as in events, `urn:epcglobal:cbv:mda#name`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from fenxiao.epcis.checks import Problem
from fenxiao.epcis.event_hash import canonical_text
from fenxiao.epcis.formats import is_uri
from fenxiao.epcis.names import STANDARD_CONTEXT, Names
from fenxiao.epcis.strict_json import Json, Limits, Path, to_text
from fenxiao.epcis.vocabulary import Vocabulary

ATTRIBUTES: Final = "urn:epcglobal:cbv:mda#"
VOCABULARIES: Final = "urn:epcglobal:epcis:vtype:"

_GS1: Final = "https://gs1.org/voc/"
_ATTRIBUTE_HOMES: Final = {
    ATTRIBUTES: ATTRIBUTES,
    "urn:epcglobal:cbv:mda:": ATTRIBUTES,
    "https://ref.gs1.org/cbv/mda/": ATTRIBUTES,
    "https://ref.gs1.org/cbv/mda#": ATTRIBUTES,
    "http://gs1.org/voc/": _GS1,
    "https://www.gs1.org/voc/": _GS1,
    "http://www.gs1.org/voc/": _GS1,
}
_VOCABULARY_HOMES: Final = (
    VOCABULARIES,
    "https://ref.gs1.org/epcis/vtype:",
    "https://ref.gs1.org/epcis/vtype/",
    "https://ref.gs1.org/epcis/",
)
_STANDARD: Final = (
    "ReadPoint", "BusinessLocation", "Location", "Party", "EPCClass", "BusinessStep", "Disposition",
    "BusinessTransaction", "BusinessTransactionType", "SourceDest", "SourceDestType", "ErrorReason", "Microorganism",
    "ChemicalSubstance", "Resource",
)  # fmt: skip
_BY_LOWER: Final = {word.lower(): word for word in _STANDARD}
_HALF: Final = 512 * 1024
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "EPCISDocument": ("epcisHeader", "epcisMasterData", "vocabularyList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "vocabularyList"),
}
_WORDS: Final = {
    f"{VOCABULARIES}BusinessStep": Vocabulary.BIZ_STEP,
    f"{VOCABULARIES}Disposition": Vocabulary.DISPOSITION,
    f"{VOCABULARIES}BusinessTransactionType": Vocabulary.BIZ_TRANSACTION,
    f"{VOCABULARIES}SourceDestType": Vocabulary.SOURCE_DESTINATION,
    f"{VOCABULARIES}ErrorReason": Vocabulary.ERROR_REASON,
}
"""Vocabularies whose elements are words, which events name without any URI."""


@dataclass(frozen=True, slots=True)
class MasterDataElement:
    """What is said of one element of a vocabulary."""

    vocabulary: str
    id: str
    attributes: tuple[tuple[str, tuple[Json, ...]], ...] = ()
    """Each name once, with its values: numbers, texts, objects. One without a value is said to have none."""
    children: tuple[str, ...] | None = None
    """What lies below it; None: nothing is said of that."""


def vocabulary_name(text: str, names: Names) -> str:
    """Name a vocabulary: `BusinessLocation`, in any case and under any prefix of the standard; others by their URI."""
    text = names.expand(text.strip())
    for home in ("", *_VOCABULARY_HOMES):
        if text.startswith(home) and (word := _BY_LOWER.get(text[len(home) :].lower())):
            return VOCABULARIES + word
    return text


def attribute_name(text: str, names: Names) -> str:
    """Name an attribute: `name`, `cbvmda:name`, `urn:epcglobal:cbv:mda#name`; others by their URI."""
    text = names.expand(text.strip())
    if ":" not in text:
        return ATTRIBUTES + text
    for home, one in _ATTRIBUTE_HOMES.items():
        if text.startswith(home):
            return one + text[len(home) :]
    return text


def element_name(vocabulary: str, text: str, names: Names) -> str:
    """Name an element of a vocabulary as events name it."""
    found = canonical_text(text, names)
    words = _WORDS.get(vocabulary)
    return words.word(found) if words else found


def is_element_name(vocabulary: str, text: str) -> bool:
    """Whether a text, in the form of `element_name`, is a URI, or a word that the vocabulary has."""
    words = _WORDS.get(vocabulary)
    return is_uri(text) or (words is not None and text in words.words)


def word_vocabularies() -> Iterable[str]:
    """Give the vocabularies whose elements are words."""
    return _WORDS.keys()


def master_data_of(root: dict[str, Json], names: Names) -> list[MasterDataElement]:
    """Give the master data of a valid document: each element once, in the order of the document."""
    found: dict[tuple[str, str], _Said] = {}
    for vocabulary in _vocabularies(root)[1]:
        kind = vocabulary_name(str(vocabulary["type"]), names)
        for fields in _objects(vocabulary.get("vocabularyElementList")):
            element = element_name(kind, str(fields["id"]), names)
            found.setdefault((kind, element), _Said()).add(kind, fields, names)
    return [MasterDataElement(*key, *said.all()) for key, said in found.items()]


class _Said:
    """What is said of an element, in however many places of a document."""

    def __init__(self) -> None:
        self._attributes: dict[str, dict[str, Json]] = {}
        self._children: dict[str, None] | None = None

    def add(self, vocabulary: str, fields: dict[str, Json], names: Names) -> None:
        for attribute in _objects(fields.get("attributes")):
            values = self._attributes.setdefault(attribute_name(str(attribute["id"]), names), {})
            if "attribute" in attribute:
                value = _in_full(attribute["attribute"], names)
                values[to_text(value)] = value
        children = fields.get("children")
        if isinstance(children, list):
            self._children = {} if self._children is None else self._children
            self._children.update((element_name(vocabulary, str(one), names), None) for one in children)

    def all(self) -> tuple[tuple[tuple[str, tuple[Json, ...]], ...], tuple[str, ...] | None]:
        attributes = tuple((name, tuple(values.values())) for name, values in self._attributes.items())
        return attributes, None if self._children is None else tuple(self._children)


def too_much(root: dict[str, Json], names: Names, limits: Limits) -> list[Problem]:
    """Find what is more than is taken: elements in all, characters of what they are looked up by."""
    path, vocabularies = _vocabularies(root)
    lists = [_objects(vocabulary.get("vocabularyElementList")) for vocabulary in vocabularies]
    if sum(map(len, lists)) > limits.elements:
        most = f"a document has at most {limits.elements:,} elements of master data; send them in parts"
        return [(path, "TOO_MANY_ELEMENTS", most)]
    message = f"a text here has at most {limits.text:,} characters; shorten it"
    return [
        (place, "TEXT_TOO_LONG", message)
        for number, (vocabulary, elements) in enumerate(zip(vocabularies, lists, strict=True))
        for place, text in _texts((*path, number), vocabulary, elements)
        if len(text) + names.longest > limits.text and len(names.expand(text)) > limits.text
    ]


def _vocabularies(root: dict[str, Json]) -> tuple[Path, list[dict[str, Json]]]:
    """Where master data stands: in the header of a document, in the answer to a query."""
    path = _PLACES.get(str(root.get("type")), ())
    place: Json = root
    for name in path:
        place = place.get(name) if isinstance(place, dict) else None
    return path, _objects(place) if path else []


def _texts(path: Path, vocabulary: dict[str, Json], elements: list[dict[str, Json]]) -> Iterator[tuple[Path, str]]:
    yield (*path, "type"), str(vocabulary["type"])
    for number, element in enumerate(elements):
        here = (*path, "vocabularyElementList", number)
        yield (*here, "id"), str(element["id"])
        for place, attribute in enumerate(_objects(element.get("attributes"))):
            yield (*here, "attributes", place, "id"), str(attribute["id"])
        children = element.get("children")
        for place, child in enumerate(children if isinstance(children, list) else []):
            yield (*here, "children", place), str(child)


def _in_full(value: Json, names: Names) -> Json:
    """The fields of an object mean nothing without the document's prefixes: they are named in full."""
    if isinstance(value, dict):
        return {names.expand(name): _in_full(one, names) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_full(one, names) for one in value]
    return value


def _objects(value: Json) -> list[dict[str, Json]]:
    return cast("list[dict[str, Json]]", value) if isinstance(value, list) else []


def documents_of(elements: Iterable[MasterDataElement], created: str, most: int = 1000) -> Iterator[bytes]:
    """Write documents that hold master data and nothing else, each of so many elements and half a megabyte, or one."""
    part: list[MasterDataElement] = []
    size = 0
    for element in elements:
        length = len(to_text(_written(element)))
        if part and (len(part) == most or size + length > _HALF):
            yield _document(part, created)
            part, size = [], 0
        part.append(element)
        size += length
    if part:
        yield _document(part, created)


def _document(elements: Sequence[MasterDataElement], created: str) -> bytes:
    vocabularies: dict[str, list[Json]] = {}
    for element in elements:
        vocabularies.setdefault(element.vocabulary, []).append(_written(element))
    listed: list[Json] = [{"type": kind, "vocabularyElementList": found} for kind, found in vocabularies.items()]
    root: dict[str, Json] = {
        "@context": STANDARD_CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisHeader": {"epcisMasterData": {"vocabularyList": listed}},
        "epcisBody": {"eventList": []},
    }
    return to_text(root).encode()


def _written(element: MasterDataElement) -> dict[str, Json]:
    words = _WORDS.get(element.vocabulary)
    uri = words.uri if words else str
    attributes: list[Json] = []
    for name, values in element.attributes:
        attributes += [{"id": name, "attribute": value} for value in values] or [{"id": name}]
    below: dict[str, Json] = {} if element.children is None else {"children": [uri(one) for one in element.children]}
    return {"id": uri(element.id), "attributes": attributes, **below}
