"""Traceability on one page: what it is asked, what it keeps, what it publishes."""

from fenxiao.api.traceability.v1 import traceability_pb2
from libs.eventlog import EventTypes
from libs.servicekit import Command, Query, Service, Stream, Upload
from libs.servicekit.beside import Beside
from services.traceability import published
from services.traceability.adapters import bodies, deliveries
from services.traceability.adapters.secrets import Secrets
from services.traceability.adapters.webhooks import Webhooks
from services.traceability.domain import events
from services.traceability.features.accept_custody import accept_custody
from services.traceability.features.advance_to import advance_to
from services.traceability.features.capture import capture, means, read_request
from services.traceability.features.capture_document import capture_document
from services.traceability.features.close_recall import close_recall
from services.traceability.features.erase_trace_data import erase_trace_data
from services.traceability.features.find_events import find_events
from services.traceability.features.get_alert import get_alert
from services.traceability.features.get_capture import get_capture
from services.traceability.features.get_custody import get_custody
from services.traceability.features.get_custody_offer import get_custody_offer
from services.traceability.features.get_custody_typed_data import get_custody_typed_data
from services.traceability.features.get_event_proof import get_event_proof
from services.traceability.features.get_path import get_path
from services.traceability.features.get_recall import get_recall
from services.traceability.features.get_trace_event import get_trace_event
from services.traceability.features.get_visibility import get_visibility
from services.traceability.features.list_alerts import list_alerts
from services.traceability.features.list_captures import list_captures
from services.traceability.features.list_custody_offers import list_custody_offers
from services.traceability.features.list_inventory import list_inventory
from services.traceability.features.list_links import list_links
from services.traceability.features.list_places import list_places
from services.traceability.features.list_products import list_products
from services.traceability.features.list_recalled_items import list_recalled_items
from services.traceability.features.list_recalls import list_recalls
from services.traceability.features.list_trace_rules import list_trace_rules
from services.traceability.features.locate import locate
from services.traceability.features.offer_custody import offer_custody
from services.traceability.features.open_recall import open_recall
from services.traceability.features.prove_events import prove_events
from services.traceability.features.query_master_data import query_master_data
from services.traceability.features.recall import recall
from services.traceability.features.reject_custody import reject_custody
from services.traceability.features.remove_links import remove_links
from services.traceability.features.remove_trace_rule import remove_trace_rule
from services.traceability.features.set_links import set_links
from services.traceability.features.set_master_data import set_master_data
from services.traceability.features.set_place import set_place
from services.traceability.features.set_product import set_product
from services.traceability.features.set_trace_rule import read_request as read_rule_request
from services.traceability.features.set_trace_rule import set_trace_rule
from services.traceability.features.set_visibility import read_request as read_policy_request
from services.traceability.features.set_visibility import set_visibility
from services.traceability.features.stream_trace import stream_trace
from services.traceability.features.trace import trace
from services.traceability.features.withdraw_custody_offer import withdraw_custody_offer
from services.traceability.policies.when_captured_then_notify import when_captured_then_notify
from services.traceability.policies.when_document_received_then_capture import when_document_received_then_capture
from services.traceability.policies.when_due_then_notify import when_due_then_notify
from services.traceability.shared.viewing import closed
from services.traceability.views import (
    alerts,
    captures,
    custody,
    genealogy,
    inventory,
    master_data,
    members,
    movements,
    published_names,
    recalls,
    resources,
    subscriptions,
    terms,
    trace_events,
    trace_rules,
    visibility,
    watched,
)
from services.traceability.web import SITE

COMMANDS = {
    "SetTraceRule": Command(set_trace_rule, scope="trace.rules", prepare=read_rule_request),
    "RemoveTraceRule": Command(remove_trace_rule, scope="trace.rules"),
    "OfferCustody": Command(offer_custody, scope="custody.write"),
    "AcceptCustody": Command(accept_custody, scope="custody.write"),
    "RejectCustody": Command(reject_custody, scope="custody.write"),
    "WithdrawCustodyOffer": Command(withdraw_custody_offer, scope="custody.write"),
    "AdvanceTo": Command(advance_to, scope="trace.write"),
    "OpenRecall": Command(open_recall, scope="trace.recall"),
    "CloseRecall": Command(close_recall, scope="trace.recall"),
    "Capture": Command(capture, scope="trace.write", prepare=read_request, before=means),
    "SetVisibility": Command(set_visibility, scope="trace.privacy", prepare=read_policy_request),
    "EraseTraceData": Command(erase_trace_data, scope="trace.privacy"),
    "SetLinks": Command(set_links, scope="trace.write"),
    "RemoveLinks": Command(remove_links, scope="trace.write"),
    "SetPlace": Command(set_place, scope="trace.write"),
    "SetProduct": Command(set_product, scope="trace.write"),
    "SetMasterData": Command(set_master_data, scope="trace.write"),
}

