"""The way of every call and every event through commission."""

from fenxiao.api.commission.v1 import commission_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service
from services.commission import published
from services.commission.domain import events
from services.commission.features.batch_record_sales import batch_record_sales
from services.commission.features.explain_sale import explain_sale
from services.commission.features.get_plan import get_plan
from services.commission.features.get_sale import get_sale
from services.commission.features.list_plans import list_plans
from services.commission.features.list_sales import list_sales
from services.commission.features.publish_plan import publish_plan
from services.commission.features.record_sale import record_sale
from services.commission.features.validate_plan import validate_plan
from services.commission.views.members import MEMBERS
from services.commission.views.plans import PLANS
from services.commission.views.programmes import PROGRAMMES
from services.commission.views.returned import RETURNED
from services.commission.views.sales import SALES

COMMANDS = {
    "PublishPlan": Command(publish_plan, scope="plans.write"),
    "RecordSale": Command(record_sale, scope="sales.write"),
    "BatchRecordSales": Command(batch_record_sales, scope="sales.write"),
}

QUERIES = {
    "ValidatePlan": Query(validate_plan, scope="plans.read"),
    "GetPlan": Query(get_plan, scope="plans.read"),
    "ListPlans": Query(list_plans, scope="plans.read"),
    "GetSale": Query(get_sale, scope="sales.read"),
    "ListSales": Query(list_sales, scope="sales.read"),
    "ExplainSale": Query(explain_sale, scope="sales.read"),
}

VIEWS = [PROGRAMMES, MEMBERS, PLANS, SALES, RETURNED]

PUBLISHES = {
    events.PlanPublished: published.plan_published,
    events.SaleRecorded: published.sale_recorded,
    events.ReturnRecorded: published.return_recorded,
    events.LinesPosted: published.lines_posted,
}

SERVICE = Service(
    name="commission",
    api=commission_pb2.DESCRIPTOR.services_by_name["CommissionService"],
    events=EventTypes(events.ALL),
    commands=COMMANDS,
    queries=QUERIES,
    views=VIEWS,
    publishes=PUBLISHES,
)
