"""Whose signature it is, of texts that wallets sign (EIP-191)."""

from fenxiao.proofs.hashes import keccak256
from fenxiao.proofs.signatures import signer_of_digest


def signer_of(text: str, signature: bytes) -> str:
    """Address (EIP-55) of who signed the text as a personal message: 65 bytes r, s, v."""
    message = text.encode()
    return signer_of_digest(keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message), signature)
