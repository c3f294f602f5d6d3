"""Shows an alert."""

from uuid import UUID

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.traceability.api import ALERT, alert_message
from services.traceability.domain.events import AlertRaised


def get_alert(reader: Reader, request: pb.GetAlertRequest, call: Call) -> pb.Alert:
    """The alert with this name."""
    text = parse_name(ALERT, request.name)["alert"]
    try:
        events = reader.load(UUID(text))
    except ValueError:  # not the form of a UUID: there is none of this name either
        events = []
    if not events or not isinstance(events[0].event, AlertRaised) or events[0].meta.programme != call.programme:
        raise Refusal("UNKNOWN_ALERT", f"there is no alert {text[:64]!r}", field="name", kind=Kind.NOT_FOUND)
    return alert_message(events)
