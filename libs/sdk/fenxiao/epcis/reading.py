"""Reading EPCIS 2.0: events come out one by one, each checked, from documents of any size.

Two profiles. **Strict** takes what the standard's JSON schema takes, with its formats checked, and nothing else;
besides, JSON must have one meaning (`strict_json`), and a context that is not the standard's is refused, since none
is ever fetched. **Lenient** mends what is not valid (`mending`), says what it mended, and leaves unknown contexts
unknown; what is valid by the letter it takes as it is, under the same hash.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import BinaryIO, Final, cast

from fenxiao.epcis import schema, schema_documents
from fenxiao.epcis.advice import advise
from fenxiao.epcis.checks import Problem
from fenxiao.epcis.event_hash import declaration_hash, event_hash, pre_hash
from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path
from fenxiao.epcis.master_data import MasterDataElement, master_data_of, too_much
from fenxiao.epcis.mending import Notes, mend_event
from fenxiao.epcis.mending_documents import forgive, mend_document
from fenxiao.epcis.model import EpcisEvent
from fenxiao.epcis.names import Names, unknown_contexts
from fenxiao.epcis.relaxed_json import Blanks
from fenxiao.epcis.strict_json import Json, Limits, Path, Repeating, to_text
from fenxiao.epcis.structure import Found, Structure
from fenxiao.epcis.typed import make_event
from fenxiao.epcis.xml import XmlStructure, is_xml


class Profile(StrEnum):
    """How much is forgiven."""

    STRICT = "strict"
    LENIENT = "lenient"


_EVERYWHERE: Final = json_path(())
_TWICE_ALLOWED: Final = ("eventID",)
"""The one key that may stand twice, the last counting: an example of the standard has it so; no hash depends on it."""


class ReadEvent:
    """An event as it was read. What costs something is computed when it is asked for, once."""

    def __init__(
        self, number: int, path: Path, text: str, value: Json, names: Names, issues: list[EpcisIssue], notes: Notes
    ) -> None:
        self.number = number
        """Its number in the document, from 1."""
        self.text = text
        """The JSON as it stood in the document; of one in XML, what stands for it."""
        self.value = value
        """What was read: what stands there, or in the lenient profile what is meant."""
        self.names = names
        self.issues = tuple(issues)
        """What is wrong with it; nothing of the rest but `text` and `value` is there for such an event."""
        self.path = path
        """Where it stands in the document."""
        self._notes = notes

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.issues

    @property
    def mended(self) -> tuple[EpcisIssue, ...]:
        """What the lenient profile mended."""
        return tuple(_issues(self._notes, self.number, self.path))

    @property
    def json(self) -> str:
        """The JSON of what was read: as it stood, or anew where something was mended."""
        return to_text(self.value) if self._notes else self.text

    @cached_property
    def event(self) -> EpcisEvent:
        """The event, typed."""
        return make_event(self.fields)

    @cached_property
    def hash(self) -> str:
        """`ni:///sha-256;…?ver=CBV2.0`."""
        return event_hash(self.fields, self.names)

    @cached_property
    def declaration(self) -> str:
        """SHA-256 of its error declaration, in hex; empty without one. The hash leaves it out, an identity must not."""
        return declaration_hash(self.fields, self.names)

    @property
    def pre_hash(self) -> str:
        """The text of which the hash is taken."""
        return pre_hash(self.fields, self.names)

    @property
    def id(self) -> str:
        """The event's own `eventID`, or its hash."""
        return str(self.fields.get("eventID") or self.hash)

    @property
    def advice(self) -> tuple[EpcisIssue, ...]:
        """What is doubtful about it though it is valid."""
        return tuple(_issues(advise(self.fields, self.names, self.hash), self.number, self.path))

    @property
    def fields(self) -> dict[str, Json]:
        """What was read of a valid event: its fields by their names."""
        return cast("dict[str, Json]", self.value)


