"""When a distribution is closed, its root is to go on chain: the intent is stored with the event that asks for it."""

from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.proofs.hashes import parse_hash
from libs.eventbus import Received
from libs.eventlog import Tx
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.domain.intents import purpose_of_root
from services.chain_bridge.views.distributions import payout_tree


def when_distribution_closed_then_propose_root(tx: Tx, received: Received) -> None:
    """Plans the proposal. The tree is built anew first: a root that its entitlements do not give is never sent."""
    event: settlement.DistributionClosed = received.event
    tree = payout_tree(tx, received.programme, event.currency, event.number)
    data = vault.propose_root(
        tree.scope,
        event.number,
        parse_hash(event.previous_root),
        tree.root,
        tree.total,
        parse_hash(event.data_hash),
        vault.plan_hash(event.plan_hashes),
    )
    intents.plan(
        tx,
        received.programme,
        purpose_of_root(event.currency, event.number),
        event.currency,
        event.number,
        data,
        0,
        received.recorded_at.isoformat(),
    )
