"""Canonical JSON (RFC 8785): one byte string for one value, wherever it is computed.

Numbers other than whole ones within ±(2^53 − 1) have no place in it: RFC 8785 writes them as IEEE doubles, so exact
decimals and large integers go in as strings.
"""

from collections.abc import Mapping, Sequence

import rfc8785

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]
"""What may stand in canonical JSON here: no floats."""


def canonical_json(value: Json) -> bytes:
    """Give the RFC 8785 bytes of a value; `ValueError` for what it cannot hold."""
    # The library's own type asks for the concrete containers that it tests for; ours come from JSON and are those.
    return rfc8785.dumps(value)  # pyright: ignore[reportArgumentType]
