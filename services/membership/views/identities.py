"""Of whom the identity is checked: the newest check that was not withdrawn."""

from libs.eventlog import Recorded, Tx, View
from services.membership.domain.events import IdentityChecked, IdentityCheckWithdrawn
from services.membership.views.moments import micros


def _checked(tx: Tx, recorded: Recorded[IdentityChecked]) -> None:
    event = recorded.event
    expires = micros(event.expire_time) if event.expire_time else None
    _forget(tx, recorded.meta.programme, str(event.member))
    tx.run(
        "INSERT INTO view_identities (programme, member, check_time, expire_time) VALUES (?, ?, ?, ?)",
        (recorded.meta.programme, str(event.member), micros(event.check_time), expires),
    )


def _withdrawn(tx: Tx, recorded: Recorded[IdentityCheckWithdrawn]) -> None:
    _forget(tx, recorded.meta.programme, str(recorded.event.member))


def _forget(tx: Tx, programme: str, member: str) -> None:
    tx.run("DELETE FROM view_identities WHERE programme = ? AND member = ?", (programme, member))


IDENTITIES = View(
    "identities",
    [
        "CREATE TABLE IF NOT EXISTS view_identities (programme TEXT NOT NULL, member TEXT NOT NULL,"
        " check_time BIGINT NOT NULL, expire_time BIGINT, PRIMARY KEY (programme, member))"
    ],
    own={IdentityChecked: _checked, IdentityCheckWithdrawn: _withdrawn},
)
