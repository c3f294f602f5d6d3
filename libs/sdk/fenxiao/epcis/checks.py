"""What checks are made of: each says what is wrong with a value, and where in it; nothing if it is right.

A check is a function, made once from the pieces here. Where there is nothing to say it costs a call and a comparison.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from fenxiao.epcis.formats import is_date_time, is_uri
from fenxiao.epcis.moments import lacks_offset
from fenxiao.epcis.strict_json import Json, NoNumber
from fenxiao.epcis.vocabulary import Vocabulary

Problem = tuple[tuple[str | int, ...], str, str]
"""Where in the value (from it on), the rule, and what to do."""
Check = Callable[[Json], list[Problem] | None]

NOT_TEXT: Final = "this is a text; write it in double quotes"
NOT_LIST: Final = "this is a list; write it in [ ]"
NOT_OBJECT: Final = "this is an object; write it in { }"

_MOST_SUGGESTED_FROM: Final = 40
_ENOUGH: Final = 100
"""Problems in one list or object, behind which no more are looked for."""
# The schema wants standard words bare, and no older spelling of them.
_OLD_CBV: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OLD_GS1: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")


def problem(rule: str, message: str) -> list[Problem]:
    """Say one thing of the value itself."""
    return [((), rule, message)]


def within(place: str | int, found: Iterable[Problem]) -> list[Problem]:
    """Say of a value what was found in a part of it."""
    return [((place, *path), rule, message) for path, rule, message in found]


def shown(text: str) -> str:
    """Write a text as a message shows it."""
    return repr(text[:80])


def text(value: Json) -> list[Problem] | None:
    """Check for a text."""
    return None if isinstance(value, str) else problem("WRONG_TYPE", NOT_TEXT)


def number(value: Json) -> list[Problem] | None:
    """Check for a number; one that is out of range has been found already."""
    if isinstance(value, Decimal | NoNumber):
        return None
    return problem("WRONG_TYPE", "this is a number; write it without quotes")


def boolean(value: Json) -> list[Problem] | None:
    """Check for true or false."""
    if isinstance(value, bool):
        return None
    return problem("WRONG_TYPE", "this is true or false, without quotes")


def anything(value: Json) -> list[Problem] | None:
    """Take what the standard leaves open."""
    del value


def uri(value: Json) -> list[Problem] | None:
    """Check for a URI."""
    if not isinstance(value, str):
        return problem("WRONG_TYPE", NOT_TEXT)
    if is_uri(value):
        return None
    return problem("INVALID_URI", f"{shown(value)} is not a URI; write one such as urn:epc:id:sgtin:…")


def time(value: Json) -> list[Problem] | None:
    """Check for a time with its offset."""
    if not isinstance(value, str):
        return problem("WRONG_TYPE", NOT_TEXT)
    if is_date_time(value):
        return None
    if lacks_offset(value):
        message = f"{shown(value)} does not say its offset from UTC; add Z or one such as +02:00"
        return problem("MISSING_OFFSET", message)
    return problem("INVALID_TIME", f"{shown(value)} is not a time; write one such as 2025-11-03T07:30:00+01:00")


def pattern(form: str, example: str) -> Check:
    """Check for a text of a form."""
    fits = re.compile(form).fullmatch

    def check(value: Json) -> list[Problem] | None:
        if not isinstance(value, str):
            return problem("WRONG_TYPE", NOT_TEXT)
        if fits(value):
            return None
        return problem("WRONG_FORM", f"{shown(value)} must look like {example}, that is {form}")

    return check


def one_of(words: Iterable[str]) -> Check:
    """Check for one of a few words."""
    known = list(words)
    listed = " or ".join(filter(None, [", ".join(known[:-1]), known[-1]]))

    def check(value: Json) -> list[Problem] | None:
        if not isinstance(value, str):
            return problem("WRONG_TYPE", NOT_TEXT)
        if value in known:
            return None
        return problem("UNKNOWN_WORD", f"{shown(value)} is not known here; write {listed}")

    return check


def word(vocabulary: Vocabulary) -> Check:
    """Check for a word of a vocabulary, or a URI of somebody's own."""
    words = vocabulary.words
    old = _OLD_GS1 if vocabulary in (Vocabulary.MEASUREMENT, Vocabulary.SENSOR_ALERT) else _OLD_CBV

    def check(value: Json) -> list[Problem] | None:
        if not isinstance(value, str):
            return problem("WRONG_TYPE", NOT_TEXT)
        if value in words or (is_uri(value) and not old.match(value)):
            return None
        instead = "write the bare word of the standard, or the URI of your own"
        if meant := vocabulary.guess(value):
            instead = f"write {meant!r}"
        elif near := _nearest(value, words):
            instead += f"; the nearest is {near!r}"
        return problem("UNKNOWN_WORD", f"{shown(value)} is not a {vocabulary.label} of CBV 2.0; {instead}")

    return check


