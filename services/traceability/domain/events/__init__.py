"""What can happen in traceability."""

from services.traceability.domain.events import (
    capturing,
    custody,
    deliveries,
    master_data,
    naming,
    privacy,
    queries,
    recalls,
    rules,
)
from services.traceability.domain.events.capturing import (
    Behaviour,
    CaptureError,
    CaptureFinished,
    CaptureReceived,
    Committed,
    Sealed,
    TraceEventCaptured,
)
from services.traceability.domain.events.custody import (
    CustodyAccepted,
    CustodyItem,
    CustodyOffered,
    CustodyOfferWithdrawn,
    CustodyRejected,
)
from services.traceability.domain.events.deliveries import DeliveryWithdrawn, Goods, GoodsDelivered
from services.traceability.domain.events.event import Event
from services.traceability.domain.events.master_data import MasterDataAttribute, MasterDataDefined
from services.traceability.domain.events.naming import Link, LinksRemoved, LinksSet, PlaceSet, ProductSet
from services.traceability.domain.events.privacy import TraceDataErased, VisibilitySet
from services.traceability.domain.events.queries import (
    DeliveryGivenUp,
    DeliveryRetried,
    QueryDefined,
    QueryDeleted,
    ResultsDelivered,
    Schedule,
    SubscriptionCreated,
    SubscriptionDeleted,
)
from services.traceability.domain.events.recalls import GoodsRecalled, RecallClosed
from services.traceability.domain.events.rules import (
    AlertCleared,
    AlertRaised,
    TimeAdvanced,
    TraceEventWatched,
    TraceRuleRemoved,
    TraceRuleSet,
    Watched,
)

EVENTS = [
    *capturing.EVENTS,
    *custody.EVENTS,
    *deliveries.EVENTS,
    *master_data.EVENTS,
    *naming.EVENTS,
    *privacy.EVENTS,
    *queries.EVENTS,
    *recalls.EVENTS,
    *rules.EVENTS,
]
UPCASTERS = capturing.UPCASTERS

__all__ = [
    "EVENTS",
    "UPCASTERS",
    "AlertCleared",
    "AlertRaised",
    "Behaviour",
    "CaptureError",
    "CaptureFinished",
    "CaptureReceived",
    "Committed",
    "CustodyAccepted",
    "CustodyItem",
    "CustodyOfferWithdrawn",
    "CustodyOffered",
    "CustodyRejected",
    "DeliveryGivenUp",
    "DeliveryRetried",
    "DeliveryWithdrawn",
    "Event",
    "Goods",
    "GoodsDelivered",
    "GoodsRecalled",
    "Link",
    "LinksRemoved",
    "LinksSet",
    "MasterDataAttribute",
    "MasterDataDefined",
    "PlaceSet",
    "ProductSet",
    "QueryDefined",
    "QueryDeleted",
    "RecallClosed",
    "ResultsDelivered",
    "Schedule",
    "Sealed",
    "SubscriptionCreated",
    "SubscriptionDeleted",
    "TimeAdvanced",
    "TraceDataErased",
    "TraceEventCaptured",
    "TraceEventWatched",
    "TraceRuleRemoved",
    "TraceRuleSet",
    "VisibilitySet",
    "Watched",
]
