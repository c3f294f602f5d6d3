"""Our reading of the vault's interface, held against the compiler's."""

from typing import Any

import pytest
from eth_abi.abi import encode

from fenxiao.proofs.hashes import keccak256, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope
from libs.localnet.contracts import Contracts
from services.chain_bridge.adapters import vault

SCOPE = PayoutScope(1, b"\1" * 20, b"\2" * 32, b"\3" * 20)
ITEMS = [(Payout(bytes([i]) * 32, bytes([i]) * 20, 100 + i), [bytes([9]) * 32] * i) for i in range(1, 6)]


def signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(_type(one) for one in entry['inputs'])})"


def _type(one: dict[str, Any]) -> str:
    if not one["type"].startswith("tuple"):
        return one["type"]
    return f"({','.join(_type(inner) for inner in one['components'])}){one['type'].removeprefix('tuple')}"


@pytest.fixture(scope="module")
def abi(contracts: Contracts) -> list[dict[str, Any]]:
    return contracts.artefact("CommissionVault")["abi"]


def test_calls_are_the_contracts(abi: list[dict[str, Any]]) -> None:
    functions = {signature(one) for one in abi if one["type"] == "function"}
    assert {vault.PROPOSE_ROOT, vault.CLAIM, vault.CLAIM_MANY} <= functions


def test_events_are_the_contracts(abi: list[dict[str, Any]]) -> None:
    events = {signature(one): [i["indexed"] for i in one["inputs"]] for one in abi if one["type"] == "event"}
    for event, topics in vault.INDEXED.items():
        places = events[event]
        assert places == [True] * topics + [False] * (len(places) - topics)


def test_errors_are_the_contracts(abi: list[dict[str, Any]]) -> None:
    assert vault.ERRORS.keys() <= {signature(one) for one in abi if one["type"] == "error"}


def test_the_plan_hash_does_not_depend_on_the_order() -> None:
    one, other = "11" * 32, "22" * 32
    expected = keccak256(bytes.fromhex(one + other))
    assert vault.plan_hash([other, one]) == vault.plan_hash([one, other]) == expected


def test_claims_are_read_back_and_cut() -> None:
    claims = vault.read_claims(vault.claim_many(SCOPE, ITEMS))
    assert (claims.programme, claims.token) == (SCOPE.programme, to_hex(SCOPE.token))
    assert [(item[0], item[2], list(item[3])) for item in claims.items] == [
        (payout.payee, payout.cumulative, proof) for payout, proof in ITEMS
    ]
    assert claims.halves() == (vault.claim_many(SCOPE, ITEMS[:2]), vault.claim_many(SCOPE, ITEMS[2:]))


def test_a_log_is_decoded() -> None:
    log = {
        "topics": [
            "0x" + vault.topic(vault.PAID).hex(),
            to_hex(b"\2" * 32),
            to_hex(bytes(12) + b"\3" * 20),
            to_hex(b"\4" * 32),
        ],
        "data": to_hex(encode(["address", "uint256", "uint256"], ["0x" + "05" * 20, 7, 9])),
        "transactionHash": "0xab",
        "blockNumber": "0x10",
    }
    found = vault.decode_log(log)
    assert found is not None
    assert (found.event, found.programme, found.payee) == (vault.PAID, b"\2" * 32, b"\4" * 32)
    assert (found.token.lower(), found.block, found.transaction) == ("0x" + "03" * 20, 16, "0xab")
    assert found.values == ("0x" + "05" * 20, 7, 9)
    assert vault.decode_log({**log, "topics": ["0x" + "00" * 32]}) is None


def revert(error: str, *values: object) -> bytes:
    types = error[error.index("(") + 1 : -1]
    return keccak256(error.encode())[:4] + encode(types.split(",") if types else [], values)


ERROR = revert("Error(string)", "blacklisted")


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (
            revert("Underfunded(uint256,uint256,uint256)", 10, 4, 6),
            "Underfunded",
            "the vault is short of 6 units: it holds 4 of the 10 that are owed;"
            " fund it, and the distribution goes on by itself",
        ),
        (revert("EnforcedPause()"), "EnforcedPause", "the vault is paused"),
        (
            revert("RootStillPending(uint64,uint256)", 3, 99),
            "RootStillPending",
            "distribution 3 is still pending; it becomes active at 99",
        ),
        (revert("TransferFailed(bytes)", ERROR), "TransferFailed", "the token refused the transfer (blacklisted)"),
        (
            revert("TransferFailed(bytes)", b""),
            "TransferFailed",
            "the token refused the transfer (reverted without a reason)",
        ),
        (ERROR, "", "blacklisted"),
        (b"", "", "reverted without a reason"),
        (b"\1\2", "", "reverted with 0x0102"),
        (ERROR[:20], "", f"reverted with {to_hex(ERROR[:20])}"),
        (revert("Underfunded(uint256,uint256,uint256)", 10, 4, 6)[:40], "", None),
    ],
)
def test_a_revert_in_words(data: bytes, name: str, text: str | None) -> None:
    found = vault.read_revert(data)
    assert found.name == name
    assert found.text == (text if text is not None else f"reverted with {to_hex(data)}")
