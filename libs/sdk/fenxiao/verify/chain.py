"""What the chain says, over plain JSON-RPC: roots, payments, balances. Nothing but a node's address is needed."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fenxiao.proofs.hashes import checksum_address, keccak256, parse_address, to_hex

CALLS_A_REQUEST = 100
BLOCKS_A_QUERY = 1_000

FUNDED = "Funded(bytes32,address,address,uint256)"
SURPLUS_WITHDRAWN = "SurplusWithdrawn(bytes32,address,address,uint256)"
ROOT_PROPOSED = "RootProposed(bytes32,address,uint64,bytes32,uint256,bytes32,bytes32,uint256)"
PAID = "Paid(bytes32,address,bytes32,address,uint256,uint256)"
TRANSFER = "Transfer(address,address,uint256)"


class ChainUnreachable(Exception):
    """The node does not answer, or not what it should."""


class ProposedRoot(NamedTuple):
    """A root as the vault has logged it."""

    number: int
    root: str
    total: int
    data_hash: str
    plan_hash: str
    active_at: int
    """Seconds since 1970."""


class Payment(NamedTuple):
    """A payment as the vault has logged it."""

    payee: str
    account: str
    units: int


class Transfer(NamedTuple):
    """A movement of the token."""

    sender: str
    receiver: str
    units: int
    transaction: str


def _word(value: int | bytes) -> str:
    data = value.to_bytes(32, "big") if isinstance(value, int) else value
    return data.rjust(32, b"\0").hex()


def _selector(signature: str) -> str:
    return keccak256(signature.encode())[:4].hex()


def _event(signature: str) -> str:
    """The first topic of an event's logs."""
    return to_hex(keccak256(signature.encode()))


