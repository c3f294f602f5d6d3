"""What can happen in traceability."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class TraceEventCaptured(BaseModel):
    """A partner has reported an EPCIS event, and it is right in form."""

    model_config = ConfigDict(frozen=True)

    event_hash: str
    """`ni:///sha-256;…?ver=CBV2.0`."""
    event_id: str
    """The partner's `eventID`, or the hash."""
    event_time: datetime
    action: str
    biz_step: str
    """Bare word of the CBV, or the partner's own URI; empty if none was given. Likewise the disposition."""
    disposition: str
    read_point: str
    biz_location: str
    epcs: tuple[str, ...]
    """EPCs and EPC classes that it is about, as the partner writes them, compact URIs in full. Likewise the places."""
    biz_transactions: tuple[str, ...]
    """Ids of business transactions in their canonical form: what sales and goods meet by."""
    document: str
    """The event's JSON as it was captured."""
    context: str
    """The `@context` of its document as it stood there: without it the JSON's prefixes mean nothing."""


EVENTS = [TraceEventCaptured]
