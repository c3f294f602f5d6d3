"""When an intent is planned, it is tried without cost, signed, stored, sent, and watched until it is final."""

import asyncio
from datetime import UTC, datetime

import structlog

from libs.eventlog import Meta, Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents
from services.chain_bridge.adapters.chain import Chain, NodeDown, NodeRefused
from services.chain_bridge.adapters.signer import Signer
from services.chain_bridge.adapters.vault import explain_revert
from services.chain_bridge.domain.events import DistributionBlocked
from services.chain_bridge.domain.intents import Intent, State
from services.chain_bridge.domain.streams import stream_of

ACTOR = "service:chain_bridge"
GAS_LIMIT = 16_777_216
"""A transaction may use no more (EIP-7825)."""
TIP = 1_000_000_000
"""Wei a unit of gas for the block's producer."""
REBROADCAST_SECONDS = 5.0
RETRY_SECONDS = 3.0
"""How often an intent that would fail is tried again: a trial costs nothing."""

logger = structlog.get_logger(__name__)


async def when_intent_planned_then_send(running: Running) -> None:
    """One writer for the key: moves every open intent one step further, again and again."""
    sender = _Sender(running)
    down = False
    while True:
        try:
            await sender.step()
            if down:
                logger.info("node_back")
            down = False
        except NodeDown as error:
            if not down:
                logger.warning("node_down", error=str(error))
            down = True
        await asyncio.sleep(sender.chain.poll_seconds)


class _Sender:
    def __init__(self, running: Running) -> None:
        self.chain = running.use(Chain)
        self._log = running.log
        self._signer = running.use(Signer)
        self._sent: dict[str, float] = {}
        self._tried: dict[str, float] = {}

    async def step(self) -> None:
        """Looks at the chain and at every open intent once."""
        await self.chain.look(self._signer.address)
        opened = await self._log.read(lambda r: intents.in_state(r, (State.MINED, State.BROADCAST, State.SIGNED)))
        for intent in opened:
            await self._follow(intent)
        waiting = await self._log.read(lambda r: intents.in_state(r, (State.PLANNED, State.PARKED)))
        for intent in waiting:
            if intent.nonce is None:
                await self._begin(intent)

    async def _begin(self, intent: Intent) -> None:
        """From planned to signed and sent; parked with the reason if it would fail."""
        now = asyncio.get_running_loop().time()
        if intent.state is State.PARKED and now - self._tried.get(intent.id, 0) < RETRY_SECONDS:
            return
        self._tried[intent.id] = now
        try:
            gas = await self.chain.estimate(self._signer.address, intent.data)
        except NodeRefused as refused:
            problem = explain_revert(refused.data) if refused.reverted else str(refused)
            await self._park(intent, problem)
            return
        gas = min(gas + gas // 5, GAS_LIMIT)
        stored = await self._log.read(lambda r: intents.following_nonce(r, self._signer.address))
        nonce = stored if stored is not None else await self._nonce_on_chain()
        raw, tx_hash = self._signer.sign(
            chain_id=self.chain.chain_id,
            nonce=nonce,
            to=self.chain.vault,
            data=intent.data,
            gas=gas,
            fee=2 * self.chain.head.base_fee + TIP,
            tip=TIP,
        )
        await self._log.write(lambda tx: intents.sign(tx, intent, self._signer.address, nonce, raw, tx_hash))
        await self._send(intent, raw)

    async def _nonce_on_chain(self) -> int:
        return int(await self.chain.call("eth_getTransactionCount", self._signer.address, "pending"), 16)

    async def _send(self, intent: Intent, raw: bytes) -> None:
        self._sent[intent.id] = asyncio.get_running_loop().time()
        try:
            await self.chain.broadcast(raw)
        except NodeRefused as refused:
            # It owns a nonce: it stays as it is and is sent again, or those behind it would wait for ever.
            logger.warning("not_accepted", purpose=intent.purpose, error=str(refused))
            return
        await self._log.write(lambda tx: intents.move(tx, intent, State.BROADCAST))

    async def _follow(self, intent: Intent) -> None:
        """From sent to mined to final; sent again when the node has lost it."""
        receipt = await self.chain.receipt(intent.hash)
        if receipt is None:
            if asyncio.get_running_loop().time() - self._sent.get(intent.id, 0) > REBROADCAST_SECONDS:
                await self._send(intent, intent.raw)
            return
        block, gas_used = int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16)
        if intent.state is not State.MINED:
            await self._log.write(lambda tx: intents.mine(tx, intent, block, gas_used))
        if block > self.chain.head.final:
            return
        problem = "" if int(receipt["status"], 16) else "the transaction was mined and reverted"
        now = datetime.now(UTC).isoformat()

        def finish(tx: Tx) -> None:
            intents.finish(tx, intent, now, problem)
            if problem:
                _block(tx, intent, problem)

        await self._log.write(finish)
        self._sent.pop(intent.id, None)
        logger.info("final", purpose=intent.purpose, block=block, gas_used=gas_used)

    async def _park(self, intent: Intent, problem: str) -> None:
        if intent.state is State.PARKED and intent.problem == problem:
            return

        def park(tx: Tx) -> None:
            intents.move(tx, intent, State.PARKED, problem)
            _block(tx, intent, problem)

        await self._log.write(park)
        logger.warning("parked", purpose=intent.purpose, problem=problem)


def _block(tx: Tx, intent: Intent, reason: str) -> None:
    stream = stream_of(intent.programme, intent.currency)
    known = tx.load(stream)
    event = DistributionBlocked(currency=intent.currency, number=intent.number, purpose=intent.purpose, reason=reason)
    meta = Meta(intent.programme, ACTOR, correlation_id=intent.id)
    tx.append(stream, [event], after=len(known), meta=meta, occurred_at=datetime.now(UTC))
