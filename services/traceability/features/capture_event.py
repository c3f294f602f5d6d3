"""Takes in one event over HTTP, at once (`POST /events`)."""

import asyncio
from io import BytesIO
from urllib.parse import quote

from aiohttp import web

from fenxiao.epcis import EpcisError, EpcisIssue, EventReader, Limits, Profile
from fenxiao.epcis.xml import is_xml
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Tx
from libs.servicekit import Call, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.shared.capturing import Prepared, prepare, seal, store
from services.traceability.shared.sealing import sealing_of

AT_ONCE = Limits(bytes=1024 * 1024, events=1)


async def capture_event(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """201 with the event's address. Raises `EpcisError`, or `Refusal` EVENT_EXISTS."""
    body = await request.read()
    if not body:
        raise Refusal("EMPTY_BODY", "send an EPCIS event as the body")
    reader = EventReader(BytesIO(body), Profile.STRICT, AT_ONCE)
    events: list[Prepared] = []
    issues: list[EpcisIssue] = []
    sealing = await running.log.read(
        lambda reader: sealing_of(reader, running.use(Secrets), call.programme, call.actor)
    )
    for one in prepare(reader, call.programme, sealing):
        if isinstance(one, Prepared):
            events.append(one)
        else:
            issues += one
    if issues := [*reader.issues, *issues]:
        raise EpcisError(dict.fromkeys(issues))
    if len(events) != 1 or reader.master_data:
        raise Refusal("NOT_ONE_EVENT", "send one event here; documents go to POST /capture")
    (prepared,) = await asyncio.to_thread(seal, events, sealing)

    def work(tx: Tx) -> bool:
        return bool(store(tx, [prepared], call.meta()).new)

    if not await running.log.write(work):
        raise Refusal("EVENT_EXISTS", f"the event {prepared.event.event_id} is here already", kind=Kind.EXISTS)
    place = f"{request.rel_url.raw_path.rstrip('/')}/{quote(prepared.event.event_id, safe='')}"
    if is_xml(BytesIO(body)):  # it says its encoding itself
        return web.Response(status=201, body=body, content_type="application/xml", headers={"Location": place})
    return web.Response(
        status=201, body=body, content_type="application/json", headers={"Location": place}, charset="utf-8"
    )
