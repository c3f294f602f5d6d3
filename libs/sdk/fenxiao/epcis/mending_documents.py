"""What stands around events, as partners write it, put right where only one thing can be meant."""

from typing import Final

from fenxiao.epcis.checks import Problem, shown
from fenxiao.epcis.mending import Mender, Notes, mend_fields
from fenxiao.epcis.mending_times import mend_time
from fenxiao.epcis.names import STANDARD_CONTEXT
from fenxiao.epcis.schema_documents import DOCUMENT_TYPES
from fenxiao.epcis.strict_json import Json, Path

_OTHER_NAMES: Final = ("isA", "@type")
_NOT_MISSED: Final = {("schemaVersion",), ("creationDate",)}
"""Fields of which nothing in the events depends."""


def mend_document(root: dict[str, Json], notes: Notes) -> dict[str, Json]:
    """Give the document as it was meant, and note what was done."""
    fields = dict(root)
    for name in _OTHER_NAMES:
        if name in fields and "type" not in fields:
            notes.append(((name,), "OTHER_NAME", "the field is called type"))
            fields["type"] = fields.pop(name)
    kind = fields.get("type")
    if kind not in DOCUMENT_TYPES:
        body = fields.get("epcisBody")
        meant = DOCUMENT_TYPES["queryResults" in body] if isinstance(body, dict) else None
        if meant and (kind is None or (isinstance(kind, str) and kind.lower().endswith(meant.lower()))):
            notes.append((("type",), "OTHER_SPELLING", f"it is read as {meant!r}"))
            fields["type"] = meant
    if isinstance(name := fields.get("id"), str) and name.startswith("_:"):
        # A blank node of JSON-LD (RDF 1.1, 3.4): a name that means nothing outside of the document.
        notes.append((("id",), "EMPTY_FIELD", "it names nothing outside of this document and is left out"))
        del fields["id"]
    if "@context" not in fields:
        notes.append((("@context",), "MISSING_CONTEXT", "the standard's context is taken"))
        fields["@context"] = STANDARD_CONTEXT
    return mend_fields(fields, _DOCUMENT, (), notes)


def forgive(found: list[Problem], notes: Notes) -> list[Problem]:
    """Let go of what is missing and not missed."""
    left: list[Problem] = []
    for path, rule, message in found:
        if rule == "MISSING_FIELD" and path in _NOT_MISSED:
            notes.append((path, "FIELD_NOT_MISSED", "it is missing, and the events are understood without it"))
        else:
            left.append((path, rule, message))
    return left


def _time(value: Json, path: Path, notes: Notes) -> Json:
    right = mend_time(value, "+00:00") if isinstance(value, str) else None
    if right is None or right == value:
        return value
    notes.append((path, "OTHER_SPELLING", f"{shown(str(value))} is read as {right!r}"))
    return right


def _version(value: Json, path: Path, notes: Notes) -> Json:
    if isinstance(value, str) or value is None or isinstance(value, list | dict):
        return value
    notes.append((path, "NOT_A_TEXT", f"{value} is read as a text"))
    return str(value)


def _any(value: Json, path: Path, notes: Notes) -> Json:
    del path, notes
    return value


_DOCUMENT: Final[dict[str, Mender]] = {
    "creationDate": _time,
    "schemaVersion": _version,
    "id": _any,
    "instanceIdentifier": _version,
    "sender": _any,
    "receiver": _any,
    "epcisHeader": _any,
}
