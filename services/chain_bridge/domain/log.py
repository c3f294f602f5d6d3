"""The Merkle log: which public events stand in it, in which order, and what it has said of itself (RFC 9162)."""

import base64
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

STREAM: Final = UUID("3d9f7a52-1a38-4c0c-9a0f-5be04b2f1c55")
"""The log is one for all programmes."""

CHECKPOINTS: Final = UUID("b0c6c1de-5c0a-4e27-8f0e-0a1c6f6f9b7e")
"""What it has said of itself."""

MOST_LEAVES: Final = 1000
"""That one fact sequences."""

_ID: Final = 16
_HASH: Final = 32


class Leaf(NamedTuple):
    """An event's place in the log is that of its leaf."""

    event: UUID
    hash: bytes
    """`fenxiao.proofs.log_entries.entry_hash`."""


class LeavesSequenced(BaseModel):
    """Public events have been given the next places in the log, for ever."""

    model_config = ConfigDict(frozen=True)

    first: int
    """Place of the first of them, from 0."""
    source: str
    """The service that published them."""
    leaves: str
    """Base64: 16 bytes event id and 32 bytes leaf hash, for each."""

    @classmethod
    def of(cls, first: int, source: str, leaves: Sequence[Leaf]) -> "LeavesSequenced":
        """These leaves, from a place on."""
        packed = b"".join(leaf.event.bytes + leaf.hash for leaf in leaves)
        return cls(first=first, source=source, leaves=base64.b64encode(packed).decode())

    def unpacked(self) -> Iterator[Leaf]:
        """The leaves in their order."""
        packed = base64.b64decode(self.leaves)
        for at in range(0, len(packed), _ID + _HASH):
            yield Leaf(UUID(bytes=packed[at : at + _ID]), packed[at + _ID : at + _ID + _HASH])


class CheckpointMade(BaseModel):
    """The log has said, signed, how large it is and what its root is."""

    model_config = ConfigDict(frozen=True)

    size: int
    root: str
    note: str
    """The signed checkpoint (`fenxiao.proofs.checkpoints`)."""


LOG_EVENTS: Final = [LeavesSequenced, CheckpointMade]
