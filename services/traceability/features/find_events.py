"""Gives the events that a SimpleEventQuery asks for (`QueryEvents`)."""

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import Json, Names
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.api import trace_event_message
from services.traceability.domain.parameters import read_query
from services.traceability.domain.subscriptions import read_json
from services.traceability.shared.answering import Cursor, answer
from services.traceability.shared.viewing import Viewer


def find_events(reader: Reader, request: pb.QueryEventsRequest, call: Call) -> pb.QueryEventsResponse:
    """A page of them."""
    wanted = page(request.page_size, request.page_token, default=30)
    if request.parameters and request.query:
        raise Refusal("QUERY_PARAMETER", "write parameters or a query, not both", field="query")
    parameters: dict[str, Json] = read_json(request.query) if request.query else {}
    for name, given in request.parameters.items():
        parameters[name] = [*given.values] or None
    query = read_query(parameters, Names())
    viewer = Viewer.of(reader, call)
    after = Cursor.parse(wanted.after)
    result = answer(reader, call.programme, query, viewer.listed, size=wanted.size, after=after, most=viewer.looked_at)
    return pb.QueryEventsResponse(
        events=[trace_event_message(one.event) for one in result.found],
        next_page_token=wanted.token(result.following.key) if result.following else "",
    )
