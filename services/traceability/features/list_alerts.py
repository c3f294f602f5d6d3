"""Lists alerts."""

import re
from typing import Any, Final

from fenxiao.api.traceability.v1 import rules_pb2 as pb
from fenxiao.epcis import Names, canonical_text, is_uri
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from libs.servicekit.paging import page
from services.traceability.api import TRACE_RULE, alert_message
from services.traceability.views.alerts import alert_rows

_KEY: Final = re.compile(r"[0-9]{1,18}")
_SEVERITIES: Final = ("info", "warning", "critical")


def list_alerts(reader: Reader, request: pb.ListAlertsRequest, call: Call) -> pb.ListAlertsResponse:
    """Alerts in the order in which they were first raised."""
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one"
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    only: list[tuple[str, Any]] = []
    if request.rule:
        only.append(("rule", parse_name(TRACE_RULE, request.rule)["rule"]))
    if request.severity:
        if request.severity not in _SEVERITIES:
            raise Refusal("INVALID_SEVERITY", f"severity is one of {', '.join(_SEVERITIES)}", field="severity")
        only.append(("severity", request.severity))
    if request.state:
        only.append(("raised", int(request.state == pb.ALERT_STATE_RAISED)))
    item = ""
    if request.item:
        if len(request.item) > 2000 or not is_uri(request.item):
            raise Refusal("INVALID_EPC", "item is the URI of an object or of a class of objects", field="item")
        item = canonical_text(request.item, Names())
    rows = alert_rows(reader, call.programme, only, item, int(wanted.after or 0), wanted.size + 1)
    shown = rows[: wanted.size]
    streams = reader.load_all([alert for alert, _ in shown])
    return pb.ListAlertsResponse(
        alerts=[alert_message(streams[alert]) for alert, _ in shown],
        next_page_token=wanted.token(str(shown[-1][1])) if len(rows) > len(shown) else "",
    )
