"""Identifiers of GS1 in one form, and what they name: an instance, a lot, or a class of goods.

`urn:epc:class:lgtin:4012345.012345.998877` and `https://shop.example/gtin/4012345123456/lot/998877?x=1` both name
`https://id.gs1.org/01/04012345123456/10/998877`. Check digits of Digital Links are taken as they are, and looked at
by `wrong_check_digit`; EPC URIs have none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fenxiao.epcis import digital_link, epc_uris
from fenxiao.epcis.check_digits import check_digit

HOME: Final = "https://id.gs1.org/"

_PATH: Final = re.compile(r"([0-9]{2,4})/([^/]+)(?:/([0-9]{2,4})/([^/]+))?")

# Keys that hold a serial number themselves, and how many characters stand before it.
_WITH_SERIAL: Final = {"253": 13, "255": 13, "8003": 14}
# Keys that name a class unless they are qualified.
_CLASSES: Final = frozenset({"01", "8006", "8010", *_WITH_SERIAL})
# The place of the check digit.
_CHECKED: Final = {
    "00": 18, "01": 14, "253": 13, "255": 13, "402": 17, "414": 13, "417": 13, "8003": 14, "8006": 14,
    "8017": 18, "8018": 18,
}  # fmt: skip


class Level(StrEnum):
    """How finely something is named."""

    CLASS = "class"
    LOT = "lot"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Identifier:
    """A GS1 identifier, taken apart."""

    uri: str
    """The canonical form."""
    level: Level
    key: str
    """Number of the GS1 key: `01` for a GTIN, `00` for an SSCC, `414` for a GLN, …."""
    number: str
    """The key itself, without a serial number; a GTIN has 14 digits."""
    lot: str = ""
    serial: str = ""
    """Serial number or extension, as it stands in the URI."""

    @property
    def class_uri(self) -> str:
        """Give what it is an instance or lot of; empty where there is no such thing."""
        if self.key not in _CLASSES or self.level is Level.CLASS:
            return ""
        return f"{HOME}{self.key}/{self.number}"

    @property
    def gtin(self) -> str:
        """Give the trade item's number; empty for what is none."""
        return self.number[:14] if self.key in ("01", "8006") else ""


def canonical_identifier(text: str) -> str | None:
    """Give the canonical form of a GS1 identifier: EPC URI, class or pattern URI, or Digital Link; None for others."""
    path = epc_uris.link_path(text) if text.startswith("urn:") else digital_link.link_path(text)
    return HOME + path if path else None


def parse_identifier(text: str) -> Identifier | None:
    """Take an identifier apart; None for what is not one of GS1."""
    uri = canonical_identifier(text)
    found = _PATH.fullmatch(uri, len(HOME)) if uri else None
    if uri is None or found is None:
        return None
    key, number, qualifier, value = found[1], found[2], found[3] or "", found[4] or ""
    split = _WITH_SERIAL.get(key)
    if split is not None:
        number, value = number[:split], number[split:]
    lot, serial = (value, "") if qualifier == "10" else ("", value)
    whole = Level.CLASS if key in _CLASSES and not serial else Level.INSTANCE
    return Identifier(uri, Level.LOT if lot else whole, key, number, lot, serial)


def wrong_check_digit(text: str) -> tuple[str, str] | None:
    """Give the check digit as it stands in an identifier and as it should be, if they differ."""
    if text.startswith("urn:"):
        return epc_uris.digit_at_fault(text)
    found = parse_identifier(text)
    place = _CHECKED.get(found.key) if found else None
    if found is None or place is None:
        return None
    stands, right = found.number[place - 1], check_digit(found.number[: place - 1])
    return None if stands == right else (stands, right)
