"""Takes links of an identifier away."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.links import decide_remove
from services.traceability.domain.published_names import read_goods
from services.traceability.shared.public_names import link_set_message, record
from services.traceability.views.published_names import LINKS, levels_of


def remove_links(tx: Tx, request: pb.RemoveLinksRequest, call: Call) -> pb.LinkSet:
    """Those of some types, or all. What is left."""
    identifier = read_goods(request.identifier)
    (known,) = levels_of(tx, call.programme, [identifier])
    if event := decide_remove(known.links, identifier, request.link_types):
        record(tx, call, LINKS, event)
        return link_set_message(identifier, [link for link in known.links if link.type not in event.types])
    return link_set_message(identifier, known.links)
