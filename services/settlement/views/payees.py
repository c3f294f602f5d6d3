"""Who stands for which member on chain, where he is paid, and whether payouts are withheld."""

from typing import NamedTuple

from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.events import PayeeRemembered, PayoutsAllowed, PayoutsWithheld


class PayeeRow(NamedTuple):
    """A member as payouts see him; `payee` and `account` are empty without a proven wallet."""

    payee: str
    account: str
    withheld: bool
    version: int


def payee_of(reader: Reader, programme: str, member: str) -> PayeeRow:
    """What is known of a member; a row of nothing where nothing is."""
    row = reader.one(
        "SELECT payee, account, withheld, version FROM view_payees WHERE programme=? AND member=?", (programme, member)
    )
    return PayeeRow(row[0], row[1], bool(row[2]), row[3]) if row else PayeeRow("", "", False, 0)


def member_of(reader: Reader, programme: str, payee: str) -> str | None:
    """The member for whom a payee stands."""
    # The second half repeats the index's own condition: without it, neither database would use the index.
    row = reader.one("SELECT member FROM view_payees WHERE programme=? AND payee=? AND payee<>''", (programme, payee))
    return row[0] if row else None


def _remembered(tx: Tx, recorded: Recorded[PayeeRemembered]) -> None:
    tx.run(
        "INSERT INTO view_payees VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (programme, member)"
        " DO UPDATE SET payee=excluded.payee, account=excluded.account, version=excluded.version",
        (
            recorded.meta.programme,
            recorded.event.member,
            recorded.event.payee,
            recorded.event.account,
            recorded.version,
        ),
    )


def _withheld(tx: Tx, recorded: Recorded[PayoutsWithheld]) -> None:
    _set_withheld(tx, recorded, recorded.event.member, 1)


def _allowed(tx: Tx, recorded: Recorded[PayoutsAllowed]) -> None:
    _set_withheld(tx, recorded, recorded.event.member, 0)


def _set_withheld(tx: Tx, recorded: Recorded[PayoutsWithheld] | Recorded[PayoutsAllowed], member: str, to: int) -> None:
    tx.run(
        "INSERT INTO view_payees VALUES (?, ?, '', '', ?, ?) ON CONFLICT (programme, member)"
        " DO UPDATE SET withheld=excluded.withheld, version=excluded.version",
        (recorded.meta.programme, member, to, recorded.version),
    )


PAYEES = View(
    name="payees",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_payees ("
        "programme TEXT NOT NULL, member TEXT NOT NULL, payee TEXT NOT NULL, account TEXT NOT NULL,"
        " withheld BIGINT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (programme, member))",
        # The vault counts by payee: one that stood for two members would pay one of them for both.
        "CREATE UNIQUE INDEX IF NOT EXISTS view_payees_payee ON view_payees (programme, payee) WHERE payee <> ''",
    ],
    own={PayeeRemembered: _remembered, PayoutsWithheld: _withheld, PayoutsAllowed: _allowed},
)
