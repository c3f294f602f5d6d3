"""The order in which the XML schema wants the elements of each type of event."""

from typing import Final

_FIRST: Final = ("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo")
_WHERE: Final = ("bizStep", "disposition", "readPoint", "bizLocation")
_PARTIES: Final = ("sourceList", "destinationList", "sensorElementList", "persistentDisposition")
ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "ObjectEvent": (*_FIRST, "epcList", "action", *_WHERE, "bizTransactionList", "quantityList", *_PARTIES, "ilmd"),
    "AggregationEvent": (
        *(*_FIRST, "parentID", "childEPCs", "action", *_WHERE),
        *("bizTransactionList", "childQuantityList", *_PARTIES),
    ),
    "AssociationEvent": (
        *(*_FIRST, "parentID", "childEPCs", "childQuantityList", "action", *_WHERE),
        *("bizTransactionList", *_PARTIES),
    ),
    "TransactionEvent": (
        *(*_FIRST, "bizTransactionList", "parentID", "epcList", "action", *_WHERE),
        *("quantityList", *_PARTIES),
    ),
    "TransformationEvent": (
        *(*_FIRST, "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID"),
        *(*_WHERE, "bizTransactionList", *_PARTIES, "ilmd"),
    ),
}
ANY_ORDER: Final = tuple(dict.fromkeys(name for order in ORDERS.values() for name in order))
"""For events of somebody's own type."""
