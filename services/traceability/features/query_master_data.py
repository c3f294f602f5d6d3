"""Gives the elements that a SimpleMasterDataQuery asks for (`QueryMasterData`)."""

from collections.abc import Iterable
from typing import Final

from fenxiao.api.traceability.v1 import master_data_pb2 as pb
from fenxiao.epcis import Json, Names
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.domain.master_data_query import MasterDataQuery, read_master_data_query
from services.traceability.domain.subscriptions import read_json
from services.traceability.shared.master_data import element_message
from services.traceability.views import master_data
from services.traceability.views.master_data import Element

MOST: Final = 10_000
"""Elements that one condition may come to."""
_MANY: Final = f"more than {MOST:,} elements are meant; narrow it down"


def query_master_data(reader: Reader, request: pb.QueryMasterDataRequest, call: Call) -> pb.QueryMasterDataResponse:
    """A page of them, in the order of vocabularies and names."""
    wanted = page(request.page_size, request.page_token)
    if request.parameters and request.query:
        raise Refusal("QUERY_PARAMETER", "write parameters or a query, not both", field="query")
    parameters: dict[str, Json] = read_json(request.query) if request.query else {}
    for name, given in request.parameters.items():
        parameters[name] = [*given.values]
    query = read_master_data_query(parameters, Names())
    found = _elements(reader, call.programme, query)
    _check_count(reader, call.programme, query, found)
    last = _last(wanted.after)
    if found is None:
        listed = master_data.after(reader, call.programme, last, query.vocabularies, wanted.size + 1)
    else:
        listed = sorted(one for one in found if last is None or one > last)[: wanted.size + 1]
    shown = listed[: wanted.size]
    known = master_data.known_of(reader, call.programme, shown)
    return pb.QueryMasterDataResponse(
        elements=[
            element_message(known[one].event, attributes=query.attributes, children=query.children, names=query.names)
            for one in shown
        ],
        next_page_token=wanted.token("\n".join(shown[-1])) if len(listed) > len(shown) else "",
    )


def _last(key: str) -> Element | None:
    """Behind which a page begins. Raises `Refusal` INVALID_PAGE_TOKEN."""
    if not key:
        return None
    vocabulary, _, element = key.partition("\n")
    if not element or "\0" in key:
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this service gave out", field="page_token")
    return Element(vocabulary, element)


def _elements(reader: Reader, programme: str, query: MasterDataQuery) -> set[Element] | None:
    """All that fulfil the query; None where every element of its vocabularies does."""
    kinds = query.vocabularies
    sets: list[set[Element]] = []
    if query.ids is not None:
        sets.append(master_data.named(reader, programme, query.ids))
    if query.within is not None:
        sets.append(_within(reader, programme, kinds, query.within))
    if query.having is not None:
        sets.append(_few("HASATTR", master_data.having(reader, programme, kinds, query.having, None, MOST + 1)))
    for name, values in query.equal:
        found = master_data.having(reader, programme, kinds, [name], values, MOST + 1)
        sets.append(_few("EQATTR_", found))
    if not sets:
        return None
    return {
        one for one in sets[0] if (kinds is None or one.vocabulary in kinds) and all(one in other for other in sets[1:])
    }


def _within(reader: Reader, programme: str, kinds: Iterable[str] | None, ids: Iterable[str]) -> set[Element]:
    found: set[Element] = set()
    for kind in master_data.vocabularies_of(reader, programme) if kinds is None else kinds:
        below = master_data.below(reader, programme, [kind], ids, MOST, parts=False)
        if below is None:
            raise _too_many("WD_name", f"WD_name: {_MANY}")
        found |= {one for one in master_data.named(reader, programme, below) if one.vocabulary == kind}
    return found


def _few(name: str, found: set[Element]) -> set[Element]:
    if len(found) > MOST:
        raise _too_many(name, f"{name}: {_MANY}")
    return found


def _check_count(reader: Reader, programme: str, query: MasterDataQuery, found: set[Element] | None) -> None:
    if query.most is None:
        return
    count = master_data.count_of(reader, programme, query.vocabularies) if found is None else len(found)
    if count > query.most:
        message = f"there are more than {query.most} such elements; narrow the query down, or raise maxElementCount"
        raise _too_many("maxElementCount", message)


def _too_many(name: str, message: str) -> Refusal:
    return Refusal("QUERY_TOO_LARGE", message, field=name, kind=Kind.FAILED_PRECONDITION)
