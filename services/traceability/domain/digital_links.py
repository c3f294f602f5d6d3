"""The paths that a resolver answers: GS1 Digital Link URIs (URI Syntax 1.2), and what is inherited from what.

`/01/09521141123454/10/OLIO-2025-11/21/7` asks for the bottle 7, and whatever nobody has said of it is looked for at its
lot and at its product.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from fenxiao.epcis import Level, canonical_identifier, parse_identifier, wrong_check_digit
from fenxiao.errors import Refusal

KEYS: Final = ("00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018")
"""What can be asked for."""

MOST_CHARACTERS: Final = 500
"""Of a path."""

HOME: Final = "https://id.gs1.org/"

_COMPRESSED: Final = re.compile(r"[A-Za-z0-9_-]{4,}")
_QUALIFIERS: Final = {"01": ("22", "10", "21", "235"), "8006": ("22", "10", "21"), "414": ("254",), "8010": ("8011",)}
"""In the order in which they stand in a path, from coarse to fine."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path asks for."""

    path: str
    """As it was asked, without a slash at either end: `01/09521141123454/10/OLIO-2025-11`."""
    levels: tuple[str, ...]
    """Canonical identifiers from the finest to the coarsest."""
    key: str
    number: str
    lot: str
    serial: str
    level: Level

    @property
    def identifier(self) -> str:
        """What is asked for."""
        return self.levels[0]

    @property
    def product(self) -> str:
        """Of what it is one."""
        return self.levels[-1]

    def path_of(self, level: str) -> str:
        """A level's path, as it was asked if it is the finest."""
        return self.path if level == self.identifier else level.removeprefix(HOME)


def read_path(path: str) -> Asked:
    """Read a path behind the resolver's root.

    Raises `Refusal` INVALID_DIGITAL_LINK, COMPRESSED_LINK or WRONG_CHECK_DIGIT.
    """
    path = path.strip("/")
    if len(path) > MOST_CHARACTERS:
        raise Refusal("INVALID_DIGITAL_LINK", f"the path has more than {MOST_CHARACTERS} characters")
    parts = path.split("/")
    key, number, pairs = parts[0], "/".join(parts[:2]), [*pairwise(parts)][2::2]
    if len(parts) % 2 and _COMPRESSED.fullmatch(parts[-1]):
        raise compressed()
    allowed = _QUALIFIERS.get(key, ())
    places = [allowed.index(name) if name in allowed else -1 for name, _ in pairs]
    found = parse_identifier(f"{HOME}{path}")
    if key not in KEYS or len(parts) % 2 or places != sorted(set(places) - {-1}) or found is None:
        message = (
            "write a GS1 Digital Link: the number of a key, its value, and what qualifies it from coarse to fine, for"
            " example /01/{GTIN}/10/{lot}/21/{serial number}; other characters than letters and digits as %XX"
        )
        raise Refusal("INVALID_DIGITAL_LINK", message)
    if (wrong := wrong_check_digit(found.uri)) is not None:
        stands, right = wrong
        message = f"the check digit of {found.number} is {right}, not {stands}; look for a digit that is mistyped"
        raise Refusal("WRONG_CHECK_DIGIT", message)
    lot = next((value for name, value in pairs if name == "10"), "")
    prefixes = ["/".join([number, *(part for pair in pairs[:n] for part in pair)]) for n in range(len(pairs), -1, -1)]
    uris = [uri for prefix in prefixes if (uri := canonical_identifier(HOME + prefix))]
    if found.class_uri:
        uris.append(found.class_uri)
    return Asked(path, tuple(dict.fromkeys(uris)), found.key, found.number, lot, found.serial, found.level)


def with_lot(asked: Asked, lot: str) -> Asked:
    """The same where it has turned out to which lot it belongs."""
    if not lot or lot in asked.levels:
        return asked
    fine, coarse = asked.levels[:1], asked.levels[1:]
    return Asked(
        asked.path,
        (*fine, lot, *coarse),
        asked.key,
        asked.number,
        lot.rpartition("/")[2],
        asked.serial,
        asked.level,
    )


def compressed() -> Refusal:
    """What is said to who asks with a compressed link."""
    message = "compressed Digital Links are not taken; write the GTIN and what follows in full"
    return Refusal("COMPRESSED_LINK", message)