def listing(item: Check, *, least: int = 0, unique: bool = False) -> Check:
    """Check for a list of items."""

    def check(value: Json) -> list[Problem] | None:
        if not isinstance(value, list):
            return problem("WRONG_TYPE", NOT_LIST)
        found: list[Problem] = []
        for place, one in enumerate(value):
            if wrong := item(one):
                found += within(place, wrong)
                if len(found) >= _ENOUGH:
                    break
        if len(value) < least:
            found += problem("TOO_SHORT", "the list is empty; leave it out or fill it")
        if unique and _repeats(value):
            found += problem("REPEATED_ITEM", "an item stands twice in the list; keep one of them")
        return found or None

    return check


def members(
    fields: Mapping[str, Check], *, required: Iterable[str] = (), others: Check | None = None, any_name: bool = False
) -> Check:
    """Check for an object. Fields that are not named must have URIs as names, unless any name will do.

    `others` checks the names of such fields; without it, none may be there.
    """
    needed = tuple(required)

    def check(value: Json) -> list[Problem] | None:
        if not isinstance(value, dict):
            return problem("WRONG_TYPE", NOT_OBJECT)
        found: list[Problem] = []
        for name, one in value.items():
            own = fields.get(name)
            if own is not None:
                if wrong := own(one):
                    found += within(name, wrong)
            elif not (any_name or (others is not None and others(name) is None)):
                found += within(name, unknown_field(name, fields))
            if len(found) >= _ENOUGH:
                break
        for name in needed:
            if name not in value:
                found += within(name, problem("MISSING_FIELD", f"the field {name} is required; add it"))
        return found or None

    return check


def unknown_field(name: str, fields: Iterable[str]) -> list[Problem]:
    """Say that there is no such field."""
    near = _nearest(name, fields)
    meant = f"did you mean {near}?" if near else "look at the spelling, or give your own field a prefix"
    return problem("UNKNOWN_FIELD", f"the standard knows no field {shown(name)} here; {meant}")


@lru_cache(maxsize=1024)
def _short_name(name: str) -> bool:
    return is_uri(name)


def own_name(value: Json) -> list[Problem] | None:
    """Check the name of a field of somebody's own: a URI, or a compact one."""
    if isinstance(value, str) and (_short_name(value) if len(value) <= _MOST_SUGGESTED_FROM * 2 else is_uri(value)):
        return None
    return problem("INVALID_URI", "the name of a field of your own is a URI; give it a prefix")


def _nearest(text: str, known: Iterable[str]) -> str:
    if len(text) > _MOST_SUGGESTED_FROM:
        return ""
    lower = {one.lower(): one for one in known}
    near = get_close_matches(text.lower(), lower, n=1, cutoff=0.75)
    return lower[near[0]] if near else ""


def _repeats(items: list[Json]) -> bool:
    if len(items) < 2:
        return False
    return len({item if isinstance(item, str) else _key(item) for item in items}) < len(items)


def _key(value: Json) -> tuple[object, ...]:
    """Make equal what JSON Schema calls equal, and nothing else: 1 and 1.0 are, 1 and true are not."""
    match value:
        case dict():
            return ("object", frozenset((name, _key(one)) for name, one in value.items()))
        case list():
            return ("list", tuple(map(_key, value)))
        case _:
            return (type(value), value)
