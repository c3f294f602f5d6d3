"""What the bridge means to do on chain, and how a distribution is cut into payments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

PAYEES_A_BATCH = 150
"""A payment of 150 first-time payees needs about 10 million gas; a transaction may use 16,777,216 (EIP-7825)."""


class State(StrEnum):
    """Where an intent stands. `SIGNED` and later ones own a nonce."""

    PLANNED = "planned"
    SIGNED = "signed"
    BROADCAST = "broadcast"
    MINED = "mined"
    FINAL = "final"
    PARKED = "parked"


OPEN = (State.PLANNED, State.SIGNED, State.BROADCAST, State.MINED, State.PARKED)


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do on chain, once: `purpose` is unique in a programme."""

    id: str
    programme: str
    purpose: str
    currency: str
    number: int
    data: bytes
    """The call to the vault, ABI-encoded."""
    payees: int
    state: State
    problem: str = ""
    nonce: int | None = None
    raw: bytes = b""
    """The signed transaction."""
    hash: str = ""


def purpose_of_root(currency: str, number: int) -> str:
    """What the intent to propose a distribution's root is for."""
    return f"propose_root:{currency}-{number}"


def purpose_of_payment(currency: str, number: int, part: int) -> str:
    """What the intent to pay a part of a distribution is for."""
    return f"pay:{currency}-{number}:{part}"


def batches(payees: Sequence[T], most: int = PAYEES_A_BATCH) -> Iterator[Sequence[T]]:
    """Cuts payees into payments of nearly equal size: no last one with a single payee."""
    if not payees:
        return
    parts = -(-len(payees) // most)
    size, longer = divmod(len(payees), parts)
    start = 0
    for part in range(parts):
        end = start + size + (1 if part < longer else 0)
        yield payees[start:end]
        start = end
