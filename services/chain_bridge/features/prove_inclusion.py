"""Proves that events stand in the log."""

from typing import Final
from uuid import UUID

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from services.chain_bridge.adapters.log_key import LogSigner
from services.chain_bridge.shared.checkpoints import checkpoint_at, checkpoint_message
from services.chain_bridge.views.log import log_tree, places_of

MOST: Final = 1000
"""Events that are proved at once."""


def prove_inclusion(reader: Reader, request: pb.ProveInclusionRequest, call: Call) -> pb.ProveInclusionResponse:
    """A path for each event from its leaf to the root of a checkpoint.

    Ids are random: who knows one has seen the event. Raises `Refusal` INVALID_EVENTS or NO_CHECKPOINT.
    """
    if not 1 <= len(request.events) <= MOST:
        raise Refusal("INVALID_EVENTS", f"name 1 to {MOST} events by their ids", field="events")
    signed = checkpoint_at(reader, request.size)
    asked = [_event_id(text) for text in request.events]
    places, tree = places_of(reader, list(dict.fromkeys(asked))), log_tree(reader)
    found = [(event, places[event]) for event in asked if places.get(event, signed.size) < signed.size]
    return pb.ProveInclusionResponse(
        checkpoint=checkpoint_message(signed, call.use(LogSigner)),
        inclusions=[
            pb.Inclusion(event=str(event), index=place, hashes=tree.inclusion(place, signed.size))
            for event, place in found
        ],
        missing=[str(event) for event in asked if places.get(event, signed.size) >= signed.size],
    )


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("INVALID_EVENTS", f"{text[:80]!r} is no event's id; it is a UUID", field="events") from None
