"""EPCIS 2.0 and CBV 2.0: documents read and checked, identifiers in one form, events named by their hash. Pure."""

from fenxiao.epcis.document import ReadDocument, ReadEvent, read_document
from fenxiao.epcis.event_hash import canonical_text, event_hash, pre_hash
from fenxiao.epcis.identifiers import canonical_identifier, check_digit
from fenxiao.epcis.issues import EpcisError, EpcisIssue
from fenxiao.epcis.model import ObjectEvent, Place, is_uri
from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import Json, Limits
from fenxiao.epcis.vocabulary import Vocabulary

__all__ = [
    "EpcisError",
    "EpcisIssue",
    "Json",
    "Limits",
    "Names",
    "ObjectEvent",
    "Place",
    "ReadDocument",
    "ReadEvent",
    "Vocabulary",
    "canonical_identifier",
    "canonical_text",
    "check_digit",
    "event_hash",
    "is_uri",
    "pre_hash",
    "read_document",
]
