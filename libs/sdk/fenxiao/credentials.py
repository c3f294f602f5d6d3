"""Credentials: who calls, for which programme, and what that caller may do. EdDSA JWTs, checked against a JWKS."""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jwt
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fenxiao.errors import Kind, Refusal

ISSUER = "fenxiao"
AUDIENCE = "fenxiao"
ANY_PROGRAMME = "*"
ANY_SCOPE = "*"

_ALGORITHM = "EdDSA"
_MOST_PARTIES = 100
_LONGEST_PARTY = 500
_CLAIMS = ["iss", "aud", "sub", "programme", "role", "scope", "iat", "exp"]


class CredentialError(Refusal):
    """The credential proves nothing: the caller is not known. (Not the same as known, but not allowed.)"""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message, kind=Kind.DENIED)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid credential says."""

    subject: str
    programme: str
    role: str
    scopes: frozenset[str]
    expires: datetime
    parties: tuple[str, ...] = ()
    """Of whom the holder is one, as canonical identifiers. Named, he sees what concerns them and what all may see;
    without, the programme is his own."""

    def allows(self, scope: str) -> bool:
        """Say whether the credential holds a scope."""
        return scope in self.scopes or ANY_SCOPE in self.scopes

    def covers(self, programme: str) -> bool:
        """Say whether the credential is for this programme."""
        return self.programme in (programme, ANY_PROGRAMME)


@dataclass(frozen=True, slots=True)
class Issuer:
    """A private key that signs credentials, and the name under which its public half is published."""

    private_pem: bytes
    kid: str


def generate_issuer(directory: Path) -> Issuer:
    """Make a key: `issuer.pem` (for its owner only) and `jwks.json` (public) in a directory."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = _jwk(key.public_key())
    with os.fdopen(os.open(directory / "issuer.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    (directory / "jwks.json").write_text(json.dumps({"keys": [public]}, indent=2) + "\n", encoding="utf-8")
    return Issuer(pem, public["kid"])


def load_issuer(directory: Path) -> Issuer:
    """Read the key that `generate_issuer` has made."""
    pem = (directory / "issuer.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return Issuer(pem, _jwk(key.public_key())["kid"])


def load_jwks(path: Path) -> Mapping[str, Any]:
    """Read the public keys that credentials are checked with."""
    return json.loads(path.read_text(encoding="utf-8"))


def issue(
    private_pem: bytes | str,
    kid: str,
    *,
    subject: str,
    programme: str,
    role: str,
    scopes: Iterable[str],
    ttl: timedelta,
    parties: Iterable[str] = (),
) -> str:
    """Return a credential that is valid from now on for `ttl`. Raises `Refusal` INVALID_PARTY."""
    now = datetime.now(UTC)
    named = [canonical_party(one) for one in parties]
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "programme": programme,
        "role": role,
        "scope": " ".join(sorted(set(scopes))),
        "iat": now,
        "exp": now + ttl,
        **({"party": _bounded(named)} if named else {}),
    }
    return jwt.encode(claims, private_pem, algorithm=_ALGORITHM, headers={"kid": kid})


def verify(jwks: Mapping[str, Any], token: str) -> Claims:
    """Return what a credential says, or raise CredentialError if it is not ours, not whole or not valid any more."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        claims = jwt.decode(
            token,
            _public_key(jwks, kid),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": _CLAIMS},
        )
    except jwt.ExpiredSignatureError:
        raise CredentialError(
            "CREDENTIAL_EXPIRED", "The credential has expired; issue a new one with `fenxiao token`."
        ) from None
    except jwt.InvalidTokenError as error:
        raise _invalid(str(error)) from None
    texts = [claims[name] for name in ("sub", "programme", "role", "scope")]
    if not all(isinstance(text, str) for text in texts) or not all(texts[:3]):
        raise _invalid("a claim has the wrong form")
    subject, programme, role, scope = texts
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    return Claims(subject, programme, role, frozenset(scope.split()), expires, _parties(claims))


def canonical_party(text: str) -> str:
    """Give the one form of a party's identifier: PGLN, GLN or any other URI. Raises `Refusal` INVALID_PARTY."""
    # Most credentials name no party, and every command reads this module.
    from fenxiao.epcis import Names, canonical_text, is_uri, wrong_check_digit  # noqa: PLC0415

    if len(text) > _LONGEST_PARTY or not is_uri(text) or wrong_check_digit(text):
        message = "a party is a URI such as https://id.gs1.org/417/9521141000014, with a right check digit"
        raise Refusal("INVALID_PARTY", message, field="party")
    return canonical_text(text, Names())


def _bounded(parties: list[str]) -> list[str]:
    found = sorted(set(parties))
    if len(found) > _MOST_PARTIES:
        message = f"a credential names at most {_MOST_PARTIES} parties; issue several"
        raise Refusal("INVALID_PARTY", message, field="party")
    return found


def _parties(claims: Mapping[str, Any]) -> tuple[str, ...]:
    if "party" not in claims:
        return ()
    # What names parties in a way that is not understood must not count as one that names none.
    found = claims["party"]
    if not isinstance(found, list) or not 0 < len(cast("list[object]", found)) <= _MOST_PARTIES:
        raise _invalid("its parties have the wrong form")
    try:
        return tuple(canonical_party(str(one)) for one in cast("list[object]", found))
    except Refusal:
        raise _invalid("one of its parties is no identifier") from None


def _invalid(why: str) -> CredentialError:
    return CredentialError(
        "CREDENTIAL_INVALID", f"The credential is not valid ({why}); issue a new one with `fenxiao token`."
    )


def _public_key(jwks: Mapping[str, Any], kid: object) -> Ed25519PublicKey:
    for key in jwks.get("keys", ()):
        if key.get("kid") == kid and key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            return _decoded(key["x"])
    raise _invalid("it was signed with a key that is not known here")


@lru_cache(maxsize=64)
def _decoded(x: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)))
    except (ValueError, InvalidKey):
        raise _invalid("the key that it names is damaged") from None


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    # RFC 7638: the key's name is the hash of its required members.
    kid = _base64url(hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest())
    return {**required, "kid": kid, "alg": _ALGORITHM, "use": "sig"}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
