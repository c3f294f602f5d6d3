"""The books of one programme and currency: where facts are appended."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from libs.eventlog import Meta, Tx
from services.chain_bridge.domain.streams import stream_of
from services.chain_bridge.views.versions import version_of

BRIDGE = "service:chain_bridge"
"""The actor of what the bridge itself has found."""
CHAIN = "chain"
"""The actor of what was read from the chain."""


def enter(
    tx: Tx, programme: str, currency: str, facts: Sequence[BaseModel], *, actor: str, cause: str, occurred_at: datetime
) -> None:
    """Appends facts; `cause` is the transaction or the intent that they belong to."""
    stream = stream_of(programme, currency)
    meta = Meta(programme, actor, correlation_id=cause)
    tx.append(stream, facts, after=version_of(tx, stream), meta=meta, occurred_at=occurred_at)
