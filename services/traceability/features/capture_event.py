"""Takes in one event over HTTP, at once (`POST /events`)."""

from io import BytesIO
from urllib.parse import quote

from aiohttp import web

from fenxiao.epcis import EpcisError, EpcisIssue, EventReader, Limits, Profile
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call, Running
from services.traceability.shared.capturing import Prepared, prepare, store

AT_ONCE = Limits(bytes=1024 * 1024, events=1)


async def capture_event(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """201 with the event's address. Raises `EpcisError`, or `Refusal` EVENT_EXISTS."""
    body = await request.read()
    if not body:
        raise Refusal("EMPTY_BODY", "send an EPCIS event as the body")
    reader = EventReader(BytesIO(body), Profile.STRICT, AT_ONCE)
    events: list[Prepared] = []
    issues: list[EpcisIssue] = []
    for one in prepare(reader, call.programme):
        if isinstance(one, Prepared):
            events.append(one)
        else:
            issues += one
    if issues := [*reader.issues, *issues]:
        raise EpcisError(dict.fromkeys(issues))
    if len(events) != 1:
        raise Refusal("NOT_ONE_EVENT", "send one event here; documents go to POST /capture")
    (prepared,) = events

    def work(tx: Tx) -> bool:
        return bool(store(tx, [prepared], call.meta()).new)

    if not await running.log.write(work):
        raise Refusal("EVENT_EXISTS", f"the event {prepared.event.event_id} is here already", kind=Kind.EXISTS)
    place = f"{request.rel_url.raw_path.rstrip('/')}/{quote(prepared.event.event_id, safe='')}"
    return web.Response(
        status=201, body=body, content_type="application/json", headers={"Location": place}, charset="utf-8"
    )
