"""Takes in a document of any size in pieces, and answers when it is captured, or at once."""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from fenxiao.api.traceability.v1 import captures_pb2 as pb
from fenxiao.epcis import Profile
from fenxiao.errors import Refusal
from libs.servicekit import Call, Running
from services.traceability.domain.events import Behaviour
from services.traceability.features.get_capture import capture_message
from services.traceability.features.receive_document import MOST_BYTES, keep
from services.traceability.views.captures import Capture, capture_of

_BEHAVIOURS: Final = {
    pb.CAPTURE_BEHAVIOUR_UNSPECIFIED: Behaviour.ROLLBACK,
    pb.CAPTURE_BEHAVIOUR_ROLLBACK: Behaviour.ROLLBACK,
    pb.CAPTURE_BEHAVIOUR_PROCEED: Behaviour.PROCEED,
}
_PROFILES: Final = {
    pb.CAPTURE_PROFILE_UNSPECIFIED: Profile.STRICT,
    pb.CAPTURE_PROFILE_STRICT: Profile.STRICT,
    pb.CAPTURE_PROFILE_LENIENT: Profile.LENIENT,
}


async def capture_document(
    running: Running, first: pb.CaptureDocumentRequest, others: AsyncIterator[pb.CaptureDocumentRequest], call: Call
) -> pb.DocumentCapture:
    """The finished capture, or with `at_once` one that is under way.

    Raises `Refusal` BODY_TOO_LARGE, EMPTY_BODY, UNKNOWN_BEHAVIOUR or UNKNOWN_PROFILE.
    """
    behaviour, profile = _BEHAVIOURS.get(first.behaviour), _PROFILES.get(first.profile)
    if behaviour is None:
        raise Refusal("UNKNOWN_BEHAVIOUR", "write rollback or proceed", field="behaviour")
    if profile is None:
        raise Refusal("UNKNOWN_PROFILE", "write strict or lenient", field="profile")
    capture = await keep(running, _chunks(first, others), call, behaviour, profile)
    return capture_message(await _awaited(running, call.programme, capture, finished=not first.at_once))


async def _chunks(
    first: pb.CaptureDocumentRequest, others: AsyncIterator[pb.CaptureDocumentRequest]
) -> AsyncIterator[bytes]:
    read = len(first.chunk)
    yield first.chunk
    async for request in others:
        read += len(request.chunk)
        if read > MOST_BYTES:
            raise Refusal("BODY_TOO_LARGE", f"the document has more than {MOST_BYTES:,} bytes; send it in parts")
        yield request.chunk


async def _awaited(running: Running, programme: str, capture: UUID, *, finished: bool) -> Capture:
    """Waits until a capture is there, or `finished`. Who stops waiting finds it by its name."""
    committed = running.log.subscribe()
    try:
        while True:
            committed.clear()
            found = await running.log.read(lambda reader: capture_of(reader, programme, capture))
            if found is not None and (found.result is not None or not finished):
                return found
            await committed.wait()
    finally:
        running.log.unsubscribe(committed)
