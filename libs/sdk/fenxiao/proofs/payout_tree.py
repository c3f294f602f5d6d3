"""The payout tree: what the vault pays from, and what a payee proves his entitlement by.

A leaf is `keccak256(keccak256(abi.encode(uint256 chainId, address vault, bytes32 programme, bytes32 payee,
address account, address token, uint256 cumulative)))`: hashed twice, as OpenZeppelin does, so that no leaf can
ever pass for an inner node.

**The export** is the tree's data as canonical bytes, and its SHA-256 is the distribution's data hash. It is UTF-8 in
lines, each ended by a line feed and each a JSON object in RFC 8785 form (keys in order, no spaces):

- the first is the scope: `chain_id`, `format` (`fenxiao-payouts-1`), `programme` (key), `token`, `vault`;
- then one a payee, in ascending order of `payee`: `account`, `cumulative`, `payee`.

All values are strings: integers in decimal, bytes as `0x` with lower-case hex.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import keccak256, to_hex
from fenxiao.proofs.jcs import canonical_json
from fenxiao.proofs.sorted_tree import SortedTree, verify_sorted

EXPORT_FORMAT = "fenxiao-payouts-1"

_MAX_UINT256 = 2**256 - 1
_PAD = bytes(12)  # an address is 20 bytes of a 32-byte word
_HEADER = re.compile(
    rb'\{"chain_id":"(0|[1-9][0-9]{0,77})","format":"fenxiao-payouts-1","programme":"0x([0-9a-f]{64})",'
    rb'"token":"0x([0-9a-f]{40})","vault":"0x([0-9a-f]{40})"\}\n'
)
_ENTRY = re.compile(rb'\{"account":"0x([0-9a-f]{40})","cumulative":"([1-9][0-9]{0,77})","payee":"0x([0-9a-f]{64})"\}\n')


class Payout(NamedTuple):
    """What one payee is entitled to, ever, in one asset; what was paid before counts towards it."""

    payee: bytes
    """Random 32 bytes that stand for the member on chain."""
    account: bytes
    """The wallet's address, 20 bytes."""
    cumulative: int
    """Token units, above 0."""


class PayoutScope(NamedTuple):
    """What all leaves of a tree share, so that none counts anywhere else."""

    chain_id: int
    vault: bytes
    """The contract's address, 20 bytes."""
    programme: bytes
    """The programme's key, 32 bytes (`programme_key`)."""
    token: bytes
    """The token contract's address, 20 bytes."""

    def leaf(self, payout: Payout) -> bytes:
        """Give a payout's leaf hash; fields of a wrong size are refused."""
        return self.leaves([payout])[0]

    def leaves(self, payouts: Iterable[Payout]) -> list[bytes]:
        """Give the leaf hashes of many payouts, in their order."""
        chain_id, vault, programme, token = self
        if not (0 <= chain_id <= _MAX_UINT256 and (len(vault), len(programme), len(token)) == (20, 32, 20)):
            raise Refusal("INVALID_SCOPE", "A scope is a chain id, and 20, 32 and 20 bytes.")
        head = chain_id.to_bytes(32, "big") + _PAD + vault + programme
        tail = _PAD + token
        leaves: list[bytes] = []
        for payee, account, cumulative in payouts:
            if len(payee) != 32 or len(account) != 20 or not 0 < cumulative <= _MAX_UINT256:
                message = "A payout is a payee of 32 bytes, an account of 20, and an amount above 0 that fits uint256."
                raise Refusal("INVALID_PAYOUT", message)
            packed = head + payee + _PAD + account + tail + cumulative.to_bytes(32, "big")
            leaves.append(keccak256(keccak256(packed)))
        return leaves


class PayoutTree:
    """The tree over all entitlements of a programme in one asset; the order in which they are given doesn't count."""

    def __init__(self, scope: PayoutScope, payouts: Iterable[Payout]) -> None:
        self.scope = scope
        self.payouts = tuple(sorted(payouts, key=itemgetter(0)))
        """In ascending order of payee."""
        leaves = scope.leaves(self.payouts)
        self._leaves = {payout.payee: leaf for payout, leaf in zip(self.payouts, leaves, strict=True)}
        if len(self._leaves) < len(self.payouts):
            raise Refusal("DUPLICATE_PAYEE", "A payee stands in the tree once, with all that he is entitled to.")
        self._tree = SortedTree(leaves)

    @property
    def root(self) -> bytes:
        """What is put on chain."""
        return self._tree.root

    @cached_property
    def total(self) -> int:
        """Sum of all entitlements, in token units."""
        return sum(payout.cumulative for payout in self.payouts)

    def proof(self, payee: bytes) -> list[bytes]:
        """List what the vault asks for besides the payout itself."""
        leaf = self._leaves.get(payee)
        if leaf is None:
            raise Refusal("NOT_IN_TREE", "The payee is not entitled to anything in this distribution.")
        return self._tree.proof(leaf)

    def export(self) -> Iterator[bytes]:
        """Give the canonical export, line by line (see the module)."""
        return export_lines(self.scope, self.payouts)

    @cached_property
    def data_hash(self) -> bytes:
        """SHA-256 of the export."""
        digest = hashlib.sha256()
        for line in self.export():
            digest.update(line)
        return digest.digest()


def export_lines(scope: PayoutScope, payouts: Iterable[Payout]) -> Iterator[bytes]:
    """Write the export of payouts that are in ascending order of payee already."""
    header = {
        "chain_id": str(scope.chain_id),
        "format": EXPORT_FORMAT,
        "programme": to_hex(scope.programme),
        "token": to_hex(scope.token),
        "vault": to_hex(scope.vault),
    }
    yield canonical_json(header) + b"\n"
    for payee, account, cumulative in payouts:
        # Hex and digits need no escaping: this is the RFC 8785 form, thirty times as fast.
        yield f'{{"account":"0x{account.hex()}","cumulative":"{cumulative}","payee":"0x{payee.hex()}"}}\n'.encode()


def read_export(lines: Iterable[bytes]) -> PayoutTree:
    """Read an export and rebuild its tree; whatever is not exactly the canonical form is refused.

    `lines` are those of a file opened in binary mode, each with its line feed.
    """
    scope: PayoutScope | None = None
    payouts: list[Payout] = []
    for number, line in enumerate(lines, 1):
        if scope is None:
            if (header := _HEADER.fullmatch(line)) is None:
                raise _bad_export(number)
            chain_id, programme, token, vault = (part.decode() for part in header.groups())
            scope = PayoutScope(int(chain_id), bytes.fromhex(vault), bytes.fromhex(programme), bytes.fromhex(token))
            continue
        if (entry := _ENTRY.fullmatch(line)) is None:
            raise _bad_export(number)
        account, cumulative, payee = (part.decode() for part in entry.groups())
        payout = Payout(bytes.fromhex(payee), bytes.fromhex(account), int(cumulative))
        if payouts and payout.payee <= payouts[-1].payee:
            raise _bad_export(number)
        payouts.append(payout)
    if scope is None:
        raise _bad_export(1)
    return PayoutTree(scope, payouts)


def verify_payout(scope: PayoutScope, payout: Payout, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether a payout stands under a root, as the vault does."""
    return verify_sorted(scope.leaf(payout), proof, root)


def _bad_export(number: int) -> Refusal:
    return Refusal("INVALID_EXPORT", f"Line {number} is not what an export of format {EXPORT_FORMAT} has there.")
