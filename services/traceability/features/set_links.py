"""Says where somebody is sent who asks for an identifier."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.links import decide_set
from services.traceability.domain.published_names import read_goods
from services.traceability.shared.public_names import link_set_message, read_link, record
from services.traceability.views.published_names import LINKS, levels_of


def set_links(tx: Tx, request: pb.SetLinksRequest, call: Call) -> pb.LinkSet:
    """All links of the identifier; others that it had are gone."""
    identifier = read_goods(request.identifier)
    (known,) = levels_of(tx, call.programme, [identifier])
    if event := decide_set(known.links, identifier, [*map(read_link, request.links)]):
        record(tx, call, LINKS, event)
        return link_set_message(identifier, event.links)
    return link_set_message(identifier, known.links)
