"""The node: its JSON-RPC, the head and what is final."""

import asyncio
import json
import time
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import aiohttp

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, to_hex
from libs.servicekit import Settings, SettingsError

FINALITY_DEPTH = 64
"""Blocks behind the head that count as final where a node knows no `finalized` tag: two epochs of Ethereum."""

GAS_LIMIT = 16_777_216
"""A transaction may use no more (EIP-7825)."""


class NodeDown(Exception):
    """The node does not answer, or has not what it said it has. Try again later."""


class NodeRefused(Exception):
    """The node answered with an error; `data` is what a contract reverted with."""

    def __init__(self, message: str, data: bytes = b"", *, reverted: bool = False) -> None:
        super().__init__(message)
        self.data = data
        self.reverted = reverted


class NonceUsed(Exception):
    """A transaction with this nonce has been mined: this one, or another of the same account."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the node said last."""

    number: int = 0
    base_fee: int = 0
    final: int = 0


class Chain:
    """One node and the vault on its chain."""

    def __init__(self, url: str, vault: str, *, first_block: int = 0, poll_seconds: float = 0.5) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self._ids = count(1)
        self._knows_finalized = False
        self.vault = vault
        self.first_block = first_block
        """The vault has no logs before it."""
        self.poll_seconds = poll_seconds
        self.chain_id = 0
        """0 until the node has answered once."""
        self.head = Head()
        self.balance = 0
        """Wei that the sender has for gas."""
        self.head_moved = time.monotonic()
        """When the head last rose (monotonic seconds)."""

    async def disconnect(self) -> None:
        """Closes the connections. The next call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, method: str, *params: object) -> Any:
        """Calls a method. Raises `NodeDown` or `NodeRefused`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        try:
            async with self._session.post(self._url, json=request) as response:
                answer = cast("dict[str, Any]", json.loads(await response.read()))
                failure = cast("dict[str, Any] | None", answer.get("error"))
                if failure is None:
                    response.raise_for_status()
                    return answer["result"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError, AttributeError) as error:
            raise NodeDown(f"{method}: {error!r}") from error
        raw = failure.get("data")
        data = bytes.fromhex(raw[2:]) if isinstance(raw, str) and raw.startswith("0x") else b""
        message = str(failure.get("message", failure))
        raise NodeRefused(message, data, reverted=failure.get("code") == 3 or "revert" in message.lower())

    async def look(self, sender: str) -> None:
        """Reads the head, what is final, and what the sender can spend, and remembers all three."""
        if not self.chain_id:
            self.chain_id = int(await self.call("eth_chainId"), 16)
        latest, final, balance = await asyncio.gather(
            self.block("latest"), self._final_block(), self.call("eth_getBalance", sender, "latest")
        )
        self.balance = int(balance, 16)
        number = int(latest["number"], 16)
        if number > self.head.number:
            self.head_moved = time.monotonic()
        self.head = Head(
            number=number,
            base_fee=int(latest.get("baseFeePerGas") or "0x0", 16),
            final=final if final is not None else max(0, number - FINALITY_DEPTH),
        )

    async def _final_block(self) -> int | None:
        try:
            block = await self.call("eth_getBlockByNumber", "finalized", False)
        except NodeRefused:
            block = None
        if block is None and self._knows_finalized:
            # Counting blocks instead could call final what is not, just when finality is late.
            raise NodeDown("eth_getBlockByNumber: the node does not know any more what is final")
        self._knows_finalized = block is not None
        return int(block["number"], 16) if block else None

    async def block(self, number: int | str) -> dict[str, Any]:
        """A block's header. Raises `NodeDown` if the node has not got it: it is behind, or has lost it."""
        name = hex(number) if isinstance(number, int) else number
        block = await self.call("eth_getBlockByNumber", name, False)
        if block is None:
            raise NodeDown(f"eth_getBlockByNumber: there is no block {number}")
        return cast("dict[str, Any]", block)

    async def simulate(self, sender: str, data: bytes) -> bytes:
        """What a call to the vault would return now. Raises `NodeRefused` with the revert's data."""
        call = {"from": sender, "to": self.vault, "data": to_hex(data), "gas": hex(GAS_LIMIT)}
        return bytes.fromhex((await self.call("eth_call", call, "latest"))[2:])

    async def estimate(self, sender: str, data: bytes) -> int:
        """Gas that a call to the vault needs. Raises `NodeRefused` with the revert's data."""
        call = {"from": sender, "to": self.vault, "data": to_hex(data), "gas": hex(GAS_LIMIT)}
        return int(await self.call("eth_estimateGas", call), 16)

    async def nonce(self, sender: str, block: int | str) -> int:
        """The nonce that follows those of an account's transactions up to a block."""
        name = hex(block) if isinstance(block, int) else block
        return int(await self.call("eth_getTransactionCount", sender, name), 16)

    async def broadcast(self, raw: bytes) -> None:
        """Sends a signed transaction. One that the node has already is no error. Raises `NonceUsed`."""
        try:
            await self.call("eth_sendRawTransaction", to_hex(raw))
        except NodeRefused as refused:
            text = str(refused).lower()
            if "nonce too low" in text or "oldnonce" in text:
                raise NonceUsed from refused
            if not any(word in text for word in ("already", "known transaction")):
                raise

    async def logs(self, first: int, last: int, topics: list[str]) -> list[dict[str, Any]]:
        """The vault's logs of a range of blocks, in order."""
        query = {"address": self.vault, "fromBlock": hex(first), "toBlock": hex(last), "topics": [topics]}
        logs = cast("list[dict[str, Any]]", await self.call("eth_getLogs", query))
        return sorted(logs, key=lambda log: (int(log["blockNumber"], 16), int(log["logIndex"], 16)))

    async def receipt(self, transaction: str) -> dict[str, Any] | None:
        """The receipt, or None while there is none."""
        return cast("dict[str, Any] | None", await self.call("eth_getTransactionReceipt", transaction))


def open_chain(settings: Settings) -> Chain:
    """Opens the node that the settings name."""
    vault = settings.required("vault_address")
    try:
        parse_address(vault)
        first_block = int(settings.others.get("vault_block", "0"))
        poll = float(settings.others.get("chain_poll_seconds", "0.5"))
    except (Refusal, ValueError) as error:
        raise SettingsError(
            f"FENXIAO_VAULT_ADDRESS, FENXIAO_VAULT_BLOCK or FENXIAO_CHAIN_POLL_SECONDS is wrong: {error}"
        ) from None
    return Chain(settings.required("rpc_url"), vault, first_block=first_block, poll_seconds=poll)
