"""The keys of a development network, made at its first start and kept."""

import hashlib
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import cast

import nkeys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fenxiao.credentials import ANY_PROGRAMME, ANY_SCOPE, generate_issuer, issue, load_issuer
from libs.localnet.home import Home, write_secret
from libs.localnet.wallets import address_of

# The password is 32 random bytes in a file beside it: guessing it is hopeless however cheap a guess is, and the
# bridge need not spend a second on it at every start.
_SCRYPT_COST = 2**12
_TOKEN_TTL = timedelta(days=30)


def ensure_keys(home: Home, services: tuple[str, ...]) -> None:
    """Make the keys that are missing, and a fresh credential for the local user."""
    if not home.issuer_key.exists():
        generate_issuer(home.keys)
    for service in services:
        if not home.nkey_seed(service).exists():
            write_secret(home.nkey_seed(service), _new_seed())
    if not master_key(home).exists():
        write_secret(master_key(home), secrets.token_bytes(32).hex())
    if not keystore(home).exists():
        _make_signer(home)
    if not log_key(home).exists():
        write_secret(log_key(home), _new_log_key())
    write_secret(home.token, _local_token(home))


def master_key(home: Home) -> Path:
    """Return the file of the key that wraps membership's keys: 32 bytes in hex."""
    return home.keys / "membership.master.key"


def keystore(home: Home) -> Path:
    """Return the encrypted file of the key with which the chain bridge signs."""
    return home.keys / "chain_bridge.keystore.json"


def keystore_password(home: Home) -> Path:
    """Return the file of that keystore's password."""
    return home.keys / "chain_bridge.password"


def log_key(home: Home) -> Path:
    """Return the file of the key by which the chain bridge's log signs what it says of itself."""
    return home.keys / "chain_bridge.log.pem"


def log_origin(home: Home) -> str:
    """Return the log's name, which no other log has: it follows from its key."""
    private = load_pem_private_key(log_key(home).read_bytes(), password=None)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"log.localnet.invalid/{hashlib.sha256(public).hexdigest()[:16]}"


def signer_address(home: Home) -> str:
    """Return the address of the chain bridge's signer, without opening the keystore."""
    return json.loads(keystore(home).read_text(encoding="utf-8"))["address"]


def nats_users(home: Home, services: tuple[str, ...]) -> dict[str, str]:
    """Return the public nkey of each service."""
    return {service: _public_nkey(home.nkey_seed(service).read_bytes()) for service in services}


# nkeys has no types.
def _new_seed() -> bytes:
    return nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)  # pyright: ignore[reportUnknownMemberType]


def _public_nkey(seed: bytes) -> str:
    pair = nkeys.from_seed(bytearray(seed))  # pyright: ignore[reportUnknownMemberType]
    return bytes(cast("bytes", pair.public_key)).decode()


def _new_log_key() -> str:
    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _make_signer(home: Home) -> None:
    import eth_keyfile  # noqa: PLC0415 - half a second that only the first start needs

    key, password = secrets.token_bytes(32), secrets.token_hex(32)
    encrypt = eth_keyfile.create_keyfile_json  # pyright: ignore[reportPrivateImportUsage]
    content = encrypt(key, password.encode(), kdf="scrypt", iterations=_SCRYPT_COST)
    write_secret(keystore_password(home), password)
    write_secret(keystore(home), json.dumps({**content, "address": address_of(key)}))


def _local_token(home: Home) -> str:
    issuer = load_issuer(home.keys)
    return issue(
        issuer.private_pem,
        issuer.kid,
        subject="local",
        programme=ANY_PROGRAMME,
        role="operator",
        scopes=[ANY_SCOPE],
        ttl=_TOKEN_TTL,
    )
