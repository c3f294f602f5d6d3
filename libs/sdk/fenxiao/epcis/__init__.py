"""EPCIS 2.0 and CBV 2.0 (ISO/IEC 19987, 19988): events of all types read and checked, by the letter or leniently,
identifiers in one form, events named by their hash. Pure: nothing is ever fetched.
"""

from fenxiao.epcis.check_digits import check_digit
from fenxiao.epcis.converting import Form, convert
from fenxiao.epcis.document import ReadDocument, read_document
from fenxiao.epcis.event_hash import canonical_text, event_hash, event_key, pre_hash
from fenxiao.epcis.formats import is_uri
from fenxiao.epcis.identifiers import Identifier, Level, canonical_identifier, parse_identifier, wrong_check_digit
from fenxiao.epcis.issues import EpcisError, EpcisIssue
from fenxiao.epcis.master_data import MasterDataElement
from fenxiao.epcis.model import (
    EVENT_MODELS,
    AggregationEvent,
    AssociationEvent,
    EpcisEvent,
    ObjectEvent,
    Place,
    TransactionEvent,
    TransformationEvent,
)
from fenxiao.epcis.names import Names
from fenxiao.epcis.reading import EventReader, Profile, ReadEvent
from fenxiao.epcis.strict_json import WIDE, Json, Limits
from fenxiao.epcis.vocabulary import Vocabulary

__all__ = [
    "EVENT_MODELS",
    "WIDE",
    "AggregationEvent",
    "AssociationEvent",
    "EpcisError",
    "EpcisEvent",
    "EpcisIssue",
    "EventReader",
    "Form",
    "Identifier",
    "Json",
    "Level",
    "Limits",
    "MasterDataElement",
    "Names",
    "ObjectEvent",
    "Place",
    "Profile",
    "ReadDocument",
    "ReadEvent",
    "TransactionEvent",
    "TransformationEvent",
    "Vocabulary",
    "canonical_identifier",
    "canonical_text",
    "check_digit",
    "convert",
    "event_hash",
    "event_key",
    "is_uri",
    "parse_identifier",
    "pre_hash",
    "read_document",
    "wrong_check_digit",
]
