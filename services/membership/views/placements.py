"""Who stands where in the placement tree, and the trees themselves, kept at hand for those who are placed next."""

from collections import OrderedDict
from typing import Any, Final
from uuid import UUID

from fenxiao.plans.trees.placement import Place, PlacementRules, PlacementTree
from libs.eventlog import Reader, Recorded, Tx, View
from libs.servicekit import Settings
from services.membership.domain.events import Choice, MemberPlaced
from services.membership.views.moments import from_micros, micros

TREES_AT_HAND: Final = 8
"""Programmes whose trees are kept in memory: about 500 bytes a member."""


def _placed(tx: Tx, recorded: Recorded[MemberPlaced]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_placements (programme, number, member, parent, leg, since, choice, event)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            recorded.meta.programme,
            recorded.position,
            str(event.member),
            str(event.parent) if event.parent else None,
            event.leg,
            micros(event.effective_time),
            event.choice.value,
            recorded.id.hex,
        ),
    )


PLACEMENTS = View(
    "placements",
    [
        "CREATE TABLE IF NOT EXISTS view_placements (programme TEXT NOT NULL, number BIGINT NOT NULL,"
        " member TEXT NOT NULL, parent TEXT, leg BIGINT NOT NULL, since BIGINT NOT NULL, choice TEXT NOT NULL,"
        " event TEXT NOT NULL, PRIMARY KEY (programme, number))",
        "CREATE UNIQUE INDEX IF NOT EXISTS view_placements_member ON view_placements (programme, member)",
        # The last word on a place: whatever else went wrong, no two stand on it.
        "CREATE UNIQUE INDEX IF NOT EXISTS view_placements_place ON view_placements (programme, parent, leg)",
    ],
    own={MemberPlaced: _placed},
)


def placed_behind(reader: Reader, programme: str, behind: int, limit: int) -> list[tuple[int, MemberPlaced]]:
    """Places in the order in which they were given, each with its number in that order."""
    rows = reader.all(
        "SELECT number, member, parent, leg, since, choice FROM view_placements"
        " WHERE programme = ? AND number > ? ORDER BY number LIMIT ?",
        (programme, behind, limit),
    )
    return [(number, placed_of(*place)) for number, *place in rows]


def placed_of(member: str, parent: str | None, leg: int, since: int, choice: str) -> MemberPlaced:
    """A place, from the columns of the table."""
    return MemberPlaced(
        member=UUID(member),
        parent=UUID(parent) if parent else None,
        leg=leg,
        effective_time=from_micros(since),
        choice=Choice(choice),
    )


class Trees:
    """The placement trees of the programmes that placed somebody last.

    The table is the record, in the order of placing. A tree in memory follows it: what was placed since is read and
    put, and what a transaction took back again is taken back. An event's id tells the two apart, since a position that
    was taken back is given again. Only the one thread that writes may use it.
    """

    def __init__(self, at_most: int = TREES_AT_HAND) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._at_most = at_most

    @classmethod
    def open(cls, _settings: Settings) -> "Trees":
        """As a resource of the service."""
        return cls()

    def tree(self, tx: Tx, programme: str, rules: PlacementRules) -> PlacementTree:
        """The tree of a programme as it stands in this transaction. It is for reading only."""
        kept = self._kept.get(programme)
        if kept is None:
            kept = self._kept[programme] = _Kept(programme, rules.width)
            while len(self._kept) > self._at_most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(programme)
        kept.follow(tx)
        return kept.tree


class _Kept:
    """A tree, with the position and id of the event that placed each of its members."""

    def __init__(self, programme: str, width: int) -> None:
        self.tree = PlacementTree(width)
        self._programme = programme
        self._events: list[tuple[int, str]] = []

    def follow(self, reader: Reader) -> None:
        """Makes the tree what the table says."""
        rows = self._rows(reader)
        # Everybody before an event that stands in the table stands there too: it was recorded behind them.
        while self._events and (not rows or (rows[0][0], rows[0][1]) != self._events[-1]):
            self._events.pop()
            self.tree.take_back()
            rows = self._rows(reader)
        for number, event, member, parent, leg, since in rows[1 if self._events else 0 :]:
            self.tree.put(member, None if parent is None else Place(parent, leg), from_micros(since))
            self._events.append((number, event))

    def _rows(self, reader: Reader) -> list[tuple[Any, ...]]:
        """From the last event that was put on, it included."""
        return reader.all(
            "SELECT number, event, member, parent, leg, since FROM view_placements"
            " WHERE programme = ? AND number >= ? ORDER BY number",
            (self._programme, self._events[-1][0] if self._events else 0),
        )
