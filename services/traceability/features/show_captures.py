"""Shows captures over HTTP (`GET /capture`, `GET /capture/{id}`)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from fenxiao.errors import Kind, Refusal
from libs.servicekit import Call, Running
from services.traceability.shared.rest import Page, paged
from services.traceability.views.captures import Capture, capture_of, captures_of


async def show_capture(running: Running, request: web.Request, call: Call) -> web.Response:
    """A capture by its id."""
    try:
        capture = UUID(request.match_info["capture"])
    except ValueError:
        capture = UUID(int=0)
    sent_by = call.actor if call.claims.parties else ""
    found = await running.log.read(lambda reader: capture_of(reader, call.programme, capture, sent_by=sent_by))
    if found is None:
        raise Refusal("NO_SUCH_CAPTURE", "there is no such capture", kind=Kind.NOT_FOUND)
    return web.json_response(_shown(found))


async def list_captures(running: Running, request: web.Request, call: Call) -> web.Response:
    """Captures, the newest first."""
    page = Page.of(request)
    before = int(page.after) if page.after else 2**62

    def read(reader: Any) -> list[Capture]:
        ids = captures_of(reader, call.programme, before=before, limit=page.size + 1)
        return [found for one in ids if (found := capture_of(reader, call.programme, one))]

    found = await running.log.read(read)
    shown = [_shown(one) for one in found[: page.size]]
    following = str(found[page.size - 1].position) if len(found) > page.size else ""
    return paged(request, shown, page, following)


def _shown(capture: Capture) -> dict[str, Any]:
    result = capture.result
    return {
        "captureID": str(capture.id),
        "createdAt": _time(capture.created),
        **({"finishedAt": _time(capture.finished)} if capture.finished else {}),
        "running": result is None,
        "success": capture.success,
        "captureErrorBehaviour": capture.behaviour.value,
        "errors": [
            {
                "type": "epcisException:ValidationException",
                "title": error.rule,
                "status": 400,
                "detail": error.message,
                "instance": error.path,
                "event": error.event,
            }
            for error in (result.errors if result else ())
        ],
        **(
            {"captured": result.captured, "repeated": result.repeated, "refused": result.refused}
            if result is not None
            else {}
        ),
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
