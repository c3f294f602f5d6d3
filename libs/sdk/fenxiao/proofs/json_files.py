"""Reading JSON that strangers hand over."""

import json
import re
from typing import Any, Final

DEEPEST: Final = 16
"""Objects and lists inside each other: no proof needs more."""

# A library may have raised Python's recursion limit so far that deep nesting ends the process. A string counts from any
# quotation mark on, closed or not: else a long open one would be tried again from each mark in it.
_STRUCTURE: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def read_json(data: bytes) -> Any:
    """Decode JSON. Raises ValueError for what is none, or is nested too deep."""
    depth = 0
    for found in _STRUCTURE.finditer(data):
        match found[0]:
            case b"[" | b"{":
                depth += 1
                if depth > DEEPEST:
                    raise ValueError(f"objects and lists may be nested {DEEPEST} deep")
            case b"]" | b"}":
                depth -= 1
            case _:
                pass
    return json.loads(data)


def as_text(value: Any) -> str:
    """Give a text as one. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def as_number(value: Any) -> int:
    """Give a whole number as one. Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def as_bytes(value: Any) -> bytes:
    """Give what `0x…` stands for. Raises TypeError and ValueError."""
    text = as_text(value)
    if not text.startswith("0x"):
        raise ValueError(text)
    return bytes.fromhex(text[2:])
