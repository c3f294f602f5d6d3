"""What services answer over HTTP only: the standard's REST binding, and codes to be printed."""

import asyncio
import json
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from fenxiao.client.client import Client
from fenxiao.client.problems import INTERNAL, NOT_REACHABLE
from fenxiao.errors import Kind, Refusal

_SECONDS: Final = 30.0
_KINDS: Final = {
    HTTPStatus.UNAUTHORIZED: Kind.DENIED,
    HTTPStatus.FORBIDDEN: Kind.DENIED,
    HTTPStatus.NOT_FOUND: Kind.NOT_FOUND,
    HTTPStatus.CONFLICT: Kind.EXISTS,
    HTTPStatus.SERVICE_UNAVAILABLE: Kind.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back."""

    body: bytes
    headers: Message = field(default_factory=Message)

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body) if self.body else None


async def call_web(client: Client, service: str, method: str, path: str, body: Any = None) -> WebAnswer:
    """Ask a service over HTTP, with `body` as JSON. Raises `Refusal` with the reason that it gives."""
    base = client.web.get(service, "")
    if not base.startswith(("http://", "https://")):
        message = f"The network does not say where {service} answers HTTP; start it with `fenxiao up`."
        raise Refusal("NO_WEB_ADDRESS", message, kind=Kind.UNAVAILABLE)
    headers = {"Authorization": f"Bearer {client.token}", "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = Request(base.rstrip("/") + path, data, headers, method=method)  # noqa: S310 - http(s) only, see above
    return await asyncio.to_thread(_sent, service, base, request)


def _sent(service: str, base: str, request: Request) -> WebAnswer:
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return WebAnswer(answer.read(), answer.headers)
    except HTTPError as error:
        raise _refusal(service, error) from None
    except (URLError, TimeoutError, OSError):
        message = f"{service} does not answer at {base}; is the network up? `fenxiao up` starts it."
        raise Refusal(NOT_REACHABLE, message, kind=Kind.UNAVAILABLE) from None


def _refusal(service: str, error: HTTPError) -> Refusal:
    """By the problem that the service describes (RFC 9457): its title is the reason."""
    kind = _KINDS.get(HTTPStatus(error.code), Kind.INVALID)
    try:
        problem = json.loads(error.read())
        return Refusal(str(problem["title"]), str(problem.get("detail", "")), kind=kind)
    except (ValueError, KeyError, TypeError):
        return Refusal(INTERNAL, f"{service} failed ({error.code}).", kind=kind)
