"""Lists links: of one identifier and what it inherits from, or of all."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.domain.digital_links import HOME, read_path
from services.traceability.domain.published_names import read_goods
from services.traceability.shared.public_names import link_set_message, listed
from services.traceability.views.published_names import LINKS, levels_of


def list_links(reader: Reader, request: pb.ListLinksRequest, call: Call) -> pb.ListLinksResponse:
    """A page of them, in the order of the identifiers; of one identifier, the finest first."""
    if request.identifier:
        identifier = read_goods(request.identifier)
        # A Digital Link can name the lot of a serial number, which the canonical form leaves out.
        whole = request.identifier if request.identifier.startswith(HOME) else identifier
        levels = read_path(whole.removeprefix(HOME)).levels
        following = ""
    else:
        levels, following = listed(reader, call.programme, LINKS, request.page_size, request.page_token)
    return pb.ListLinksResponse(
        link_sets=[link_set_message(*level) for level in levels_of(reader, call.programme, levels) if level.links],
        next_page_token=following,
    )
