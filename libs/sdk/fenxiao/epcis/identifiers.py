"""GS1 identifiers in one form: the constrained canonical GS1 Digital Link URI of the CBV event hash.

`urn:epc:class:lgtin:4012345.012345.998877` and `https://shop.example/gtin/4012345123456/lot/998877?x=1` both name
`https://id.gs1.org/01/04012345123456/10/998877`. Only the finest level stands: a serial number hides the lot.
Check digits of Digital Links are taken as they are.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

_LINK: Final = "https://id.gs1.org/"

# What a serial number, lot or extension may hold; `%XX` stands for what a URI cannot show.
_CHARACTER: Final = r"(?:%[0-9A-Fa-f]{2}|[!'()*+,\-.0-9:;=A-Z_a-z])"
_ESCAPED: Final = re.compile("%..")
_PART: Final = r"(?:%(?:23|2[Ff])|[0-9A-Z\-])"
_ESCAPES: Final = str.maketrans({char: f"%{ord(char):02X}" for char in "!()*+,:"})

# --- EPC URIs


def check_digit(digits: str) -> str:
    """Compute the GS1 check digit (General Specifications, 7.9.1)."""
    total = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _checked(digits: str) -> str:
    return digits + check_digit(digits)


def _indicator_first(prefix: str, reference: str) -> str:
    """GTIN and SSCC begin with the reference's first digit."""
    return _checked(reference[0] + prefix + reference[1:])


def _prefix_first(prefix: str, reference: str) -> str:
    return _checked(prefix + reference)


class _Scheme:
    """How one kind of EPC URI is read: company prefix, reference of digits, and what follows."""

    def __init__(
        self, digits: int, rest: str, number: Callable[[str, str], str], write: Callable[[str, re.Match[str]], str]
    ) -> None:
        self._digits = digits
        self._form = re.compile(r"([0-9]{6,12})\.([0-9]*)" + rest)
        self._number = number
        self._write = write

    def canonical(self, body: str) -> str | None:
        found = self._form.fullmatch(body)
        if found is None or len(found[1]) + len(found[2]) != self._digits:
            return None
        return self._write(self._number(found[1], found[2]), found)


class _FreeScheme:
    """The kinds of EPC URI whose reference is text."""

    def __init__(self, form: str, key: str, tail: str = "") -> None:
        self._form = re.compile(form)
        self._key = key
        self._tail = tail

    def canonical(self, body: str) -> str | None:
        found = self._form.fullmatch(body)
        if found is None or len(found[1]) + len(_ESCAPED.sub("_", found[2])) > 30:
            return None
        tail = self._tail + found[3] if self._tail else ""
        return self._key + found[1] + found[2].translate(_ESCAPES) + tail


def _plain(key: str) -> Callable[[str, re.Match[str]], str]:
    return lambda number, _: key + number


def _tailed(key: str, between: str = "") -> Callable[[str, re.Match[str]], str]:
    return lambda number, found: key + number + between + found[3].translate(_ESCAPES)


def _sgln(number: str, found: re.Match[str]) -> str:
    # Extension 0 stands for none.
    return f"414/{number}" if found[3] == "0" else f"414/{number}/254/{found[3].translate(_ESCAPES)}"


def _itip(number: str, found: re.Match[str]) -> str:
    return f"8006/{number}{found[3]}{found[4]}/21/{found[5].translate(_ESCAPES)}"


def _itip_pattern(number: str, found: re.Match[str]) -> str:
    return f"8006/{number}{found[3]}{found[4]}"


def _grai(prefix: str, reference: str) -> str:
    return _checked("0" + prefix + reference)


def _tail(most: int) -> str:
    return rf"\.({_CHARACTER}{{1,{most}}})"


_ANY: Final = r"\.\*"

