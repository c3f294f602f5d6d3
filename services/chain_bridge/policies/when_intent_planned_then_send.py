"""When an intent is planned, it is tried without cost, signed, stored, sent, and watched until it is final."""

import time
from datetime import UTC, datetime

import structlog

from libs.eventlog import Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.adapters.chain import GAS_LIMIT, Chain, NodeRefused, NonceUsed
from services.chain_bridge.adapters.signer import Signer
from services.chain_bridge.domain.events import DistributionBlocked
from services.chain_bridge.domain.intents import (
    OPEN,
    REVERTS,
    SENT,
    WAITING,
    Intent,
    State,
    has_turn,
    purposes_of_halves,
)
from services.chain_bridge.heartbeat import Step
from services.chain_bridge.shared import book
from services.chain_bridge.views.distributions import terms_of
from services.chain_bridge.views.roots import paid_so_far

TIP = 1_000_000_000
"""Wei a unit of gas for the block's producer."""
IN_FLIGHT = 16
"""Transactions on their way at once: so many of one account a geth node surely keeps."""
COMFORTABLE_GAS = GAS_LIMIT * 9 // 10
"""A payment that is estimated above is cut in two: what it needs may rise until it is mined."""
SEND_AGAIN_POLLS = 10
"""A transaction without a receipt is sent again after so many polls: the node may have lost it."""
TRY_AGAIN_POLLS = 6
"""An intent that would fail is tried again after so many polls: a trial costs nothing."""
TOO_LARGE = ("out of gas", "outofgas", "exceeds allowance")
"""What nodes say when a call needs more gas than a transaction may use."""

logger = structlog.get_logger(__name__)


def when_intent_planned_then_send(running: Running) -> Step:
    """Moves every open intent one step further. It is the only writer for its key."""
    return _Sender(running).step


