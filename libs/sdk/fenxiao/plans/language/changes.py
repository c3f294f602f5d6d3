"""What differs between two plan documents: part by part, by JSON pointer.

Ranks, components, products and the like are found again by their ids, so that one that has only moved is not shown as
changed all through. Everything else in a list counts by its place in it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, cast

from pydantic import BaseModel

from fenxiao.plans.language.document import Node, read_document
from fenxiao.plans.language.issues import PlanError, pointer
from fenxiao.plans.language.model import Plan, read_plan

_NAMES: Final = ("id", "rank")
"""Fields by which the items of a list are told apart, the first that all of them have."""


class ChangeKind(StrEnum):
    """How a part of a document differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """To another place among its like, which counts: components are rated in their order, ranks rise in it."""


class Change(NamedTuple):
    """A part that differs."""

    kind: ChangeKind
    before: str
    """JSON pointer into the first document; where the part is not there, of what it was added to."""
    after: str
    """The same in the second document."""
    name: str
    """Of what it is: the field, or the id of the item."""
    within: tuple[str, ...]
    """Names around it, from the outermost: fields and ids."""
    old: Node | None
    new: Node | None
    same_meaning: bool = False
    """Only spelt otherwise: `8%` and `8.0%`."""


def changes(before: bytes, after: bytes) -> list[Change]:
    """List what differs between two documents. Raises `PlanError` for one that cannot be read at all."""
    found = [*_compare(read_document(before), read_document(after), _Place((), (), ()))]
    old, new = _plan(before), _plan(after)
    if old is None or new is None:
        return found
    return [one._replace(same_meaning=_same(old, new, one)) for one in found]


class _Place(NamedTuple):
    before: tuple[str | int, ...]
    after: tuple[str | int, ...]
    names: tuple[str, ...]

    def into(self, before: str | int, after: str | int, name: str) -> "_Place":
        return _Place((*self.before, before), (*self.after, after), (*self.names, name))

    def change(self, kind: ChangeKind, old: Node | None, new: Node | None) -> Change:
        *within, name = self.names
        return Change(kind, pointer(self.before), pointer(self.after), name, tuple(within), old, new)


def _compare(old: Node, new: Node, place: _Place) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            here = place.into(key, key, key)
            if key not in new:
                yield here.change(ChangeKind.REMOVED, old[key], None)
            elif key not in old:
                yield here.change(ChangeKind.ADDED, None, new[key])
            else:
                yield from _compare(old[key], new[key], here)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(old, new, place)
    elif old != new:
        yield place.change(ChangeKind.CHANGED, old, new)


def _compare_lists(old: list[Node], new: list[Node], place: _Place) -> Iterator[Change]:
    name = next((name for name in _NAMES if _tells_apart(old, name) and _tells_apart(new, name)), None)
    if name is None:
        yield from _compare_by_place(old, new, place)
        return
    was, now = _by_name(old, name), _by_name(new, name)
    for one, i in was.items():
        if one not in now:
            yield _Place((*place.before, i), place.after, (*place.names, one)).change(ChangeKind.REMOVED, old[i], None)
    for one, i in now.items():
        if one not in was:
            yield _Place(place.before, (*place.after, i), (*place.names, one)).change(ChangeKind.ADDED, None, new[i])
    kept = [one for one in was if one in now]
    moved = _moved(kept, [one for one in now if one in was])
    for one in kept:
        here = place.into(was[one], now[one], one)
        if one in moved:
            yield here.change(ChangeKind.MOVED, str(was[one]), str(now[one]))
        yield from _compare(old[was[one]], new[now[one]], here)


def _compare_by_place(old: list[Node], new: list[Node], place: _Place) -> Iterator[Change]:
    for i in range(max(len(old), len(new))):
        if i >= len(new):
            yield _Place((*place.before, i), place.after, (*place.names, str(i))).change(
                ChangeKind.REMOVED, old[i], None
            )
        elif i >= len(old):
            yield _Place(place.before, (*place.after, i), (*place.names, str(i))).change(ChangeKind.ADDED, None, new[i])
        else:
            yield from _compare(old[i], new[i], place.into(i, i, str(i)))


def _by_name(items: Sequence[Node], name: str) -> dict[str, int]:
    return {str(item[name]): i for i, item in enumerate(items) if isinstance(item, dict)}


def _tells_apart(items: Sequence[Node], name: str) -> bool:
    names = [item.get(name) if isinstance(item, dict) else None for item in items]
    return all(isinstance(one, str) for one in names) and len({str(one) for one in names}) == len(names)


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Those that must be moved at least to bring the first order into the second: all but a longest common run."""
    rank = {one: i for i, one in enumerate(after)}
    # Patience sorting: `ends[k]` is the least rank with which an ascending run of length k + 1 ends so far.
    ends: list[int] = []
    previous: dict[str, str | None] = {}
    last: list[str] = []
    for one in before:
        k = bisect_left(ends, rank[one])
        previous[one] = last[k - 1] if k else None
        ends[k : k + 1], last[k : k + 1] = [rank[one]], [one]
    moved = set(before)
    at = last[-1] if last else None
    while at is not None:
        moved.remove(at)
        at = previous[at]
    return moved


def _plan(document: bytes) -> Plan | None:
    try:
        return read_plan(document)
    except PlanError:
        return None


def _same(old: Plan, new: Plan, change: Change) -> bool:
    """Say whether two parts mean the same, what is left out standing for its default."""
    if change.kind is ChangeKind.MOVED:
        return False
    try:
        return _value(old, change.before) == _value(new, change.after)
    except (AttributeError, IndexError, TypeError, ValueError):
        return False  # an item that only one of the lists has


def _value(plan: Plan, place: str) -> object:
    part: object = plan
    for step in place.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        part = getattr(part, name) if isinstance(part, BaseModel) else cast("tuple[object, ...]", part)[int(name)]
    return part
