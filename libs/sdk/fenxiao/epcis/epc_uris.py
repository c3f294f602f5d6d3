"""EPC URIs (EPC Tag Data Standard, 6): `urn:epc:id:…`, `urn:epc:class:…`, `urn:epc:idpat:…`.

Those of GS1 keys have a Digital Link of the same meaning (CBV 2.0, 8.9.4). Those of others (`gid`, `usdod`, `adi`,
`bic`, `imovn`) have none and stay as they are.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from fenxiao.epcis.check_digits import check_digit, container_check_digit, ship_check_digit

# What a serial number, lot or extension may hold; `%XX` stands for what a URI cannot show.
CHARACTER: Final = r"(?:%[0-9A-Fa-f]{2}|[!'()*+,\-.0-9:;=A-Z_a-z])"
PART: Final = r"(?:%(?:23|2[Ff])|[0-9A-Z\-])"
"""What a component or part identifier may hold."""
ESCAPES: Final = str.maketrans({char: f"%{ord(char):02X}" for char in "!()*+,:"})
"""What a Digital Link has to escape and an EPC URI need not."""

_ESCAPED: Final = re.compile("%..")
_EPC: Final = re.compile(r"urn:epc:((?:id|class|idpat):[a-z]+):(.*)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r"[!()*+,:]")


def link_path(text: str) -> str | None:
    """Give the path of the canonical Digital Link of an EPC URI, such as `01/04012345123456/21/7`; None for others."""
    found = _EPC.fullmatch(text)
    if found is None:
        return None
    scheme = _SCHEMES.get(found[1])
    return scheme.canonical(found[2]) if scheme else None


def is_well_formed(text: str) -> bool | None:
    """Whether an EPC URI follows the form of its scheme; None for a scheme that is not known, or no EPC URI."""
    found = _EPC.fullmatch(text)
    if found is None:
        return None
    if scheme := _SCHEMES.get(found[1]):
        return scheme.canonical(found[2]) is not None
    if form := _OTHER_SCHEMES.get(found[1]):
        return form.fullmatch(found[2]) is not None
    return None


def digit_at_fault(text: str) -> tuple[str, str] | None:
    """Give the check digit of a container or ship as it stands and as it should be, if they differ."""
    found = _EPC.fullmatch(text)
    form = _OTHER_SCHEMES.get(found[1]) if found else None
    if found is None or form is None or form.fullmatch(found[2]) is None:
        return None
    code = found[2]
    if found[1] == "id:bic":
        right = container_check_digit(code[:10])
    elif found[1] == "id:imovn":
        right = ship_check_digit(code[:6])
    else:
        return None
    return None if code[-1] == right else (code[-1], right)


def escape(text: str) -> str:
    """Escape what a Digital Link cannot show."""
    return text.translate(ESCAPES) if _TO_ESCAPE.search(text) else text


@lru_cache(maxsize=4096)
def _indicator_first(prefix: str, reference: str) -> str:
    """GTIN and SSCC begin with the reference's first digit."""
    digits = reference[0] + prefix + reference[1:]
    return digits + check_digit(digits)


@lru_cache(maxsize=4096)
def _prefix_first(prefix: str, reference: str) -> str:
    digits = prefix + reference
    return digits + check_digit(digits)


def _grai(prefix: str, reference: str) -> str:
    return _prefix_first("0" + prefix, reference)


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
        return self._key + found[1] + escape(found[2]) + tail


def _plain(key: str) -> Callable[[str, re.Match[str]], str]:
    return lambda number, _: key + number


def _tailed(key: str, between: str = "") -> Callable[[str, re.Match[str]], str]:
    return lambda number, found: key + number + between + escape(found[3])


def _sgln(number: str, found: re.Match[str]) -> str:
    # Extension 0 stands for none.
    return f"414/{number}" if found[3] == "0" else f"414/{number}/254/{escape(found[3])}"


def _itip(number: str, found: re.Match[str]) -> str:
    return f"8006/{number}{found[3]}{found[4]}/21/{escape(found[5])}"


def _itip_pattern(number: str, found: re.Match[str]) -> str:
    return f"8006/{number}{found[3]}{found[4]}"


def _tail(most: int) -> str:
    return rf"\.({CHARACTER}{{1,{most}}})"


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
    "id:giai": _FreeScheme(rf"([0-9]{{6,12}})\.({CHARACTER}{{1,24}})", "8004/"),
    "id:ginc": _FreeScheme(rf"([0-9]{{6,12}})\.({CHARACTER}{{1,24}})", "401/"),
    "id:cpi": _FreeScheme(rf"([0-9]{{6,12}})\.({PART}{{1,24}})\.([0-9]{{1,12}})", "8010/", "/8011/"),
    "class:lgtin": _Scheme(13, _tail(20), _indicator_first, _tailed("01/", "/10/")),
    "idpat:sgtin": _Scheme(13, _ANY, _indicator_first, _plain("01/")),
    "idpat:upui": _Scheme(13, _ANY, _indicator_first, _plain("01/")),
    "idpat:itip": _Scheme(13, r"\.([0-9]{2})\.([0-9]{2})\.\*", _indicator_first, _itip_pattern),
    "idpat:grai": _Scheme(12, _ANY, _grai, _plain("8003/")),
    "idpat:gdti": _Scheme(12, _ANY, _prefix_first, _plain("253/")),
    "idpat:sgcn": _Scheme(12, _ANY, _prefix_first, _plain("255/")),
    "idpat:cpi": _FreeScheme(rf"([0-9]{{6,12}})\.({PART}{{1,24}})\.\*", "8010/"),
}

# Kinds that name no GS1 key.
_OTHER_SCHEMES: Final = {
    "id:gid": re.compile(r"[0-9]+\.[0-9]+\.[0-9]+"),
    "id:usdod": re.compile(r"[0-9A-HJ-NP-Z]{5,6}\.[0-9]+"),
    "id:adi": re.compile(rf"[0-9A-HJ-NP-Z]{{5,6}}\.(?:{PART}{{0,32}})\.(?:%23)?{PART}{{1,30}}"),
    "id:bic": re.compile(r"[A-Z]{3}[JUZ][0-9]{7}"),
    "id:imovn": re.compile(r"[0-9]{7}"),
    "idpat:sgln": re.compile(r"[0-9]{6,12}\.(?:[0-9]*|\*)\.\*"),
    "idpat:sscc": re.compile(r"[0-9]{6,12}\.\*"),
    "idpat:giai": re.compile(r"[0-9]{6,12}\.\*"),
    "idpat:gid": re.compile(r"[0-9]+\.(?:[0-9]+|\*)\.\*"),
}
