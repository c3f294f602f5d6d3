"""The Merkle tree that OpenZeppelin's `MerkleProof` verifies: Keccak-256, the two of a pair hashed in order of size.

It has the shape of OpenZeppelin's `StandardMerkleTree`: leaves sorted, 2n − 1 nodes in one array, the children of node
i at 2i + 1 and 2i + 2, the root at 0, the smallest leaf at the end.
"""

from collections.abc import Iterable, Sequence

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import keccak256


class SortedTree:
    """A tree over leaf hashes of 32 bytes, given in any order; at least one."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        ordered = sorted(leaves, reverse=True)
        if not ordered:
            raise Refusal("EMPTY_TREE", "A Merkle tree needs at least one leaf.")
        inner = len(ordered) - 1
        nodes = [b""] * inner + ordered
        for i in range(inner - 1, -1, -1):
            left, right = nodes[2 * i + 1], nodes[2 * i + 2]
            nodes[i] = keccak256(left + right if left < right else right + left)
        self._nodes = nodes
        self._places = {leaf: inner + i for i, leaf in enumerate(ordered)}

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return self._nodes[0]

    def proof(self, leaf: bytes) -> list[bytes]:
        """List the siblings on the way from a leaf to the root."""
        node = self._places.get(leaf)
        if node is None:
            raise Refusal("NOT_IN_TREE", "The tree has no such leaf.")
        siblings: list[bytes] = []
        while node:
            siblings.append(self._nodes[node + 1 if node % 2 else node - 1])
            node = (node - 1) // 2
        return siblings


def verify_sorted(leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a proof leads from a leaf to a root, as the contract does."""
    node = leaf
    for sibling in proof:
        if len(sibling) != 32:
            return False
        node = keccak256(node + sibling if node < sibling else sibling + node)
    return node == root
