"""The sponsor tree at any moment: who stood below whom from when until when, and walks through it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventlog import Reader, Recorded, Tx, View
from services.membership.domain.events import MemberEnrolled, SponsorChanged
from services.membership.domain.tree import Link
from services.membership.views.moments import FOREVER, from_micros, micros

_SIBLINGS_AT_ONCE = 200
_INSERT = "INSERT INTO view_sponsors (programme, member, sponsor, since, until, number) VALUES (?, ?, ?, ?, ?, ?)"


def _enrolled(tx: Tx, recorded: Recorded[MemberEnrolled]) -> None:
    event = recorded.event
    sponsor = str(event.sponsor) if event.sponsor else ""
    since = micros(event.join_time)
    tx.run(_INSERT, (recorded.meta.programme, str(event.member), sponsor, since, FOREVER, recorded.position))


def _changed(tx: Tx, recorded: Recorded[SponsorChanged]) -> None:
    programme, member, since = (
        recorded.meta.programme,
        str(recorded.event.member),
        micros(recorded.event.effective_time),
    )
    # One link holds at that moment, since nobody's first link is later than his joining.
    row = tx.one(
        "SELECT since, until, number FROM view_sponsors"
        " WHERE programme = ? AND member = ? AND since <= ? AND until > ?",
        (programme, member, since, since),
    )
    if row is None:
        raise LookupError(f"member {member} has no sponsor link at {since}")
    begin, until, number = row
    if begin == since:
        tx.run("DELETE FROM view_sponsors WHERE programme = ? AND member = ? AND since = ?", (programme, member, since))
    else:
        tx.run(
            "UPDATE view_sponsors SET until = ? WHERE programme = ? AND member = ? AND since = ?",
            (since, programme, member, begin),
        )
    tx.run(_INSERT, (programme, member, str(recorded.event.sponsor), since, until, number))


SPONSORS = View(
    "sponsors",
    [
        "CREATE TABLE IF NOT EXISTS view_sponsors (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " sponsor TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL, number BIGINT NOT NULL,"
        " PRIMARY KEY (programme, member, since))",
        "CREATE INDEX IF NOT EXISTS view_sponsors_below ON view_sponsors (programme, sponsor, number)",
    ],
    own={MemberEnrolled: _enrolled, SponsorChanged: _changed},
)


def links_of(reader: Reader, programme: str, member: UUID) -> list[Link]:
    """Every sponsor that the member has had or is to have, oldest first."""
    rows = reader.all(
        "SELECT since, sponsor FROM view_sponsors WHERE programme = ? AND member = ? ORDER BY since",
        (programme, str(member)),
    )
    return [Link(from_micros(since), UUID(sponsor) if sponsor else None) for since, sponsor in rows]


@dataclass(frozen=True, slots=True)
class Node:
    """A member in the tree."""

    member: str
    sponsor: str
    """Empty for a root of the programme."""
    level: int
    """0 where the walk began."""
    children: int
    """Direct members below."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the tree of one moment, depth first, siblings in the order in which they were enrolled.

    `top` is where it begins (every root if empty), `depth` how many levels below that it goes (all if 0). It reads a
    family at a time, by index, so what a page costs depends on the page and not on the tree.
    """

    reader: Reader
    programme: str
    at: datetime
    top: str = ""
    depth: int = 0

    def nodes(self) -> Iterator[Node]:
        """Everybody, from the beginning."""
        if not self.top:
            yield from self._subtrees("", 0)
            return
        row = self.reader.one(
            f"SELECT sponsor, {_CHILDREN} FROM view_sponsors s WHERE programme = ? AND member = ?"  # noqa: S608 # our text
            " AND since <= ? AND until > ?",
            (*self._moment, self.programme, self.top, *self._moment),
        )
        if row is not None:
            yield Node(self.top, row[0], 0, row[1])
            yield from self._subtrees(self.top, 1)

    def nodes_behind(self, member: str, level: int) -> Iterator[Node]:
        """Everybody who comes after this member, which the walk met at this level."""
        yield from self._subtrees(member, level + 1)
        while level > 0 or not self.top:
            row = self.reader.one(
                "SELECT sponsor, number FROM view_sponsors WHERE programme = ? AND member = ?"
                " AND since <= ? AND until > ?",
                (self.programme, member, *self._moment),
            )
            if row is None:
                return
            sponsor, number = row
            yield from self._subtrees(sponsor, level, number)
            if level == 0:
                return
            member, level = sponsor, level - 1

    @property
    def _moment(self) -> tuple[int, int]:
        at = micros(self.at)
        return at, at

    def _subtrees(self, sponsor: str, level: int, behind: int = 0) -> Iterator[Node]:
        """The members directly below a sponsor, each followed by all that is below it."""
        if self.depth and level > self.depth:
            return
        # A stack and no recursion: a line may be as deep as the programme has members.
        families = [self._family(sponsor, level, behind)]
        while families:
            node = next(families[-1], None)
            if node is None:
                families.pop()
                continue
            yield node
            if node.children and (not self.depth or node.level < self.depth):
                families.append(self._family(node.member, node.level + 1, 0))

    def _family(self, sponsor: str, level: int, behind: int) -> Iterator[Node]:
        while True:
            rows = self.reader.all(
                f"SELECT member, number, {_CHILDREN} FROM view_sponsors s WHERE programme = ? AND sponsor = ?"  # noqa: S608 # our text
                " AND number > ? AND since <= ? AND until > ? ORDER BY number LIMIT ?",
                (*self._moment, self.programme, sponsor, behind, *self._moment, _SIBLINGS_AT_ONCE),
            )
            for member, number, children in rows:
                yield Node(member, sponsor, level, children)
                behind = number
            if len(rows) < _SIBLINGS_AT_ONCE:
                return


_CHILDREN = (
    "(SELECT COUNT(*) FROM view_sponsors b WHERE b.programme = s.programme AND b.sponsor = s.member"
    " AND b.since <= ? AND b.until > ?)"
)
