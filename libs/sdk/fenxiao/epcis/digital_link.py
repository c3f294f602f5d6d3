"""GS1 Digital Link URIs (URI Syntax 1.2), of any domain, in the constrained canonical form of CBV 2.0, 8.9.4.

`http://shop.example/a/gtin/4012345123456/lot/998877?x=1` is `https://id.gs1.org/01/04012345123456/10/998877`: the
domain and query go, short names become numbers, a GTIN has 14 digits, and of what qualifies it only the finest stays.
"""

import re
from itertools import pairwise
from typing import Final

from fenxiao.epcis.epc_uris import CHARACTER, PART, escape

_URL: Final = re.compile(r"https?://[^/?#]*/([^?#]*)", re.IGNORECASE)
# What nearly all links are: a GTIN of 14 digits, alone or with a serial number or a lot.
_USUAL: Final = re.compile(r"https?://[^/?#]*/(01/[0-9]{14}(?:/(?:21|10)/[\-.0-9;=A-Z_a-z']{1,28})?)")

_KEYS: Final = {
    "00": r"[0-9]{18}",
    "01": r"[0-9]{8}|[0-9]{12,14}",
    "253": rf"[0-9]{{13}}{CHARACTER}{{0,17}}",
    "255": r"[0-9]{13,25}",
    "401": rf"[0-9]{{4}}{CHARACTER}{{1,26}}",
    "402": r"[0-9]{17}",
    "414": r"[0-9]{13}",
    "417": r"[0-9]{13}",
    "8003": rf"[0-9]{{14}}{CHARACTER}{{0,16}}",
    "8004": rf"[0-9]{{4}}{CHARACTER}{{1,26}}",
    "8006": r"[0-9]{18}",
    "8010": rf"[0-9]{{4}}{PART}{{1,26}}",
    "8017": r"[0-9]{18}",
    "8018": r"[0-9]{18}",
}
_KEY_FORMS: Final = {key: re.compile(form) for key, form in _KEYS.items()}
_QUALIFIER: Final = re.compile(CHARACTER + "{1,28}")

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


def link_path(text: str) -> str | None:
    """Give the path of the canonical form of a Digital Link, such as `01/04012345123456/10/998877`; None for others."""
    if usual := _USUAL.fullmatch(text):
        return usual[1]
    url = _URL.match(text)
    if url is None:
        return None
    parts = [_SHORT_NAMES.get(part, part) for part in url[1].removesuffix("/").split("/")]
    for at, (key, value) in enumerate(pairwise(parts)):
        form = _KEY_FORMS.get(key)
        if form is not None and form.fullmatch(value) is not None:
            return _qualified(key, value, parts[at + 2 :])
    return None


def _qualified(key: str, value: str, rest: list[str]) -> str | None:
    qualifiers = dict(zip(rest[::2], rest[1::2], strict=False))
    allowed = _QUALIFIERS.get(key, ())
    if 2 * len(qualifiers) != len(rest) or not qualifiers.keys() <= set(allowed):
        return None  # something else follows: not a Digital Link
    number = value.zfill(14) if key == "01" else escape(value)
    for qualifier in allowed:
        if qualifier in qualifiers and qualifier != "22":
            found = qualifiers[qualifier]
            return f"{key}/{number}/{qualifier}/{escape(found)}" if _QUALIFIER.fullmatch(found) else None
    return f"{key}/{number}"
