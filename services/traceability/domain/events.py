"""What can happen in traceability."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Event(BaseModel):
    """A fact: past tense and frozen."""

    model_config = ConfigDict(frozen=True)


class TraceEventCaptured(Event):
    """A partner has reported an EPCIS event, and it is right in form. All that it says follows from its JSON."""

    VERSION: ClassVar[int] = 2

    event_hash: str
    """`ni:///sha-256;…?ver=CBV2.0`."""
    event_id: str
    """The partner's `eventID`, or the hash."""
    event_time: datetime
    document: str
    """The event's JSON as it was captured."""
    mended: str = Field(default="", exclude_if=lambda text: not text)
    """The JSON of what is meant, where the lenient profile has mended something; else empty."""
    context: str
    """The `@context` of its document as it stood there: without it the JSON's prefixes mean nothing."""


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


class Goods(BaseModel):
    """Goods that a fact names: an object, or an amount of a class or lot."""

    model_config = ConfigDict(frozen=True)

    id: str
    quantity: str = ""
    """Plain decimal; empty: one object, or an amount that is not said."""
    uom: str = ""


class GoodsDelivered(Event):
    """Goods named by business transactions have come to where they were sent (`domain/business.py`)."""

    receipt: str
    """Hash of the event by which they were received."""
    shipment: str
    """Hash of the shipment whose goods these are; empty where the receipt names the transactions itself."""
    biz_transactions: tuple[str, ...]
    goods: tuple[Goods, ...]
    """The first of them."""
    goods_count: int
    delivered_at: datetime


class DeliveryWithdrawn(Event):
    """The delivery that was told last on this stream has not happened, or not so."""

    receipt: str
    biz_transactions: tuple[str, ...]


class QueryDefined(Event):
    """Somebody has given a query a name."""

    name: str
    query: str
    """Its parameters, as JSON."""


class QueryDeleted(Event):
    """A named query is no more, and neither are its subscriptions."""

    name: str


class Schedule(BaseModel):
    """When results are sent, in UTC, as the standard writes it; a field that is empty fits always."""

    model_config = ConfigDict(frozen=True)

    second: str = ""
    minute: str = ""
    hour: str = ""
    day_of_month: str = ""
    month: str = ""
    day_of_week: str = ""


class SubscriptionCreated(Event):
    """Somebody wants the results of a query sent to him."""

    query: str
    """Its name."""
    destination: str
    secret: str
    """What results are signed with, sealed; empty: they are not signed."""
    schedule: Schedule | None
    """None: whenever an event is captured."""
    report_if_empty: bool
    initial_record_time: datetime | None
    after: int
    """The position in the store behind which its results begin."""
    as_links: bool
    """Whether identifiers are written as Digital Links."""


class SubscriptionDeleted(Event):
    """Nobody wants these results any more."""

    query: str


class ResultsDelivered(Event):
    """A destination has taken these events."""

    subscription: str
    number: int
    positions: tuple[int, ...]
    """Of the events, in the store."""


class DeliveryGivenUp(Event):
    """A destination has not taken these events, often as it was tried: they lie in the list of dead letters."""

    subscription: str
    number: int
    positions: tuple[int, ...]
    tries: int
    problem: str


class DeliveryRetried(Event):
    """Somebody wants a dead letter sent again."""

    subscription: str
    number: int


class TraceRuleSet(Event):
    """A rule over events is set, or replaced: this version watches what is captured from now on."""

    rule: str
    """Its id."""
    version: int
    kind: str
    severity: str
    document: str
    """JSON with all defaults (`domain/rules/documents.py`)."""


class TraceRuleRemoved(Event):
    """A rule watches no longer. What it has found stays."""

    rule: str
    version: int


class Watched(BaseModel):
    """What a rule has noted of some subjects by an event: the same of each."""

    model_config = ConfigDict(frozen=True)

    rule: str
    """The rule's version (`rule_key`)."""
    subjects: tuple[str, ...]
    start: int
    """Microseconds since 1970."""
    until: int
    state: int
    place: str = ""
    coordinates: tuple[float, float] | None = None
    value: str = ""


class TraceEventWatched(Event):
    """Rules that were set when an event was captured have noted what it says."""

    event_hash: str
    watched: tuple[Watched, ...]


class TimeAdvanced(Event):
    """Time has come to a moment: what was not reported of earlier ones is late."""

    as_of: datetime


class AlertRaised(Event):
    """A rule was broken. Its stream is the alert's."""

    rule: str
    rule_version: int
    kind: str
    severity: str
    subject: str
    items: tuple[str, ...]
    """The first of them."""
    event_hashes: tuple[str, ...]
    """The first is the one with which it begins."""
    alerted_at: datetime
    message_en: str
    message_zh: str


class AlertCleared(Event):
    """It was not, as the events stand now."""

    rule: str


class GoodsRecalled(Event):
    """Goods are recalled, with all that has something of them in it. Many of them come in several events."""

    epc: str
    """What is recalled, as a canonical Digital Link."""
    reason: str
    recalled_at: datetime
    affected: int
    """Objects and lots in all parts."""
    part: int
    """From 1."""
    parts: int
    items: tuple[str, ...]


class RecallClosed(Event):
    """A recall is over."""

    epc: str
    closed_at: datetime


class CustodyItem(BaseModel):
    """An object, or an amount of a lot, that is handed over."""

    model_config = ConfigDict(frozen=True)

    id: str
    quantity: str
    uom: str


class CustodyOffered(Event):
    """A member has signed an offer of custody to another (`domain/custody.py`)."""

    offer: str
    """UUID, chosen by who offers."""
    offerer: str
    receiver: str
    items: tuple[CustodyItem, ...]
    place: str
    biz_transactions: tuple[str, ...]
    expires: int
    """Seconds since 1970."""
    digest: str
    """What both sign, 0x… 32 bytes."""
    account: str
    signature: str
    """Hex."""


class CustodyAccepted(Event):
    """The other member has signed the same: custody has gone over."""

    offer: str
    offerer: str
    receiver: str
    digest: str
    offerer_account: str
    offerer_signature: str
    receiver_account: str
    receiver_signature: str


class CustodyRejected(Event):
    """The other member has signed that it is not taken over."""

    offer: str
    digest: str
    offerer_account: str
    offerer_signature: str
    account: str
    signature: str


class CustodyOfferWithdrawn(Event):
    """Who offered it has signed that the offer is taken back."""

    offer: str
    digest: str
    account: str
    signature: str


def _without_what_follows(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept some of what the JSON says a second time."""
    return {name: data[name] for name in ("event_hash", "event_id", "event_time", "document", "context")}


EVENTS = [
    TraceEventCaptured,
    CaptureReceived,
    CaptureFinished,
    GoodsDelivered,
    DeliveryWithdrawn,
    QueryDefined,
    QueryDeleted,
    SubscriptionCreated,
    SubscriptionDeleted,
    ResultsDelivered,
    DeliveryGivenUp,
    DeliveryRetried,
    TraceRuleSet,
    TraceRuleRemoved,
    TraceEventWatched,
    TimeAdvanced,
    AlertRaised,
    AlertCleared,
    CustodyOffered,
    CustodyAccepted,
    CustodyRejected,
    CustodyOfferWithdrawn,
    GoodsRecalled,
    RecallClosed,
]
UPCASTERS = {("TraceEventCaptured", 1): _without_what_follows}
