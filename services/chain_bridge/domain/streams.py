"""Names of the event streams."""

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0b1f62-5a5b-4a7e-9a35-0b7f0c0c9d11")


def stream_of(programme: str, currency: str) -> UUID:
    """All facts about one programme's payments in one currency are one stream."""
    return uuid5(_NAMESPACE, f"{programme}/{currency}")
