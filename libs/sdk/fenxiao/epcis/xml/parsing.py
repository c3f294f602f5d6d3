"""XML from strangers, a piece at a time: no entities, nothing fetched, everything bounded.

What an attack with XML needs is refused before it is looked at: declarations of entities, external subsets, odd
encodings, elements without end.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol
from xml.parsers import expat

from fenxiao.epcis.strict_json import Limits, error

BETWEEN: Final = "\x1f"
"""Stands between namespace, name and prefix; no character of XML."""

MOST_ATTRIBUTES: Final = 200
"""Of an element; namespaces that it declares are counted alike."""

_PIECE: Final = 64 * 1024
_ENCODINGS: Final = frozenset({"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ISO-8859-1"})
"""Those that every parser knows; with others, two readers may read two things."""


class Receiver(Protocol):
    """Takes what is parsed. Names are `namespace␟local␟prefix`, or plain ones outside all namespaces."""

    def start(self, name: str, attributes: dict[str, str], declared: list[tuple[str, str]]) -> None:
        """An element begins; `declared` are the prefixes and namespaces that it declares."""
        ...

    def end(self) -> None:
        """It ends."""
        ...

    def text(self, text: str) -> None:
        """Text, perhaps a part of it."""
        ...


class Parser:
    """Reads a source once."""

    def __init__(self, source: BinaryIO, limits: Limits, receiver: Receiver) -> None:
        self._source = source
        self._limits = limits
        self._receiver = receiver
        self.bytes_read = 0
        self._depth = 0
        self._weighed_from = 0
        self._declared: list[tuple[str, str]] = []
        parser = self._parser = expat.ParserCreate(namespace_separator=BETWEEN)
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = receiver.text

    def pieces(self) -> Iterator[None]:
        """Parse it a piece at a time. Raises `EpcisError`."""
        while True:
            waiting = self.bytes_read - max(self._parser.CurrentByteIndex, 0)
            # As much again as is waiting: what is long is parsed anew only a few times.
            piece = self._source.read(max(_PIECE, waiting))
            self.bytes_read += len(piece)
            if self.bytes_read > self._limits.bytes:
                message = f"a document has at most {self._limits.bytes:,} bytes and this one has more; send it in parts"
                raise error("DOCUMENT_TOO_LARGE", message)
            try:
                self._parser.Parse(piece, not piece)
            except expat.ExpatError as wrong:
                message = f"not XML at line {wrong.lineno}, column {wrong.offset + 1}: {expat.ErrorString(wrong.code)}"
                raise error("INVALID_XML", message) from None
            self._weigh(self.bytes_read)
            yield
            if not piece:
                return

    def part_ends(self) -> None:
        """Weigh what was read since the last call; an event, or what stands around the events."""
        self._weigh(self._parser.CurrentByteIndex)
        self._weighed_from = self._parser.CurrentByteIndex

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self._parser.CurrentLineNumber

    def _weigh(self, end: int) -> None:
        if end - self._weighed_from > self._limits.event:
            message = f"one event, or what stands around the events, has at most {self._limits.event:,} characters"
            raise error("EVENT_TOO_LONG", message)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        if encoding is not None and encoding.upper() not in _ENCODINGS:
            raise error("UNKNOWN_ENCODING", f"the encoding {encoding[:40]!r} is not read; save the document as UTF-8")

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        """An empty one declares nothing; examples of the standard have it."""
        del name
        if system is not None or public is not None or has_subset:
            message = "a DOCTYPE that declares or fetches something is not read; leave it out, and write entities out"
            raise error("DOCTYPE", message)

    def _namespace(self, prefix: str | None, namespace: str | None) -> None:
        self._declared.append((prefix or "", namespace or ""))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise error("TOO_DEEP", f"elements may be nested {self._limits.depth} deep; flatten the document")
        declared, self._declared = self._declared, []
        if len(attributes) + len(declared) > MOST_ATTRIBUTES:
            message = f"line {self.line}: an element has at most {MOST_ATTRIBUTES} attributes; leave some out"
            raise error("TOO_MANY_ATTRIBUTES", message)
        self._receiver.start(name, attributes, declared)

    def _end(self, name: str) -> None:
        del name
        self._depth -= 1
        self._receiver.end()
