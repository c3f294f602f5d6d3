"""When the log has grown, it says so, signed, every so often."""

import asyncio
from datetime import UTC, datetime

import structlog

from fenxiao.proofs.hashes import to_hex
from libs.eventlog import Meta, Tx
from libs.servicekit import Running
from services.chain_bridge.adapters.log_key import LogSigner
from services.chain_bridge.domain.log import CHECKPOINTS, CheckpointMade
from services.chain_bridge.shared.book import BRIDGE
from services.chain_bridge.views.log import log_tree, newest_checkpoint
from services.chain_bridge.views.versions import version_of

logger = structlog.get_logger(__name__)


async def when_log_grown_then_checkpoint(running: Running) -> None:
    """Makes checkpoints for as long as the service runs."""
    signer = running.use(LogSigner)
    committed = running.log.subscribe()
    try:
        while True:
            committed.clear()
            size = await running.log.write(lambda tx: make_checkpoint(tx, signer))
            if size:
                logger.info("checkpoint", size=size)
            await asyncio.sleep(signer.every_seconds)
            await committed.wait()
    finally:
        running.log.unsubscribe(committed)


def make_checkpoint(tx: Tx, signer: LogSigner) -> int:
    """Makes a checkpoint of what has grown since the last: its size, or 0 if nothing has."""
    tree, last = log_tree(tx), newest_checkpoint(tx)
    size = len(tree)
    if size == (last.size if last else 0):
        return 0
    root = tree.root()
    fact = CheckpointMade(size=size, root=to_hex(root), note=signer.sign(size, root))
    after = version_of(tx, CHECKPOINTS)
    tx.append(CHECKPOINTS, [fact], after=after, meta=Meta("", BRIDGE), occurred_at=datetime.now(UTC))
    return size
