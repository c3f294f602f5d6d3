"""Members and their wallets, as membership tells of them."""

from fenxiao.api.membership.v1.events_pb2 import MemberEnrolled, MemberReinstated, MemberSuspended, WalletBound
from libs.eventbus import Received
from libs.eventlog import Reader, Tx, View
from services.traceability.domain.custody import Member

_DDL = [
    "CREATE TABLE IF NOT EXISTS view_members (programme TEXT NOT NULL, member TEXT NOT NULL, account TEXT NOT NULL,"
    " suspended SMALLINT NOT NULL, PRIMARY KEY (programme, member))"
]


def _enrolled(tx: Tx, received: Received) -> None:
    event: MemberEnrolled = received.event
    tx.run(
        "INSERT INTO view_members VALUES (?, ?, '', 0) ON CONFLICT (programme, member) DO NOTHING",
        (received.programme, event.member),
    )


def _bound(tx: Tx, received: Received) -> None:
    event: WalletBound = received.event
    tx.run(
        "UPDATE view_members SET account=? WHERE programme=? AND member=?",
        (event.account, received.programme, event.member),
    )


def _suspended(tx: Tx, received: Received) -> None:
    _set_suspended(tx, received.programme, received.event.member, 1)


def _reinstated(tx: Tx, received: Received) -> None:
    _set_suspended(tx, received.programme, received.event.member, 0)


def _set_suspended(tx: Tx, programme: str, member: str, suspended: int) -> None:
    tx.run("UPDATE view_members SET suspended=? WHERE programme=? AND member=?", (suspended, programme, member))


VIEW = View(
    "members",
    _DDL,
    others={
        MemberEnrolled: _enrolled,
        WalletBound: _bound,
        MemberSuspended: _suspended,
        MemberReinstated: _reinstated,
    },
)


def member_of(reader: Reader, programme: str, member: str) -> Member | None:
    """A member; None for a stranger."""
    row = reader.one("SELECT account, suspended FROM view_members WHERE programme=? AND member=?", (programme, member))
    return Member(member, str(row[0]), bool(row[1])) if row else None
