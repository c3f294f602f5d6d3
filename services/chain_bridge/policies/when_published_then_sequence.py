"""When a service has published events, they get the next places in the log, whatever they say."""

from collections.abc import Sequence
from typing import Final

from fenxiao.api.traceability.v1.events_pb2 import TraceEventCaptured
from fenxiao.proofs.log_entries import entry_hash, payload_commitment
from libs.eventbus import Received
from libs.eventlog import Meta, Tx
from services.chain_bridge.domain.log import MOST_LEAVES, STREAM, Leaf, LeavesSequenced
from services.chain_bridge.shared.book import BRIDGE
from services.chain_bridge.views.log import log_size
from services.chain_bridge.views.versions import version_of

COMMITTED: Final = frozenset({TraceEventCaptured.DESCRIPTOR.full_name})
"""Events that carry a commitment of their own: the root of the tree of their salted fields."""


def when_published_then_sequence(tx: Tx, messages: Sequence[Received]) -> None:
    """Puts events into the log in the order in which they are consumed, each once: consuming is exactly once."""
    size, version = log_size(tx), version_of(tx, STREAM)
    for part in _parts(messages):
        fact = LeavesSequenced.of(size, part[0].source, [_leaf(one) for one in part])
        tx.append(STREAM, [fact], after=version, meta=Meta("", BRIDGE), occurred_at=part[-1].recorded_at)
        size, version = size + len(part), version + 1


def _leaf(received: Received) -> Leaf:
    root = received.event.commitment_root if received.type in COMMITTED else b""
    commitment = root or payload_commitment(received.payload)
    return Leaf(received.id, entry_hash(str(received.id), received.type, received.programme, commitment))


def _parts(messages: Sequence[Received]) -> list[Sequence[Received]]:
    return [messages[at : at + MOST_LEAVES] for at in range(0, len(messages), MOST_LEAVES)]
