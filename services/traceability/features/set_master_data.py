"""Says all that is known of an element of a vocabulary."""

from fenxiao.api.traceability.v1 import master_data_pb2 as pb
from fenxiao.epcis import Json
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.master_data import decide_set, read_element, read_value
from services.traceability.shared.master_data import element_message, record
from services.traceability.views.master_data import Element, known_of


def set_master_data(tx: Tx, request: pb.SetMasterDataRequest, call: Call) -> pb.MasterDataElement:
    """The element as it is known from now on."""
    asked = request.element
    attributes = [(one.name, _value(one)) for one in asked.attributes]
    wanted = read_element(asked.vocabulary, asked.id, attributes, asked.children)
    element = Element(wanted.vocabulary, wanted.id)
    known = known_of(tx, call.programme, [element]).get(element)
    event = decide_set(known.event if known else None, wanted, call.now)
    if event is not None:
        record(tx, event, known.version if known else 0, call.meta(), call.now)
        return element_message(event)
    assert known is not None, "what changes nothing is known"
    return element_message(known.event)


def _value(attribute: pb.MasterDataAttribute) -> Json:
    if attribute.WhichOneof("value") == "text":
        return attribute.text
    if attribute.json:
        return read_value(attribute.json)
    raise Refusal("INVALID_ATTRIBUTE", "an attribute has a value: text, or json", field="element.attributes")
