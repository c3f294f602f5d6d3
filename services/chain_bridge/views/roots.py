"""What the chain has made final: the roots of each distribution, and what each payee was paid in all."""

from fenxiao.proofs.hashes import parse_hash
from libs.eventlog import Reader, Recorded, Row, Tx, View
from services.chain_bridge.domain.events import PayoutsMade, RootProposed, RootVetoed

_DDL = [
    "CREATE TABLE IF NOT EXISTS view_roots (programme TEXT NOT NULL, currency TEXT NOT NULL, number BIGINT NOT NULL,"
    " root TEXT NOT NULL, active_at BIGINT NOT NULL, vetoed BIGINT NOT NULL,"
    " PRIMARY KEY (programme, currency, number))",
    "CREATE TABLE IF NOT EXISTS view_paid (programme TEXT NOT NULL, currency TEXT NOT NULL, payee TEXT NOT NULL,"
    " cumulative TEXT NOT NULL, PRIMARY KEY (programme, currency, payee))",
]


def _proposed(tx: Tx, recorded: Recorded[RootProposed]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_roots VALUES (?, ?, ?, ?, ?, 0)",
        (recorded.meta.programme, event.currency, event.number, event.root, event.active_at),
    )


def _vetoed(tx: Tx, recorded: Recorded[RootVetoed]) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_roots SET vetoed=1 WHERE programme=? AND currency=? AND number=?",
        (recorded.meta.programme, event.currency, event.number),
    )


def _paid(tx: Tx, recorded: Recorded[PayoutsMade]) -> None:
    event = recorded.event
    tx.run_many(
        "INSERT INTO view_paid VALUES (?, ?, ?, ?) ON CONFLICT (programme, currency, payee)"
        " DO UPDATE SET cumulative = excluded.cumulative",
        [
            (recorded.meta.programme, event.currency, payment.payee, str(payment.cumulative_units))
            for payment in event.payments
        ],
    )


VIEW = View("roots", _DDL, own={RootProposed: _proposed, RootVetoed: _vetoed, PayoutsMade: _paid})


def in_force(reader: Reader, programme: str, currency: str, time: int) -> int:
    """The number of the distribution whose root the vault paid from at a time; 0 if from none."""
    row = reader.one(
        "SELECT MAX(number) FROM view_roots WHERE programme=? AND currency=? AND active_at<=? AND vetoed=0",
        (programme, currency, time),
    )
    return int(row[0] or 0) if row else 0


def newest_in_force(reader: Reader, time: int) -> list[Row]:
    """(programme, currency, number) of every root that the vault pays from at a time."""
    return reader.all(
        "SELECT programme, currency, MAX(number) FROM view_roots WHERE active_at<=? AND vetoed=0"
        " GROUP BY programme, currency",
        (time,),
    )


def paid_so_far(reader: Reader, programme: str, currency: str) -> dict[bytes, int]:
    """Payee → what the vault has paid in all, as far as it is final."""
    rows = reader.all("SELECT payee, cumulative FROM view_paid WHERE programme=? AND currency=?", (programme, currency))
    return {parse_hash(payee): int(cumulative) for payee, cumulative in rows}
