"""Signatures on secp256k1 over a digest of 32 bytes, and whose they are: public key recovery."""

from coincurve import PrivateKey, PublicKey

from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import checksum_address, keccak256

SIZE = 65
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
# Wallets write the recovery bit as 27 or 28, some libraries as it is.
_RECOVERY = {0: 0, 1: 1, 27: 0, 28: 1}


def signer_of_digest(digest: bytes, signature: bytes) -> str:
    """Address (EIP-55) of who signed the digest: 65 bytes r, s, v. Raises `Refusal` INVALID_SIGNATURE.

    Only the lower of the two possible s is taken, so that nobody can turn a signature into a second valid one.
    """
    recovery = _RECOVERY.get(signature[-1]) if len(signature) == SIZE else None
    if recovery is None:
        raise _invalid("it must be 65 bytes r, s, v, with v 27 or 28 (or 0 or 1)")
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        raise _invalid("its s is in the upper half of the order; sign with a library that gives the lower one")
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([recovery]), digest, hasher=None)
    except Exception:  # noqa: BLE001 # the library raises a bare Exception when no key fits
        raise _invalid("no key can have made it") from None
    return checksum_address(keccak256(key.format(compressed=False)[1:])[-20:])


def sign_digest(key: bytes, digest: bytes) -> bytes:
    """The signature of a digest with a private key: 65 bytes r, s, v with v 27 or 28."""
    made = PrivateKey(key).sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType]
    return made[:64] + bytes([27 + made[64]])


def _invalid(why: str) -> Refusal:
    return Refusal("INVALID_SIGNATURE", f"the signature is not valid: {why}", field="signature")
