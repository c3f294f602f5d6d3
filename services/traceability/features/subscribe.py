"""Subscriptions over HTTP: created, shown, ended; what could not be delivered, shown and sent again."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from aiohttp import web

from fenxiao.epcis import Json
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Call, Running
from services.traceability.adapters.secrets import Secrets
from services.traceability.adapters.webhooks import Webhooks, is_inside_literal
from services.traceability.domain.events import DeliveryGivenUp, DeliveryRetried, Schedule, SubscriptionCreated
from services.traceability.domain.subscriptions import (
    FIELDS,
    check_destination,
    controls,
    delivery_stream,
    read_json,
    read_moment,
    read_schedule,
)
from services.traceability.features.define_query import record_end, require_query
from services.traceability.shared.documents import moment_text
from services.traceability.shared.notifying import newest, position_before
from services.traceability.shared.rest import Page, epc_format, json_response, paged
from services.traceability.shared.viewing import caller_of
from services.traceability.views.subscriptions import Subscription, dead_letters, subscription_of, subscriptions_of

_FIELDS: Final = frozenset(
    {"dest", "signatureToken", "secret", "initialRecordTime", "reportIfEmpty", "schedule", "stream", "epcFormat"}
)


async def subscribe(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """201 with the subscription's address. Raises `Refusal` SUBSCRIPTION_CONTROLS."""
    fields = read_json(await request.read())
    if unknown := fields.keys() - _FIELDS:
        raise controls("a subscription has no such field", min(unknown)[:100])
    name, subscription = request.match_info["query"], uuid4()
    schedule = schedule_of(fields.get("stream"), fields.get("schedule"))
    destination = check_destination(fields.get("dest"))
    if not running.use(Webhooks).inside and is_inside_literal(destination):
        raise controls("this address is inside a network of its own; name one that anybody can reach", "dest")
    initial = read_moment(fields["initialRecordTime"], "initialRecordTime") if "initialRecordTime" in fields else None
    secret, caller = _secret(fields), caller_of(call)
    await running.log.read(lambda reader: require_query(reader, call.programme, name))
    sealed = running.use(Secrets).seal(subscription, secret) if secret else ""

    def work(tx: Tx) -> None:
        require_query(tx, call.programme, name)
        event = SubscriptionCreated(
            query=name,
            destination=destination,
            secret=sealed,
            schedule=schedule,
            report_if_empty=_flag(fields, "reportIfEmpty"),
            initial_record_time=initial,
            after=position_before(tx, call.programme, initial) if initial else newest(tx),
            as_links=epc_format(request) == "Always_GS1_Digital_Link",
            audience=caller.audience,
            parties=caller.parties,
        )
        tx.append(subscription, [event], after=0, meta=call.meta(), occurred_at=call.now)

    await running.log.write(work)
    place = f"{request.rel_url.raw_path.rstrip('/')}/{subscription}"
    return web.Response(status=201, headers={"Location": place})


def schedule_of(stream: Json, schedule: Json) -> Schedule | None:
    """A schedule, or None for a stream. Raises `Refusal` SUBSCRIPTION_CONTROLS."""
    if (stream is not None) == (schedule is not None):
        raise controls("write either stream: true or a schedule", "stream")
    if schedule is None:
        if stream is not True:
            raise controls("write true, or a schedule in its place", "stream")
        return None
    if not isinstance(schedule, dict):
        raise controls(f"a schedule is an object of {', '.join(FIELDS)}", "schedule")
    return read_schedule(schedule)


def _secret(fields: dict[str, Json]) -> str:
    # The standard's text says signatureToken; its schema, in one place, secret.
    secret = fields.get("signatureToken", fields.get("secret", ""))
    if not isinstance(secret, str) or len(secret) > 1000 or (secret and len(secret) < 16):
        raise controls("a secret is a text of 16 to 1,000 characters", "signatureToken")
    return secret


def _flag(fields: dict[str, Json], name: str) -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise controls("write true or false", name)
    return value