QUERIES = {
    "QueryEvents": Query(find_events, scope="trace.read"),
    "GetCapture": Query(get_capture, scope="trace.read"),
    "ListCaptures": Query(list_captures, scope="trace.read"),
    "ListTraceRules": Query(list_trace_rules, scope="trace.read"),
    "ListAlerts": Query(list_alerts, scope="trace.read"),
    "GetCustodyTypedData": Query(get_custody_typed_data, scope="custody.read"),
    "GetCustodyOffer": Query(get_custody_offer, scope="custody.read"),
    "ListCustodyOffers": Query(list_custody_offers, scope="custody.read"),
    "GetCustody": Query(get_custody, scope="custody.read"),
    "GetAlert": Query(get_alert, scope="trace.read"),
    "GetTraceEvent": Query(get_trace_event, scope="trace.read"),
    "GetEventProof": Query(get_event_proof, scope="trace.read"),
    "ProveEvents": Query(prove_events, scope="trace.read"),
    "GetVisibility": Query(get_visibility, scope="trace.read"),
    "GetPath": Query(get_path, scope="trace.read"),
    "Trace": Query(trace, scope="trace.read"),
    "Locate": Query(locate, scope="trace.read"),
    "ListInventory": Query(list_inventory, scope="trace.read"),
    "ListRecalls": Query(list_recalls, scope="trace.read"),
    "GetRecall": Query(get_recall, scope="trace.read"),
    "ListRecalledItems": Query(list_recalled_items, scope="trace.read"),
    "ListLinks": Query(list_links, scope="trace.read"),
    "ListPlaces": Query(list_places, scope="trace.read"),
    "ListProducts": Query(list_products, scope="trace.read"),
    "QueryMasterData": Query(query_master_data, scope="trace.read"),
}

STREAMS = {
    "StreamTrace": Stream(stream_trace, scope="trace.read"),
    "Recall": Stream(recall, scope="trace.read"),
}

UPLOADS = {
    "CaptureDocument": Upload(capture_document, scope="trace.write"),
}

PARTIES = frozenset(
    {
        "Capture", "CaptureDocument", "GetCapture", "QueryEvents", "GetTraceEvent", "GetEventProof", "ProveEvents",
        "GetPath", "Trace", "StreamTrace", "Recall", "Locate", "ListInventory", "GetVisibility", "ListRecalls",
        "GetRecall", "ListLinks", "ListPlaces", "ListProducts",
    }
)  # fmt: skip
"""What a credential that names a party may call: these know what concerns it. All else is about the programme."""

BACKGROUND = [when_document_received_then_capture, when_captured_then_notify, when_due_then_notify]

VIEWS = [
    trace_events.VIEW,
    terms.VIEW,
    resources.VIEW,
    genealogy.VIEW,
    inventory.VIEW,
    recalls.VIEW,
    captures.VIEW,
    movements.VIEW,
    trace_rules.VIEW,
    watched.VIEW,
    alerts.VIEW,
    members.VIEW,
    custody.VIEW,
    published_names.VIEW,
    master_data.VIEW,
    subscriptions.VIEW,
    visibility.VIEW,
]

PUBLISHES = {
    events.TraceEventCaptured: published.trace_event_captured,
    events.TraceDataErased: published.trace_data_erased,
    events.GoodsDelivered: published.goods_delivered,
    events.DeliveryWithdrawn: published.delivery_withdrawn,
    events.AlertRaised: published.alert_raised,
    events.AlertCleared: published.alert_cleared,
    events.CustodyOffered: published.custody_offered,
    events.CustodyAccepted: published.custody_accepted,
    events.CustodyRejected: published.custody_rejected,
    events.CustodyOfferWithdrawn: published.custody_offer_withdrawn,
    events.GoodsRecalled: published.goods_recalled,
    events.RecallClosed: published.recall_closed,
}

SERVICE = Service(
    name="traceability",
    api=traceability_pb2.DESCRIPTOR.services_by_name["TraceabilityService"],
    events=EventTypes(events.EVENTS, events.UPCASTERS),
    commands=closed(COMMANDS, PARTIES),
    queries=closed(QUERIES, PARTIES),
    uploads=closed(UPLOADS, PARTIES),
    streams=closed(STREAMS, PARTIES),
    views=VIEWS,
    publishes=PUBLISHES,
    background=BACKGROUND,
    site=SITE,
    resources=[Secrets.open, Webhooks, Beside.open],
    tables=[*bodies.TABLES, *deliveries.TABLES],
)
