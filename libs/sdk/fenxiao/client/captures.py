"""EPCIS documents of any size, sent to be captured.

A document that a broken connection has cut off is sent again from its beginning: what had been captured is counted as
repeated, and nothing is captured twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO, Final

from fenxiao.api.traceability.v1 import captures_pb2
from fenxiao.client.calls import pauses
from fenxiao.client.client import Client
from fenxiao.client.streams import Endurance
from fenxiao.errors import Refusal

PIECE: Final = 1024 * 1024
"""Bytes in a message."""
_MOMENT: Final = 0.5
"""Seconds in which a service says no to the first message."""

Report = Callable[[int], None]
"""Told how many bytes have been sent."""


async def send_document(
    client: Client,
    parent: str,
    source: BinaryIO,
    *,
    behaviour: captures_pb2.CaptureBehaviour.ValueType,
    profile: captures_pb2.CaptureProfile.ValueType,
    report: Report | None = None,
) -> captures_pb2.DocumentCapture:
    """Send a document, read from its beginning, and give its capture, which is under way then."""
    endurance = Endurance(client.patience)
    again = False

    async def pieces() -> AsyncIterator[captures_pb2.CaptureDocumentRequest]:
        source.seek(0)
        sent = 0
        yield captures_pb2.CaptureDocumentRequest(parent=parent, behaviour=behaviour, profile=profile, at_once=True)
        if again:
            # Where a service ends a call while more is written to it, why it did so can get lost.
            await asyncio.sleep(_MOMENT)
        while piece := source.read(PIECE):
            yield captures_pb2.CaptureDocumentRequest(chunk=piece)
            sent += len(piece)
            if report:
                report(sent)

    while True:
        try:
            return await client.traceability.CaptureDocument(pieces())
        except Refusal as refusal:
            again = True
            await endurance.broke(refusal)


async def await_captured(client: Client, name: str) -> captures_pb2.DocumentCapture:
    """Wait until a capture is finished, and give it."""
    request = captures_pb2.GetCaptureRequest(name=name)
    for pause in pauses():
        found = await client.traceability.GetCapture(request)
        if found.HasField("finish_time"):
            return found
        await asyncio.sleep(pause)
    raise AssertionError("pauses never end")
