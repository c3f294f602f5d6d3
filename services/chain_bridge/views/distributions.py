"""What settlement has closed: distributions and who is entitled to what; and what the chain has paid of it."""

from typing import Any

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, parse_hash
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from libs.eventbus import Received
from libs.eventlog import Reader, Recorded, Tx, View
from services.chain_bridge.domain import events as domain

_DDL = [
    "CREATE TABLE IF NOT EXISTS view_distributions (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, chain_id BIGINT NOT NULL, vault TEXT NOT NULL, token TEXT NOT NULL,"
    " programme_key TEXT NOT NULL,"
    " root TEXT NOT NULL, previous_root TEXT NOT NULL, data_hash TEXT NOT NULL, plan_hashes TEXT NOT NULL,"
    " total TEXT NOT NULL,"
    " active_at BIGINT, PRIMARY KEY (programme, currency, number))",
    "CREATE INDEX IF NOT EXISTS view_distributions_key ON view_distributions (programme_key, token)",
    "CREATE TABLE IF NOT EXISTS view_entitlements (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, payee TEXT NOT NULL, account TEXT NOT NULL, cumulative TEXT NOT NULL,"
    " PRIMARY KEY (programme, currency, number, payee))",
    "CREATE TABLE IF NOT EXISTS view_paid (programme TEXT NOT NULL, currency TEXT NOT NULL, payee TEXT NOT NULL,"
    " cumulative TEXT NOT NULL, PRIMARY KEY (programme, currency, payee))",
]


def _listed(tx: Tx, received: Received) -> None:
    event: settlement.EntitlementsListed = received.event
    if event.part == 0:
        # The tree of the distribution before the last can be paid no more: only the newest active root counts.
        tx.run(
            "DELETE FROM view_entitlements WHERE programme=? AND currency=? AND number<?",
            (received.programme, event.currency, event.number - 1),
        )
    tx.run_many(
        "INSERT INTO view_entitlements VALUES (?, ?, ?, ?, ?, ?)",
        [
            (received.programme, event.currency, event.number, entry.payee, entry.account, entry.cumulative_units)
            for entry in event.entries
        ],
    )


def _closed(tx: Tx, received: Received) -> None:
    event: settlement.DistributionClosed = received.event
    tx.run(
        "INSERT INTO view_distributions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            received.programme,
            event.currency,
            event.number,
            event.chain_id,
            event.vault,
            event.token,
            event.programme_key,
            event.root,
            event.previous_root,
            event.data_hash,
            ",".join(sorted(event.plan_hashes)),
            event.cumulative_units,
        ),
    )


def _proposed(tx: Tx, recorded: Recorded[domain.RootProposed]) -> None:
    event = recorded.event
    tx.run(
        "UPDATE view_distributions SET active_at=? WHERE programme=? AND currency=? AND number=?",
        (event.active_at, recorded.meta.programme, event.currency, event.number),
    )


def _paid(tx: Tx, recorded: Recorded[domain.PayoutsMade]) -> None:
    event = recorded.event
    tx.run_many(
        "INSERT INTO view_paid VALUES (?, ?, ?, ?) ON CONFLICT (programme, currency, payee)"
        " DO UPDATE SET cumulative = excluded.cumulative",
        [
            (recorded.meta.programme, event.currency, payment.payee, str(payment.cumulative_units))
            for payment in event.payments
        ],
    )


VIEW = View(
    "distributions",
    _DDL,
    own={domain.RootProposed: _proposed, domain.PayoutsMade: _paid},
    others={settlement.EntitlementsListed: _listed, settlement.DistributionClosed: _closed},
)


def payout_tree(reader: Reader, programme: str, currency: str, number: int) -> PayoutTree:
    """The tree of a distribution from the entitlements that settlement has listed.

    Raises `Refusal` ROOT_DIFFERS if it is not the tree whose root settlement has closed with.
    """
    row = reader.one(
        "SELECT chain_id, vault, token, programme_key, root FROM view_distributions"
        " WHERE programme=? AND currency=? AND number=?",
        (programme, currency, number),
    )
    if row is None:
        raise Refusal("UNKNOWN_DISTRIBUTION", f"{currency}-{number} of {programme} is not known here")
    chain_id, vault, token, key, root = row
    rows = reader.all(
        "SELECT payee, account, cumulative FROM view_entitlements WHERE programme=? AND currency=? AND number=?",
        (programme, currency, number),
    )
    scope = PayoutScope(int(chain_id), parse_address(vault), parse_hash(key), parse_address(token))
    tree = PayoutTree(scope, [Payout(parse_hash(p), parse_address(a), int(units)) for p, a, units in rows])
    if tree.root != parse_hash(root):
        raise Refusal("ROOT_DIFFERS", f"the entitlements of {currency}-{number} do not give the root {root}")
    return tree


def paid_so_far(reader: Reader, programme: str, currency: str) -> dict[bytes, int]:
    """Payee → what the vault has paid in all, as far as it is final."""
    rows: list[tuple[Any, ...]] = reader.all(
        "SELECT payee, cumulative FROM view_paid WHERE programme=? AND currency=?", (programme, currency)
    )
    return {parse_hash(payee): int(cumulative) for payee, cumulative in rows}
