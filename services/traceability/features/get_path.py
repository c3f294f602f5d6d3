"""Shows what happened to an object or a lot, in order of time."""

from dataclasses import replace

from fenxiao.api.traceability.v1 import traceability_pb2 as pb
from fenxiao.epcis import Names, is_uri
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.api import trace_event_message
from services.traceability.domain.parameters import read_query
from services.traceability.domain.query import OneOf, Query
from services.traceability.shared.searching import Place, search
from services.traceability.shared.viewing import Viewer

EVERYTHING = Query()
STEPS_A_PAGE = 100
"""Steps in an answer at most."""
MOST_URI = 2000
"""Characters of an identifier at most."""
BYTES_A_PAGE = 2 * 1024 * 1024
"""An answer goes on in the next page behind so many bytes: an event can be large."""


def get_path(reader: Reader, request: pb.GetPathRequest, call: Call) -> pb.GetPathResponse:
    """A page of the events that name it; empty for what nobody has reported."""
    if len(request.epc) > MOST_URI or not is_uri(request.epc):
        raise Refusal("INVALID_EPC", "epc is the URI of an object or of a class of objects", field="epc")
    wanted = page(request.page_size, request.page_token, default=STEPS_A_PAGE, most=STEPS_A_PAGE)
    after = Place.parse(wanted.after) if wanted.after else None
    answer = pb.GetPathResponse()
    size = 0
    last: Place | None = None
    show = Viewer.of(reader, call).show
    for found in search(reader, call.programme, naming(request.epc), show, after=after, limit=wanted.size + 1):
        message = trace_event_message(found.event)
        size += message.ByteSize()
        if last is not None and (len(answer.steps) == wanted.size or size > BYTES_A_PAGE):
            answer.next_page_token = wanted.token(last.key)
            break
        answer.steps.append(message)
        last = found.place
    return answer


def naming(epc: str, rest: Query = EVERYTHING) -> Query:
    """Events that are about an identifier, whatever its part in them, as far as the rest of a query asks for them."""
    named: dict[str, tuple[tuple[str, str], ...]] = {}
    for name in ("MATCH_anyEPC", "MATCH_anyEPCClass"):
        (condition,) = read_query({name: epc}, Names()).conditions
        assert isinstance(condition, OneOf)
        named[name] = condition.terms
    about = OneOf(tuple(term for terms in named.values() for term in terms))
    return replace(rest, conditions=(about, *rest.conditions))
