"""What a SimpleEventQuery asks for, from the options of a command."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import read_item
from fenxiao.cli.periods import read_moment

WORDS: Final = {
    "event_type": "eventType",
    "action": "EQ_action",
    "step": "EQ_bizStep",
    "disposition": "EQ_disposition",
    "event_id": "EQ_eventID",
}
"""Options that take words, and their parameters."""
PLACES: Final = {"at": "WD_readPoint", "location": "WD_bizLocation"}
MOMENTS: Final = {
    "since": "GE_eventTime",
    "until": "LT_eventTime",
    "recorded_since": "GE_recordTime",
    "recorded_until": "LT_recordTime",
}


def read_query(
    parameters: Sequence[str],
    prefixes: Sequence[str],
    items: Sequence[str],
    named: Mapping[str, Sequence[str] | str | None],
    where: ZoneInfo,
) -> dict[str, Any]:
    """Give a query as the JSON object of its parameters. What they mean is checked by the service."""
    found: dict[str, list[str]] = {}

    def put(name: str, values: Sequence[str]) -> None:
        if values:
            found.setdefault(name, []).extend(values)

    for text in parameters:
        name, equals, value = text.partition("=")
        if not name or not equals:
            message = f"{text[:60]!r} is no parameter; write NAME=VALUE, for example EQ_bizStep=shipping."
            raise Misuse("INVALID_PARAMETER", message)
        put(name, value.split("|"))
    for option, name in WORDS.items():
        put(name, [*(named.get(option) or ())])
    for option, name in PLACES.items():
        put(name, [read_item(text) for text in named.get(option) or ()])
    for option, name in MOMENTS.items():
        if text := named.get(option):
            put(name, [read_moment(str(text), where).isoformat().replace("+00:00", "Z")])
    for name, uris in _by_level(items).items():
        put(name, uris)
    context = dict(map(_prefix, prefixes))
    return {**({"@context": context} if context else {}), **found}


def _by_level(items: Sequence[str]) -> dict[str, list[str]]:
    """Lots and classes are asked for in another way than what has an identifier of its own."""
    from fenxiao.epcis import Level, parse_identifier  # noqa: PLC0415 - takes its time, and --help needs none of it

    found: dict[str, list[str]] = {}
    for text in items:
        uri = read_item(text)
        known = parse_identifier(uri)
        whole = known is not None and known.level is not Level.INSTANCE
        found.setdefault("MATCH_anyEPCClass" if whole else "MATCH_anyEPC", []).append(uri)
    if len(found) > 1:
        message = "Ask for objects, or for lots and products: an event about both at once would be wanted."
        raise Misuse("MIXED_ITEMS", message)
    return found


def _prefix(text: str) -> tuple[str, str]:
    prefix, equals, namespace = text.partition("=")
    if not prefix or not equals or not namespace:
        message = f"{text[:60]!r} defines no prefix; write PREFIX=NAMESPACE, for example ex=https://ns.example.com/."
        raise Misuse("INVALID_PREFIX", message)
    return prefix, namespace
