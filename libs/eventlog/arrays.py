"""Arrays as PostgreSQL writes them: many values as one, made faster than its driver makes them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import psycopg

_BETWEEN: Final = "\0"
"""Between texts while they are put together: no text in PostgreSQL holds it."""


def array_of(values: Sequence[Any]) -> str:
    """The array of some values. Raises TypeError for what it knows no way to write."""
    kinds = set(map(type, values))
    write = _ALIKE.get(next(iter(kinds))) if len(kinds) == 1 else None
    if write is None and kinds and all(issubclass(kind, int) for kind in kinds):
        write = _integers
    return "{" + (write(values) if write else ",".join(map(_one, values))) + "}"


def _numbers(values: Sequence[Any]) -> str:
    return ",".join(map(str, values))


def _integers(values: Sequence[int]) -> str:
    return ",".join(map(str, map(int, values)))


def _texts(values: Sequence[str]) -> str:
    together = _BETWEEN.join(values)
    if together.count(_BETWEEN) >= len(values):
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    escaped = together.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace(_BETWEEN, '","') + '"'


def _bytes(values: Sequence[bytes]) -> str:
    return ",".join(f'"\\\\x{value.hex()}"' for value in values)


def _one(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | float():
            return str(value)
        case int():
            return str(int(value))
        case bytes():
            return _bytes((value,))
        case str() | UUID() | Decimal() | datetime():
            return _texts((str(value),))
        case _:
            raise TypeError(f"no array is made of {type(value).__name__}")


_ALIKE: Final[dict[type, Callable[[Sequence[Any]], str]]] = {
    int: _numbers,
    float: _numbers,
    bool: _numbers,
    str: _texts,
    bytes: _bytes,
}
