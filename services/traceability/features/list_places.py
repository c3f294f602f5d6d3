"""Lists the places of which everybody may know something."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.traceability.shared.public_names import listed, place_message
from services.traceability.views.published_names import PLACE, places_of


def list_places(reader: Reader, request: pb.ListPlacesRequest, call: Call) -> pb.ListPlacesResponse:
    """A page of them, in the order of their identifiers."""
    identifiers, following = listed(reader, call.programme, PLACE, request.page_size, request.page_token)
    places = places_of(reader, call.programme, identifiers)
    return pb.ListPlacesResponse(places=[*map(place_message, places.values())], next_page_token=following)