@dataclass(slots=True)
class EventReader:
    """Reads the events of a source in order; what is said of the document itself is complete at the end.

    The source must be able to go back (`seek`) where the `@context` may stand behind the events, and to be read as XML.
    Its memory is bounded by the largest event, whatever the size of the document.
    """

    source: BinaryIO
    profile: Profile = Profile.STRICT
    limits: Limits = field(default_factory=Limits)
    issues: list[EpcisIssue] = field(default_factory=list[EpcisIssue], init=False)
    """What is wrong with the document, apart from its events."""
    mended: list[EpcisIssue] = field(default_factory=list[EpcisIssue], init=False)
    master_data: list[MasterDataElement] = field(default_factory=list[MasterDataElement], init=False)
    """What the document says of places, parties, classes and words, once it is read and nothing around the events is
    wrong."""
    created: str = field(default="", init=False)
    """Its `creationDate`; empty if it has none."""
    context: str = field(default="null", init=False)
    """Its `@context` as it stood there: without it the events' prefixes mean nothing."""
    root: Mapping[str, Json] = field(default_factory=dict[str, Json], init=False)
    """What stands around the events, with their list empty; known from the first event on, if it is a document."""
    kind: str = field(default="", init=False)
    """`EPCISDocument` or `EPCISQueryDocument`; empty for events in no document."""
    events: int = field(default=0, init=False)
    """How many were read so far."""
    bytes_read: int = field(default=0, init=False)

    def read(self) -> Iterator[ReadEvent]:
        """Read every event, valid or not."""
        lenient = self.profile is Profile.LENIENT
        cleaners: list[Blanks] = []

        def clean() -> Blanks:
            cleaners.append(Blanks())
            return cleaners[-1]

        structure = (
            XmlStructure(self.source, self.limits, lenient=lenient)
            if is_xml(self.source)
            else Structure(self.source, self.limits, clean if lenient else None, any_kind=lenient)
        )
        names: Names | None = None
        try:
            for found in structure.events():
                if names is None:
                    names = self._names_of(structure)
                self.events += 1
                self.bytes_read = structure.bytes_read
                yield self._event(found, names)
            self._check_document(structure)
        except EpcisError as error:
            number, inside = (self.events + 1, structure.inside) if structure.inside else (0, ())
            for issue in error.issues:
                path = json_path(inside) if issue.path == _EVERYWHERE else issue.path
                self.issues.append(EpcisIssue(number, path, issue.rule, issue.message))
        self.bytes_read = structure.bytes_read
        notes: Notes = []
        if any(cleaner.comments for cleaner in cleaners):
            notes.append(((), "COMMENT", "comments are no part of JSON; they are left out"))
        if any(cleaner.commas for cleaner in cleaners):
            notes.append(((), "EXTRA_COMMA", "commas before a closing bracket are left out"))
        if isinstance(structure, XmlStructure) and structure.qualified:
            notes.append(((), "WRONG_NAMESPACE", "elements in the namespace of EPCIS are read as if they had none"))
        self.mended += _issues(notes, 0, ())

    def _names_of(self, structure: Structure | XmlStructure) -> Names:
        """What the prefixes of the document stand for; said of it is what is wrong, later."""
        self.context, self.root = structure.around.context, structure.around.root
        context = structure.around.root.get("@context")
        return Names().within(context) if structure.around.is_document else Names()

    def _check_document(self, structure: Structure | XmlStructure) -> None:
        around = structure.around
        self.context, self.root = around.context, around.root
        self.issues += around.issues
        if around.is_bare and not around.is_document:
            return
        root, notes = around.root, list[tuple[Path, str, str]]()
        found = schema_documents.document(root) or []
        if found and self.profile is Profile.LENIENT:
            root = mend_document(root, notes)
            found = forgive(schema_documents.document(root) or [], notes)
        found += self._unknown_contexts(root, notes)
        names = Names().within(root.get("@context"))
        found = found or too_much(root, names, self.limits)
        if not found and not around.issues:
            self.master_data = master_data_of(root, names)
        self.created = str(root.get("creationDate", ""))
        self.root, self.kind = root, str(root.get("type", ""))
        self.issues += _issues(found, 0, ())
        self.mended += _issues(notes, 0, ())

    def _event(self, found: Found, names: Names) -> ReadEvent:
        value, notes = found.value, list[tuple[Path, str, str]]()
        number = self.events
        issues = [EpcisIssue(number, issue.path, issue.rule, issue.message) for issue in found.odd]
        if issues and isinstance(value, Repeating) and value.repeated == _TWICE_ALLOWED:
            here = json_path(found.path)
            issues = [issue for issue in issues if (issue.rule, issue.path) != ("REPEATED_KEY", here)]
        wrong = schema.event(value, bare=found.bare)
        if wrong and self.profile is Profile.LENIENT:  # what is right stays as it is
            value = mend_event(value, notes, bare=found.bare)
            wrong = schema.event(value, bare=found.bare)
        if isinstance(value, dict) and "@context" in value:
            wrong = (wrong or []) + self._unknown_contexts(value, notes)
            names = names.within(value["@context"])
        if len(found.text) + names.longest > self.limits.text:
            wrong = (wrong or []) + _too_long(value, names, self.limits.text)
        if wrong:
            issues += _issues(wrong, number, found.path)
        return ReadEvent(number, found.path, found.text, value, names, issues, notes)

    def _unknown_contexts(self, fields: dict[str, Json], notes: Notes) -> list[Problem]:
        found: list[Problem] = []
        context = fields.get("@context")
        for address in [] if schema.context(context) else unknown_contexts(context):
            if self.profile is Profile.LENIENT:
                message = f"the context {address[:200]!r} is not known; what it defines stays unknown"
                notes.append((("@context",), "OPAQUE_CONTEXT", message))
            else:
                message = f"the context {address[:200]!r} is not known and is never fetched; write its prefixes out"
                found.append((("@context",), "UNKNOWN_CONTEXT", message))
        return found


def _issues(found: list[Problem], number: int, path: Path) -> Iterator[EpcisIssue]:
    return (EpcisIssue(number, json_path((*path, *below)), rule, message) for below, rule, message in found)


def _too_long(value: Json, names: Names, most: int) -> list[Problem]:
    """Find texts in standard fields that are too long to be looked up by."""
    found: list[Problem] = []

    def look(value: Json, path: Path) -> None:
        if isinstance(value, str):
            if len(names.expand(value)) > most:
                found.append((path, "TEXT_TOO_LONG", f"a text here has at most {most:,} characters; shorten it"))
        elif isinstance(value, dict):
            for name, item in value.items():
                if ":" not in name and name not in ("@context", "stringValue"):
                    look(item, (*path, name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                look(item, (*path, index))

    look(value, ())
    return found
