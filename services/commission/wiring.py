"""The way of every call and every event through commission."""

from fenxiao.api.commission.v1 import commission_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service
from services.commission import published
from services.commission.adapters.dispute_texts import open_keys
from services.commission.domain import events
from services.commission.features import batch_record_sales, record_sale
from services.commission.features.answer_dispute import answer_dispute
from services.commission.features.batch_grant_ranks import batch_grant_ranks
from services.commission.features.close_period import close_period
from services.commission.features.estimate_period import estimate_period
from services.commission.features.explain_line import explain_line
from services.commission.features.explain_sale import explain_sale
from services.commission.features.get_dispute import get_dispute
from services.commission.features.get_leaderboard import get_leaderboard
from services.commission.features.get_period import get_period
from services.commission.features.get_plan import get_plan
from services.commission.features.get_sale import get_sale
from services.commission.features.grant_rank import grant_rank
from services.commission.features.list_alarms import list_alarms
from services.commission.features.list_disputes import list_disputes
from services.commission.features.list_periods import list_periods
from services.commission.features.list_plans import list_plans
from services.commission.features.list_rank_grants import list_rank_grants
from services.commission.features.list_ratings import list_ratings
from services.commission.features.list_sales import list_sales
from services.commission.features.list_targets_reached import list_targets_reached
from services.commission.features.open_dispute import open_dispute
from services.commission.features.publish_plan import publish_plan
from services.commission.features.resolve_dispute import resolve_dispute
from services.commission.features.validate_plan import validate_plan
from services.commission.features.withdraw_rank_grant import withdraw_rank_grant
from services.commission.policies.when_period_sealed_then_rate import when_period_sealed_then_rate
from services.commission.shared.estimates import open_estimates
from services.commission.views.alarms import ALARMS
from services.commission.views.disputes import DISPUTES
from services.commission.views.lines import LINES
from services.commission.views.members import MEMBERS
from services.commission.views.people import PEOPLE
from services.commission.views.periods import PERIODS
from services.commission.views.placements import PLACEMENTS
from services.commission.views.plans import PLANS
from services.commission.views.programmes import PROGRAMMES
from services.commission.views.rank_grants import RANK_GRANTS
from services.commission.views.returned import RETURNED
from services.commission.views.sales import SALES

COMMANDS = {
    "PublishPlan": Command(publish_plan, scope="plans.write"),
    "RecordSale": Command(record_sale.record_sale, scope="sales.write", ahead=record_sale.read_ahead),
    "BatchRecordSales": Command(
        batch_record_sales.batch_record_sales, scope="sales.write", ahead=batch_record_sales.read_ahead
    ),
    "ClosePeriod": Command(close_period, scope="periods.write"),
    "OpenDispute": Command(open_dispute, scope="disputes.write"),
    "AnswerDispute": Command(answer_dispute, scope="disputes.write"),
    "ResolveDispute": Command(resolve_dispute, scope="disputes.write"),
    "GrantRank": Command(grant_rank, scope="ranks.write"),
    "BatchGrantRanks": Command(batch_grant_ranks, scope="ranks.write"),
    "WithdrawRankGrant": Command(withdraw_rank_grant, scope="ranks.write"),
}

QUERIES = {
    "ValidatePlan": Query(validate_plan, scope="plans.read"),
    "GetPlan": Query(get_plan, scope="plans.read"),
    "ListPlans": Query(list_plans, scope="plans.read"),
    "GetSale": Query(get_sale, scope="sales.read"),
    "ListSales": Query(list_sales, scope="sales.read"),
    "ExplainSale": Query(explain_sale, scope="sales.read"),
    "ExplainLine": Query(explain_line, scope="sales.read"),
    "GetPeriod": Query(get_period, scope="periods.read"),
    "ListPeriods": Query(list_periods, scope="periods.read"),
    "ListRatings": Query(list_ratings, scope="periods.read"),
    "EstimatePeriod": Query(estimate_period, scope="periods.read"),
    "ListAlarms": Query(list_alarms, scope="periods.read"),
    "GetLeaderboard": Query(get_leaderboard, scope="periods.read"),
    "ListTargetsReached": Query(list_targets_reached, scope="periods.read"),
    "GetDispute": Query(get_dispute, scope="disputes.read"),
    "ListDisputes": Query(list_disputes, scope="disputes.read"),
    "ListRankGrants": Query(list_rank_grants, scope="ranks.read"),
}

BACKGROUND = [when_period_sealed_then_rate]

VIEWS = [PROGRAMMES, MEMBERS, PEOPLE, PLACEMENTS, PLANS, SALES, RETURNED, PERIODS, ALARMS, LINES, DISPUTES, RANK_GRANTS]

PUBLISHES = {
    events.PlanPublished: published.plan_published,
    events.SaleRecorded: published.sale_recorded,
    events.ReturnRecorded: published.return_recorded,
    events.LinesPosted: published.lines_posted,
    events.PeriodSealed: published.period_sealed,
    events.MembersRated: published.member_rated,
    events.PeriodClosed: published.period_closed,
    events.PeriodWatched: published.period_watched,
    events.AlarmsRaised: published.alarm_raised,
    events.AlarmsCleared: published.alarm_cleared,
    events.DisputeOpened: published.dispute_opened,
    events.DisputeAnswered: published.dispute_answered,
    events.DisputeResolved: published.dispute_resolved,
    events.RankGranted: published.rank_granted,
    events.RankGrantWithdrawn: published.rank_grant_withdrawn,
}

SERVICE = Service(
    name="commission",
    api=commission_pb2.DESCRIPTOR.services_by_name["CommissionService"],
    events=EventTypes(events.ALL),
    commands=COMMANDS,
    queries=QUERIES,
    views=VIEWS,
    publishes=PUBLISHES,
    background=BACKGROUND,
    resources=[open_keys, open_estimates],
)
