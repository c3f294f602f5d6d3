"""What a caller would rather have: media types and languages with their weights (RFC 9110, 12.5; RFC 4647)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

MOST: Final = 32
"""Entries of a header that are looked at."""


class Wish(NamedTuple):
    """One entry of a header."""

    value: str
    weight: float


def wishes(header: str) -> list[Wish]:
    """Read a header; what is not right in it counts for nothing."""
    found: list[Wish] = []
    for entry in header[:2000].split(",")[:MOST]:
        value, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, text = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(text.strip())
        if value:
            found.append(Wish(value, weight))
    return found


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() and len(digits) <= 8 else 0.0


def type_weight(accept: Sequence[Wish], media_type: str) -> float:
    """How much a media type is wanted; the most exact entry counts. No header: everything alike."""
    if not accept:
        return 1.0
    kind = media_type.partition("/")[0]
    for form in (media_type, f"{kind}/*", "*/*"):
        found = [wish.weight for wish in accept if wish.value == form]
        if found:
            return max(found)
    return 0.0


def language_weight(languages: Sequence[Wish], language: str) -> float:
    """How much a language is wanted: `zh` is `zh-cn` too, and the other way about, a little less."""
    language = language.lower()
    best = 0.0
    for wish in languages:
        if wish.value == language:
            return wish.weight
        if wish.value == "*":
            best = max(best, wish.weight * 0.5)
        elif wish.value.partition("-")[0] == language.partition("-")[0]:
            best = max(best, wish.weight * 0.9)
    return best


def best_type(accept: Sequence[Wish], offered: Sequence[str]) -> str:
    """Which of some media types; empty if none is wanted. The first among equals."""
    best = max(offered, key=lambda one: type_weight(accept, one))
    return best if type_weight(accept, best) > 0 else ""


def best_language(languages: Sequence[Wish], offered: Sequence[str]) -> str:
    """Which of some languages: the first if none of them is wanted."""
    return max(offered, key=lambda one: language_weight(languages, one))
