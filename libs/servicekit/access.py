"""Who may call what. The one place where credentials are read; mTLS and OIDC come in here later."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

from fenxiao.credentials import ANY_PROGRAMME, Claims, verify
from fenxiao.errors import Kind, Refusal
from libs.servicekit.names import programme_of

RATE = 2_000.0
"""Calls a second that one subject may make on average, and twice as many at once."""

KNOWN = 10_000
"""Credentials that are remembered at most."""


_OF_PARTIES = "trace."
"""Scopes of the service that knows what concerns a party. All others know programmes only, and would show all of it."""


class Unauthenticated(Refusal):
    """The caller has not shown a valid credential."""


class RateLimit:
    """A token bucket for each subject, bounded in number."""

    def __init__(self, rate: float = RATE) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, subject: str) -> None:
        """Counts one call. Raises `Refusal` TOO_MANY_CALLS."""
        now = time.monotonic()
        tokens, then = self._buckets.get(subject, (2 * self._rate, now))
        tokens = min(2 * self._rate, tokens + (now - then) * self._rate) - 1
        if tokens < 0:
            raise Refusal("TOO_MANY_CALLS", "too many calls; wait a second and send them again", kind=Kind.EXHAUSTED)
        if len(self._buckets) > 10_000:
            self._buckets.clear()
        self._buckets[subject] = (tokens, now)


class Access:
    """Checks credentials against the published keys and a method's scope."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._jwks = jwks
        self._limit = RateLimit()
        self._known: dict[bytes, Claims] = {}

    def identify(self, metadata: Mapping[str, str | bytes]) -> Claims:
        """The caller. Raises `Unauthenticated`."""
        header = metadata.get("authorization", "")
        scheme, _, token = (header if isinstance(header, str) else "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "NO_CREDENTIAL", "send a credential as metadata `authorization: Bearer …` (fenxiao token makes one)"
            )
        claims = self._claims(token)
        self._limit.take(claims.subject)
        return claims

    def _claims(self, token: str) -> Claims:
        """What a valid credential says. Its signature is checked once, its expiry every time.

        It is remembered by its hash: the time of a look-up tells nothing about the credentials of others, and the
        memory of this process holds none.
        """
        key = hashlib.sha256(token.encode()).digest()
        claims = self._known.get(key)
        if claims is not None and claims.expires > datetime.now(UTC):
            return claims
        self._known.pop(key, None)
        try:
            claims = verify(self._jwks, token)
        except Refusal as refusal:
            raise Unauthenticated(refusal.reason, refusal.message) from None
        if len(self._known) >= KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = claims
        return claims

    def permit(self, claims: Claims, scope: str, request: Message) -> str:
        """The programme that the request names, if the caller may do this there. Raises `Refusal`."""
        self._check_scope(claims, scope)
        value = getattr(request, "parent", None) or getattr(request, "name", None)
        if value is None:
            return "" if claims.programme == ANY_PROGRAMME else claims.programme
        programme = programme_of(value)
        self._check_programme(claims, programme)
        return programme

    def permit_programme(self, claims: Claims, scope: str, programme: str) -> None:
        """The same for a programme that is named; none is named by what concerns no programme."""
        self._check_scope(claims, scope)
        if programme:
            self._check_programme(claims, programme)

    def anonymous(self, address: str) -> Claims:
        """Somebody without a credential, who may do what is open to everybody. Raises `Refusal` TOO_MANY_CALLS."""
        self._limit.take(f"from {address}")
        return Claims("anonymous", "", "", frozenset(), datetime.max.replace(tzinfo=UTC))

    @staticmethod
    def _check_scope(claims: Claims, scope: str) -> None:
        if not claims.allows(scope):
            raise Refusal("SCOPE_MISSING", f"the credential lacks the scope {scope}", kind=Kind.DENIED)
        if claims.parties and not scope.startswith(_OF_PARTIES):
            message = "a credential that names a party is for traced goods alone; use one of the programme's own"
            raise Refusal("PARTY_CREDENTIAL", message, kind=Kind.DENIED)

    @staticmethod
    def _check_programme(claims: Claims, programme: str) -> None:
        if not claims.covers(programme):
            raise Refusal("OTHER_PROGRAMME", f"the credential is not for the programme {programme}", kind=Kind.DENIED)
