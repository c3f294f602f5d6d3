"""What the tests share: an anvil that can be hurt, and a bridge on it that can be killed."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.proofs.hashes import checksum_address, keccak256, parse_address, programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from libs.localnet import chain as localnet
from libs.localnet.contracts import Contracts
from libs.localnet.wallets import address_of
from libs.servicekit.testing import Harness
from services.chain_bridge.adapters import vault
from services.chain_bridge.adapters.chain import Chain
from services.chain_bridge.adapters.signer import Signer
from services.chain_bridge.domain.events import DistributionBlocked, PayoutsMade
from services.chain_bridge.wiring import SERVICE, STEPS

KEY = keccak256(b"the bridge's key")
SENDER = address_of(KEY)
PROGRAMME = "shop"
CURRENCY = "GBP"
NO_ROOT = "0x" + "00" * 32
PATIENCE = 40.0
POLL = 0.05


class Killed(Exception):
    """The process is gone."""


class Node:
    """An anvil of our own: blocks come five times a second, final after two."""

    def __init__(self, contracts: Contracts, folder: Path) -> None:
        self.contracts = contracts
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.rpc = localnet.Rpc(self.url)
        self._state = folder / "chain.json"
        self.mines_when_looked_at = False
        self._process: subprocess.Popen[bytes] | None = None
        self.deployment: localnet.Deployment | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def start(self, *, fresh: bool = False) -> None:
        """Starts it with the blocks that it had."""
        if fresh:
            self._state.unlink()
        command = localnet.anvil_arguments(self.contracts.anvil, state=self._state, port=self.port)
        command[command.index("--block-time") + 1] = "0.2"
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.rpc.call("eth_chainId")
            except OSError:
                assert time.monotonic() < deadline, "anvil does not start"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """SIGTERM: blocks are kept, the mempool is not."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def deploy(self) -> None:
        self.deployment = localnet.deploy(self.rpc, self.contracts, proposer=SENDER)

    @property
    def place(self) -> localnet.Deployment:
        assert self.deployment is not None
        return self.deployment

    def fund(self, amount: int) -> None:
        localnet.fund(self.rpc, self.place, programme=PROGRAMME, amount=amount)

    def hold_blocks(self) -> None:
        """From now on blocks come by `mine` only."""
        self.rpc.call("anvil_setIntervalMining", 0)

    def release_blocks(self) -> None:
        """From now on a block comes each time when a test looks (anvil's own pace would be whole seconds)."""
        self.mines_when_looked_at = True

    def mine(self, blocks: int = 1, seconds: int = 1) -> None:
        self.rpc.call("anvil_mine", hex(blocks), hex(seconds))

    def send(self, sender: str, data: bytes) -> str:
        """Somebody calls the vault; returns when it is mined."""
        call = {"from": sender, "to": self.place.vault.address, "data": to_hex(data), "gas": hex(5_000_000)}
        transaction = self.rpc.call("eth_sendTransaction", call)
        deadline = time.monotonic() + PATIENCE
        while (receipt := self.rpc.call("eth_getTransactionReceipt", transaction)) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert receipt["status"] == "0x1"
        return transaction

    def admin(self, signature: str) -> None:
        self.send(self.place.admin, keccak256(signature.encode())[:4])

    def balance_of(self, account: str) -> int:
        data = keccak256(b"balanceOf(address)")[:4] + bytes(12) + parse_address(account)
        answer = self.rpc.call("eth_call", {"to": self.place.token.address, "data": to_hex(data)}, "latest")
        return int(answer, 16)


def log_settings(keys: Path) -> dict[str, str]:
    """The log's key and name."""
    return {"log_key_file": str(keys / "log.pem"), "log_origin": "log.test"}


