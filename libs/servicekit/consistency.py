"""Read your own writes: an answer carries how far its service has written; a later call may carry that on."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from libs.eventbus import Consumer

METADATA_KEY = "fenxiao-consistency-token"
WAIT_SECONDS = 15.0
"""How long a call waits for the views that it asks for."""


def encode(positions: Mapping[str, tuple[str, int]]) -> str:
    """A token from service → (store, position)."""
    content = {service: f"{store}:{position}" for service, (store, position) in positions.items()}
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def decode(token: str) -> dict[str, tuple[str, int]]:
    """The opposite. Raises `Refusal` INVALID_CONSISTENCY_TOKEN."""
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        found: dict[str, tuple[str, int]] = {}
        for service, place in cast("dict[str, str]", content).items():
            store, _, position = place.rpartition(":")
            found[service] = (store, int(position))
    except (ValueError, AttributeError, RecursionError):
        raise Refusal(
            "INVALID_CONSISTENCY_TOKEN", "the consistency token is not one that a service gave out; leave it out"
        ) from None
    return found


async def wait(token: str, consumers: Mapping[str, "Consumer"]) -> None:
    """Waits until what the token names has been applied here. Raises `Refusal` VIEW_BEHIND after a while."""
    wanted = [(consumers[service], place) for service, place in decode(token).items() if service in consumers]
    reached = await asyncio.gather(
        *(consumer.wait_for(store, position, WAIT_SECONDS) for consumer, (store, position) in wanted if position)
    )
    if not all(reached):
        raise Refusal(
            "VIEW_BEHIND",
            "this service has not yet seen what the consistency token names; try again",
            kind=Kind.UNAVAILABLE,
        )
