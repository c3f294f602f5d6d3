"""The sponsor tree in time: who stands below whom from when on, and whether a change would close a ring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """A member's sponsor (None for a root) from a moment on, until the member's next link begins."""

    since: datetime
    sponsor: UUID | None


Links = Callable[[UUID], Sequence[Link]]
"""The links of a member, oldest first."""


def with_link(links: Sequence[Link], new: Link) -> tuple[Link, ...]:
    """The links after another one became known. One that begins at the same moment is replaced."""
    return tuple(sorted([*(link for link in links if link.since != new.since), new], key=lambda link: link.since))


def sponsor_at(links: Sequence[Link], at: datetime) -> UUID | None:
    """Who a member's sponsor is at a moment; before the first link, whom that one names."""
    return next((link.sponsor for link in reversed(links) if link.since <= at), links[0].sponsor)


def end_of(links: Sequence[Link], since: datetime) -> datetime:
    """When a link that begins at `since` would end: when the next one that is known begins."""
    return min((link.since for link in links if link.since > since), default=FOREVER)


def closes_ring(links: Links, member: UUID, new: Link) -> bool:
    """Whether the member would stand above itself at some moment while the new link holds.

    Follows every line upwards from the new sponsor through all that is known of that time, later changes included.
    The tree as it is has no ring, so every line ends.
    """
    if new.sponsor is None:
        return False
    upwards = [(new.sponsor, new.since, end_of(links(member), new.since))]
    while upwards:
        above, begin, end = upwards.pop()
        if above == member:
            return True
        known = links(above)
        for link in known:
            first, last = max(begin, link.since), min(end, end_of(known, link.since))
            if link.sponsor is not None and first < last:
                upwards.append((link.sponsor, first, last))
    return False
