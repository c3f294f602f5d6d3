"""A statement as a tree of salted fields: any of them can be shown and proved, and the others stay hidden.

A field is a path and a text. It stands in a tree as RFC 9162 has it (`log_tree`), as the entry `salt ‖ path ‖ 0x00 ‖
text`, in the order in which the statement has it. The root and the number of fields are the commitment. Who is shown
some fields, with their salts and the hashes of the subtrees in which nothing is shown, computes the same root; of what
is hidden he learns nothing but how much it is, for its hashes cannot be tried without the salts.

Salts are drawn from a key: the n-th field has the n-th 16 bytes of SHAKE-256(key). So one key of each statement gives
all of them at the price of one, and is all that has to be kept to open fields later. It must be a statement's own.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256, shake_256
from itertools import pairwise
from typing import Final, NamedTuple

from fenxiao.errors import Refusal
from fenxiao.proofs.log_tree import EMPTY_ROOT, node_hash

SALT: Final = 16
"""Bytes of a salt."""

MOST_FIELDS: Final = 1 << 32
"""Of a statement: what a stranger claims to have more is not looked at."""


class Commitment(NamedTuple):
    """What is committed to."""

    root: bytes
    size: int
    """Number of fields."""


class Opened(NamedTuple):
    """A field that is shown."""

    number: int
    """From 0."""
    path: str
    text: str
    salt: bytes


class Redacted(NamedTuple):
    """Some fields of a statement, with what proves that they are its own."""

    commitment: Commitment
    opened: tuple[Opened, ...]
    """In their order."""
    proof: tuple[bytes, ...]
    """Roots of the subtrees in which nothing is shown, from left to right."""


def salts(key: bytes, count: int) -> list[bytes]:
    """Draw the salts of a statement's fields."""
    drawn = shake_256(key).digest(SALT * count)
    return [drawn[start : start + SALT] for start in range(0, SALT * count, SALT)]


def field_hash(salt: bytes, path: str, text: str) -> bytes:
    """Give the hash by which a field stands in the tree."""
    return sha256(b"\x00%b%b\x00%b" % (salt, path.encode(), text.encode())).digest()


def field_hashes(key: bytes, fields: Collection[tuple[str, str]]) -> list[bytes]:
    """Give the hashes of all fields (path, text) of a statement, under the salts of one key."""
    drawn = shake_256(key).digest(SALT * len(fields))
    hashes: list[bytes] = []
    start = 0
    for path, text in fields:
        end = start + SALT
        hashes.append(sha256(b"\x00%b%b\x00%b" % (drawn[start:end], path.encode(), text.encode())).digest())
        start = end
    return hashes


def commit(hashes: Sequence[bytes]) -> Commitment:
    """Commit to fields by their hashes."""
    level = list(hashes)
    while len(level) > 1:
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return Commitment(level[0] if level else EMPTY_ROOT, len(hashes))


def redact(hashes: Sequence[bytes], opened: Iterable[Opened]) -> Redacted:
    """Show some fields of a statement, of which all hashes are given."""
    shown = tuple(sorted(opened, key=lambda field: field.number))
    indexes = [field.number for field in shown]
    if len(set(indexes)) != len(indexes) or (indexes and not 0 <= indexes[0] <= indexes[-1] < len(hashes)):
        raise ValueError("each field that is shown is one of the statement's, once")
    proof: list[bytes] = []
    waiting = [(0, len(hashes))] if hashes else []
    while waiting:
        start, end = waiting.pop()
        if bisect_left(indexes, start) == bisect_left(indexes, end):
            proof.append(commit(hashes[start:end]).root)
        elif end - start > 1:
            middle = start + _split(end - start)
            waiting += [(middle, end), (start, middle)]
    return Redacted(commit(hashes), shown, tuple(proof))


def verify_opened(view: Redacted, commitment: Commitment) -> bool:
    """Say whether the fields that are shown are those of the statement that is committed to."""
    size = commitment.size
    indexes = [field.number for field in view.opened]
    if view.commitment != commitment or not 0 <= size < MOST_FIELDS or len(commitment.root) != len(EMPTY_ROOT):
        return False
    if any(a >= b for a, b in pairwise(indexes)) or not all(0 <= one < size for one in indexes):
        return False
    # What divides path and text must divide them in one way only: no JSON text has it.
    if any(len(field.salt) != SALT or "\0" in field.text for field in view.opened):
        return False
    if any(len(one) != len(EMPTY_ROOT) for one in view.proof):
        return False
    if size == 0:
        return not view.proof and commitment.root == EMPTY_ROOT
    rest = iter(view.proof)
    try:
        root = _root(view.opened, indexes, 0, size, rest)
    except (StopIteration, UnicodeEncodeError):
        return False
    return next(rest, None) is None and root == commitment.root


def require_opened(view: Redacted, commitment: Commitment) -> None:
    """Refuse fields that are not those of the statement. Raises `Refusal` FIELDS_NOT_PROVED."""
    if not verify_opened(view, commitment):
        message = "The fields do not give the root that was committed to: one of them, or the proof, was changed."
        raise Refusal("FIELDS_NOT_PROVED", message)


def _root(opened: Sequence[Opened], indexes: list[int], start: int, end: int, proof: Iterable[bytes]) -> bytes:
    """The root of a subtree; what is not shown comes from the proof. As deep as the tree: at most 32."""
    first = bisect_left(indexes, start)
    if first == bisect_left(indexes, end):
        return next(iter(proof))
    if end - start == 1:
        field = opened[first]
        return field_hash(field.salt, field.path, field.text)
    middle = start + _split(end - start)
    left = _root(opened, indexes, start, middle, proof)
    return node_hash(left, _root(opened, indexes, middle, end, proof))


def _split(width: int) -> int:
    """Give the largest power of two below `width`, which is above 1."""
    return 1 << (width - 1).bit_length() - 1
