"""What happens to who sees what, and to what is sealed."""

from services.traceability.domain.events.event import Event


class VisibilitySet(Event):
    """A programme has said who sees what of its events; the seals count for what is captured from now on."""

    version: int
    document: str
    """JSON with all defaults (`domain/visibility.py`)."""


class TraceDataErased(Event):
    """The keys of a party or an item were destroyed: what was sealed under them until then cannot be read again."""

    kind: str
    """`party` or `item`."""
    subject: str
    """The item, or the name of the party's keys, which says nothing of whose they were."""
    keys: int
    """How many were destroyed."""


EVENTS = [VisibilitySet, TraceDataErased]
