"""Running commands: in the writer's transaction, once for each request id, what they need read together."""

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

from google.protobuf.message import Message

from libs.eventlog import Tx
from libs.servicekit import idempotency
from libs.servicekit.idempotency import Answered
from libs.servicekit.service import Asked, Call, Command, Running

M = TypeVar("M", bound=Message)


class Commands(Generic[M]):
    """The calls of one method. Those in one transaction share what is read before the first of them."""

    def __init__(self, running: Running, method: str, entry: Command, answer: type[M]) -> None:
        self._running = running
        self._method = method
        self._entry = entry
        self._answer = answer

    async def run(self, request: Any, call: Call) -> M:
        """Runs a command, or finds it done before. Raises `Refusal`."""
        asked = Asked(await self._prepared(request, call), call)
        named = bool(getattr(request, "request_id", ""))
        key = (call.programme, call.actor, call.request_id) if named else None

        def work(tx: Tx, found: tuple[Answered, tuple[Any, ...]]) -> M:
            answered, ahead = found
            handle = cast("idempotency.Work[M]", lambda: self._entry.handler(tx, *asked, *ahead))
            if key is None:
                return handle()
            mark = idempotency.fingerprint(self._running.request_secret, key, self._method, request)
            return idempotency.once(tx, answered, key, mark, self._answer, handle, call.now)

        return await self._running.log.write_ahead(self._read, (asked, key), work)

    async def _prepared(self, request: Any, call: Call) -> Any:
        prepare, before = self._entry.prepare, self._entry.before
        if prepare is None:
            return request
        if before is None:
            return await asyncio.to_thread(prepare, request)
        known = await self._running.log.read(lambda reader: before(reader, request, call))
        return await asyncio.to_thread(prepare, request, known)

    def _read(
        self, tx: Tx, calls: Sequence[tuple[Asked, idempotency.Key | None]]
    ) -> list[tuple[Answered, tuple[Any, ...]]]:
        answered = idempotency.find_answered(tx, [key for _, key in calls if key is not None])
        ahead = self._entry.ahead
        if ahead is None:
            return [(answered, ())] * len(calls)
        return [(answered, (found,)) for found in ahead(tx, [asked for asked, _ in calls])]
