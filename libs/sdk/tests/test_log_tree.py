import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from fenxiao.proofs.jcs import canonical_json
from fenxiao.proofs.log_tree import (
    EMPTY_ROOT,
    LogTree,
    StoredLog,
    grown,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The entries and roots of the Certificate Transparency reference tests.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """Section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**i for i in range(30) if 2**i < len(leaves))
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_inclusion(m: int, leaves: list[bytes]) -> list[bytes]:
    """Section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = max(2**i for i in range(30) if 2**i < len(leaves))
    if m < k:
        return [*naive_inclusion(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_inclusion(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """Section 2.1.4.1, word for word."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = max(2**i for i in range(30) if 2**i < len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def log(size: int) -> tuple[list[bytes], LogTree]:
    leaves = [leaf_hash(str(i).encode()) for i in range(size)]
    return leaves, LogTree(leaves)


def test_published_roots():
    tree = LogTree()
    assert tree.root() == EMPTY_ROOT
    for index, (entry, root) in enumerate(zip(ENTRIES, ROOTS, strict=True)):
        assert tree.append(leaf_hash(bytes.fromhex(entry))) == index
        assert tree.root().hex() == root
    assert [tree.root(size).hex() for size in range(1, 9)] == ROOTS


def test_every_proof_of_every_small_log():
    leaves, tree = log(33)
    for new in range(1, 34):
        assert tree.root(new) == naive_root(leaves[:new])
        for index in range(new):
            proof = tree.inclusion(index, new)
            assert proof == naive_inclusion(index, leaves[:new])
            assert verify_inclusion(leaves[index], index, new, proof, tree.root(new))
        for old in range(1, new + 1):
            proof = tree.consistency(old, new)
            assert proof == naive_subproof(old, leaves[:new], True)
            assert verify_consistency(old, new, proof, tree.root(old), tree.root(new))


@given(st.integers(1, 300), st.data())
def test_nothing_else_verifies(size: int, data: st.DataObject):
    leaves, tree = log(size)
    root, lie = tree.root(), bytes(32)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    proof = tree.inclusion(index)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(lie, index, size, proof, root)
    assert not verify_inclusion(leaves[index], other, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, lie], root)
    assert not verify_inclusion(leaves[index], index, size, proof, lie)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)

    old = data.draw(st.integers(1, size))
    proof, old_root = tree.consistency(old), tree.root(old)
    assert verify_consistency(old, size, proof, old_root, root)
    assert not verify_consistency(old, size, proof, lie, root)
    assert not verify_consistency(old, size, proof, old_root, lie)
    assert not verify_consistency(old, size, [*proof, lie], old_root, root)
    assert not verify_consistency(0, size, proof, EMPTY_ROOT, root)
    if proof:
        assert not verify_consistency(old, size, proof[:-1], old_root, root)


def test_a_rewritten_log_cannot_be_proved_consistent():
    leaves, tree = log(20)
    forged = LogTree([leaves[0], leaf_hash(b"forged"), *leaves[2:]])
    assert not verify_consistency(13, 20, forged.consistency(13), tree.root(13), forged.root())


def test_questions_beyond_the_log_are_refused():
    _, tree = log(3)
    for ask in (
        lambda: tree.root(4),
        lambda: tree.inclusion(3),
        lambda: tree.inclusion(-1),
        lambda: tree.consistency(0),
        lambda: tree.consistency(3, 2),
    ):
        with pytest.raises(Refusal, match="NOT_IN_LOG"):
            ask()


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_log_that_grows_in_parts_is_the_same(parts: list[int]) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    size = 0
    for part in parts:
        leaves = [leaf_hash(str(size + i).encode()) for i in range(part)]
        for level, number, node in grown(size, leaves, lambda level, number: nodes[level, number]):
            assert (level, number) not in nodes
            nodes[level, number] = node
        size += part
    stored = StoredLog(size, lambda level, number: nodes[level, number])
    whole = LogTree(leaf_hash(str(i).encode()) for i in range(size))
    assert stored.root() == whole.root()
    for index in range(0, size, 7):
        assert stored.inclusion(index) == whole.inclusion(index)


def test_canonical_json():
    # Section 3.2.3 of RFC 8785: keys in the order of their UTF-16 units.
    value = {"\u20ac": "Euro", "\r": "CR", "\ufb33": "Dalet", "1": "One", "\U0001f600": "Smile", "\x80": "C", "ö": "O"}
    assert list(json.loads(canonical_json(value))) == [
        "\r",
        "1",
        "\x80",
        "ö",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]
    assert canonical_json({"b": [True, None, 1], "a": "é\n"}) == '{"a":"é\\n","b":[true,null,1]}'.encode()
    with pytest.raises(ValueError, match="exceeds"):
        canonical_json(2**53)
