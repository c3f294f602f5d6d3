"""What the bridge means to do on chain, and how a distribution is cut into payments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")

PAYEES_A_BATCH = 150
"""A payment of 150 first-time payees needs about 10 million gas. One that needs more than fits is cut in two."""

REVERTS = 3
"""So often an intent may be mined and revert although its trial went well. Then a person has to look."""


class State(StrEnum):
    """Where an intent stands. From `SIGNED` to `FINAL` it owns a nonce."""

    PLANNED = "planned"
    SIGNED = "signed"
    BROADCAST = "broadcast"
    MINED = "mined"
    FINAL = "final"
    PARKED = "parked"
    DEAD = "dead"
    """It will never be sent: it is not needed any more."""


WAITING = (State.PLANNED, State.PARKED)
SENT = (State.SIGNED, State.BROADCAST, State.MINED)
OPEN = (*WAITING, *SENT)


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
    """0 for a proposal."""
    state: State
    problem: str = ""
    reverts: int = 0
    sender: str = ""
    nonce: int | None = None
    raw: bytes = b""
    """The signed transaction."""
    hash: str = ""
    block: int | None = None
    """Where it was mined."""


def purpose_of_root(currency: str, number: int) -> str:
    """What the intent to propose a distribution's root is for."""
    return f"propose_root:{currency}-{number}"


def purpose_of_payment(currency: str, number: int, part: int) -> str:
    """What the intent to pay a part of a distribution is for."""
    return f"pay:{currency}-{number}:{part}"


def purposes_of_halves(purpose: str) -> tuple[str, str]:
    """What the two halves of a payment that was too large for a transaction are for."""
    return f"{purpose}.1", f"{purpose}.2"


def has_turn(intent: Intent, opened: Sequence[Intent]) -> bool:
    """Whether nothing has to be final before an intent: roots go on chain one after the other, in order."""
    return bool(intent.payees) or not any(
        (other.programme, other.currency, other.payees) == (intent.programme, intent.currency, 0)
        and other.number < intent.number
        for other in opened
    )


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
