"""Where the events stand in XML: in an EPCISDocument or an EPCISQueryDocument, of which JSON has the same.

It finds events as `fenxiao.epcis.structure` does in JSON. What is read of each is its JSON, under its place in JSON.
"""

from collections import deque
from collections.abc import Generator
from typing import BinaryIO, Final

from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path
from fenxiao.epcis.names import STANDARD_CONTEXT
from fenxiao.epcis.strict_json import Decoder, Json, Limits, Path, error, to_text
from fenxiao.epcis.structure import Around, Found
from fenxiao.epcis.xml.elements import Element
from fenxiao.epcis.xml.fields import Problems, add, own_value, read_event
from fenxiao.epcis.xml.headers import read_header, read_vocabularies
from fenxiao.epcis.xml.marks import MARKS, mark_element
from fenxiao.epcis.xml.parsing import BETWEEN, Parser
from fenxiao.epcis.xml.prefixes import EPCIS, MASTER_DATA, QUERY, XSI, Prefixes, split

_MARKS: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<", b"\0<")
"""What a document in XML begins with, in any encoding."""

_ROOTS: Final = {
    **dict.fromkeys(((namespace, "EPCISDocument") for namespace in EPCIS), "EPCISDocument"),
    **dict.fromkeys(((namespace, "EPCISQueryDocument") for namespace in QUERY), "EPCISQueryDocument"),
    **dict.fromkeys(((namespace, "EPCISMasterDataDocument") for namespace in MASTER_DATA), "EPCISDocument"),
}
_WAY: Final[dict[str, dict[str, str]]] = {
    "EPCISDocument": {"EPCISBody": "EPCISBody"},
    "EPCISMasterDataDocument": {"EPCISBody": "EPCISBody of master data"},
    "EPCISQueryDocument": {"EPCISBody": "EPCISBody of an answer"},
    "EPCISBody": {"EventList": "EventList"},
    "EPCISBody of master data": {},
    "EPCISBody of an answer": {"QueryResults": "QueryResults"},
    "QueryResults": {"resultsBody": "resultsBody"},
    "resultsBody": {"EventList": "EventList"},
    "EventList": {"extension": "extension"},
    "extension": {"extension": "extension"},
}
"""The way to the events: what is opened in each element. All else is read as a whole."""
_EVENTS_IN: Final = ("EventList", "extension")
_DOCUMENT_PARTS: Final = frozenset({"EPCISHeader", "extension"})
_PARTS: Final[dict[str, frozenset[str]]] = {
    "EPCISDocument": _DOCUMENT_PARTS,
    "EPCISMasterDataDocument": _DOCUMENT_PARTS,
    "EPCISQueryDocument": _DOCUMENT_PARTS,
    "EPCISBody": frozenset({"extension"}),
    "EPCISBody of master data": frozenset({"VocabularyList", "extension"}),
    "EPCISBody of an answer": frozenset(),
    "QueryResults": frozenset({"queryName", "subscriptionID", "extension"}),
    "resultsBody": frozenset({"VocabularyList"}),
}
"""The standard's elements in these that are read as a whole; others need a namespace of their own."""

_NIL: Final = BETWEEN.join((XSI, "nil", ""))


def is_xml(source: BinaryIO) -> bool:
    """Whether a document is written in XML; one that cannot be looked at twice is taken for JSON."""
    if not source.seekable():
        return False
    here = source.tell()
    head = source.read(64)
    source.seek(here)
    return head.lstrip(b" \t\r\n").startswith(_MARKS)


