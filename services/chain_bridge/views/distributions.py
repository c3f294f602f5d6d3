"""What settlement has closed: distributions and who is entitled to what.

What the chain says about them stands apart (`roots`), so that the order in which the two are read does not matter.
"""

from typing import NamedTuple

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, parse_hash, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from libs.eventbus import Received
from libs.eventlog import Reader, Tx, View

_DDL = [
    "CREATE TABLE IF NOT EXISTS view_distributions (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, chain_id BIGINT NOT NULL, vault TEXT NOT NULL, token TEXT NOT NULL,"
    " programme_key TEXT NOT NULL, root TEXT NOT NULL, PRIMARY KEY (programme, currency, number))",
    "CREATE INDEX IF NOT EXISTS view_distributions_key ON view_distributions (programme_key, token)",
    "CREATE TABLE IF NOT EXISTS view_entitlements (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, payee TEXT NOT NULL, account TEXT NOT NULL, cumulative TEXT NOT NULL,"
    " PRIMARY KEY (programme, currency, number, payee))",
]


def _listed(tx: Tx, received: Received) -> None:
    event: settlement.EntitlementsListed = received.event
    if event.part == 0:
        # Settlement closes a distribution when the one before stands on chain: of those before that, none is in force
        # for long, and the next root pays whoever was not paid.
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
        "INSERT INTO view_distributions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            received.programme,
            event.currency,
            event.number,
            event.chain_id,
            event.vault,
            event.token,
            event.programme_key,
            event.root,
        ),
    )


VIEW = View(
    "distributions",
    _DDL,
    others={settlement.EntitlementsListed: _listed, settlement.DistributionClosed: _closed},
)


class Asset(NamedTuple):
    """In what a programme pays."""

    programme: str
    currency: str


def asset_of(reader: Reader, programme_key: bytes, token: str) -> Asset | None:
    """Whose money a log of the vault is about; None if it is not ours."""
    row = reader.one(
        "SELECT programme, currency FROM view_distributions WHERE programme_key=? AND token=? LIMIT 1",
        (to_hex(programme_key), token),
    )
    return Asset(*row) if row else None


class Terms(NamedTuple):
    """What a distribution was closed for."""

    chain_id: int
    vault: str
    root: str


def terms_of(reader: Reader, programme: str, currency: str, number: int) -> Terms | None:
    """The terms of a distribution; None if settlement has closed none of this number."""
    row = reader.one(
        "SELECT chain_id, vault, root FROM view_distributions WHERE programme=? AND currency=? AND number=?",
        (programme, currency, number),
    )
    return Terms(*row) if row else None


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
