"""The node: its JSON-RPC, the head and what is final."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, to_hex
from libs.servicekit import Settings, SettingsError

FINALITY_DEPTH = 64
"""Blocks behind the head that count as final where a node knows no `finalized` tag: two epochs of Ethereum."""

LOGS_A_QUERY = 1_000
"""Blocks asked for in one `eth_getLogs`: providers refuse long ranges."""


class NodeDown(Exception):
    """The node does not answer. Try again later."""


class NodeRefused(Exception):
    """The node answered with an error; `data` is what a contract reverted with."""

    def __init__(self, message: str, data: bytes, *, reverted: bool) -> None:
        super().__init__(message)
        self.data = data
        self.reverted = reverted


@dataclass(frozen=True, slots=True)
class Head:
    """What the node said last."""

    number: int
    timestamp: int
    base_fee: int
    final: int


class Chain:
    """One node and the vault on its chain."""

    def __init__(self, url: str, vault: str, poll_seconds: float) -> None:
        self._provider = AsyncHTTPProvider(
            url, request_kwargs={"timeout": aiohttp.ClientTimeout(total=10)}, exception_retry_configuration=None
        )
        self.vault = vault
        self.poll_seconds = poll_seconds
        self.chain_id = 0
        """0 until the node has answered once."""
        self.head = Head(0, 0, 0, 0)
        self.balance = 0
        """Wei that the sender has for gas."""
        self.head_moved = time.monotonic()
        """When the head last rose (monotonic seconds)."""

    async def call(self, method: str, *params: object) -> Any:
        """Calls a method. Raises `NodeDown` or `NodeRefused`."""
        try:
            answer = cast("dict[str, Any]", await self._provider.make_request(RPCEndpoint(method), list(params)))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NodeDown(f"{method}: {error!r}") from error
        failure = cast("dict[str, Any] | None", answer.get("error"))
        if failure is None:
            return answer.get("result")
        raw = failure.get("data")
        data = bytes.fromhex(raw[2:]) if isinstance(raw, str) and raw.startswith("0x") else b""
        message = str(failure.get("message", failure))
        raise NodeRefused(message, data, reverted=failure.get("code") == 3 or "revert" in message.lower())

    async def look(self, sender: str) -> Head:
        """Reads the head, what is final, and what the sender can spend, and remembers all three."""
        if not self.chain_id:
            self.chain_id = int(await self.call("eth_chainId"), 16)
        latest, final, balance = await asyncio.gather(
            self.call("eth_getBlockByNumber", "latest", False),
            self._final_block(),
            self.call("eth_getBalance", sender, "latest"),
        )
        self.balance = int(balance, 16)
        number = int(latest["number"], 16)
        if number > self.head.number:
            self.head_moved = time.monotonic()
        self.head = Head(
            number=number,
            timestamp=int(latest["timestamp"], 16),
            base_fee=int(latest.get("baseFeePerGas") or "0x0", 16),
            final=final if final is not None else max(0, number - FINALITY_DEPTH),
        )
        return self.head

    async def _final_block(self) -> int | None:
        try:
            block = await self.call("eth_getBlockByNumber", "finalized", False)
        except NodeRefused:
            return None
        return int(block["number"], 16) if block else None

    async def estimate(self, sender: str, data: bytes) -> int:
        """Gas that a call to the vault needs. Raises `NodeRefused` with the revert's data."""
        return int(await self.call("eth_estimateGas", {"from": sender, "to": self.vault, "data": to_hex(data)}), 16)

    async def broadcast(self, raw: bytes) -> None:
        """Sends a signed transaction. One that the node has already is no error."""
        try:
            await self.call("eth_sendRawTransaction", to_hex(raw))
        except NodeRefused as refused:
            text = str(refused).lower()
            if not any(word in text for word in ("already known", "already imported", "nonce too low")):
                raise

    async def logs(self, first: int, last: int, topics: list[str]) -> list[dict[str, Any]]:
        """The vault's logs of a range of blocks, in order."""
        query = {"address": self.vault, "fromBlock": hex(first), "toBlock": hex(last), "topics": [topics]}
        return cast("list[dict[str, Any]]", await self.call("eth_getLogs", query))

    async def receipt(self, transaction: str) -> dict[str, Any] | None:
        """The receipt, or None while there is none."""
        return cast("dict[str, Any] | None", await self.call("eth_getTransactionReceipt", transaction))


def open_chain(settings: Settings) -> Chain:
    """Opens the node that the settings name."""
    vault = settings.required("vault_address")
    try:
        parse_address(vault)
        poll = float(settings.others.get("chain_poll_seconds", "0.5"))
    except (Refusal, ValueError) as error:
        raise SettingsError(f"FENXIAO_VAULT_ADDRESS or FENXIAO_CHAIN_POLL_SECONDS is wrong: {error}") from None
    return Chain(settings.required("rpc_url"), vault, poll)
