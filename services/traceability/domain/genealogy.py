"""Links between identifiers, each for the time in which it holds, and what packing makes of them."""

from enum import IntEnum
from typing import Final, NamedTuple

FOREVER: Final = 2**62


class Kind(IntEnum):
    """Why a link is there."""

    TRANSFORMATION = 1
    CONTENTS = 2
    CARRIER = 3
    ATTACHED = 4
    """Contents of an association."""
    ATTACHED_TO = 5
    LOT = 6


CARRIERS: Final = frozenset({Kind.CARRIER, Kind.ATTACHED_TO})
INTERVALS: Final = CARRIERS | {Kind.CONTENTS, Kind.ATTACHED}
"""Links that hold for some time."""

Node = bytes


class Link(NamedTuple):
    """A row."""

    source: Node
    ends: int
    target: Node
    begins: int
    kind: int
    position: int


LinkRow = tuple[Node, int, Node, int, int, int]
"""The same as it is read, hundreds of thousands at a time: source, ends, target, begins, kind, position."""


class Mark(NamedTuple):
    """What an event says of a container and what is in it; `child` is empty for all of it."""

    parent: Node
    child: Node
    time: int
    position: int
    action: str
    kind: int


EVERYTHING: Final = b""
"""As a child: all that is in the container."""


def packed(marks: list[Mark], child: Node) -> list[Link]:
    """When a child was in its container: from an ADD to the next DELETE; at the moment of an OBSERVE."""
    links: list[Link] = []
    since: Mark | None = None
    for mark in sorted(marks, key=lambda mark: (mark.time, mark.action == "ADD", mark.position)):
        match mark.action:
            case "ADD":
                since = since or mark
            case "DELETE":
                if since is not None:
                    links += _both(since, child, mark.time)
                since = None
            case _:
                if since is None:
                    links += _both(mark, child, mark.time + 1)
    if since is not None:
        links += _both(since, child, FOREVER)
    return links


def _both(mark: Mark, child: Node, ends: int) -> list[Link]:
    carrier = Kind.CARRIER if mark.kind == Kind.CONTENTS else Kind.ATTACHED_TO
    return [
        Link(mark.parent, ends, child, mark.time, mark.kind, mark.position),
        Link(child, ends, mark.parent, mark.time, carrier, mark.position),
    ]
