"""Named queries and subscriptions: what may be defined, and when a subscription is due."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from fenxiao.epcis import Json, Names
from fenxiao.epcis.moments import to_utc
from fenxiao.errors import Refusal
from services.traceability.domain.events import Schedule
from services.traceability.domain.parameters import read_query
from services.traceability.domain.query import Query

_NAMESPACE: Final = UUID("5a1d3c0e-0c52-4a8e-8d53-6c6f5e2b9a11")

MOST_BYTES: Final = 64 * 1024
"""Of a query or a subscription as JSON."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")
_PART: Final = re.compile(r"([0-9]{1,2})|\[([0-9]{1,2})-([0-9]{1,2})\]")
FIELDS: Final = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),
}
"""Of a schedule, with the least and the greatest number of each."""


def query_stream(programme: str, name: str) -> UUID:
    """The stream of a named query."""
    return uuid5(_NAMESPACE, f"{programme}/query/{name}")


def delivery_stream(subscription: UUID, number: int) -> UUID:
    """The stream of a delivery."""
    return uuid5(_NAMESPACE, f"{subscription}/{number}")


def read_json(body: bytes) -> dict[str, Json]:
    """A JSON object. Raises `Refusal` INVALID_JSON."""
    if len(body) > MOST_BYTES:
        raise Refusal("BODY_TOO_LARGE", f"a definition has at most {MOST_BYTES:,} bytes")
    try:
        found = json.loads(body, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refusal("INVALID_JSON", "the body is JSON that names each field once") from None
    if not isinstance(found, dict):
        raise Refusal("INVALID_JSON", "the body is a JSON object")
    return cast("dict[str, Json]", found)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def check_name(name: Json) -> str:
    """The name of a query. Raises `Refusal` QUERY_INVALID."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = "a query's name has 1 to 100 letters, digits, dots, hyphens and underscores"
        raise Refusal("QUERY_INVALID", message, field="name")
    return name


def stored_query(text: str) -> Query:
    """A query as it was defined."""
    return read_query(json.loads(text, parse_float=Decimal, parse_int=Decimal), Names())


def controls(message: str, field: str) -> Refusal:
    """A subscription that cannot be."""
    return Refusal("SUBSCRIPTION_CONTROLS", f"{field}: {message}", field=field)


def check_destination(value: Json) -> str:
    """Where results are sent. Raises `Refusal` SUBSCRIPTION_CONTROLS."""
    text = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and not parts.username and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or len(text) > 2000 or re.search(r"[\s\x00-\x1f]", text):
        raise controls("write the http or https address of your endpoint, without a name or password in it", "dest")
    return text


def read_schedule(fields: Mapping[str, Json]) -> Schedule:
    """When a subscription is due. Raises `Refusal` SUBSCRIPTION_CONTROLS."""
    if unknown := fields.keys() - FIELDS.keys():
        raise controls(f"a schedule has {', '.join(FIELDS)}", min(unknown)[:100])
    if not fields:
        raise controls("name at least one field of it", "schedule")
    texts = {name: _schedule_text(name, value) for name, value in fields.items()}
    schedule = Schedule(
        second=texts.get("second", ""),
        minute=texts.get("minute", ""),
        hour=texts.get("hour", ""),
        day_of_month=texts.get("dayOfMonth", ""),
        month=texts.get("month", ""),
        day_of_week=texts.get("dayOfWeek", ""),
    )
    if next_due(schedule, datetime(2024, 1, 1, tzinfo=UTC)) is None:  # before a leap year's day
        raise controls("there is no such day", "schedule")
    return schedule


def _schedule_text(name: str, value: Json) -> str:
    text = str(value) if isinstance(value, str | Decimal) else ""
    if not text or len(text) > 400 or not _numbers(name, text):
        least, most = FIELDS[name]
        raise controls(f"write numbers from {least} to {most}, such as 5 or 1,[10-12]", name)
    return text


def _numbers(name: str, text: str) -> frozenset[int]:
    """The numbers of a field; none where it is not well written. An empty field means its least or any number."""
    least, most = FIELDS[name]
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            return frozenset()
        first, last = (int(match[1]),) * 2 if match[1] else (int(match[2]), int(match[3]))
        if not least <= first <= last <= most:
            return frozenset()
        found |= set(range(first, last + 1))
    return frozenset(found)


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first whole second behind a moment that a schedule names, in UTC; None if there is none in nine years.

    A field that is left out fits always; but behind the finest one that is named, finer ones are at their least, as
    people mean it: `hour: 1, minute: 5` is five past one, once.
    """
    texts = [schedule.second, schedule.minute, schedule.hour]
    finest = next((place for place, text in enumerate(texts) if text), 3)
    names = ["second", "minute", "hour"]
    fits = [
        _numbers(name, text) if text else frozenset({0}) if place < finest else frozenset(range(60))
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
    ]
    days = _numbers("dayOfMonth", schedule.day_of_month) if schedule.day_of_month else frozenset(range(1, 32))
    months = _numbers("month", schedule.month) if schedule.month else frozenset(range(1, 13))
    weekdays = _numbers("dayOfWeek", schedule.day_of_week) if schedule.day_of_week else frozenset(range(1, 8))
    start = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    day = start.replace(hour=0, minute=0, second=0)
    for _ in range(9 * 366):
        if day.day in days and day.month in months and day.isoweekday() in weekdays:
            for hour in sorted(fits[2] & set(range(24))):
                for minute in sorted(fits[1]):
                    for second in sorted(fits[0]):
                        moment = day.replace(hour=hour, minute=minute, second=second)
                        if moment >= start:
                            return moment
        day += timedelta(days=1)
    return None


def read_moment(value: Json, field: str) -> datetime:
    """A time with its offset. Raises `Refusal` SUBSCRIPTION_CONTROLS."""
    try:
        return to_utc(value if isinstance(value, str) else "")
    except ValueError:
        raise controls("write a time with its offset, such as 2025-11-03T07:30:00Z", field) from None


def backoff(tries: int, pause: float) -> timedelta:
    """How long to wait after so many tries: twice as long each time, an hour at most."""
    return timedelta(seconds=min(pause * 2 ** min(tries - 1, 20), 3600.0))
