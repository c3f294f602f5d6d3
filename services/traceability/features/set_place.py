"""Says what everybody may know of a place."""

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.traceability.domain.events import PlaceSet
from services.traceability.domain.published_names import decide_place, read_place
from services.traceability.shared.public_names import place_message, record
from services.traceability.views.published_names import PLACE, places_of


def set_place(tx: Tx, request: pb.SetPlaceRequest, call: Call) -> pb.PublicPlace:
    """The place as it is shown from now on."""
    place = request.place
    identifier = read_place(place.identifier)
    wanted = PlaceSet(
        identifier=identifier,
        name_en=place.name_en,
        name_zh=place.name_zh,
        country=place.country,
        latitude=place.latitude,
        longitude=place.longitude,
    )
    if event := decide_place(places_of(tx, call.programme, [identifier]).get(identifier), wanted):
        record(tx, call, PLACE, event)
    return place_message(wanted)
