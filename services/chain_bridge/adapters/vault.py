"""The vault's interface: calls encoded, logs and reverts decoded. A test holds it against the compiled contract."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode

from fenxiao.proofs.hashes import checksum_address, keccak256, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope

PROPOSE_ROOT = "proposeRoot(bytes32,address,uint64,bytes32,bytes32,uint256,bytes32,bytes32)"
CLAIM_MANY = "claimMany(bytes32,address,(bytes32,address,uint256,bytes32[])[])"

ROOT_PROPOSED = "RootProposed(bytes32,address,uint64,bytes32,uint256,bytes32,bytes32,uint256)"
PAID = "Paid(bytes32,address,bytes32,address,uint256,uint256)"
PAYOUT_FAILED = "PayoutFailed(bytes32,address,bytes32,address,uint256,bytes)"

ERRORS = {
    "Underfunded(uint256,uint256,uint256)": "the vault is short of {2} units: it holds {1} of the {0} that are owed;"
    " fund it, and the distribution goes on by itself",
    "NumberNotIncreasing(uint64,uint64)": "the chain already has distribution {0}, this one is {1}",
    "UnexpectedPreviousRoot(bytes32,bytes32)": "the newest root on chain is {0}, not {1}",
    "RootStillPending(uint64,uint256)": "distribution {0} is still pending; it becomes active at {1}",
    "TotalDecreased(uint256,uint256)": "the total would fall from {0} to {1}",
    "TokenNotAllowed(address)": "the vault does not allow the token {0}; its admin can",
    "NoActiveRoot()": "no root is active yet",
    "EmptyRoot()": "the root is empty",
    "InvalidProof()": "the proof does not fit the active root",
    "TotalExceeded(uint256,uint256)": "only {0} units are left of the root's total, {1} are asked for",
    "InvalidAccount(address)": "{0} cannot be paid",
    "TransferFailed(bytes)": "the token refused the transfer",
    "UnexpectedTransfer(uint256,uint256)": "the token moved {1} units instead of {0}",
    "EnforcedPause()": "the vault is paused",
    "AccessControlUnauthorizedAccount(address,bytes32)": "{0} lacks the role {1} on the vault",
}
"""The vault's errors and what they mean for people."""


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def topic(signature: str) -> bytes:
    """The first topic of a log."""
    return keccak256(signature.encode())


def _types(signature: str) -> list[str]:
    """The outermost argument types of a signature."""
    inner = signature[signature.index("(") + 1 : -1]
    found, depth, start = list[str](), 0, 0
    for place, character in enumerate(inner):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append(inner[start:place])
            start = place + 1
    return [*found, inner[start:]] if inner else []


def _call(signature: str, arguments: Sequence[Any]) -> bytes:
    return _selector(signature) + encode(_types(signature), arguments)


def plan_hash(plan_hashes: Iterable[str]) -> bytes:
    """Keccak-256 of the sorted plan hashes, 32 bytes each: what the root names its plans by."""
    return keccak256(b"".join(bytes.fromhex(text) for text in sorted(plan_hashes)))


def propose_root(
    scope: PayoutScope, number: int, previous: bytes, root: bytes, total: int, data_hash: bytes, plans: bytes
) -> bytes:
    """The call that puts a distribution's root on chain."""
    return _call(PROPOSE_ROOT, (scope.programme, scope.token, number, previous, root, total, data_hash, plans))


def claim_many(scope: PayoutScope, items: Sequence[tuple[Payout, Sequence[bytes]]]) -> bytes:
    """The call that pays payees what the active root owes them."""
    claims = [(payout.payee, payout.account, payout.cumulative, list(proof)) for payout, proof in items]
    return _call(CLAIM_MANY, (scope.programme, scope.token, claims))


@dataclass(frozen=True, slots=True)
class VaultLog:
    """One decoded log of the vault."""

    event: str
    programme: bytes
    token: str
    payee: bytes
    values: tuple[Any, ...]
    transaction: str
    block: int


_INDEXED = {ROOT_PROPOSED: 2, PAID: 3, PAYOUT_FAILED: 3}
_BY_TOPIC = {topic(signature): signature for signature in _INDEXED}
TOPICS = ["0x" + key.hex() for key in _BY_TOPIC]
"""The first topics of the logs that the bridge reads."""


def decode_log(log: dict[str, Any]) -> VaultLog | None:
    """A log as `eth_getLogs` gives it; None for one that the bridge does not read."""
    topics = [bytes.fromhex(text[2:]) for text in log["topics"]]
    signature = _BY_TOPIC.get(topics[0])
    if signature is None:
        return None
    indexed = _INDEXED[signature]
    values = decode(_types(signature)[indexed:], bytes.fromhex(log["data"][2:]))
    return VaultLog(
        event=signature,
        programme=topics[1],
        token=checksum_address(topics[2][12:]),
        payee=topics[3] if indexed == 3 else b"",
        values=values,
        transaction=log["transactionHash"],
        block=int(log["blockNumber"], 16),
    )


_BY_SELECTOR = {_selector(signature): signature for signature in ERRORS}


def explain_revert(data: bytes) -> str:
    """What a revert's data says, in words."""
    signature = _BY_SELECTOR.get(data[:4])
    if signature is None:
        if data[:4] == _selector("Error(string)"):
            return str(decode(["string"], data[4:])[0])
        return f"reverted with 0x{data.hex()}" if data else "reverted without a reason"
    values = [to_hex(v) if isinstance(v, bytes) else v for v in decode(_types(signature), data[4:])]
    return ERRORS[signature].format(*values)
