"""The chain bridge on one page: what it is asked, what it does when something happened, what it publishes."""

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from libs.eventlog import EventTypes
from libs.servicekit import Query, Service
from services.chain_bridge import published
from services.chain_bridge.adapters import cursor, intents
from services.chain_bridge.adapters.chain import open_chain
from services.chain_bridge.adapters.log_key import open_log_key
from services.chain_bridge.adapters.signer import open_signer
from services.chain_bridge.domain import events
from services.chain_bridge.domain.log import LOG_EVENTS
from services.chain_bridge.features.get_chain_status import get_chain_status
from services.chain_bridge.features.get_checkpoint import get_checkpoint
from services.chain_bridge.features.list_transactions import list_transactions
from services.chain_bridge.features.prove_consistency import prove_consistency
from services.chain_bridge.features.prove_inclusion import prove_inclusion
from services.chain_bridge.heartbeat import heartbeat
from services.chain_bridge.policies import when_root_active_then_pay as payments
from services.chain_bridge.policies.when_distribution_closed_then_propose_root import (
    when_distribution_closed_then_propose_root,
)
from services.chain_bridge.policies.when_intent_planned_then_send import when_intent_planned_then_send
from services.chain_bridge.policies.when_log_grown_then_checkpoint import when_log_grown_then_checkpoint
from services.chain_bridge.policies.when_logs_final_then_record import when_logs_final_then_record
from services.chain_bridge.policies.when_published_then_sequence import when_published_then_sequence
from services.chain_bridge.views import distributions, log, roots, versions

QUERIES = {
    "GetChainStatus": Query(get_chain_status, scope="chain.read"),
    "ListTransactions": Query(list_transactions, scope="chain.read"),
    "GetCheckpoint": Query(get_checkpoint, scope="chain.read"),
    "ProveInclusion": Query(prove_inclusion, scope="chain.read"),
    "ProveConsistency": Query(prove_consistency, scope="chain.read"),
}

VIEWS = [distributions.VIEW, roots.VIEW, versions.VIEW, log.VIEW]

POLICIES = {
    "settlement": {settlement.DistributionClosed: [when_distribution_closed_then_propose_root]},
}

FOLLOWS = {
    service: [when_published_then_sequence]
    for service in ("membership", "traceability", "commission", "settlement", "chain_bridge")
}
"""All that is public stands in the log, whatever it says."""

STEPS = (when_logs_final_then_record, payments.when_root_active_then_pay, when_intent_planned_then_send)
"""What is done after each look at the chain, in this order."""

BACKGROUND = [heartbeat(*STEPS), when_log_grown_then_checkpoint]

PUBLISHES = {
    events.RootProposed: published.root_proposed,
    events.RootVetoed: published.distribution_blocked,
    events.PayoutsMade: published.payouts_made,
    events.PayoutFailed: published.payout_failed,
    events.DistributionBlocked: published.distribution_blocked,
}

SERVICE = Service(
    name="chain_bridge",
    api=chain_bridge_pb2.DESCRIPTOR.services_by_name["ChainBridgeService"],
    events=EventTypes([*events.EVENTS, *LOG_EVENTS]),
    commands={},
    queries=QUERIES,
    views=VIEWS,
    policies=POLICIES,
    follows=FOLLOWS,
    publishes=PUBLISHES,
    background=BACKGROUND,
    resources=[open_chain, open_signer, open_log_key],
    tables=[*intents.TABLES, cursor.TABLE, payments.TABLE],
    halt_programme=True,
)
