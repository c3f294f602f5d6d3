"""Gives the events of a named query over HTTP, page by page or, over a websocket, as they come."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from fenxiao.epcis import Json
from libs.servicekit import Call, Running
from services.traceability.domain.events import Schedule
from services.traceability.domain.subscriptions import FIELDS, controls, next_due, read_moment, stored_query
from services.traceability.features.define_query import require_query
from services.traceability.features.query_events import give_page
from services.traceability.features.subscribe import schedule_of
from services.traceability.shared.documents import query_document
from services.traceability.shared.notifying import AT_ONCE, newest, next_part, position_before
from services.traceability.shared.rest import epc_format
from services.traceability.shared.viewing import Viewer
from services.traceability.views.subscriptions import query_text

_LONGEST_SLEEP = 30.0
_CONTROLS = frozenset({"stream", "reportIfEmpty", "initialRecordTime", *FIELDS})


async def query_named_events(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """The events of a named query; all that are captured from now on, if the caller speaks websocket."""
    name = request.match_info["query"]
    text = await running.log.read(lambda reader: require_query(reader, call.programme, name))
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _Stream(running, request, call, name).run()
    unknown = request.query.keys() - {"perPage", "nextPageToken"}
    if unknown:
        raise controls("the query stands; this is said where results are streamed over a websocket", min(unknown)[:100])
    return await give_page(running, request, call, stored_query(text), name)


class _Stream:
    """One websocket. What it has not sent when it ends is not kept: who needs that subscribes with an endpoint."""

    def __init__(self, running: Running, request: web.Request, call: Call, name: str) -> None:
        self._log = running.log
        self._request = request
        self._call = call
        self._name = name
        given: dict[str, str] = dict(request.query)
        if unknown := given.keys() - _CONTROLS:
            raise controls("there is no such control", min(unknown)[:100])
        fields: dict[str, Json] = {field: given[field] for field in FIELDS if field in given}
        stream: Json = {"true": True, "": None}.get(given.get("stream", ""), False)
        self._schedule: Schedule | None = schedule_of(stream, fields or None)
        self._empty = self._schedule is not None and given.get("reportIfEmpty") == "true"
        initial = given.get("initialRecordTime")
        self._initial = read_moment(initial, "initialRecordTime") if initial else None
        self._as_links = epc_format(request) == "Always_GS1_Digital_Link"

    async def run(self) -> web.StreamResponse:
        """Send results until the caller goes, his credential ends, or the query is deleted."""
        initial, programme = self._initial, self._call.programme
        position = await self._log.read(
            lambda reader: position_before(reader, programme, initial) if initial else newest(reader)
        )
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
        await socket.prepare(self._request)
        gone = asyncio.ensure_future(_until_closed(socket))
        committed = self._log.subscribe()
        due = self._next_due()
        try:
            while not gone.done() and datetime.now(UTC) < self._call.claims.expires:
                committed.clear()
                text = await self._log.read(lambda reader: query_text(reader, programme, self._name))
                if text is None:
                    break
                if due is None or due <= datetime.now(UTC):
                    position = await self._send(socket, text, position)
                    due = self._next_due()
                await self._wait(gone, committed, due)
        except ConnectionError:  # the caller went while something was sent
            pass
        finally:
            self._log.unsubscribe(committed)
            gone.cancel()
        await socket.close()
        return socket

    def _next_due(self) -> datetime | None:
        return next_due(self._schedule, datetime.now(UTC)) if self._schedule else None

    async def _wait(self, gone: asyncio.Future[None], committed: asyncio.Event, due: datetime | None) -> None:
        waiting = asyncio.ensure_future(committed.wait() if due is None else asyncio.sleep(_LONGEST_SLEEP))
        timeout = _LONGEST_SLEEP
        if due is not None:
            timeout = min(timeout, max((due - datetime.now(UTC)).total_seconds(), 0.01))
        try:
            await asyncio.wait({gone, waiting}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    async def _send(self, socket: web.WebSocketResponse, text: str, position: int) -> int:
        """Send what there is behind a position. Returns how far it was read."""
        query, sent = stored_query(text), False
        while True:
            start = position
            part = await self._log.read(
                lambda reader, start=start: next_part(
                    reader, self._call.programme, query, Viewer.of(reader, self._call).listed, start, AT_ONCE
                )
            )
            position = part.upto
            if part.events or (self._empty and not sent):
                body = query_document(part.events, name=self._name, made=datetime.now(UTC), as_links=self._as_links)
                await socket.send_str(body.decode())
                sent = True
            if not part.more:
                return position


async def _until_closed(socket: web.WebSocketResponse) -> None:
    """Read what the caller says, which means nothing, until he goes."""
    with suppress(ConnectionError):
        while True:
            message: Any = await socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
