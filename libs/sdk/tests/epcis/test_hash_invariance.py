"""One event has one hash, however it is written: order, spelling, time zone, names. Another event has another."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import EpcisError, Vocabulary, check_digit, read_document
from libs.sdk.tests.epcis.samples import CONTEXT, FULL, document, full

SETTINGS = settings(max_examples=60, deadline=None)
Respell = Callable[[Any, random.Random], Any]


def hash_of(event: Any, context: Any = None) -> str:
    whole = document(event) if context is None else document(event, **{"@context": context})
    (one,) = read_document(json.dumps(whole).encode()).events
    return one.hash


def respelt(value: Any, chance: random.Random, change: Respell, path: tuple[str, ...] = ()) -> Any:
    """Write every part another way."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        items = [(name, respelt(item, chance, change, (*path, name))) for name, item in fields.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        # A list in a list is a thing of its own; its order counts no more than that of any other.
        made = [respelt(item, chance, change, path) for item in cast("list[Any]", value)]
        chance.shuffle(made)
        return made
    return change(value, chance) if path[-1] not in ("type", "action", "eventTimeZoneOffset") else value


def as_link(text: str, chance: random.Random) -> str:
    """A URN of the samples as a Digital Link of anybody's."""
    home = chance.choice(["https://id.gs1.org/", "http://shop.example/", "https://brand.example/a/b/"])
    kind, _, body = text.removeprefix("urn:epc:").partition(":")[2].partition(":")
    parts = body.split(".")
    if kind in ("sgtin", "lgtin"):
        digits = parts[1][0] + parts[0] + parts[1][1:]
        gtin = (digits + check_digit(digits)).removeprefix("0")
        gtin = gtin if chance.random() < 0.5 else gtin.zfill(14)
        key, own = chance.choice([("01", {"sgtin": "21", "lgtin": "10"}), ("gtin", {"sgtin": "ser", "lgtin": "lot"})])
        if kind == "sgtin" and parts[2] == "*":
            return f"{home}{key}/{gtin}?linkType=all"
        return f"{home}{key}/{gtin}/{own[kind]}/{parts[2]}{chance.choice(['', '/', '?a=b', '#c'])}"
    if kind == "sscc":
        digits = parts[1][0] + parts[0] + parts[1][1:]
        return f"{home}{chance.choice(['00', 'sscc'])}/{digits}{check_digit(digits)}"
    if kind == "sgln":
        gln = parts[0] + parts[1] + check_digit(parts[0] + parts[1])
        return f"{home}{chance.choice(['414', 'gln'])}/{gln}" + (f"/254/{parts[2]}" if parts[2] != "0" else "")
    if kind == "pgln":
        return f"{home}417/{parts[0]}{parts[1]}{check_digit(parts[0] + parts[1])}"
    return text


def other_spelling(value: Any, chance: random.Random) -> Any:
    if isinstance(value, str) and value.startswith("urn:epc:"):
        return as_link(value, chance)
    if isinstance(value, str) and value in Vocabulary.BIZ_STEP.words:
        return chance.choice([value, Vocabulary.BIZ_STEP.uri(value), "cbv:BizStep-" + value])
    if isinstance(value, str) and value in Vocabulary.DISPOSITION.words:
        return chance.choice([value, Vocabulary.DISPOSITION.uri(value), "cbv:Disp-" + value])
    if isinstance(value, str) and value.startswith("2025") and "T" in value:
        moment = datetime.fromisoformat(value) + timedelta(microseconds=chance.choice([0, 0, 1, 400, -500, 499]))
        if chance.random() < 0.5:
            moment = moment.astimezone(timezone(timedelta(minutes=chance.randrange(-840, 841))))
        return (
            moment.isoformat() if chance.random() < 0.5 else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        )
    return value


@SETTINGS
@given(st.sampled_from(sorted(FULL)), st.randoms(use_true_random=False))
def test_order_spelling_and_time_zone_do_not_count(kind: str, chance: random.Random):
    event = full(kind)
    assert hash_of(respelt(event, chance, other_spelling)) == hash_of(event)


@SETTINGS
@given(st.sampled_from(sorted(FULL)))
def test_the_names_of_prefixes_do_not_count(kind: str):
    text = json.dumps(full(kind))
    renamed = json.loads(text.replace('"ex:', '"mine:'))
    in_full = json.loads(
        text.replace('"ex:Shine"', '"https://ex.example.com/ns/Shine"').replace('"ex:', '"https://ex.example.com/ns/')
    )
    context = [CONTEXT, {"mine": {"@id": "https://ex.example.com/ns/"}}]
    assert hash_of(renamed, context) == hash_of(in_full) == hash_of(json.loads(text))
    assert hash_of({**renamed, "@context": context[1]}, CONTEXT) == hash_of(json.loads(text))
    # The last definition of a prefix counts, also of one of the standard's.
    other = hash_of(json.loads(text), [CONTEXT, {"ex": "https://other.example/"}])
    assert other != hash_of(json.loads(text))
    assert hash_of(
        json.loads(text), [CONTEXT, {"ex": "https://other.example/"}, {"ex": "https://ex.example.com/ns/"}]
    ) == (hash_of(json.loads(text)))


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)


@SETTINGS
@given(numbers)
def test_numbers_are_the_same_in_every_spelling(number: Any):
    plain = format(number, "f")
    event = json.dumps(document(full("ObjectEvent", quantityList=[{"epcClass": "urn:x:1", "quantity": 123456789}])))

    def hashed(text: str) -> str:
        return read_document(event.replace("123456789", text).encode()).events[0].hash

    spelt = [plain, f"{number:e}", plain + "000" if "." in plain else plain + ".000"]
    assert len({hashed(text) for text in spelt}) == 1
    assert hashed(plain) != hashed(format(number + 1, "f"))


@SETTINGS
@given(st.sampled_from(sorted(FULL)), st.randoms(use_true_random=False))
def test_another_event_has_another_hash(kind: str, chance: random.Random):
    event = full(kind)
    places = [path for path in leaves(event) if not set(path) & {"eventID", "recordTime", "errorDeclaration"}]
    changed = json.loads(json.dumps(event))
    *way, last = chance.choice(places)
    part: Any = changed
    for step in way:
        part = part[step]
    old = part[last]
    part[last] = changed_value(old)
    if part[last] != old:
        with suppress(EpcisError):  # it may no longer be valid
            assert hash_of(changed) != hash_of(event), (way, last, part[last])


def changed_value(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if value.startswith("2025-11") and "T" in value:
            return value.replace("2025-11", "2025-10")
        case str():
            return value + "1"
        case _:
            return "1"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return [path]
    container = cast("Any", value)
    names: Any = range(len(container)) if isinstance(value, list) else container
    return [found for name in names for found in leaves(container[name], (*path, name))]