class _Sender:
    def __init__(self, running: Running) -> None:
        self._chain = running.use(Chain)
        self._log = running.log
        self._signer = running.use(Signer)
        self._sent: dict[str, float] = {}
        self._tried: dict[str, float] = {}

    async def step(self) -> None:
        """Looks at every open intent once."""
        for intent in await self._log.read(lambda reader: intents.in_state(reader, SENT)):
            await self._follow(intent)
        opened = await self._log.read(lambda reader: intents.in_state(reader, OPEN))
        for known in (self._sent, self._tried):
            for key in known.keys() - {intent.id for intent in opened}:
                del known[key]
        free = IN_FLIGHT - sum(intent.state in (State.SIGNED, State.BROADCAST) for intent in opened)
        for intent in opened:
            if free > 0 and intent.state in WAITING and intent.reverts < REVERTS and has_turn(intent, opened):
                free -= await self._begin(intent)

    # From planned to broadcast.

    async def _begin(self, intent: Intent) -> bool:
        """Says whether the intent is on its way."""
        if not self._is_time(self._tried, intent, TRY_AGAIN_POLLS):
            return False
        terms = await self._log.read(lambda reader: terms_of(reader, intent.programme, intent.currency, intent.number))
        if terms is None or (terms.chain_id, terms.vault.lower()) != (self._chain.chain_id, self._chain.vault.lower()):
            await self._park(intent, f"it is not for the vault {self._chain.vault} on chain {self._chain.chain_id}")
            return False
        try:
            if intent.payees and not await self._pays_anybody(intent):
                return False
            gas = await self._chain.estimate(self._signer.address, intent.data)
        except NodeRefused as refused:
            await self._refused(intent, refused)
            return False
        if gas > COMFORTABLE_GAS and intent.payees > 1:
            await self._split(intent)
            return False
        limit, fee = min(gas + gas // 5, GAS_LIMIT), 2 * self._chain.head.base_fee + TIP
        if limit * fee > self._chain.balance:
            # Without what it may cost now: a reason that changes with every block would be told with every block.
            await self._park(intent, f"{self._signer.address} has {self._chain.balance} wei, too little to pay for gas")
            return False
        return await self._sign_and_send(intent, limit, fee)

    async def _sign_and_send(self, intent: Intent, gas: int, fee: int) -> bool:
        sender = self._signer.address
        on_chain = await self._chain.nonce(sender, "pending")

        def make(nonce: int) -> tuple[bytes, str]:
            return self._signer.sign(
                chain_id=self._chain.chain_id,
                nonce=nonce,
                to=self._chain.vault,
                data=intent.data,
                gas=gas,
                fee=fee,
                tip=TIP,
            )

        signed = await self._log.write(lambda tx: intents.sign(tx, intent.id, sender, on_chain, make))
        if signed is None:
            return False
        await self._send(signed)
        return True

    async def _pays_anybody(self, intent: Intent) -> bool:
        """Tries a payment. Where it would pay nobody, finds out why, and no gas is spent."""
        answer = await self._chain.simulate(self._signer.address, intent.data)
        if int.from_bytes(answer, "big"):
            return True
        claims = vault.read_claims(intent.data)
        paid = await self._log.read(lambda reader: paid_so_far(reader, intent.programme, intent.currency))
        left = [n for n, (payee, _, cumulative, _) in enumerate(claims.items) if cumulative > paid.get(payee, 0)]
        if not left:
            await self._drop(intent, "not needed: all of them have been paid")
            return False
        # Alone, the first of them reverts with the reason; if not, he has been paid, but not finally yet.
        await self._chain.simulate(self._signer.address, claims.alone(left[0]))
        await self._wait(intent, "somebody else is paying them")
        return False

    async def _refused(self, intent: Intent, refused: NodeRefused) -> None:
        """The trial has failed: for a reason of the vault's, or for one of the node's."""
        revert = vault.read_revert(refused.data)
        too_large = revert.name == "InsufficientGas" or any(words in str(refused).lower() for words in TOO_LARGE)
        if too_large and intent.payees > 1:
            await self._split(intent)
        elif revert.name == "RootStillPending":
            await self._wait(intent, revert.text)
        elif refused.reverted:
            await self._park(intent, revert.text if refused.data else str(refused))
        else:
            await self._wait(intent, str(refused))

    # From broadcast to final.

    async def _send(self, intent: Intent) -> None:
        self._sent[intent.id] = time.monotonic()
        try:
            await self._chain.broadcast(intent.raw)
        except NonceUsed:
            await self._look_for_nonce(intent)
        except NodeRefused as refused:
            # It owns a nonce: it stays as it is and is sent again, or those behind it would wait for ever.
            await self._note(intent, State.SIGNED, str(refused))
        else:
            if intent.state is not State.BROADCAST or intent.problem:
                await self._log.write(lambda tx: intents.move(tx, intent, State.BROADCAST))

    async def _look_for_nonce(self, intent: Intent) -> None:
        """The nonce is used: by this transaction, whose receipt comes; or, if that is final, by a stranger's."""
        assert intent.nonce is not None
        if await self._chain.nonce(intent.sender, self._chain.head.final) <= intent.nonce:
            return
        if await self._chain.receipt(intent.hash) is not None:
            return
        problem = f"the nonce {intent.nonce} was used by another transaction of {intent.sender}"
        await self._log.write(lambda tx: intents.release(tx, intent, problem))
        logger.warning("key_used_elsewhere", purpose=intent.purpose, nonce=intent.nonce)

    async def _follow(self, intent: Intent) -> None:
        """From sent to mined to final; sent again when the node has lost it, or a reorganisation has."""
        receipt = await self._chain.receipt(intent.hash)
        if receipt is None:
            if self._is_time(self._sent, intent, SEND_AGAIN_POLLS, mark=False):
                await self._send(intent)
            return
        block, gas_used = int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16)
        if (intent.state, intent.block) != (State.MINED, block):
            await self._log.write(lambda tx: intents.mine(tx, intent, block, gas_used))
        if block > self._chain.head.final:
            return
        if not int(receipt["status"], 16):
            await self._reverted(intent)
            return
        now = datetime.now(UTC).isoformat()
        await self._log.write(lambda tx: intents.finish(tx, intent, now))
        logger.info("final", purpose=intent.purpose, block=block, gas_used=gas_used)

    async def _reverted(self, intent: Intent) -> None:
        """What it is for is not done: it is tried again, but gas is not burnt for ever."""
        problem = f"the transaction {intent.hash} was mined and reverted"
        last = intent.reverts + 1 >= REVERTS

        def back(tx: Tx) -> None:
            intents.release(tx, intent, problem, reverted=True)
            if last:
                intents.move(tx, intent, State.PARKED, problem)
                _block(tx, intent, problem)

        await self._log.write(back)
        logger.warning("reverted", purpose=intent.purpose, transaction=intent.hash, given_up=last)

    # What the intent waits for.

    async def _park(self, intent: Intent, problem: str) -> None:
        """Somebody has to do something; others are told."""
        await self._note(intent, State.PARKED, problem)

    async def _note(self, intent: Intent, state: State, problem: str) -> None:
        if (intent.state, intent.problem) == (state, problem):
            return

        def note(tx: Tx) -> None:
            if intents.move(tx, intent, state, problem):
                _block(tx, intent, problem)

        await self._log.write(note)
        logger.warning("blocked", purpose=intent.purpose, state=state, problem=problem)

    async def _wait(self, intent: Intent, problem: str) -> None:
        """It goes on by itself."""
        if (intent.state, intent.problem) != (State.PLANNED, problem):
            await self._log.write(lambda tx: intents.move(tx, intent, State.PLANNED, problem))
            logger.info("waits", purpose=intent.purpose, problem=problem)

    async def _drop(self, intent: Intent, problem: str) -> None:
        await self._log.write(lambda tx: intents.move(tx, intent, State.DEAD, problem))
        logger.info("dropped", purpose=intent.purpose, problem=problem)

    async def _split(self, intent: Intent) -> None:
        """Puts two payments in the place of one that is too large."""
        calls = vault.read_claims(intent.data).halves()
        sizes = (intent.payees // 2, intent.payees - intent.payees // 2)
        halves = list(zip(purposes_of_halves(intent.purpose), calls, sizes, strict=True))
        now = datetime.now(UTC).isoformat()
        await self._log.write(lambda tx: intents.split(tx, intent, halves, now))
        logger.info("split", purpose=intent.purpose, payees=intent.payees)

    def _is_time(self, times: dict[str, float], intent: Intent, polls: int, *, mark: bool = True) -> bool:
        """Whether it is so many polls ago, or was never done since the start."""
        now = time.monotonic()
        if now - times.get(intent.id, float("-inf")) < polls * self._chain.poll_seconds:
            return False
        if mark:
            times[intent.id] = now
        return True


def _block(tx: Tx, intent: Intent, reason: str) -> None:
    fact = DistributionBlocked(currency=intent.currency, number=intent.number, purpose=intent.purpose, reason=reason)
    now = datetime.now(UTC)
    book.enter(tx, intent.programme, intent.currency, [fact], actor=book.BRIDGE, cause=intent.id, occurred_at=now)
