"""Read your own writes: what the services have answered so far goes along with every later call.

A token is base64url of JSON `{service: "store:position"}`. Kept in memory, and in a file where there is one, so that a
second run of the command line sees what the first one wrote.
"""

import base64
import binascii
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

METADATA_KEY = "fenxiao-consistency-token"


class Consistency:
    """The newest position of each service that this caller has seen."""

    def __init__(self, file: Path | None = None) -> None:
        """Begin with what stands in the file; a missing or damaged one says nothing."""
        self._file = file
        self._positions = _read(file) if file else {}
        self._header = _encode(self._positions)

    @property
    def header(self) -> str:
        """What a call carries as metadata; empty if nothing is known."""
        return self._header

    def position(self, service: str) -> str:
        """Give `store:position` of a service; empty if nothing is known."""
        return self._positions.get(service, "")

    def absorb(self, token: str | bytes) -> None:
        """Take in what an answer said. Within a store the higher position counts; a new store replaces the old."""
        changed = False
        for service, place in _decode(token).items():
            if _newer(place, self._positions.get(service, "")):
                self._positions[service] = place
                changed = True
        if changed:
            self._header = _encode(self._positions)

    def save(self) -> None:
        """Write the file, merged with what other runs have written; a home that cannot be written to is no error."""
        if self._file is None or not self._positions:
            return
        known = _read(self._file)
        merged = known | {
            service: place for service, place in self._positions.items() if _newer(place, known.get(service, ""))
        }
        if merged == known:
            return
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            new.write_text(json.dumps(merged) + "\n", encoding="utf-8")
            new.replace(self._file)


def _newer(place: str, known: str) -> bool:
    store, _, position = place.rpartition(":")
    known_store, _, known_position = known.rpartition(":")
    return store != known_store or int(position) > int(known_position)


def _encode(positions: dict[str, str]) -> str:
    if not positions:
        return ""
    return base64.urlsafe_b64encode(json.dumps(positions, separators=(",", ":")).encode()).decode()


def _decode(token: str | bytes) -> dict[str, str]:
    try:
        return _checked(json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, binascii.Error):
        return {}


def _read(file: Path) -> dict[str, str]:
    try:
        return _checked(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _checked(content: Any) -> dict[str, str]:
    """Keep what has the form `store:position`."""
    if not isinstance(content, dict):
        return {}
    places = cast("dict[str, object]", content)
    return {
        service: place
        for service, place in places.items()
        if isinstance(place, str) and place.rpartition(":")[0] and place.rpartition(":")[2].isdecimal()
    }
