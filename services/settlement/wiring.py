"""The way of every command, query and event through settlement."""

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service, Stream
from services.settlement.domain import deliveries, events, points_events
from services.settlement.features.advance_time import advance_time
from services.settlement.features.cancel_redemption import cancel_redemption
from services.settlement.features.close_distribution import close_distribution
from services.settlement.features.define_reward import define_reward
from services.settlement.features.fulfil_redemption import fulfil_redemption
from services.settlement.features.get_asset import get_asset
from services.settlement.features.get_distribution import get_distribution
from services.settlement.features.get_entitlement import get_entitlement
from services.settlement.features.get_points import get_points
from services.settlement.features.get_statement import get_statement
from services.settlement.features.get_totals import get_totals
from services.settlement.features.list_distributions import list_distributions
from services.settlement.features.list_points import list_points
from services.settlement.features.list_redemptions import list_redemptions
from services.settlement.features.list_rewards import list_rewards
from services.settlement.features.list_statements import list_statements
from services.settlement.features.preview_distribution import preview_distribution
from services.settlement.features.redeem_points import redeem_points
from services.settlement.features.register_asset import register_asset
from services.settlement.features.watch_distribution import watch_distribution
from services.settlement.features.withdraw_reward import withdraw_reward
from services.settlement.policies.when_delivered_then_release import when_delivered_then_release
from services.settlement.policies.when_delivery_withdrawn_then_hold import when_delivery_withdrawn_then_hold
from services.settlement.policies.when_distribution_blocked_then_say_so import when_distribution_blocked_then_say_so
from services.settlement.policies.when_identity_check_withdrawn_then_hold import (
    when_identity_check_withdrawn_then_hold,
)
from services.settlement.policies.when_identity_checked_then_release import when_identity_checked_then_release
from services.settlement.policies.when_lines_posted_then_hold import when_lines_posted_then_hold
from services.settlement.policies.when_member_reinstated_then_allow_payouts import (
    when_member_reinstated_then_allow_payouts,
)
from services.settlement.policies.when_member_suspended_then_withhold import when_member_suspended_then_withhold
from services.settlement.policies.when_payout_failed_then_park_payee import when_payout_failed_then_park_payee
from services.settlement.policies.when_payouts_made_then_book_paid import when_payouts_made_then_book_paid
from services.settlement.policies.when_points_posted_then_hold import when_points_posted_then_hold
from services.settlement.policies.when_points_priced_then_remember_worth import when_points_priced_then_remember_worth
from services.settlement.policies.when_root_proposed_then_mark_proposed import when_root_proposed_then_mark_proposed
from services.settlement.policies.when_wallet_bound_then_remember_payee import when_wallet_bound_then_remember_payee
from services.settlement.published import money, points
from services.settlement.shared.trees import Trees
from services.settlement.views.assets import ASSETS
from services.settlement.views.balances import BALANCES
from services.settlement.views.deliveries import DELIVERIES
from services.settlement.views.distributions import DISTRIBUTIONS
from services.settlement.views.entitlements import ENTITLEMENTS
from services.settlement.views.identities import IDENTITIES
from services.settlement.views.lines import LINES
from services.settlement.views.lots import LOTS
from services.settlement.views.payees import PAYEES
from services.settlement.views.points import POINTS
from services.settlement.views.redemptions import REDEMPTIONS
from services.settlement.views.rewards import REWARDS
from services.settlement.views.times import TIMES
from services.settlement.views.worths import WORTHS

COMMANDS = {
    "RegisterAsset": Command(register_asset, scope="settlement.write"),
    "CloseDistribution": Command(close_distribution, scope="settlement.write"),
    "AdvanceTime": Command(advance_time, scope="settlement.write"),
    "DefineReward": Command(define_reward, scope="rewards.write"),
    "WithdrawReward": Command(withdraw_reward, scope="rewards.write"),
    "RedeemPoints": Command(redeem_points, scope="redemptions.write"),
    "FulfilRedemption": Command(fulfil_redemption, scope="redemptions.write"),
    "CancelRedemption": Command(cancel_redemption, scope="redemptions.write"),
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
    "GetPoints": Query(get_points, scope="settlement.read"),
    "ListPoints": Query(list_points, scope="settlement.read"),
    "ListRewards": Query(list_rewards, scope="settlement.read"),
    "ListRedemptions": Query(list_redemptions, scope="settlement.read"),
}
STREAMS = {
    "WatchDistribution": Stream(watch_distribution, scope="settlement.read"),
}
POLICIES = {
    "membership": {
        membership.WalletBound: [when_wallet_bound_then_remember_payee],
        membership.MemberSuspended: [when_member_suspended_then_withhold],
        membership.MemberReinstated: [when_member_reinstated_then_allow_payouts],
        membership.IdentityChecked: [when_identity_checked_then_release],
        membership.IdentityCheckWithdrawn: [when_identity_check_withdrawn_then_hold],
    },
    "commission": {
        commission.LinesPosted: [when_lines_posted_then_hold, when_points_posted_then_hold],
        commission.PointsPriced: [when_points_priced_then_remember_worth],
    },
    "traceability": {
        traceability.Delivered: [when_delivered_then_release],
        traceability.DeliveryWithdrawn: [when_delivery_withdrawn_then_hold],
    },
    "chain_bridge": {
        chain.RootProposed: [when_root_proposed_then_mark_proposed],
        chain.PayoutsMade: [when_payouts_made_then_book_paid],
        chain.PayoutFailed: [when_payout_failed_then_park_payee],
        chain.DistributionBlocked: [when_distribution_blocked_then_say_so],
    },
}
VIEWS = [
    TIMES,
    ASSETS,
    PAYEES,
    IDENTITIES,
    DELIVERIES,
    BALANCES,
    LINES,
    DISTRIBUTIONS,
    ENTITLEMENTS,
    POINTS,
    LOTS,
    WORTHS,
    REWARDS,
    REDEMPTIONS,
]
PUBLISHES = {
    events.AssetRegistered: money.asset_registered,
    events.AdvancedTo: money.advanced_to,
    events.IdentityRemembered: money.identity_remembered,
    events.IdentityWithdrawn: money.identity_withdrawn,
    deliveries.DeliveryRemembered: money.delivery_remembered,
    deliveries.DeliveryForgotten: money.delivery_forgotten,
    events.LinesHeld: money.lines_held,
    events.MoneyRedeemed: points.money_redeemed,
    events.EntitlementsListed: money.entitlements_listed,
    events.DistributionClosed: money.distribution_closed,
    events.PayoutsBooked: money.payouts_booked,
    points_events.PointsHeld: points.points_held,
    points_events.PointsExpired: points.points_expired,
    points_events.PointsRedeemed: points.points_redeemed,
    points_events.RedemptionFulfilled: points.redemption_fulfilled,
    points_events.RedemptionCancelled: points.redemption_cancelled,
    points_events.RewardDefined: points.reward_defined,
    points_events.RewardWithdrawn: points.reward_withdrawn,
}
EVENTS = EventTypes(
    [
        events.AssetRegistered,
        events.PayeeRemembered,
        events.PayoutsWithheld,
        events.PayoutsAllowed,
        events.AdvancedTo,
        events.IdentityRemembered,
        events.IdentityWithdrawn,
        deliveries.DeliveryRemembered,
        deliveries.DeliveryForgotten,
        *events.LEDGER_ENTRIES,
        *points_events.POINTS_ENTRIES,
        points_events.PointsPriced,
        points_events.RewardDefined,
        points_events.RewardWithdrawn,
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
