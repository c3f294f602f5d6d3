"""A whole EPCIS document at once: all of it is right, or all that is wrong with it is said."""

from dataclasses import dataclass
from io import BytesIO

from fenxiao.epcis.issues import EpcisError
from fenxiao.epcis.master_data import MasterDataElement
from fenxiao.epcis.reading import EventReader, Profile, ReadEvent
from fenxiao.epcis.strict_json import Limits

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A valid document."""

    events: tuple[ReadEvent, ...]
    context: str
    """Its `@context` as it stood there: without it the events' prefixes mean nothing."""
    kind: str = "EPCISDocument"
    """`EPCISDocument` or `EPCISQueryDocument`; empty for events in no document."""
    master_data: tuple[MasterDataElement, ...] = ()


def read_document(data: bytes, limits: Limits = DEFAULT_LIMITS, profile: Profile = Profile.STRICT) -> ReadDocument:
    """Read and check the bytes of a document (JSON or JSON-LD); raises `EpcisError` with what is wrong."""
    reader = EventReader(BytesIO(data), profile, limits)
    events = tuple(reader.read())
    issues = [*reader.issues, *(issue for event in events for issue in event.issues)]
    if issues:
        raise EpcisError(dict.fromkeys(issues))
    return ReadDocument(events, reader.context, reader.kind, tuple(reader.master_data))
