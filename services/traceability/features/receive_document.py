"""Receives a document of any size over HTTP (`POST /capture`): it is kept piece by piece, and captured next."""

from collections.abc import AsyncIterable
from uuid import UUID, uuid4

from aiohttp import web

from fenxiao.epcis import Profile
from fenxiao.errors import Refusal
from libs.eventlog import Tx
from libs.servicekit import Call, Running
from libs.servicekit.web import pieces
from services.traceability.adapters.bodies import in_pieces, keep_piece
from services.traceability.domain.events import Behaviour, CaptureReceived

MOST_BYTES = 1024 * 1024 * 1024
"""Of a document."""

BEHAVIOUR = "GS1-Capture-Error-Behaviour"
PROFILE = "Fenxiao-Epcis-Profile"
"""`strict` or `lenient`: how much is forgiven. No header of the standard."""


async def receive_document(running: Running, request: web.Request, call: Call) -> web.Response:
    """202 with the address of the capture."""
    behaviour, profile = behaviour_of(request.headers.get(BEHAVIOUR, "")), profile_of(request.headers.get(PROFILE, ""))
    capture = await keep(running, pieces(request, MOST_BYTES), call, behaviour, profile)
    return web.Response(status=202, headers={"Location": f"{request.path.rstrip('/')}/{capture}"})


async def keep(
    running: Running, body: AsyncIterable[bytes], call: Call, behaviour: Behaviour, profile: Profile
) -> UUID:
    """Keeps a document and the fact that it has come. Returns the capture's id. Raises `Refusal` EMPTY_BODY."""
    capture, number, size = uuid4(), 0, 0
    async for piece in in_pieces(body):
        await running.log.write(lambda tx, piece=piece, number=number: keep_piece(tx, capture, number, piece))
        number, size = number + 1, size + len(piece)
    if not size:
        raise Refusal("EMPTY_BODY", "send an EPCIS document as the body")

    def work(tx: Tx) -> None:
        received = CaptureReceived(behaviour=behaviour, profile=profile.value, size=size)
        tx.append(capture, [received], after=0, meta=call.meta(), occurred_at=call.now)

    await running.log.write(work)
    return capture


def behaviour_of(text: str) -> Behaviour:
    """What a header says; nothing: rollback. Raises `Refusal` UNKNOWN_BEHAVIOUR."""
    try:
        return Behaviour(text or Behaviour.ROLLBACK)
    except ValueError:
        raise Refusal("UNKNOWN_BEHAVIOUR", "write rollback or proceed", field=BEHAVIOUR) from None


def profile_of(text: str) -> Profile:
    """What a header says; nothing: strict. Raises `Refusal` UNKNOWN_PROFILE."""
    try:
        return Profile(text or Profile.STRICT)
    except ValueError:
        raise Refusal("UNKNOWN_PROFILE", "write strict or lenient", field=PROFILE) from None
