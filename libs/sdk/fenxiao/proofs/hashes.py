"""Keccak-256, and the hex texts in which hashes and account addresses travel."""

from collections.abc import Callable
from typing import Any, cast

import sha3

from fenxiao.errors import Refusal

# The library has no types; this is its digest, in one place.
_hasher = cast("Callable[[bytes], Any]", sha3.keccak_256)  # pyright: ignore[reportUnknownMemberType]


def keccak256(data: bytes) -> bytes:
    """Give the Keccak-256 digest that EVM contracts compute (not NIST's SHA3-256)."""
    return _hasher(data).digest()


def programme_key(programme: str) -> bytes:
    """Name a programme on chain: the Keccak-256 of its id."""
    return keccak256(programme.encode())


def to_hex(data: bytes) -> str:
    """Write bytes as `0x…` in lower case."""
    return "0x" + data.hex()


def parse_hash(text: str, *, field: str = "") -> bytes:
    """Read 32 bytes written as `0x` and 64 hex digits."""
    return _parse_hex(text, 32, "INVALID_HASH", field)


def parse_address(text: str, *, field: str = "account") -> bytes:
    """Read an account address, 20 bytes: all lower case, or in mixed case with the checksum of EIP-55."""
    address = _parse_hex(text, 20, "INVALID_ADDRESS", field)
    if text != to_hex(address) and text != checksum_address(address):
        message = f"{text!r} fails its checksum (EIP-55); a digit or letter is wrong."
        raise Refusal("INVALID_ADDRESS", message, field=field)
    return address


def checksum_address(address: bytes) -> str:
    """Write an account address with the checksum of EIP-55."""
    digits = address.hex()
    nibbles = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit for digit, nibble in zip(digits, nibbles, strict=False)
    )


def _parse_hex(text: str, size: int, reason: str, field: str) -> bytes:
    digits = text[2:]
    if text.startswith("0x") and len(digits) == 2 * size and digits.isascii() and digits.isalnum():
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    raise Refusal(reason, f"{text[:80]!r} is not 0x and {2 * size} hex digits.", field=field)