class Chain:
    """A node, the vault and its token.

    Logs are read from `first_block` on. The block in which the vault was made is best: what is earlier says nothing,
    and takes long to read on a public chain.
    """

    def __init__(self, rpc_url: str, vault: str, token: str, first_block: int = 0) -> None:
        if urlsplit(rpc_url).scheme not in ("http", "https"):
            raise ChainUnreachable("the RPC address must begin with http:// or https://")
        self._url = rpc_url
        self.vault = checksum_address(parse_address(vault, field="vault"))
        self.token = checksum_address(parse_address(token, field="token"))
        self.first_block = first_block
        """From which on logs are read."""
        self._id = 0

    def _request(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Sends calls together and returns their results in order."""
        body: list[dict[str, Any]] = []
        for method, parameters in calls:
            self._id += 1
            body.append({"jsonrpc": "2.0", "id": self._id, "method": method, "params": parameters})
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)  # noqa: S310 # http(s) only, see above
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 # as above
                answers: list[dict[str, Any]] = json.loads(response.read())
        except (urllib.error.URLError, TimeoutError, ValueError, OSError) as error:
            raise ChainUnreachable(f"the node at {self._url} does not answer: {error}") from None
        by_id = {answer.get("id"): answer for answer in answers}
        results: list[Any] = []
        for call in body:
            answer = by_id.get(call["id"], {})
            if "result" not in answer:
                raise ChainUnreachable(f"{call['method']} failed: {answer.get('error')}")
            results.append(answer["result"])
        return results

    def call(self, method: str, *parameters: Any) -> Any:
        """One call."""
        return self._request([(method, list(parameters))])[0]

    def chain_id(self) -> int:
        """The chain's id."""
        return int(self.call("eth_chainId"), 16)

    def final_block(self) -> int:
        """The newest final block."""
        block = self.call("eth_getBlockByNumber", "finalized", False)
        return int(block["number"], 16)

    def _view(self, to: str, signature: str, arguments: Sequence[Sequence[int | bytes]], block: int) -> list[int]:
        """Calls a view with many sets of arguments; each answer's first word."""
        selector = _selector(signature)
        results: list[int] = []
        for start in range(0, len(arguments), CALLS_A_REQUEST):
            calls: list[tuple[str, list[Any]]] = []
            for words in arguments[start : start + CALLS_A_REQUEST]:
                data = "0x" + selector + "".join(_word(word) for word in words)
                calls.append(("eth_call", [{"to": to, "data": data}, hex(block)]))
            results += [int(answer[:66], 16) if len(answer) >= 66 else 0 for answer in self._request(calls)]
        return results

    def paid(self, programme: bytes, payees: Sequence[bytes], block: int) -> list[int]:
        """What the vault has paid each payee in all."""
        token = parse_address(self.token)
        return self._view(
            self.vault, "paid(bytes32,bytes32,address)", [(programme, payee, token) for payee in payees], block
        )

    def funded(self, programme: bytes, block: int) -> int:
        """What the programme has put into the vault."""
        return self._view(self.vault, "funded(bytes32,address)", [(programme, parse_address(self.token))], block)[0]

    def paid_out(self, programme: bytes, block: int) -> int:
        """What the vault has paid for the programme in all."""
        return self._view(self.vault, "paidOut(bytes32,address)", [(programme, parse_address(self.token))], block)[0]

    def balances(self, accounts: Sequence[str], block: int) -> list[int]:
        """Token balances."""
        return self._view(self.token, "balanceOf(address)", [(parse_address(a),) for a in accounts], block)

    def _logs(self, address: str, topics: Sequence[str | Sequence[str] | None], last: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for first in range(self.first_block, last + 1, BLOCKS_A_QUERY):
            end = min(last, first + BLOCKS_A_QUERY - 1)
            query = {"address": address, "fromBlock": hex(first), "toBlock": hex(end), "topics": topics}
            found += self.call("eth_getLogs", query)
        return found

    def _programme_logs(self, signatures: Sequence[str], programme: bytes, last: int) -> list[dict[str, Any]]:
        """What the vault has logged for the programme and token, oldest first."""
        names = [_event(signature) for signature in signatures]
        return self._logs(self.vault, [names, to_hex(programme), "0x" + _word(parse_address(self.token))], last)

    def funding(self, programme: bytes, last: int) -> int:
        """What the logs give as put into the vault for the programme, less the surplus that was taken out."""
        logs = self._programme_logs([FUNDED, SURPLUS_WITHDRAWN], programme, last)
        return sum(int(log["data"], 16) * (1 if log["topics"][0] == _event(FUNDED) else -1) for log in logs)

    def roots(self, programme: bytes, last: int) -> list[ProposedRoot]:
        """The roots proposed for the programme and token, oldest first."""
        roots: list[ProposedRoot] = []
        for log in self._programme_logs([ROOT_PROPOSED], programme, last):
            data = bytes.fromhex(log["data"][2:])
            number, root, total, data_hash, plan_hash, active_at = (data[32 * n : 32 * n + 32] for n in range(6))
            roots.append(
                ProposedRoot(
                    int.from_bytes(number, "big"),
                    to_hex(root),
                    int.from_bytes(total, "big"),
                    to_hex(data_hash),
                    to_hex(plan_hash),
                    int.from_bytes(active_at, "big"),
                )
            )
        return roots

    def payments(self, programme: bytes, last: int) -> list[Payment]:
        """What the vault has paid for the programme in the token, oldest first."""
        payments: list[Payment] = []
        for log in self._programme_logs([PAID], programme, last):
            data = bytes.fromhex(log["data"][2:])
            account, units = checksum_address(data[12:32]), int.from_bytes(data[32:64], "big")
            payments.append(Payment(log["topics"][3], account, units))
        return payments

    def transfers(self, last: int, *, sender: str = "", receiver: str = "") -> list[Transfer]:
        """Movements of the token from or to an account."""
        ends = [("0x" + _word(parse_address(account))) if account else None for account in (sender, receiver)]
        logs = self._logs(self.token, [_event(TRANSFER), *ends], last)
        return [
            Transfer(
                checksum_address(bytes.fromhex(log["topics"][1][26:])),
                checksum_address(bytes.fromhex(log["topics"][2][26:])),
                int(log["data"], 16),
                log["transactionHash"],
            )
            for log in logs
        ]
