"""Reading an EPCIS 2.0 document: all of it is right, or all that is wrong with it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fenxiao.epcis.event_hash import declaration_hash, event_hash
from fenxiao.epcis.issues import EpcisError, EpcisIssue, json_path
from fenxiao.epcis.model import EVENT_MODELS, OTHER_EVENTS, EpcisDocument, ObjectEvent
from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import Json, Limits, event_number, read_source

M = TypeVar("M", bound=BaseModel)

DEFAULT_LIMITS = Limits()

# pydantic's names of what can be wrong with the shape of a document; the fields' own rules are in their own words.
_RULES = {
    "missing": ("MISSING_FIELD", "this field is required; add it"),
    "extra_forbidden": ("UNKNOWN_FIELD", "the standard knows no such field here; look at the spelling"),
    "string_type": ("WRONG_TYPE", "this is a text; write it in double quotes"),
    "decimal_type": ("WRONG_TYPE", "this is a number; write it without quotes"),
    "is_instance_of": ("WRONG_TYPE", "this is a number; write it without quotes"),
    "bool_type": ("WRONG_TYPE", "this is true or false, without quotes"),
    "list_type": ("WRONG_TYPE", "this is a list; write it in [ ]"),
    "dict_type": ("WRONG_TYPE", "this is an object; write it in { }"),
    "model_type": ("WRONG_TYPE", "this is an object; write it in { }"),
    "too_short": ("TOO_SHORT", "the list is empty; leave it out or fill it"),
}


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event of a document."""

    event: ObjectEvent
    hash: str
    """`ni:///sha-256;…?ver=CBV2.0`."""
    declaration: str
    """SHA-256 of its error declaration, in hex; empty without one. The hash leaves it out, an identity must not."""
    text: str
    """The JSON as it stood in the document."""
    names: Names

    @property
    def id(self) -> str:
        """The event's own `eventID`, or its hash."""
        return self.event.eventID or self.hash


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A valid document."""

    events: tuple[ReadEvent, ...]
    context: str
    """Its `@context` as it stood there: without it the events' prefixes mean nothing."""


def read_document(data: bytes, limits: Limits = DEFAULT_LIMITS) -> ReadDocument:
    """Read and check the bytes of an EPCISDocument (JSON or JSON-LD); raises `EpcisError` with what is wrong."""
    source = read_source(data, limits)
    if not isinstance(source.root, dict):
        raise _one([], "WRONG_TYPE", "a document is an object; write it in { }")
    kind = source.root.get("type")
    if isinstance(kind, str) and (kind == "EPCISQueryDocument" or kind in EVENT_MODELS or kind in OTHER_EVENTS):
        raise _one(
            ["type"], "UNSUPPORTED_DOCUMENT_TYPE", f"{kind!r} is not taken; put the events into an EPCISDocument"
        )
    _validate(EpcisDocument, source.root, [], source.root)
    names = Names().within(source.root["@context"], event=0, path=json_path(["@context"]))
    body = cast("dict[str, Json]", source.root["epcisBody"])
    if "eventList" not in body:
        raise _one(["epcisBody", "eventList"], "MISSING_FIELD", "a document has a list of events; add it")
    if not isinstance(body["eventList"], list):
        raise _one(["epcisBody", "eventList"], "WRONG_TYPE", "this is a list; write it in [ ]")
    events: list[ReadEvent] = []
    issues: list[EpcisIssue] = []
    for index, (event, text) in enumerate(zip(body["eventList"], source.events, strict=True)):
        try:
            events.append(_read_event(event, text, names, ["epcisBody", "eventList", index], source.root))
        except EpcisError as error:
            issues += error.issues
    if issues:
        raise EpcisError(issues)
    return ReadDocument(tuple(events), source.context)


def _read_event(event: Json, text: str, names: Names, path: list[str | int], root: Json) -> ReadEvent:
    if not isinstance(event, dict):
        raise _one(path, "WRONG_TYPE", "an event is an object; write it in { }")
    if "type" not in event:
        raise _one([*path, "type"], "MISSING_FIELD", "an event names its type; add it")
    kind = event["type"]
    if not isinstance(kind, str):
        raise _one([*path, "type"], "WRONG_TYPE", "this is a text; write it in double quotes")
    model = EVENT_MODELS.get(kind)
    if model is None:
        if kind in OTHER_EVENTS:
            message = f"events of the type {kind!r} are not captured yet, only ObjectEvent; leave the event out for now"
        else:
            message = f"{kind[:80]!r} is not a type of event that is captured; write 'ObjectEvent'"
        raise _one([*path, "type"], "UNSUPPORTED_EVENT_TYPE", message)
    validated = _validate(model, event, path, root)
    if "@context" in event:
        place = [*path, "@context"]
        names = names.within(event["@context"], event=event_number(place), path=json_path(place))
    return ReadEvent(validated, event_hash(event, names), declaration_hash(event, names), text, names)


def _validate(model: type[M], value: Mapping[str, Json], path: list[str | int], root: Json) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        issues = [_issue(details, path, root) for details in error.errors(include_url=False, include_input=False)]
        raise EpcisError(dict.fromkeys(issues)) from None


def _issue(details: ErrorDetails, path: list[str | int], root: Json) -> EpcisIssue:
    rule, message = _RULES.get(details["type"], (details["type"], details["msg"]))
    if details["type"] == "literal_error":
        rule, message = "UNKNOWN_WORD", f"write one of {details.get('ctx', {}).get('expected', '')}"
    elif details["type"] == "string_pattern_mismatch":
        rule, message = "WRONG_FORM", f"it must look like {details.get('ctx', {}).get('pattern', '')}"
    place = _real([*path, *details["loc"]], root)
    return EpcisIssue(event_number(place), json_path(place), rule, message)


def _real(path: list[str | int], root: Any) -> list[str | int]:
    """Leave out of a path what is not in the document: pydantic names the alternatives that it has tried, too."""
    found: list[str | int] = []
    last = len(path) - 1
    for at, part in enumerate(path):
        if isinstance(root, dict) and isinstance(part, str):
            members = cast("dict[str, object]", root)
            if part in members or at == last:
                found.append(part)
                root = members.get(part)
        elif isinstance(root, list) and isinstance(part, int):
            found.append(part)
            root = cast("list[object]", root)[part]
    return found


def _one(path: list[str | int], rule: str, message: str) -> EpcisError:
    return EpcisError([EpcisIssue(event_number(path), json_path(path), rule, message)])
