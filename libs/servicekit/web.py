"""HTTP beside gRPC, where a standard or a browser asks for it. The same credentials, limits and refusals."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web

from fenxiao.credentials import Claims
from fenxiao.errors import Kind, Refusal
from libs.servicekit import consistency
from libs.servicekit.access import Access, Unauthenticated
from libs.servicekit.service import Call, Running

BODY_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of a body that a handler reads at once; what may be larger it reads piece by piece (`pieces`)."""

LINE_LIMIT: Final = 64 * 1024
"""Bytes of a request's first line, which names the path and what is asked."""

IDLE: Final = 30.0
"""Seconds for which a caller may send nothing in the middle of a body."""

logger = structlog.get_logger(__name__)

Handler = Callable[[Running, web.Request, Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """A method on a path. Where the path has `{programme}`, the call is on that programme."""

    method: str
    path: str
    handler: Handler
    scope: str = ""
    """What a credential must allow; empty: open to everybody."""


def _untyped(_: Refusal) -> str:
    return "about:blank"


@dataclass(frozen=True)
class Site:
    """What a service answers over HTTP."""

    routes: Sequence[Route]
    problem_type: Callable[[Refusal], str] = _untyped
    """The `type` of a refusal's problem details (RFC 9457, section 3.1.1)."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Stand on every answer, unless it says otherwise."""
    statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    """Of refusals, by their reason, for which the standard that is answered has a status of its own."""


_STATUS: Final = {
    Kind.INVALID: 400,
    Kind.NOT_FOUND: 404,
    Kind.EXISTS: 409,
    Kind.FAILED_PRECONDITION: 409,
    Kind.ABORTED: 409,
    Kind.DENIED: 403,
    Kind.EXHAUSTED: 429,
    Kind.UNAVAILABLE: 503,
}
_OWN_STATUS: Final = {"BODY_TOO_LARGE": 413, "BODY_STALLED": 408}
"""Of refusals that HTTP has a status for (RFC 9110, section 15.5)."""


class WebServer:
    """Answers a site's routes for a running service."""

    def __init__(self, running: Running, access: Access, site: Site) -> None:
        self._running = running
        self._access = access
        self._site = site
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._guard])
        for route in site.routes:
            app.router.add_route(route.method, route.path, self._answer(route))
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, max_line_size=LINE_LIMIT, shutdown_timeout=5.0
        )

    async def start(self, address: str) -> None:
        """Listens on `host:port`."""
        host, _, port = address.rpartition(":")
        await self._runner.setup()
        await web.TCPSite(self._runner, host, int(port)).start()

    async def stop(self) -> None:
        """Lets calls that have begun end, for a short while."""
        await self._runner.cleanup()

    @property
    def addresses(self) -> list[str]:
        """Where it listens."""
        return [f"{host}:{port}" for host, port, *_ in self._runner.addresses]

    def _answer(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            call = await self._admit(route, request)
            result = await route.handler(self._running, request, call)
            if route.scope and not result.prepared:
                log = self._running.log
                written = {self._running.name: (log.store_id, log.public_position)}
                result.headers[consistency.METADATA_KEY] = consistency.encode(written)
            return result

        return answer

    async def _admit(self, route: Route, request: web.Request) -> Call:
        programme = request.match_info.get("programme", "")
        if route.scope:
            claims = self._access.identify({"authorization": request.headers.get("Authorization", "")})
            self._access.permit_programme(claims, route.scope, programme)
        else:
            claims = self._access.anonymous(request.remote or "")
        token = request.headers.get(consistency.METADATA_KEY, "")
        if token:
            await consistency.wait(token, self._running.consumers)
        return web_call(self._running, claims, programme)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Turns what is raised into problem details (RFC 9457). A stranger sees no stack trace."""
        try:
            answer = await handler(request)
        except Refusal as refusal:
            answer = self._problem(refusal, self._status(refusal))
        except web.HTTPRequestEntityTooLarge:
            answer = self._problem(Refusal("BODY_TOO_LARGE", f"the body has more than {BODY_LIMIT:,} bytes"), 413)
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            answer = self._problem(Refusal("METHOD_NOT_ALLOWED", f"this path takes {allowed}"), 405)
            answer.headers["Allow"] = allowed
        except web.HTTPNotFound:
            answer = self._problem(Refusal("NO_SUCH_PATH", "nothing is answered on this path"), 404)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except Exception:
            reference = uuid.uuid4().hex[:12]
            logger.exception("call_failed", method=request.method, path=request.path, reference=reference)
            message = f"something went wrong on our side; tell the operator the reference {reference}"
            answer = self._problem(Refusal("INTERNAL", message), 500)
        if not answer.prepared:
            for name, value in self._site.headers.items():
                answer.headers.setdefault(name, value)
        return answer

    def _status(self, refusal: Refusal) -> int:
        if isinstance(refusal, Unauthenticated):
            return 401
        own = self._site.statuses.get(refusal.reason) or _OWN_STATUS.get(refusal.reason)
        return own or _STATUS[refusal.kind]

    def _problem(self, refusal: Refusal, status: int) -> web.Response:
        body = {
            "type": self._site.problem_type(refusal),
            "title": refusal.reason,
            "status": status,
            "detail": refusal.message,
            **({"field": refusal.field} if refusal.field else {}),
        }
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return web.Response(
            status=status, body=json.dumps(body).encode(), content_type="application/problem+json", headers=headers
        )


def web_call(running: Running, claims: Claims, programme: str) -> Call:
    """What a handler learns of the call."""
    request_id = uuid.uuid4().hex
    return Call(programme, claims, request_id, request_id, datetime.now(UTC), running.resources)


async def pieces(request: web.Request, most: int) -> AsyncIterator[bytes]:
    """The body piece by piece. Raises `Refusal` BODY_TOO_LARGE behind `most` bytes, and BODY_STALLED."""
    read = 0
    while True:
        try:
            async with asyncio.timeout(IDLE):
                piece = await request.content.readany()
        except TimeoutError:
            raise Refusal("BODY_STALLED", f"nothing came for {IDLE:.0f} seconds; send the whole again") from None
        if not piece:
            return
        read += len(piece)
        if read > most:
            raise Refusal("BODY_TOO_LARGE", f"the body has more than {most:,} bytes; send it in parts")
        yield piece
