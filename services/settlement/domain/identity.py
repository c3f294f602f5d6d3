"""Whether a member's identity is checked at the programme's time.

What was last said that counts from that time or an earlier one decides; of things said of one moment, the one that was
said last. A check counts up to its end, a withdrawal says that none counts. What is said of a later moment waits until
the programme's time has come to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Said(NamedTuple):
    """What was said of a member's identity."""

    since: datetime
    """From when on it counts."""
    until: datetime | None
    """A check counts up to then, None without end. A withdrawal ends as it begins."""


def checked_at(time: datetime | None, said: Sequence[Said]) -> bool:
    """Whether the identity is checked, by what was said in its order. Before the first closing nobody's is."""
    if time is None:
        return False
    counting = [one for one in said if one.since <= time]
    # Of several, `max` gives the first: so they are looked at from the last one on.
    last = max(reversed(counting), key=lambda one: one.since, default=None)
    return last is not None and (last.until is None or time < last.until)
