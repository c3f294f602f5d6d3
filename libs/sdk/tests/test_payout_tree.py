import hashlib
from itertools import pairwise

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import checksum_address, keccak256, parse_address, parse_hash, programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree, read_export, verify_payout
from fenxiao.proofs.sorted_tree import SortedTree, verify_sorted

SCOPE = PayoutScope(31337, bytes(range(20)), programme_key("gifts"), bytes(range(20, 40)))

payouts_of = st.lists(
    st.builds(
        Payout, st.binary(min_size=32, max_size=32), st.binary(min_size=20, max_size=20), st.integers(1, 2**256 - 1)
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda payout: payout.payee,
)


def naive_leaf(scope: PayoutScope, payout: Payout) -> bytes:
    types = ["uint256", "address", "bytes32", "bytes32", "address", "address", "uint256"]
    values = (
        scope.chain_id,
        scope.vault,
        scope.programme,
        payout.payee,
        payout.account,
        scope.token,
        payout.cumulative,
    )
    return keccak(keccak(encode(types, values)))


def naive_root(leaves: list[bytes]) -> bytes:
    """Compute the root node by node, as the array is defined."""
    ordered = sorted(leaves)
    count = 2 * len(leaves) - 1

    def node(i: int) -> bytes:
        if 2 * i + 1 >= count:
            return ordered[count - 1 - i]
        return keccak(b"".join(sorted([node(2 * i + 1), node(2 * i + 2)])))

    return node(0)


def test_the_published_example_of_openzeppelin():
    # The README of @openzeppelin/merkle-tree: two leaves of (address, uint256).
    values = [("0x" + "11" * 20, 5000000000000000000), ("0x" + "22" * 20, 2500000000000000000)]
    leaves = [keccak(keccak(encode(["address", "uint256"], value))) for value in values]
    tree = SortedTree(leaves)
    assert to_hex(tree.root) == "0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"
    assert tree.proof(leaves[0]) == [leaves[1]]


@given(payouts_of)
def test_leaves_root_and_proofs_equal_the_naive_ones(payouts: list[Payout]):
    tree = PayoutTree(SCOPE, payouts)
    leaves = [naive_leaf(SCOPE, payout) for payout in payouts]
    assert [SCOPE.leaf(payout) for payout in payouts] == leaves
    assert tree.root == naive_root(leaves)
    assert tree.total == sum(payout.cumulative for payout in payouts)
    assert PayoutTree(SCOPE, reversed(payouts)).root == tree.root
    for payout in payouts:
        assert verify_payout(SCOPE, payout, tree.proof(payout.payee), tree.root)


@given(payouts_of, st.data())
def test_nothing_else_verifies(payouts: list[Payout], data: st.DataObject):
    tree = PayoutTree(SCOPE, payouts)
    payout = data.draw(st.sampled_from(payouts))
    proof = tree.proof(payout.payee)
    other = data.draw(st.binary(min_size=20, max_size=20).filter(lambda account: account != payout.account))
    assert not verify_payout(SCOPE, payout._replace(account=other), proof, tree.root)
    assert not verify_payout(SCOPE, payout._replace(cumulative=payout.cumulative % 2**255 + 1), proof, tree.root)
    assert not verify_payout(SCOPE._replace(chain_id=1), payout, proof, tree.root)
    assert not verify_payout(SCOPE._replace(vault=other), payout, proof, tree.root) or other == SCOPE.vault
    assert not verify_payout(SCOPE, payout, [*proof, bytes(32)], tree.root)
    assert not verify_payout(SCOPE, payout, [*proof[:-1], b"short"], tree.root)
    if proof:
        assert not verify_payout(SCOPE, payout, proof[:-1], tree.root)


@given(payouts_of)
def test_the_export_is_canonical_and_rebuilds_the_tree(payouts: list[Payout]):
    tree = PayoutTree(SCOPE, payouts)
    lines = list(tree.export())
    assert tree.data_hash == hashlib.sha256(b"".join(lines)).digest()
    again = read_export(lines)
    assert (again.root, again.scope, again.payouts, again.data_hash) == (tree.root, SCOPE, tree.payouts, tree.data_hash)


def test_the_export_to_the_letter():
    payouts = [Payout(bytes([9]) * 32, bytes([0xAB]) * 20, 12), Payout(bytes([1]) * 32, bytes([2]) * 20, 7)]
    lines = [
        b'{"chain_id":"31337","format":"fenxiao-payouts-1",'
        b'"programme":"0x' + keccak(b"gifts").hex().encode() + b'",'
        b'"token":"0x1415161718191a1b1c1d1e1f2021222324252627","vault":"0x000102030405060708090a0b0c0d0e0f10111213"}\n',
        b'{"account":"0x' + b"02" * 20 + b'","cumulative":"7","payee":"0x' + b"01" * 32 + b'"}\n',
        b'{"account":"0x' + b"ab" * 20 + b'","cumulative":"12","payee":"0x' + b"09" * 32 + b'"}\n',
    ]
    assert list(PayoutTree(SCOPE, payouts).export()) == lines
    header, first, second = lines
    for broken in (
        [], [first], [header], [header, second, first], [header, first, first], [header, first[:-1]],
        [header, first.replace(b'"7"', b'"07"')], [header, first.replace(b'"7"', b'"0"')],
        [header, first.replace(b"02", b"AB")], [header, first.replace(b",", b", ")], [header, header],
    ):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            read_export(broken)
        assert refused.value.reason in {"INVALID_EXPORT", "EMPTY_TREE"}


@pytest.mark.parametrize(
    "payout",
    [
        Payout(bytes(31), bytes(20), 1),
        Payout(bytes(32), bytes(32), 1),
        Payout(bytes(32), bytes(20), 0),
        Payout(bytes(32), bytes(20), -1),
        Payout(bytes(32), bytes(20), 2**256),
    ],
)
def test_refused_payouts(payout: Payout):
    with pytest.raises(Refusal, match="INVALID_PAYOUT"):
        PayoutTree(SCOPE, [payout])


def test_refused_trees():
    payout = Payout(bytes(32), bytes(20), 1)
    with pytest.raises(Refusal, match="DUPLICATE_PAYEE"):
        PayoutTree(SCOPE, [payout, payout._replace(cumulative=2)])
    with pytest.raises(Refusal, match="EMPTY_TREE"):
        PayoutTree(SCOPE, [])
    with pytest.raises(Refusal, match="NOT_IN_TREE"):
        PayoutTree(SCOPE, [payout]).proof(bytes([1]) * 32)
    with pytest.raises(Refusal, match="INVALID_SCOPE"):
        PayoutTree(SCOPE._replace(vault=b""), [payout])


@given(st.sets(st.binary(min_size=32, max_size=32), min_size=2, max_size=40))
def test_an_inner_node_is_no_leaf(leaves: set[bytes]):
    tree = SortedTree(leaves)
    assert all(verify_sorted(leaf, tree.proof(leaf), tree.root) for leaf in leaves)
    with pytest.raises(Refusal, match="NOT_IN_TREE"):
        tree.proof(tree.root)


def test_keccak():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize(
    "address",  # EIP-55's own examples
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
    ],
)
def test_addresses_of_eip_55(address: str):
    assert checksum_address(parse_address(address)) == address
    assert parse_address(address.lower()) == parse_address(address)


@given(st.binary(min_size=20, max_size=20))
def test_checksums_equal_another_implementation(address: bytes):
    assert checksum_address(address) == to_checksum_address(address)


@pytest.mark.parametrize(
    "text",
    ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
     "0x" + "0" * 39, "0x" + "0" * 41, "0x" + "g" * 40, "0X" + "0" * 40, "0x" + "0" * 38 + " 0", "0x" + "０" * 40],
)  # fmt: skip
def test_refused_addresses(text: str):
    with pytest.raises(Refusal) as refused:
        parse_address(text)
    assert (refused.value.reason, refused.value.field) == ("INVALID_ADDRESS", "account")


def test_hashes_are_read_strictly():
    assert parse_hash("0x" + "aB" * 32) == b"\xab" * 32
    for text in ("0x" + "ab" * 31, "ab" * 32, "0x" + "zz" * 32):
        with pytest.raises(Refusal, match="INVALID_HASH"):
            parse_hash(text)


def test_the_order_of_payees_is_kept():
    payouts = [Payout(keccak(bytes([i])), bytes([i]) * 20, i + 1) for i in range(50)]
    ordered = PayoutTree(SCOPE, payouts).payouts
    assert all(a.payee < b.payee for a, b in pairwise(ordered))
