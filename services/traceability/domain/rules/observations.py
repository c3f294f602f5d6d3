"""What rules note of events, and what follows from it."""

from typing import NamedTuple

Coordinates = tuple[float, float]
"""Latitude and longitude in degrees (WGS 84)."""


class Observation(NamedTuple):
    """What an event says of a subject. Of one event and subject there is one for each moment."""

    start: int
    """Microseconds since 1970."""
    hash: str
    """Of the event."""
    state: int
    """What it means is the rule's: mostly 1, as watched for, or 0, not so."""
    end: int
    place: str = ""
    coordinates: Coordinates | None = None
    value: str = ""
    """As people read it."""

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the order of a subject's observations."""
        return self.start, self.hash


class Finding(NamedTuple):
    """A breach of a rule."""

    first: Observation
    """The observation with which it begins: it stands for it."""
    others: tuple[Observation, ...]
    """What shows it beside the first."""
    en: str
    zh: str

    @property
    def hashes(self) -> tuple[str, ...]:
        """The events behind it."""
        return tuple(dict.fromkeys(one.hash for one in (self.first, *self.others)))


def merged(observations: list[tuple[str, Observation]]) -> list[tuple[str, Observation]]:
    """Of several observations of a subject at one moment, one: the highest state, the longest time."""
    found: dict[tuple[str, int], Observation] = {}
    for subject, one in observations:
        known = found.get((subject, one.start))
        if known is None:
            found[subject, one.start] = one
            continue
        telling = max(known, one, key=lambda each: (each.state, each.value))
        found[subject, one.start] = telling._replace(end=max(known.end, one.end))
    return [(subject, one) for (subject, _), one in found.items()]
