"""Sends a distribution whenever it changes, until it is paid."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.servicekit import Call, Running
from services.settlement.features.get_distribution import find_distribution

PAUSE: Final = 0.1
"""Seconds between two looks at least: a busy store commits more often than anybody wants to read."""


async def watch_distribution(
    running: Running, request: pb.WatchDistributionRequest, call: Call
) -> AsyncIterator[pb.Distribution]:
    """Looks after every commit of this service's store."""
    committed = running.log.subscribe()
    try:
        sent: pb.Distribution | None = None
        while True:
            committed.clear()
            found = await running.log.read(lambda reader: find_distribution(reader, call.programme, request.name))
            if found != sent:
                yield found
                sent = found
            if found.state == pb.DISTRIBUTION_STATE_PAID:
                return
            await committed.wait()
            await asyncio.sleep(PAUSE)
    finally:
        running.log.unsubscribe(committed)
