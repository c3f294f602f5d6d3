"""Development wallets: BIP-32 accounts of the well-known test mnemonic, and their signatures, made fast.

Nothing of value may ever be sent to these accounts: everybody knows their keys.
"""

import hashlib
import hmac
from functools import lru_cache

from coincurve import PublicKey

from fenxiao.proofs.hashes import checksum_address, keccak256, programme_key
from fenxiao.proofs.signatures import sign_digest

MNEMONIC = "test test test test test test test test test test test junk"

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HARDENED = 1 << 31

# BIP-44 accounts: the members' wallets stand apart from those that run the network, so that no member's balance holds
# anything but what the vault has paid.
MEMBERS = 0
OPERATORS = 1
_PROGRAMMES = 2


def wallet(i: int, account: int = MEMBERS) -> tuple[str, bytes]:
    """Return (address, private key) of m/44'/60'/account'/0/i."""
    key, _ = _child(_branch(account), i)
    return address_of(key), key


def programme_account(programme: str) -> int:
    """Return the BIP-44 account of a programme's members.

    A wallet of one programme's member is nobody's in another, so that what it holds is what that programme has paid.
    """
    return _PROGRAMMES + int.from_bytes(programme_key(programme)[:8]) % (_HARDENED - _PROGRAMMES)


def sign_message(key: bytes, text: str) -> bytes:
    """Sign a text as a wallet does (EIP-191, personal message): 65 bytes r, s, v with v 27 or 28."""
    data = text.encode()
    return sign_digest(key, keccak256(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data))


def address_of(key: bytes) -> str:
    """Return the address of a private key."""
    return checksum_address(keccak256(PublicKey.from_valid_secret(key).format(compressed=False)[1:])[-20:])


_Node = tuple[bytes, bytes]  # private key, chain code


@lru_cache(maxsize=4)
def _branch(account: int) -> _Node:
    seed = hashlib.pbkdf2_hmac("sha512", MNEMONIC.encode(), b"mnemonic", 2048)
    node = _split(hmac.digest(b"Bitcoin seed", seed, "sha512"))
    for index in (_HARDENED + 44, _HARDENED + 60, _HARDENED + account, 0):
        node = _child(node, index)
    return node


def _child(node: _Node, index: int) -> _Node:
    key, chain_code = node
    shown = b"\0" + key if index >= _HARDENED else _public(key)
    tweak, child_code = _split(hmac.digest(chain_code, shown + index.to_bytes(4), "sha512"))
    # A tweak that is no number below the order has a chance of 2^-127; BIP-32 says to take the next index then.
    return ((int.from_bytes(tweak) + int.from_bytes(key)) % _ORDER).to_bytes(32), child_code


@lru_cache(maxsize=8)
def _public(key: bytes) -> bytes:
    return PublicKey.from_valid_secret(key).format()


def _split(digest: bytes) -> _Node:
    return digest[:32], digest[32:]