class XmlStructure:
    """Finds the events of a source, in order; `around` is complete behind the last, but for the header and the context.

    `lenient`: the standard's elements may stand in the standard's namespace, where they belong in none.
    """

    def __init__(self, source: BinaryIO, limits: Limits, *, lenient: bool = False) -> None:
        self._limits = limits
        self._lenient = lenient
        self._parser = Parser(source, limits, self)
        self._decoder = Decoder(limits.depth)
        self._prefixes = Prefixes(self._note_qualified)
        self._open: list[str] = []
        self._seen: set[str] = set()
        self._tree: list[Element] = []
        self._ready: deque[Found] = deque()
        self._events = 0
        self._list: Path = ("epcisBody", "eventList")
        self._homes: dict[str, dict[str, Json]] = {}
        self.around = Around(is_document=True)
        self.inside: Path | None = None
        """The event that is being read; where reading breaks off, it is that."""
        self.qualified = False
        """Whether elements stood in a namespace in which none belongs."""

    @property
    def bytes_read(self) -> int:
        """How much was read from the source so far."""
        return self._parser.bytes_read

    def events(self) -> Generator[Found]:
        """Find them. Raises `EpcisError` where no more can be read."""
        broken: EpcisError | None = None
        pieces = self._parser.pieces()
        while broken is None:
            try:
                going_on = next(pieces, self) is None
            except EpcisError as error_:
                broken, going_on = error_, True
            while self._ready:
                yield self._ready.popleft()
            if not going_on:
                return
        raise broken

    # --- what the parser says

    def start(self, name: str, attributes: dict[str, str], declared: list[tuple[str, str]]) -> None:
        """Take the beginning of an element."""
        tree, prefixes = self._tree, self._prefixes
        is_opened = not tree and bool(self._open) and self._opens(name)
        for prefix, namespace in declared:
            prefixes.declare(prefix, namespace)
        if not self._open:
            self._begin(name, attributes)
            return
        fields: dict[str, str] = {}
        if attributes:
            fields = {known: value for one, value in attributes.items() if (known := prefixes.name(one))}
        if is_opened:
            return
        element = Element(prefixes.name(name), fields)
        if name.startswith(MARKS):
            mark_element(element, split(name)[1], prefixes)
        elif attributes:
            element.is_nil = any(_says_nil(*one) for one in attributes.items())
        if tree:
            tree[-1].children.append(element)
        tree.append(element)

    def end(self) -> None:
        """Take the end of an element."""
        if not self._tree:
            self._open.pop()
            if not self._open and not self._events:
                self._write_context()
            return
        element = self._tree.pop()
        if self._tree:
            return
        if self._open[-1] in _EVENTS_IN:
            self._parser.part_ends()
            self._keep_event(element)
        else:
            self._keep(element)

    def text(self, text: str) -> None:
        """Take text."""
        if self._tree:
            self._tree[-1].pieces.append(text)
        elif not text.isspace():
            message = f"line {self._parser.line}: text does not belong between the elements of a document; leave it out"
            raise error("UNEXPECTED_ELEMENT", message)

    # --- around the events

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        namespace, local, _ = split(name)
        kind = _ROOTS.get((namespace, local))
        if kind is None:
            message = (
                f"{local[:80]!r} in the namespace {namespace[:80]!r} is no document of EPCIS; send an EPCISDocument"
                " in urn:epcglobal:epcis:xsd:2 (or :1) or an EPCISQueryDocument in urn:epcglobal:epcis-query:xsd:2"
            )
            raise error("UNKNOWN_DOCUMENT_TYPE", message)
        self._open.append(local)
        events: dict[str, Json] = {"eventList": []}
        results: dict[str, Json] = {"resultsBody": events}
        if kind == "EPCISQueryDocument":
            body: dict[str, Json] = {"queryResults": results}
            self._list = ("epcisBody", "queryResults", "resultsBody", "eventList")
        else:
            body = events
        self._homes = {"EPCISBody": body, "QueryResults": results, "resultsBody": events}
        found = {self._prefixes.name(one): value for one, value in attributes.items()}
        fields: dict[str, Json] = {known: value for known, value in found.items() if known}
        if str(fields.get("schemaVersion", "")).startswith("1"):
            fields["schemaVersion"] = "2.0"  # as which it is read
        self.around.root = {**fields, "type": kind, "epcisBody": body}

    def _opens(self, name: str) -> bool:
        """Whether an element is one on the way to the events; any other may begin here."""
        above = self._open[-1]
        namespace, local, _ = split(name)
        if namespace in EPCIS:
            self._note_qualified(local)
        is_standard = not namespace or namespace in EPCIS or namespace in QUERY
        within = _WAY[above].get(local) if is_standard else None
        if within is not None:
            if within in self._seen:
                raise error("REPEATED_ELEMENT", f"line {self._parser.line}: {local} stands twice; make one of them")
            if within != "extension":
                self._seen.add(within)
            self._open.append(within)
        elif above in _EVENTS_IN:
            self._begin_event()
        elif is_standard and local not in _PARTS[above]:
            known = " or ".join(sorted(_WAY[above].keys() | _PARTS[above]))
            message = f"line {self._parser.line}: {local[:80]!r} does not belong in {above}; there stands {known}"
            raise error("UNEXPECTED_ELEMENT", message)
        return within is not None

    def _keep(self, element: Element) -> None:
        """Keep what stands around the events."""
        above, name, root = self._open[-1], element.name, self.around.root
        home = self._homes.get(above, root)
        if name == "EPCISHeader":
            fields, header = read_header(element)
            root.update({field: value for field, value in fields.items() if field not in root})
            if header:
                root["epcisHeader"] = header
        elif name == "VocabularyList" and above == "resultsBody":
            home["vocabularyList"] = read_vocabularies(element)
        elif name == "VocabularyList":
            root["epcisHeader"] = {"epcisMasterData": {"vocabularyList": read_vocabularies(element)}}
        elif name != "extension":
            add(home, name, own_value(element))

    def _write_context(self) -> None:
        shared = self._prefixes.shared
        context: Json = [STANDARD_CONTEXT, dict[str, Json](shared)] if shared else [STANDARD_CONTEXT]
        text = to_text(context)
        if len(text) > self._limits.context:
            message = f"namespaces have at most {self._limits.context:,} characters; leave out what is not used"
            raise error("CONTEXT_TOO_LARGE", message, "@context")
        self.around.context = text
        self.around.root = {"@context": context, **self.around.root}

    # --- events

    def _begin_event(self) -> None:
        if self._events == self._limits.events:
            message = f"a document has at most {self._limits.events:,} events; send it in parts"
            raise error("TOO_MANY_EVENTS", message, *self._list)
        if not self._events:
            self._write_context()
            self._prefixes.begin_event()
            self._parser.part_ends()
        self.inside = (*self._list, self._events)

    def _keep_event(self, element: Element) -> None:
        path = (*self._list, self._events)
        problems: Problems = []
        value = read_event(element, (), problems)
        if own := self._prefixes.end_event():
            prefixes: dict[str, Json] = {"@context": {**own}}
            value = prefixes | value | prefixes
        text = to_text(value)
        if len(text) > self._limits.event:
            raise error("EVENT_TOO_LONG", f"one event has at most {self._limits.event:,} characters; split it")
        self._decoder.inspect(value, text, len(path), path)
        odd = [EpcisIssue(0, json_path((*path, *below)), rule, message) for below, rule, message in problems]
        self._ready.append(Found(value, text, path, bare=False, odd=odd))
        self._events += 1
        self.inside = None

    # --- names

    def _note_qualified(self, local: str) -> None:
        if not self._lenient:
            message = (
                f"line {self._parser.line}: {local[:80]!r} stands in the namespace of EPCIS, as the root alone does;"
                " give the root a prefix, and its namespace to nothing else"
            )
            raise error("WRONG_NAMESPACE", message)
        self.qualified = True


def _says_nil(name: str, value: str) -> bool:
    return name.startswith(_NIL) and value in ("true", "1")
