"""Patterns of identifiers (EPC Tag Data Standard, 8): `urn:epc:idpat:sgtin:9521141.*.*`, and what fits them.

A pattern is a regular expression over the canonical forms. Those that stand for one class of goods
(`urn:epc:idpat:sgtin:9521141.012345.*`) are that class's name, and no matter of this module.
"""

import re
from collections.abc import Callable
from typing import Final

from fenxiao.epcis import Names, canonical_text

_HOME: Final = re.escape("https://id.gs1.org/")
_PATTERN: Final = re.compile(r"urn:epc:idpat:([a-z]+):(.+)", re.DOTALL)
_DIGITS: Final = re.compile(r"[0-9]+|\*")


def _company(parts: list[str], digits: int) -> str | None:
    """Company prefix and reference of so many digits together, with the check digit behind them."""
    prefix, reference = parts[0], parts[1] if len(parts) > 1 else "*"
    if prefix == "*":
        return rf"\d{{{digits + 1}}}"
    if reference == "*":
        return rf"{prefix}\d{{{digits + 1 - len(prefix)}}}" if len(prefix) <= digits else None
    return rf"{prefix}{reference}\d" if len(prefix) + len(reference) == digits else None


def _goods(parts: list[str]) -> str | None:
    """A GTIN: its indicator, the first digit of the reference, stands before the company prefix."""
    prefix, reference = parts[0], parts[1]
    if prefix == "*":
        return r"\d{14}"
    if reference == "*":
        return rf"\d{prefix}\d{{{13 - len(prefix)}}}"
    return rf"{reference[0]}{prefix}{reference[1:]}\d" if len(prefix) + len(reference) == 13 else None


def _after(start: str, number: Callable[[list[str]], str | None], tail: str) -> Callable[[list[str]], str | None]:
    def form(parts: list[str]) -> str | None:
        found = number(parts)
        return f"{start}{found}{tail}" if found else None

    return form


def _digits(count: int) -> Callable[[list[str]], str | None]:
    return lambda parts: _company(parts, count)


def _container(parts: list[str]) -> str | None:
    prefix = "" if parts[0] == "*" else parts[0]
    return rf"\d{prefix}\d{{{17 - len(prefix)}}}"


def _free(parts: list[str]) -> str | None:
    return "[0-9].*" if parts[0] == "*" else f"{parts[0]}.+"


_FORMS: Final[dict[str, tuple[int, Callable[[list[str]], str | None]]]] = {
    "sgtin": (3, _after("01/", _goods, "(?:/21/.+)?")),
    "upui": (3, _after("01/", _goods, "(?:/235/.+)?")),
    "sscc": (2, _after("00/", _container, "")),
    "sgln": (3, _after("414/", _digits(12), "(?:/254/.+)?")),
    "pgln": (2, _after("417/", _digits(12), "")),
    "grai": (3, _after("8003/0", _digits(12), ".*")),
    "gdti": (3, _after("253/", _digits(12), ".*")),
    "sgcn": (3, _after("255/", _digits(12), ".*")),
    "gsrn": (2, _after("8018/", _digits(17), "")),
    "gsrnp": (2, _after("8017/", _digits(17), "")),
    "gsin": (2, _after("402/", _digits(16), "")),
    "giai": (2, _after("8004/", _free, "")),
    "ginc": (2, _after("401/", _free, "")),
    "cpi": (3, _after("8010/", _free, "")),
}
"""How many parts, and of what form."""


def pattern_of(text: str, names: Names) -> re.Pattern[str] | None:
    """What fits a pattern that no single identifier stands for; None for any other text. Raises ValueError."""
    found = _PATTERN.fullmatch(text)
    if found is None or "*" not in found[2] or canonical_text(text, names) != text:
        return None
    kind, parts = found[1], found[2].split(".")
    first = parts.index("*") if "*" in parts else len(parts)
    if any(part != "*" for part in parts[first:]) or first == len(parts):
        raise ValueError("a part that is open (*) is followed by open ones only")
    form = _FORMS.get(kind)
    if form is None:
        # Keys of others have no Digital Link: they stay as they are written.
        fixed = "".join(re.escape(part) + r"\." for part in parts[:first])
        return re.compile(rf"urn:epc:id:{kind}:{fixed}.+", re.DOTALL)
    count, write = form
    body = write(parts) if len(parts) == count and all(_DIGITS.fullmatch(part) for part in parts[:2]) else None
    if body is None:
        raise ValueError("its parts do not have the right length or number")
    return re.compile(_HOME + body, re.DOTALL)


def plain_form(text: str) -> str:
    """A pattern in which nothing is open names one object: the URI of that."""
    return text.replace("urn:epc:idpat:", "urn:epc:id:", 1) if "*" not in text else text
