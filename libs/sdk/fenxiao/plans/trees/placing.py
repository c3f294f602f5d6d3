"""Placing members: where somebody goes who may ask for a place, and the tree as it was known at a position."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from fenxiao.errors import Refusal
from fenxiao.plans.trees.placement import Place, Placed, PlacementTree, Spill, parent_not_placed, place


class Wish(NamedTuple):
    """Where somebody asks to be placed; what is left out the rule decides."""

    parent: str = ""
    leg: int | None = None
    """From 0 on the left."""


NO_WISH = Wish()
"""The rule decides."""


def choose(tree: PlacementTree, spill: Spill, sponsor: str | None, wish: Wish = NO_WISH) -> Place | None:
    """Say where somebody goes who may ask for a place; `None` for the top of a tree of his own. The tree is left alone.

    A parent and a leg: exactly there, whether it is free or not. A leg: as `place` says. A parent: by spill-over from
    there, in place of the sponsor. Nothing: by spill-over from the sponsor, and without one at the top.
    """
    if wish.parent and wish.leg is not None:
        return Place(wish.parent, wish.leg)
    if wish.parent and wish.parent not in tree:
        raise parent_not_placed(wish.parent)
    if above := wish.parent or sponsor:
        return place(tree, above, spill, wish.leg)
    if wish.leg is not None:
        message = "A leg is one of the sponsor's; name a parent, or leave the leg out."
        raise Refusal("LEG_WITHOUT_SPONSOR", message, field="leg")
    return None


def earliest(tree: PlacementTree, place: Place | None, at: datetime) -> datetime:
    """Say from when on somebody has a place who is there from `at` on: no earlier than the parent has one."""
    parent = None if place is None else tree.get(place.parent)
    return at if parent is None else max(at, parent.at)


class Told(NamedTuple):
    """A place, and where in membership's store it stands that it was given, and that the member was enrolled."""

    placed: Placed
    position: int
    enrolled: int


def tree_as_known(width: int, places: Iterable[Told], known: int, newest: int) -> PlacementTree:
    """Give the tree as known at a position. `places` come in the order in which they were given.

    Who was enrolled after that, up to the newest position, stands where he was placed if the parent stands there too: a
    closed period that is rated again keeps its tree, and still has a place for a member whom it had not heard of.
    """
    tree = PlacementTree(width)
    for told in places:
        member, parent, leg, at = told.placed
        late = known < told.enrolled and told.position <= newest and (parent is None or parent in tree)
        if told.position <= known or late:
            tree.put(member, None if parent is None else Place(parent, leg), at)
    return tree
