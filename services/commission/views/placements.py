"""The placement tree of each programme, as membership tells of it."""

from fenxiao.api.membership.v1.events_pb2 import MemberPlaced, PlacementRuleSet
from fenxiao.api.membership.v1.placement_pb2 import Spill as SpillNumber
from fenxiao.plans.trees.placement import Placed, PlacementRules, PlacementTree
from fenxiao.plans.trees.placing import Told, tree_as_known
from libs.eventbus import Received
from libs.eventlog import Reader, Tx, View
from libs.servicekit.times import from_timestamp
from services.commission.views.moments import from_micros, micros


def _rule_set(tx: Tx, received: Received) -> None:
    event: PlacementRuleSet = received.event
    tx.run(
        "INSERT INTO view_placement_rules (programme, width, spill) VALUES (?, ?, ?)"
        " ON CONFLICT (programme) DO NOTHING",
        (received.programme, event.width, SpillNumber.Name(event.spill).removeprefix("SPILL_").lower()),
    )


def _placed(tx: Tx, received: Received) -> None:
    event: MemberPlaced = received.event
    tx.run(
        "INSERT INTO view_placements (programme, member, position, parent, leg, since) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (programme, member) DO NOTHING",
        (
            received.programme,
            event.member,
            received.place.position,
            event.parent,
            event.leg,
            micros(from_timestamp(event.effective_time)),
        ),
    )


PLACEMENTS = View(
    "placements",
    [
        "CREATE TABLE IF NOT EXISTS view_placement_rules (programme TEXT PRIMARY KEY, width BIGINT NOT NULL,"
        " spill TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS view_placements (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " position BIGINT NOT NULL, parent TEXT NOT NULL, leg BIGINT NOT NULL, since BIGINT NOT NULL,"
        " PRIMARY KEY (programme, member))",
    ],
    others={PlacementRuleSet: _rule_set, MemberPlaced: _placed},
)


_PATH = """
WITH RECURSIVE line (member, level) AS (
  SELECT CAST(? AS TEXT), 0
  UNION ALL
  SELECT (SELECT p.parent FROM view_placements p WHERE p.programme = ? AND p.member = line.member), level + 1
  FROM line WHERE level < ? AND member <> '' AND member <> ?
)
SELECT member FROM line WHERE member <> '' ORDER BY level
"""


def placed_path(reader: Reader, programme: str, start: str, end: str, depth: int) -> list[str]:
    """The members from one up to another in the tree, where nobody is moved; empty if the other is not above."""
    path = [row[0] for row in reader.all(_PATH, (start, programme, depth, end))]
    return path if path and path[-1] == end else []


def rules_of(reader: Reader, programme: str) -> PlacementRules | None:
    """How a programme's members are placed; None where they are not."""
    row = reader.one("SELECT width, spill FROM view_placement_rules WHERE programme = ?", (programme,))
    return PlacementRules.of(*row) if row else None


def placed_as_known(reader: Reader, programme: str, at_cut: str, newest_cut: str) -> PlacementTree | None:
    """Who stood where, as known at a cut of membership's store; None in a programme without a placement tree.

    Who was enrolled after that, up to the newest cut, stands where that has put him.
    """
    rules = rules_of(reader, programme)
    if rules is None:
        return None
    known, newest = (int(cut.rpartition(":")[2] or 0) for cut in (at_cut, newest_cut))
    rows = reader.all(
        "SELECT p.member, p.parent, p.leg, p.since, p.position, MIN(s.position) FROM view_placements p"
        " JOIN view_sponsors s ON s.programme = p.programme AND s.member = p.member"
        " WHERE p.programme = ? AND p.position <= ?"
        " GROUP BY p.member, p.parent, p.leg, p.since, p.position ORDER BY p.position",
        (programme, newest),
    )
    told = (
        Told(Placed(member, parent or None, leg, from_micros(since)), position, enrolled)
        for member, parent, leg, since, position, enrolled in rows
    )
    return tree_as_known(rules.width, told, known, newest)
