"""The log's Merkle tree (RFC 9162, section 2.1; SHA-256): append only, with proofs that it is.

Proofs of inclusion say that an entry is the n-th of the log; proofs of consistency say that a larger log begins with
all of a smaller one, in the same order.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from fenxiao.errors import Refusal

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the log without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """Give the hash by which an entry stands in the log."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class StoredLog:
    """A log whose complete subtrees are kept somewhere: `node(k, i)` is that of the 2^k leaves from i * 2^k."""

    def __init__(self, size: int, node: Callable[[int, int], bytes]) -> None:
        self._entries = size
        self._node = node

    def __len__(self) -> int:
        return self._entries

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the log as it was with so many entries (now, if none is given)."""
        size = self._size(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that a leaf is the entry at `index` of the log with so many entries."""
        size = self._size(size)
        if not 0 <= index < size:
            raise Refusal("NOT_IN_LOG", f"The log with {size} entries has none at {index}.")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Prove that the log with `new` entries begins with the one with `old`, at least 1."""
        new = self._size(new)
        if not 1 <= old <= new:
            raise Refusal("NOT_IN_LOG", f"A log of {new} entries does not begin with one of {old}.")
        proof: list[bytes] = []
        start, end, whole = 0, new, True  # whole: the old tree's root is the subtree at hand, which needs no telling
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._subtree(middle, end))
                end = middle
            else:
                proof.append(self._subtree(start, middle))
                start, whole = middle, False
        if not whole:
            proof.append(self._subtree(start, end))
        return proof[::-1]

    def _size(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise Refusal("NOT_IN_LOG", f"The log has {len(self)} entries, not {size}.")
        return size

    def _subtree(self, start: int, end: int) -> bytes:
        width = end - start
        if width & (width - 1) == 0:  # complete, and aligned, as all that the proofs ask for are
            return self._node(width.bit_length() - 1, start // width)
        middle = start + _split(width)
        return node_hash(self._subtree(start, middle), self._subtree(middle, end))


class LogTree(StoredLog):
    """A log's tree in memory, from the leaf hashes in their order. Proofs take O(log² n)."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        super().__init__(0, lambda level, number: self._levels[level][number])
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash and give its index."""
        index = len(self)
        for level, number, node in grown(index, [leaf], self._node):
            if level == len(self._levels):
                self._levels.append([])
            assert number == len(self._levels[level])
            self._levels[level].append(node)
        self._entries += 1
        return index


def grown(size: int, leaves: Sequence[bytes], node: Callable[[int, int], bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Give every complete subtree (level, number, hash) that leaf hashes behind the first `size` add to a log.

    `node` is asked for one subtree a level at most, of those that were there before.
    """
    level, start, nodes = 0, size, list(leaves)
    while nodes:
        for number, one in enumerate(nodes, start):
            yield level, number, one
        if start % 2:
            start -= 1
            nodes.insert(0, node(level, start))
        nodes = [node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
        level, start = level + 1, start // 2


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `leaf` is the entry at `index` of the log with `size` entries and this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Say whether the log with `new` entries and `new_root` begins with the one with `old` and `old_root` (2.1.4.2)."""
    if not 1 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_node = new_node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old_node == old_root and new_node == new_root


def _split(width: int) -> int:
    """Give the largest power of two below `width`, which is above 1."""
    return 1 << (width - 1).bit_length() - 1