async def show_subscription(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """A subscription."""
    found = await running.log.read(lambda reader: _required(reader, request, call))
    return json_response(_shown(found))


async def list_subscriptions(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """The subscriptions to a query."""
    page, name = Page.of(request), request.match_info["query"]

    def read(reader: Reader) -> list[Subscription]:
        require_query(reader, call.programme, name)
        ids = subscriptions_of(reader, call.programme, name, after=page.after, limit=page.size + 1)
        return [found for one in ids if (found := subscription_of(reader, one))]

    found = await running.log.read(read)
    shown = [_shown(one) for one in found[: page.size] if _is_for(one, call)]
    return paged(request, shown, page, found[page.size - 1].id.hex if len(found) > page.size else "")


async def unsubscribe(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """204; nothing is sent any more, and the secret is destroyed."""

    def work(tx: Tx) -> UUID:
        found = _required(tx, request, call)
        record_end(tx, call, found.id, found.wanted.query)
        return found.id

    running.use(Secrets).forget(await running.log.write(work))
    return web.Response(status=204)


async def list_dead_letters(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """What could not be delivered."""
    page = Page.of(request)
    after = int(page.after or 0)

    def read(reader: Reader) -> list[DeliveryGivenUp]:
        found = _required(reader, request, call)
        numbers = dead_letters(reader, found.id, after=after, limit=page.size + 1)
        histories = reader.load_all([delivery_stream(found.id, number) for number in numbers])
        return sorted(
            (max(history, key=_given_up).event for history in histories.values()), key=lambda event: event.number
        )

    found = await running.log.read(read)
    shown: list[dict[str, Any]] = [
        {"number": one.number, "events": len(one.positions), "tries": one.tries, "problem": one.problem}
        for one in found[: page.size]
    ]
    return paged(request, shown, page, str(shown[-1]["number"]) if len(found) > page.size else "")


def _given_up(recorded: Any) -> tuple[bool, int]:
    return isinstance(recorded.event, DeliveryGivenUp), recorded.version


async def retry_dead_letter(running: Running, request: web.Request, call: Call) -> web.StreamResponse:
    """202: it is sent again, once."""
    text = request.match_info["number"]
    number = int(text) if text.isdecimal() and len(text) < 12 else 0

    def work(tx: Tx) -> None:
        found = _required(tx, request, call)
        if dead_letters(tx, found.id, after=number - 1, limit=1) != [number]:
            raise Refusal("NO_SUCH_DEAD_LETTER", f"there is no dead letter {text[:20]}", kind=Kind.NOT_FOUND)
        stream = delivery_stream(found.id, number)
        event = DeliveryRetried(subscription=str(found.id), number=number)
        tx.append(stream, [event], after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)

    await running.log.write(work)
    return web.Response(status=202)


def _required(reader: Reader, request: web.Request, call: Call) -> Subscription:
    try:
        found = subscription_of(reader, UUID(request.match_info["subscription"]))
    except ValueError:
        found = None
    asked = call.programme, request.match_info["query"]
    if found is None or (found.programme, found.wanted.query) != asked or not _is_for(found, call):
        raise Refusal("NO_SUCH_SUBSCRIPTION", "there is no such subscription", kind=Kind.NOT_FOUND)
    return found


def _is_for(found: Subscription, call: Call) -> bool:
    """Whether somebody may know of it: a party knows its own."""
    return not call.claims.parties or found.caller.name == call.claims.subject


def _shown(found: Subscription) -> dict[str, Any]:
    wanted = found.wanted
    delivered = datetime.fromisoformat(found.delivered) if found.delivered else None
    initial = wanted.initial_record_time or found.created
    return {
        "subscriptionID": str(found.id),
        "dest": wanted.destination,
        "createdAt": moment_text(found.created),
        **({"lastNotifiedAt": moment_text(delivered)} if delivered else {}),
        "initialRecordTime": moment_text(initial.astimezone(UTC)),
        "minRecordTime": moment_text((delivered or initial).astimezone(UTC)),
        "epcFormat": "Always_GS1_Digital_Link" if wanted.as_links else "Never_Translates",
        **({"signatureToken": "…"} if wanted.secret else {}),
        "reportIfEmpty": wanted.report_if_empty,
        **({"stream": True} if wanted.schedule is None else {"schedule": _schedule(wanted.schedule)}),
    }


def _schedule(schedule: Schedule) -> dict[str, str]:
    values = zip(FIELDS, schedule.model_dump().values(), strict=True)
    return {name: value for name, value in values if value}
