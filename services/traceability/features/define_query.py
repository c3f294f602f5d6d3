"""Gives queries names over HTTP, and shows and deletes them (`/queries`)."""

import json
from typing import Any
from uuid import UUID

from aiohttp import web

from fenxiao.epcis import Json, Names
from fenxiao.epcis.strict_json import to_text
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Call, Running
from services.traceability.adapters.deliveries import forget_state
from services.traceability.domain.events import QueryDefined, QueryDeleted, SubscriptionDeleted
from services.traceability.domain.parameters import read_query
from services.traceability.domain.subscriptions import check_name, query_stream, read_json
from services.traceability.shared.rest import Page, json_response, paged, prefixes_in
from services.traceability.views.subscriptions import queries_of, query_text, subscriptions_of


async def define_query(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """201 with the query's address. Raises `Refusal` QUERY_EXISTS."""
    fields = read_json(await request.read())
    if unknown := fields.keys() - {"name", "query", "@context"}:
        raise Refusal("QUERY_INVALID", "a definition has name and query", field=min(unknown)[:100])
    name, query = check_name(fields.get("name")), fields.get("query")
    if not isinstance(query, dict):
        raise Refusal("QUERY_INVALID", "query is an object of parameters", field="query")
    text = to_text(_whole(query, fields.get("@context"), request))
    await running.log.write(lambda tx: record_query(tx, call, name, text))
    place = f"{request.rel_url.raw_path.rstrip('/')}/{name}"
    return json_response(_shown(name, text), status=201, headers={"Location": place})


def _whole(query: dict[str, Json], context: Json, request: web.Request) -> dict[str, Json]:
    """The query with the prefixes that it needs. Raises `Refusal` QUERY_PARAMETER."""
    defined = prefixes_in(request)
    contexts: list[Json] = [part for part in (defined, context, query.get("@context")) if part]
    whole = {
        **({"@context": _flat(contexts)} if contexts else {}),
        **{k: v for k, v in query.items() if k != "@context"},
    }
    read_query(whole, Names())
    return whole


def _flat(contexts: list[Json]) -> Json:
    return [part for one in contexts for part in (one if isinstance(one, list) else [one])]


def record_query(tx: Tx, call: Call, name: str, text: str) -> None:
    """Defines it. Raises `Refusal` QUERY_EXISTS."""
    if query_text(tx, call.programme, name) is not None:
        message = f"there is a query {name} already; choose another name, or delete it first"
        raise Refusal("QUERY_EXISTS", message, field="name", kind=Kind.EXISTS)
    stream = query_stream(call.programme, name)
    event = QueryDefined(name=name, query=text)
    tx.append(stream, [event], after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)


async def delete_query(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """204; its subscriptions end."""
    name = request.match_info["query"]

    def work(tx: Tx) -> None:
        require_query(tx, call.programme, name)
        while found := subscriptions_of(tx, call.programme, name, after="", limit=1000):
            for one in found:
                record_end(tx, call, one, name)
        stream = query_stream(call.programme, name)
        event = QueryDeleted(name=name)
        tx.append(stream, [event], after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)

    await running.log.write(work)
    return web.Response(status=204)


def record_end(tx: Tx, call: Call, subscription: UUID, query: str) -> None:
    """Ends a subscription."""
    tx.append(subscription, [SubscriptionDeleted(query=query)], after=1, meta=call.meta(), occurred_at=call.now)
    forget_state(tx, subscription)


def require_query(reader: Reader, programme: str, name: str) -> str:
    """A named query's JSON. Raises `Refusal` NO_SUCH_QUERY."""
    text = query_text(reader, programme, name)
    if text is None:
        raise Refusal("NO_SUCH_QUERY", f"there is no query {name[:100]}", kind=Kind.NOT_FOUND)
    return text


async def show_query(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """A query's definition."""
    name = request.match_info["query"]
    text = await running.log.read(lambda reader: require_query(reader, call.programme, name))
    return json_response(_shown(name, text))


async def list_queries(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """Every definition, in order of their names."""
    page = Page.of(request)
    found = await running.log.read(
        lambda reader: queries_of(reader, call.programme, after=page.after, limit=page.size + 1)
    )
    shown = [_shown(name, text) for name, text in found[: page.size]]
    return paged(request, shown, page, shown[-1]["name"] if len(found) > page.size else "")


def _shown(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "query": json.loads(text)}
