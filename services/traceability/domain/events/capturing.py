"""What happens to documents and the events in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from services.traceability.domain.events.event import Event


class Committed(BaseModel):
    """What an event is committed to by: the root of its salted fields (`fenxiao.proofs.fields`), which is public."""

    model_config = ConfigDict(frozen=True)

    root: str
    """Hex."""
    size: int
    """Number of fields, with the context of its document as the last."""
    key: str
    """Hex: draws the salts of what is not sealed. It stands beside those values, so whoever has it knows them."""


class Sealed(BaseModel):
    """A field that lies under keys outside this store: without one of them, neither value nor salt can be known."""

    model_config = ConfigDict(frozen=True)

    path: str
    """Empty: the event's JSON as it was captured, where something was mended."""
    keys: tuple[str, ...]
    """Their names, which say nothing of whose they are."""
    text: str
    """Its JSON, encrypted; Base64."""
    hash: str
    """Hex, by which it stands in the tree."""


class TraceEventCaptured(Event):
    """A partner has reported an EPCIS event, and it is right in form. All that it says follows from its JSON."""

    VERSION: ClassVar[int] = 3

    event_hash: str
    """`ni:///sha-256;…?ver=CBV2.0`."""
    event_id: str
    """The partner's `eventID`, or the hash."""
    event_time: datetime
    document: str
    """The event's JSON as it was captured; what is sealed is `null` in it."""
    mended: str = Field(default="", exclude_if=lambda text: not text)
    """The JSON of what is meant, where the lenient profile has mended something; else empty."""
    context: str
    """The `@context` of its document as it stood there: without it the JSON's prefixes mean nothing."""
    sealed: tuple[Sealed, ...] = Field(default=(), exclude_if=lambda sealed: not sealed)
    committed: Committed | None = Field(default=None, exclude_if=lambda committed: committed is None)
    """None: it was captured before there were commitments."""


class Behaviour(StrEnum):
    """What becomes of a capture in which some events are wrong (EPCIS 2.0, 12.6.1)."""

    ROLLBACK = "rollback"
    """Nothing of it is captured."""
    PROCEED = "proceed"
    """The others are."""


class CaptureReceived(Event):
    """Somebody has sent a document, which is captured next. Its stream is the capture's."""

    behaviour: Behaviour
    profile: str
    """`strict` or `lenient`."""
    size: int
    """Bytes."""


class CaptureError(BaseModel):
    """What is wrong with a document."""

    model_config = ConfigDict(frozen=True)

    event: int
    """Its number in the document, from 1; 0: the document itself."""
    path: str
    rule: str
    message: str


class CaptureFinished(Event):
    """A document is captured as far as it can be."""

    captured: int
    """Events that are new."""
    repeated: int
    """Events that had been captured before."""
    refused: int
    """Events that are wrong, or that a rollback has left out."""
    errors: tuple[CaptureError, ...]
    """The first of them."""
    master_data: int = Field(default=0, exclude_if=lambda count: not count)
    """Elements of master data in its header that were taken."""


def _without_what_follows(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept some of what the JSON says a second time."""
    return {name: data[name] for name in ("event_hash", "event_id", "event_time", "document", "context")}


EVENTS = [TraceEventCaptured, CaptureReceived, CaptureFinished]
UPCASTERS = {
    ("TraceEventCaptured", 1): _without_what_follows,
    ("TraceEventCaptured", 2): dict[str, Any],  # what was captured then is neither sealed nor committed to
}
