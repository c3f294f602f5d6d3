"""The values of a query's parameters, each of its kind or refused with the parameter's name."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from fenxiao.epcis import Json, Names, Vocabulary, canonical_text, is_uri
from fenxiao.errors import Refusal
from services.traceability.domain.facts import Space, micros

MOST_VALUES: Final = 1000
"""Of one parameter."""
MOST_TEXT: Final = 2000
"""Characters of a value."""

_SPACES: Final = "|".join(space.value for space in Space if space)
_OWN_FIELD: Final = re.compile(rf"(INNER_)?(?:({_SPACES})_)?([A-Za-z][A-Za-z0-9.+\-]*:.+)", re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


def invalid(name: str, message: str) -> Refusal:
    """A parameter that cannot be."""
    return Refusal("QUERY_PARAMETER", f"{name[:200]}: {message}", field=name[:200])


def values_of(name: str, value: Json) -> list[Json]:
    """One value or several."""
    values: list[Json] = [*value] if isinstance(value, list) else [value]
    if not values or len(values) > MOST_VALUES:
        raise invalid(name, f"write one value at least and {MOST_VALUES} at most")
    return values


def single(name: str, value: Json) -> Json:
    """The one value."""
    values = values_of(name, value)
    if len(values) != 1:
        raise invalid(name, "write one value")
    return values[0]


def texts(name: str, value: Json) -> list[str]:
    """Texts; numbers and truth values as they are written."""
    found: list[str] = []
    for one in values_of(name, value):
        if isinstance(one, dict | list) or one is None or one == "":
            raise invalid(name, "write a text or a list of texts")
        text = ("true" if one else "false") if isinstance(one, bool) else str(one)
        if len(text) > MOST_TEXT:
            raise invalid(name, f"a value has at most {MOST_TEXT} characters")
        found.append(text)
    return found


def identifier(name: str, text: str, names: Names) -> str:
    """A URI in its one form."""
    if not is_uri(names.expand(text)):
        raise invalid(name, f"{text[:100]!r} is no URI")
    return canonical_text(text, names)


def word(name: str, vocabulary: Vocabulary, text: str, names: Names) -> str:
    """A standard word in any spelling, or the URI of another."""
    found = vocabulary.word(canonical_text(text, names))
    if found not in vocabulary.words and ":" not in found:
        raise invalid(name, f"{text[:100]!r} is no {vocabulary.label} of the standard; words of your own are URIs")
    return found


def one_of(name: str, value: Json, choices: Sequence[str]) -> str:
    """One of some words."""
    if not isinstance(value, str) or value not in choices:
        raise invalid(name, f"write {' or '.join(choices)}")
    return value


def flag(name: str, value: Json) -> bool:
    """Whether something is asked for: false means that it is not, and whatever else the standard has stood for true."""
    one = single(name, value)
    if one is None or one in (True, "", "true", "null") or isinstance(one, Decimal):
        return True
    if one in (False, "false"):
        return False
    raise invalid(name, "write true")


def count(name: str, value: Json) -> int:
    """A whole number above 0."""
    one = single(name, value)
    text = "" if isinstance(one, bool) else str(one)
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise invalid(name, "write a whole number above 0")
    return int(text)


def number(name: str, value: Json) -> Decimal:
    """A number, exactly."""
    text = "" if isinstance(value, bool) else str(value)
    if len(text) > 64 or not _NUMBER.fullmatch(text):
        raise invalid(name, "write a number")
    return Decimal(text)


def moment(name: str, value: Json) -> int:
    """A time with its offset, in microseconds since 1970."""
    try:
        return micros(value if isinstance(value, str) else "")
    except ValueError:
        raise invalid(name, "write a time with its offset, such as 2025-11-03T07:30:00+01:00") from None


def own_field(name: str, text: str, names: Names) -> str:
    """The name of a partner's own field: its space, whether it is an inner one, `{namespace}local`."""
    found = _OWN_FIELD.fullmatch(text)
    if found is None:
        raise invalid(name, "there is no such parameter; a field of your own is named with its prefix or namespace")
    check_prefix(name, found[3], names)
    return f"{found[2] or ''}{' inner' if found[1] else ''} {names.key(found[3])}"


def check_prefix(name: str, text: str, names: Names) -> None:
    """Refuses a name whose prefix nobody has defined."""
    prefix, colon, local = text.partition(":")
    if colon and not names.knows(prefix) and not local.startswith("//") and prefix != "urn":
        message = f"the prefix {prefix!r} is not defined; write the whole namespace, or define it in GS1-Extensions"
        raise invalid(name, message)
