"""What each payee was entitled to by which distribution: a row only where something changed.

The tree of distribution N holds, of each payee, the row with the highest number up to N.
"""

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.events import Entitlement, EntitlementsListed
from services.settlement.domain.payouts import Share


def entitlements_at(reader: Reader, programme: str, currency: str, number: int) -> list[Entitlement]:
    """Every entitlement in the tree of a distribution."""
    rows = reader.all(
        "SELECT member, payee, account, cumulative_minor, due_minor FROM view_entitlements e"
        " WHERE programme=? AND currency=? AND number=(SELECT MAX(number) FROM view_entitlements x"
        " WHERE x.programme=e.programme AND x.currency=e.currency AND x.payee=e.payee AND x.number<=?)",
        (programme, currency, number),
    )
    return [
        Entitlement(member=member, payee=payee, account=account, cumulative_minor=cumulative, due_minor=due)
        for member, payee, account, cumulative, due in rows
    ]


def payout_at(reader: Reader, programme: str, currency: str, payee: str, number: int) -> tuple[str, int] | None:
    """Account and cumulative amount of a payee in the tree of a distribution; None if the payee stands not in it."""
    row = reader.one(
        "SELECT account, cumulative_minor FROM view_entitlements"
        " WHERE programme=? AND currency=? AND payee=? AND number<=? ORDER BY number DESC LIMIT 1",
        (programme, currency, payee, number),
    )
    return (row[0], row[1]) if row else None


def open_shares(reader: Reader, programme: str, currency: str, payee: str, paid: int) -> list[Share]:
    """What distributions added to a payee's entitlement and is not paid in full, oldest first."""
    rows = reader.all(
        "SELECT number, cumulative_minor, due_minor FROM view_entitlements"
        " WHERE programme=? AND currency=? AND payee=? AND due_minor>0 AND cumulative_minor>? ORDER BY number",
        (programme, currency, payee, paid),
    )
    return [Share(*row) for row in rows]


def _listed(tx: Tx, recorded: Recorded[EntitlementsListed]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    tx.run_many(
        "INSERT INTO view_entitlements VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                programme,
                event.currency,
                entry.payee,
                event.number,
                entry.member,
                entry.account,
                entry.cumulative_minor,
                entry.due_minor,
            )
            for entry in event.entries
            if entry.due_minor or entry.moved
        ],
    )


ENTITLEMENTS = View(
    name="entitlements",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_entitlements ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, payee TEXT NOT NULL, number BIGINT NOT NULL,"
        " member TEXT NOT NULL, account TEXT NOT NULL, cumulative_minor BIGINT NOT NULL, due_minor BIGINT NOT NULL,"
        " PRIMARY KEY (programme, currency, payee, number))"
    ],
    own={EntitlementsListed: _listed},
)