class World:
    """The bridge, what settlement has told it, and what has to come of it."""

    def __init__(self, node: Node, keystore: Path, folder: Path) -> None:
        self.node = node
        self.scope = PayoutScope(
            node.place.chain_id,
            parse_address(node.place.vault.address),
            programme_key(PROGRAMME),
            parse_address(node.place.token.address),
        )
        self._folder = folder
        self._extra = {
            "rpc_url": node.url,
            "vault_address": node.place.vault.address,
            "vault_block": str(node.place.block),
            "keystore_file": str(keystore / "keystore.json"),
            "keystore_password_file": str(keystore / "password"),
            **log_settings(keystore),
            "chain_poll_seconds": str(POLL),
        }
        self._task: asyncio.Task[None] | None = None
        self.root = NO_ROOT
        self.service = self._open()

    def _open(self) -> Harness:
        return Harness(SERVICE, self._folder, **self._extra)

    @property
    def chain(self) -> Chain:
        return self.service.running.use(Chain)

    @property
    def signer(self) -> Signer:
        return self.service.running.use(Signer)

    # Its life.

    def run(self) -> asyncio.Task[None]:
        """Starts what it does in the background."""
        background, *_ = SERVICE.background
        self._task = asyncio.ensure_future(background(self.service.running))
        return self._task

    async def beat(self) -> None:
        """Looks once, and does once what is due."""
        await self.chain.look(self.signer.address)
        for rule in STEPS:
            await rule(self.service.running)()

    async def pause(self) -> None:
        """Ends what it does in the background, and waits until it has ended."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def stop(self) -> None:
        await self.pause()
        await self.chain.disconnect()
        await self.service.log.close()

    async def restart(self) -> None:
        """A new process on the same store."""
        await self.stop()
        self.service = self._open()

    def kill_at_write(self, number: int, *, committed: bool) -> None:
        """Has the process die at a write from now on: right after it is on disk, or right before it begins."""
        write = self.service.log.write
        seen = 0

        async def dying(work: Callable[[Any], Any]) -> Any:
            nonlocal seen
            seen += 1
            if seen == number and not committed:
                raise Killed
            result = await write(work)
            if seen == number:
                raise Killed
            return result

        self.service.log.write = dying

    # What settlement says.

    def tree(self, amounts: Mapping[int, int], accounts: Mapping[int, str] | None = None) -> PayoutTree:
        given = accounts or {}
        return PayoutTree(
            self.scope,
            [Payout(payee(i), parse_address(given.get(i, account(i))), amount) for i, amount in amounts.items()],
        )

    async def close(
        self,
        number: int,
        amounts: Mapping[int, int],
        *,
        accounts: Mapping[int, str] | None = None,
        root: str = "",
        previous: str | None = None,
    ) -> PayoutTree:
        """Settlement closes a distribution."""
        tree = self.tree(amounts, accounts)
        entries = [
            settlement.EntitlementEntry(
                payee=to_hex(one.payee), account=checksum_address(one.account), cumulative_units=str(one.cumulative)
            )
            for one in tree.payouts
        ]
        await self._tell(settlement.EntitlementsListed(currency=CURRENCY, number=number, part=0, entries=entries))
        await self._tell(
            settlement.DistributionClosed(
                currency=CURRENCY,
                number=number,
                chain_id=self.scope.chain_id,
                vault=self.node.place.vault.address,
                token=self.node.place.token.address,
                programme_key=to_hex(self.scope.programme),
                root=root or to_hex(tree.root),
                previous_root=self.root if previous is None else previous,
                data_hash=to_hex(tree.data_hash),
                plan_hashes=["11" * 32],
                parts=1,
                payees=len(entries),
                cumulative_units=str(tree.total),
            )
        )
        self.root = to_hex(tree.root)
        return tree

    async def _tell(self, event: Any) -> None:
        await self.service.receive(event, source="settlement", programme=PROGRAMME)

    # What is seen.

    async def facts(self, cls: type[Any]) -> list[Any]:
        return [one.event for one in await self.service.recorded() if isinstance(one.event, cls)]

    async def reasons(self) -> list[str]:
        return [fact.reason for fact in await self.facts(DistributionBlocked)]

    async def intents(self) -> dict[str, pb.Transaction]:
        """Purpose → how it stands."""
        request = pb.ListTransactionsRequest(parent=f"programmes/{PROGRAMME}")
        answer = await self.service.query("ListTransactions", request)
        return {one.purpose: one for one in reversed(answer.transactions)}

    async def states(self) -> dict[str, str]:
        """Purpose → state as the table has it."""
        rows = await self.service.log.read(lambda r: r.all("SELECT purpose, state FROM intents ORDER BY seq"))
        return {str(purpose): str(state) for purpose, state in rows}

    async def until(self, what: Callable[[], Any], task: asyncio.Task[None] | None = None) -> None:
        """Waits for something, or for the end of the process."""
        deadline = time.monotonic() + PATIENCE
        while not await what():
            if task is not None and task.done():
                return
            assert time.monotonic() < deadline, f"in vain: {await self.states()}, {await self.reasons()}"
            if self.node.mines_when_looked_at:
                self.node.mine()
            await asyncio.sleep(POLL)

    async def paid(self) -> dict[str, int]:
        """Payee → what the facts say that he got, added up."""
        sums: dict[str, int] = {}
        for fact in await self.facts(PayoutsMade):
            for payment in fact.payments:
                sums[payment.payee] = sums.get(payment.payee, 0) + payment.units
        return sums

    async def all_paid(self, amounts: Mapping[int, int]) -> bool:
        return await self.paid() == {to_hex(payee(i)): amount for i, amount in amounts.items()}

    async def check(self, amounts: Mapping[int, int]) -> None:
        """Everybody has exactly what is due, by the facts and by the token's own balances."""
        assert await self.all_paid(amounts)
        assert {i: self.node.balance_of(account(i)) for i in amounts} == dict(amounts)
        transactions = [fact.transaction for fact in await self.facts(PayoutsMade)]
        assert len(transactions) == len(set(transactions))

    def claim(self, tree: PayoutTree, *members: int) -> str:
        """Somebody else has the vault pay some."""
        items = [(one, tree.proof(one.payee)) for one in tree.payouts if one.payee in {payee(i) for i in members}]
        return self.node.send(self.node.place.admin, vault.claim_many(self.scope, items))


def payee(i: int) -> bytes:
    return keccak256(f"payee {i}".encode())


def account(i: int) -> str:
    return checksum_address(keccak256(f"account {i}".encode())[:20])


def due(count: int, amount: int = 100) -> dict[int, int]:
    """Member → amount, no two alike."""
    return {i: amount + i for i in range(count)}


def _free_port() -> int:
    for port in range(20100, 20300):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
