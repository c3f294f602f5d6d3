"""Reading documents beside the writer: short ones here, longer ones in a process of their own (`Beside`).

Programmes that seal fields are always read here: keys do not leave the service.
"""

from collections.abc import Callable, Generator
from io import BytesIO
from itertools import islice
from typing import Final, NamedTuple

from fenxiao.epcis import EpcisIssue, EventReader, Limits, Profile
from libs.servicekit.beside import Beside, Gone, ask
from services.traceability.adapters.bodies import open_body
from services.traceability.domain.capture import MOST_ERRORS
from services.traceability.shared.capturing import LIMITS, Prepared, check_event, prepare, prepare_event
from services.traceability.shared.master_data import Header, header_of
from services.traceability.shared.sealing import Sealing

LARGE: Final = 32 * 1024
"""Bytes from which on it is quicker to read a document elsewhere."""

PART: Final = 500
"""Events, or elements of master data, that are stored in one transaction: others get their turn in between."""

Fetch = Callable[[int], bytes | None]
"""Gives a piece of a document by its number (`adapters/bodies.py`)."""


class Read(NamedTuple):
    """A document that was read at once."""

    events: list[Prepared]
    issues: list[EpcisIssue]
    header: Header


def read_document(document: bytes, limits: Limits, programme: str, sealing: Sealing | None) -> Read:
    """Read all of a document here."""
    reader = EventReader(BytesIO(document), Profile.STRICT, limits)
    events: list[Prepared] = []
    issues: list[EpcisIssue] = []
    for one in prepare(reader, programme, sealing):
        if isinstance(one, Prepared):
            events.append(one)
        else:
            issues += one
    header = header_of(reader)
    return Read(events, [*reader.issues, *header.issues, *issues], header)


def read_somewhere(
    beside: Beside | None, document: bytes, limits: Limits, programme: str, sealing: Sealing | None
) -> Read:
    """Read all of a document where that is quicker."""
    if beside is not None and sealing is None and len(document) >= LARGE:
        try:
            return beside.run(read_document, document, limits, programme, None)
        except Gone:
            pass
    return read_document(document, limits, programme, sealing)


class Looked(NamedTuple):
    """What a look at a document has found."""

    issues: list[EpcisIssue]
    events: int
    ready: list[Prepared] | None = None
    """All events, if they are few."""
    header: Header | None = None


class End(NamedTuple):
    """What is known of a document at its end."""

    issues: list[EpcisIssue]
    """What is wrong with it, apart from its events."""
    header: Header


class Part(NamedTuple):
    """Some events of a document, or what is wrong with them."""

    right: list[Prepared]
    wrong: list[EpcisIssue]
    refused: int
    """How many events are wrong."""


class Upload(NamedTuple):
    """A document of any size that is read piece by piece, more than once if need be."""

    fetch: Fetch
    profile: Profile
    programme: str
    sealing: Sealing | None
    beside: Beside | None
    """Where it is read; None: here."""

    def look(self) -> Looked:
        """Read all of it and keep nothing but what is wrong. Raises `Gone`."""
        if self.beside is None:
            return _look(self.fetch, self.profile, self.programme, self.sealing)
        return self.beside.run(_look, ask, self.profile, self.programme, None, answer=self.fetch)

    def parts(self) -> Generator[Part | End]:
        """Read it part by part; the last is its end. Raises `Gone`."""
        if self.beside is None:
            return _parts(self.fetch, self.profile, self.programme, self.sealing)
        return self.beside.stream(_parts, ask, self.profile, self.programme, None, answer=self.fetch)


def _look(fetch: Fetch, profile: Profile, programme: str, sealing: Sealing | None) -> Looked:
    reader = EventReader(open_body(fetch), profile, LIMITS)
    issues: list[EpcisIssue] = []
    ready: list[Prepared] | None = []
    events = reader.read()
    for read in islice(events, PART):
        one = prepare_event(read, reader.context, programme, sealing)
        if isinstance(one, Prepared):
            ready.append(one)
        else:
            issues += one[: MOST_ERRORS - len(issues)]
    for read in events:
        ready = None
        issues += check_event(read, reader.context, sealing)[: MOST_ERRORS - len(issues)]
    header = header_of(reader)
    return Looked([*issues, *reader.issues, *header.issues], reader.events, ready, header)


def _parts(fetch: Fetch, profile: Profile, programme: str, sealing: Sealing | None) -> Generator[Part | End]:
    reader = EventReader(open_body(fetch), profile, LIMITS)
    made = prepare(reader, programme, sealing)
    while part := list(islice(made, PART)):
        right = [one for one in part if isinstance(one, Prepared)]
        wrong = [issue for one in part if not isinstance(one, Prepared) for issue in one]
        yield Part(right, wrong, len(part) - len(right))
    yield End(reader.issues, header_of(reader))
