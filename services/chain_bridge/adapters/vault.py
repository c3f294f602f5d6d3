"""The vault's interface: calls encoded, logs and reverts decoded. A test holds it against the compiled contract."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from fenxiao.proofs.hashes import checksum_address, keccak256, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope

PROPOSE_ROOT = "proposeRoot(bytes32,address,uint64,bytes32,bytes32,uint256,bytes32,bytes32)"
CLAIM = "claim(bytes32,address,(bytes32,address,uint256,bytes32[]))"
CLAIM_MANY = "claimMany(bytes32,address,(bytes32,address,uint256,bytes32[])[])"

ROOT_PROPOSED = "RootProposed(bytes32,address,uint64,bytes32,uint256,bytes32,bytes32,uint256)"
ROOT_VETOED = "RootVetoed(bytes32,address,uint64,bytes32)"
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
    "TransferFailed(bytes)": "the token refused the transfer ({0})",
    "UnexpectedTransfer(uint256,uint256)": "the token moved {1} units instead of {0}",
    "InsufficientGas(uint256,uint256)": "it needs more gas than a transaction may use",
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


class Claims(NamedTuple):
    """The arguments of `claimMany`."""

    programme: bytes
    token: str
    items: tuple[tuple[bytes, str, int, tuple[bytes, ...]], ...]
    """Payee, account, cumulative units, proof."""

    def halves(self) -> tuple[bytes, bytes]:
        """Two calls in the place of this one."""
        middle = len(self.items) // 2
        return (
            _call(CLAIM_MANY, (self.programme, self.token, self.items[:middle])),
            _call(CLAIM_MANY, (self.programme, self.token, self.items[middle:])),
        )

    def alone(self, item: int) -> bytes:
        """The call for one of them, which reverts with the reason if it cannot be paid."""
        return _call(CLAIM, (self.programme, self.token, self.items[item]))


def read_claims(data: bytes) -> Claims:
    """What a `claimMany` call asks for."""
    return Claims(*decode(_types(CLAIM_MANY), data[4:]))


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


INDEXED = {ROOT_PROPOSED: 2, ROOT_VETOED: 2, PAID: 3, PAYOUT_FAILED: 3}
"""The logs that the bridge reads, and how many of their values are topics."""
_BY_TOPIC = {topic(signature): signature for signature in INDEXED}
TOPICS = ["0x" + key.hex() for key in _BY_TOPIC]
"""The first topics of the logs that the bridge reads."""


def decode_log(log: dict[str, Any]) -> VaultLog | None:
    """A log as `eth_getLogs` gives it; None for one that the bridge does not read."""
    topics = [bytes.fromhex(text[2:]) for text in log["topics"]]
    signature = _BY_TOPIC.get(topics[0])
    if signature is None:
        return None
    indexed = INDEXED[signature]
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
_ERROR_STRING = _selector("Error(string)")


class Revert(NamedTuple):
    """Why a call failed."""

    name: str
    """The vault's error; empty for anything else."""
    text: str
    """In words."""


def read_revert(data: bytes) -> Revert:
    """What a revert's data says."""
    unknown = f"reverted with {to_hex(data)}" if data else "reverted without a reason"
    signature = _BY_SELECTOR.get(data[:4])
    try:
        if signature is not None:
            values = decode(_types(signature), data[4:])
            text = ERRORS[signature].format(*(_shown(value) for value in values))
            return Revert(signature[: signature.index("(")], text)
        if data[:4] == _ERROR_STRING:
            return Revert("", str(decode(["string"], data[4:])[0]))
    except (DecodingError, UnicodeError, OverflowError):
        pass  # the contract at this address is not ours, or a token invents its errors
    return Revert("", unknown)


def _shown(value: object) -> object:
    """Values for people; the bytes of a token's answer may hold an error in their turn."""
    if not isinstance(value, bytes):
        return value
    return to_hex(value) if len(value) == 32 else read_revert(value).text