_SCHEMES: Final[dict[str, _Scheme | _FreeScheme]] = {
    "id:sgtin": _Scheme(13, _tail(20), _indicator_first, _tailed("01/", "/21/")),
    "id:upui": _Scheme(13, _tail(28), _indicator_first, _tailed("01/", "/235/")),
    "id:itip": _Scheme(13, r"\.([0-9]{2})\.([0-9]{2})" + _tail(20), _indicator_first, _itip),
    "id:sscc": _Scheme(17, "", _indicator_first, _plain("00/")),
    "id:sgln": _Scheme(12, _tail(20), _prefix_first, _sgln),
    "id:pgln": _Scheme(12, "", _prefix_first, _plain("417/")),
    "id:grai": _Scheme(12, _tail(16), _grai, _tailed("8003/")),
    "id:gdti": _Scheme(12, _tail(17), _prefix_first, _tailed("253/")),
    "id:sgcn": _Scheme(12, r"\.([0-9]{1,12})", _prefix_first, _tailed("255/")),
    "id:gsrn": _Scheme(17, "", _prefix_first, _plain("8018/")),
    "id:gsrnp": _Scheme(17, "", _prefix_first, _plain("8017/")),
    "id:gsin": _Scheme(16, "", _prefix_first, _plain("402/")),
    "id:giai": _FreeScheme(rf"([0-9]{{6,12}})\.({_CHARACTER}{{1,24}})", "8004/"),
    "id:ginc": _FreeScheme(rf"([0-9]{{6,12}})\.({_CHARACTER}{{1,24}})", "401/"),
    "id:cpi": _FreeScheme(rf"([0-9]{{6,12}})\.({_PART}{{1,24}})\.([0-9]{{1,12}})", "8010/", "/8011/"),
    "class:lgtin": _Scheme(13, _tail(20), _indicator_first, _tailed("01/", "/10/")),
    "idpat:sgtin": _Scheme(13, _ANY, _indicator_first, _plain("01/")),
    "idpat:upui": _Scheme(13, _ANY, _indicator_first, _plain("01/")),
    "idpat:itip": _Scheme(13, r"\.([0-9]{2})\.([0-9]{2})\.\*", _indicator_first, _itip_pattern),
    "idpat:grai": _Scheme(12, _ANY, _grai, _plain("8003/")),
    "idpat:gdti": _Scheme(12, _ANY, _prefix_first, _plain("253/")),
    "idpat:sgcn": _Scheme(12, _ANY, _prefix_first, _plain("255/")),
    "idpat:cpi": _FreeScheme(rf"([0-9]{{6,12}})\.({_PART}{{1,24}})\.\*", "8010/"),
}

_EPC: Final = re.compile(r"urn:epc:((?:id|class|idpat):[a-z]+):(.*)", re.DOTALL)

# --- GS1 Digital Link URIs

_URL: Final = re.compile(r"https?://[^/?#]*/([^?#]*)", re.IGNORECASE)

_KEYS: Final = {
    "00": r"[0-9]{18}",
    "01": r"[0-9]{8}|[0-9]{12,14}",
    "253": rf"[0-9]{{13}}{_CHARACTER}{{0,17}}",
    "255": r"[0-9]{13,25}",
    "401": rf"[0-9]{{4}}{_CHARACTER}{{1,26}}",
    "402": r"[0-9]{17}",
    "414": r"[0-9]{13}",
    "417": r"[0-9]{13}",
    "8003": rf"[0-9]{{14}}{_CHARACTER}{{0,16}}",
    "8004": rf"[0-9]{{4}}{_CHARACTER}{{1,26}}",
    "8006": r"[0-9]{18}",
    "8010": rf"[0-9]{{4}}{_PART}{{1,26}}",
    "8017": r"[0-9]{18}",
    "8018": r"[0-9]{18}",
}
_KEY_FORMS: Final = {key: re.compile(form) for key, form in _KEYS.items()}
_QUALIFIER: Final = re.compile(_CHARACTER + "{1,28}")

# Key → what may qualify it; the first that is there is the finest, and the only one that stays. 22 never stays.
_QUALIFIERS: Final = {
    "01": ("21", "235", "10", "22"),
    "8006": ("21", "10", "22"),
    "414": ("254",),
    "8010": ("8011",),
}
_SHORT_NAMES: Final = {
    "sscc": "00", "gtin": "01", "gdti": "253", "gcn": "255", "ginc": "401", "gsin": "402", "gln": "414",
    "party": "417", "grai": "8003", "giai": "8004", "itip": "8006", "cpid": "8010", "gsrnp": "8017", "gsrn": "8018",
    "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip


def canonical_identifier(text: str) -> str | None:
    """Give the canonical form of a GS1 identifier: EPC URI, class or pattern URI, or Digital Link; None for others."""
    if epc := _EPC.fullmatch(text):
        scheme = _SCHEMES.get(epc[1])
        path = scheme.canonical(epc[2]) if scheme else None
        return _LINK + path if path else None
    if url := _URL.match(text):
        path = _link_path([_SHORT_NAMES.get(part, part) for part in url[1].removesuffix("/").split("/")])
        return _LINK + path if path else None
    return None


def _link_path(parts: list[str]) -> str | None:
    for at, (key, value) in enumerate(pairwise(parts)):
        form = _KEY_FORMS.get(key)
        if form is None or form.fullmatch(value) is None:
            continue
        qualifiers = dict(zip(parts[at + 2 :: 2], parts[at + 3 :: 2], strict=False))
        allowed = _QUALIFIERS.get(key, ())
        if 2 * len(qualifiers) != len(parts) - at - 2 or not qualifiers.keys() <= set(allowed):
            return None  # something else follows: not a Digital Link
        number = value.zfill(14) if key == "01" else value.translate(_ESCAPES)
        for qualifier in allowed:
            if qualifier in qualifiers and qualifier != "22":
                found = qualifiers[qualifier]
                return (
                    f"{key}/{number}/{qualifier}/{found.translate(_ESCAPES)}" if _QUALIFIER.fullmatch(found) else None
                )
        return f"{key}/{number}"
    return None
