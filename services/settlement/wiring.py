"""The way of every command, query and event through settlement."""

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service, Stream
from services.settlement import published
from services.settlement.domain import events
from services.settlement.features.close_distribution import close_distribution
from services.settlement.features.get_asset import get_asset
from services.settlement.features.get_distribution import get_distribution
from services.settlement.features.get_entitlement import get_entitlement
from services.settlement.features.get_statement import get_statement
from services.settlement.features.get_totals import get_totals
from services.settlement.features.list_distributions import list_distributions
from services.settlement.features.list_statements import list_statements
from services.settlement.features.preview_distribution import preview_distribution
from services.settlement.features.register_asset import register_asset
from services.settlement.features.watch_distribution import watch_distribution
from services.settlement.policies.when_distribution_blocked_then_say_so import when_distribution_blocked_then_say_so
from services.settlement.policies.when_lines_posted_then_hold import when_lines_posted_then_hold
from services.settlement.policies.when_member_reinstated_then_allow_payouts import (
    when_member_reinstated_then_allow_payouts,
)
from services.settlement.policies.when_member_suspended_then_withhold import when_member_suspended_then_withhold
from services.settlement.policies.when_payout_failed_then_park_payee import when_payout_failed_then_park_payee
from services.settlement.policies.when_payouts_made_then_book_paid import when_payouts_made_then_book_paid
from services.settlement.policies.when_root_proposed_then_mark_proposed import when_root_proposed_then_mark_proposed
from services.settlement.policies.when_wallet_bound_then_remember_payee import when_wallet_bound_then_remember_payee
from services.settlement.trees import Trees
from services.settlement.views.assets import ASSETS
from services.settlement.views.balances import BALANCES
from services.settlement.views.distributions import DISTRIBUTIONS
from services.settlement.views.entitlements import ENTITLEMENTS
from services.settlement.views.lines import LINES
from services.settlement.views.payees import PAYEES
from services.settlement.views.times import TIMES

COMMANDS = {
    "RegisterAsset": Command(register_asset, scope="settlement.write"),
    "CloseDistribution": Command(close_distribution, scope="settlement.write"),
}
QUERIES = {
    "GetAsset": Query(get_asset, scope="settlement.read"),
    "PreviewDistribution": Query(preview_distribution, scope="settlement.read"),
    "GetDistribution": Query(get_distribution, scope="settlement.read"),
    "ListDistributions": Query(list_distributions, scope="settlement.read"),
    "GetStatement": Query(get_statement, scope="settlement.read"),
    "ListStatements": Query(list_statements, scope="settlement.read"),
    "GetEntitlement": Query(get_entitlement, scope="settlement.read"),
    "GetTotals": Query(get_totals, scope="settlement.read"),
}
STREAMS = {
    "WatchDistribution": Stream(watch_distribution, scope="settlement.read"),
}
POLICIES = {
    "membership": {
        membership.WalletBound: [when_wallet_bound_then_remember_payee],
        membership.MemberSuspended: [when_member_suspended_then_withhold],
        membership.MemberReinstated: [when_member_reinstated_then_allow_payouts],
    },
    "commission": {
        commission.LinesPosted: [when_lines_posted_then_hold],
    },
    "chain_bridge": {
        chain.RootProposed: [when_root_proposed_then_mark_proposed],
        chain.PayoutsMade: [when_payouts_made_then_book_paid],
        chain.PayoutFailed: [when_payout_failed_then_park_payee],
        chain.DistributionBlocked: [when_distribution_blocked_then_say_so],
    },
}
VIEWS = [TIMES, ASSETS, PAYEES, BALANCES, LINES, DISTRIBUTIONS, ENTITLEMENTS]
PUBLISHES = {
    events.AssetRegistered: published.asset_registered,
    events.AdvancedTo: published.advanced_to,
    events.LinesHeld: published.lines_held,
    events.EntitlementsListed: published.entitlements_listed,
    events.DistributionClosed: published.distribution_closed,
    events.PayoutsBooked: published.payouts_booked,
}
EVENTS = EventTypes(
    [
        events.AssetRegistered,
        events.PayeeRemembered,
        events.PayoutsWithheld,
        events.PayoutsAllowed,
        events.AdvancedTo,
        *events.LEDGER_ENTRIES,
    ]
)

SERVICE = Service(
    name="settlement",
    api=settlement_pb2.DESCRIPTOR.services_by_name["SettlementService"],
    events=EVENTS,
    commands=COMMANDS,
    queries=QUERIES,
    streams=STREAMS,
    views=VIEWS,
    policies=POLICIES,
    publishes=PUBLISHES,
    resources=[Trees.open],
    # It moves money: what cannot be applied stops the programme until somebody has looked.
    halt_programme=True,
)
