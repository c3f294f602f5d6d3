"""The development chain: how anvil is started, the contracts on it, and money for a programme's vault."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fenxiao.proofs.hashes import checksum_address, keccak256, programme_key
from libs.localnet import wallets
from libs.localnet.contracts import Contracts

CHAIN_ID = 31337
ACTIVATION_DELAY = 1  # seconds between a distribution's proposal and its payment, in which a guardian can veto
TOKEN = ("Test Pound", "tGBP", 2)

# Who does what on this chain: development accounts, unlocked in anvil, none of them a member's wallet.
ADMIN, GUARDIAN, PAUSER = (wallets.wallet(i, wallets.OPERATORS)[0] for i in range(3))

_GAS = 6_000_000
_SIGNER_WEI = 1_000 * 10**18
_RECEIPT_TIMEOUT = 20.0


class ChainError(Exception):
    """The chain refused, or holds something other than the network's data says."""


class Rpc:
    """Calls a node's JSON-RPC."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._ids = count(1)

    def call(self, method: str, *parameters: object) -> Any:
        """Return the result of one call."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        connection = HTTPConnection(self._host, timeout=10)
        try:
            connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise ChainError(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]


@dataclass(frozen=True)
class Contract:
    """A contract on the chain, and what it was made from."""

    address: str
    abi_sha256: str
    code_sha256: str


@dataclass(frozen=True)
class Deployment:
    """Where the contracts stand, and who holds which role."""

    chain_id: int
    block: int
    vault: Contract
    token: Contract
    token_symbol: str
    token_decimals: int
    activation_delay: int
    admin: str
    proposer: str
    guardian: str
    pauser: str

    @classmethod
    def read(cls, path: Path) -> "Deployment | None":
        """Return the deployment that was written to a file, if there is one."""
        if not path.exists():
            return None
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("vault", "token"):
            content[name] = Contract(**content[name])
        return cls(**content)

    def as_json(self) -> dict[str, Any]:
        """Return it as `read` expects it."""
        return asdict(self)


def anvil_arguments(binary: Path, *, state: Path, port: int) -> list[str]:
    """Return the command that starts the chain with the state it had."""
    return [
        str(binary),
        *("--quiet", "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID)),
        *("--state", str(state), "--state-interval", "30"),  # the state grows by 2 kB a block: not too often
        *("--block-time", "1"),  # automine stalls under concurrent sends
        *("--slots-in-an-epoch", "1"),  # final after two blocks, not 64
        *("--prune-history", "1000"),  # old states are dropped, not written to disk; blocks and logs are kept
        "--enable-tx-gas-limit",  # 16.7 M gas a transaction, as on a real chain
        *("--mnemonic", wallets.MNEMONIC, "--derivation-path", f"m/44'/60'/{wallets.OPERATORS}'/0/"),
    ]


def is_deployed(rpc: Rpc, deployment: Deployment) -> bool:
    """Say whether the chain holds the contracts."""
    found = (rpc.call("eth_getCode", contract.address, "latest") for contract in (deployment.vault, deployment.token))
    return int(rpc.call("eth_chainId"), 16) == deployment.chain_id and all(code != "0x" for code in found)


def deploy(rpc: Rpc, contracts: Contracts, *, proposer: str) -> Deployment:
    """Put the contracts on the chain, allow the token, and give the proposer money for gas."""
    vault, token = (contracts.artefact(name) for name in ("CommissionVault", "TestToken"))
    roles = (ADMIN, proposer, GUARDIAN, PAUSER)
    token_receipt, vault_receipt, _ = _send(
        rpc,
        {"data": _creation(token, ["string", "string", "uint8"], TOKEN)},
        {"data": _creation(vault, ["address"] * 4 + ["uint256"], (*roles, ACTIVATION_DELAY))},
        {"to": proposer, "value": hex(_SIGNER_WEI)},
    )
    vault_address, token_address = (
        checksum_address(bytes.fromhex(receipt["contractAddress"].removeprefix("0x")))
        for receipt in (vault_receipt, token_receipt)
    )
    _send(rpc, _transaction(vault_address, "setTokenAllowed(address,bool)", token_address, True))
    _, symbol, decimals = TOKEN
    return Deployment(
        chain_id=int(rpc.call("eth_chainId"), 16),
        block=int(vault_receipt["blockNumber"], 16),
        vault=_contract(vault_address, vault),
        token=_contract(token_address, token),
        token_symbol=symbol,
        token_decimals=decimals,
        activation_delay=ACTIVATION_DELAY,
        admin=ADMIN,
        proposer=proposer,
        guardian=GUARDIAN,
        pauser=PAUSER,
    )


def fund(rpc: Rpc, deployment: Deployment, *, programme: str, amount: int) -> str:
    """Mint test money and put it into the vault for a programme, as its merchant would; return the transaction."""
    vault, token = deployment.vault.address, deployment.token.address
    *_, funded = _send(
        rpc,
        _transaction(token, "mint(address,uint256)", ADMIN, amount),
        _transaction(token, "approve(address,uint256)", vault, amount),
        _transaction(vault, "fund(bytes32,address,uint256)", programme_key(programme), token, amount),
    )
    return funded["transactionHash"]


def _send(rpc: Rpc, *transactions: dict[str, str]) -> list[dict[str, Any]]:
    """Send the admin's transactions in this order, have them mined at once, and return their receipts."""
    nonce = int(rpc.call("eth_getTransactionCount", ADMIN, "pending"), 16)
    hashes = [
        rpc.call("eth_sendTransaction", {"from": ADMIN, "gas": hex(_GAS), "nonce": hex(nonce + i), **transaction})
        for i, transaction in enumerate(transactions)
    ]
    rpc.call("evm_mine")
    return [_receipt(rpc, transaction_hash) for transaction_hash in hashes]


def _receipt(rpc: Rpc, transaction_hash: str) -> dict[str, Any]:
    deadline = time.monotonic() + _RECEIPT_TIMEOUT
    while (receipt := rpc.call("eth_getTransactionReceipt", transaction_hash)) is None:
        if time.monotonic() > deadline:
            raise ChainError(f"transaction {transaction_hash} was not mined within {_RECEIPT_TIMEOUT:.0f} s")
        time.sleep(0.1)
    if receipt["status"] != "0x1":
        raise ChainError(f"transaction {transaction_hash} failed on the chain")
    return receipt


def _creation(artefact: dict[str, Any], types: Sequence[str], values: Sequence[object]) -> str:
    return artefact["bytecode"]["object"] + _encode(types, values).hex()


def _transaction(to: str, signature: str, *values: object) -> dict[str, str]:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return {"to": to, "data": "0x" + (keccak256(signature.encode())[:4] + _encode(types, values)).hex()}


def _encode(types: Sequence[str], values: Sequence[object]) -> bytes:
    import eth_abi  # noqa: PLC0415 - slow to import, and a restarted network does not need it

    return eth_abi.encode(types, values)  # pyright: ignore[reportPrivateImportUsage]


def _contract(address: str, artefact: dict[str, Any]) -> Contract:
    abi = json.dumps(artefact["abi"], sort_keys=True, separators=(",", ":")).encode()
    code = bytes.fromhex(artefact["bytecode"]["object"].removeprefix("0x"))
    return Contract(address, hashlib.sha256(abi).hexdigest(), hashlib.sha256(code).hexdigest())
