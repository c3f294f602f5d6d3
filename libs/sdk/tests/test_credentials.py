import base64
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from fenxiao.credentials import CredentialError, Issuer, generate_issuer, issue, load_issuer, load_jwks, verify
from fenxiao.errors import Refusal

HOUR = timedelta(hours=1)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return generate_issuer(tmp_path)


@pytest.fixture
def jwks(issuer: Issuer, tmp_path: Path) -> Any:
    return load_jwks(tmp_path / "jwks.json")


@pytest.fixture
def make(issuer: Issuer) -> Callable[..., str]:
    def make(issuer: Issuer = issuer, *, ttl: timedelta = HOUR, scopes: tuple[str, ...] = ("sales.write",)) -> str:
        return issue(
            issuer.private_pem, issuer.kid, subject="till-7", programme="gift", role="merchant", scopes=scopes, ttl=ttl
        )

    return make


def signed(issuer: Issuer, **changes: object) -> str:
    """A credential with other claims than `issue` writes; None leaves one out."""
    now = datetime.now(UTC)
    claims = {"iss": "fenxiao", "aud": "fenxiao", "sub": "s", "programme": "p", "role": "r", "scope": "", "iat": now}
    claims |= {"exp": now + HOUR} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, issuer.private_pem, algorithm="EdDSA", headers={"kid": issuer.kid})


def test_what_was_issued_is_what_is_read(make: Callable[..., str], jwks: Any) -> None:
    claims = verify(jwks, make(scopes=("sales.write", "members.read")))
    assert (claims.subject, claims.programme, claims.role) == ("till-7", "gift", "merchant")
    assert claims.scopes == {"sales.write", "members.read"}
    assert HOUR - timedelta(minutes=1) < claims.expires - datetime.now(UTC) <= HOUR


def test_scopes_and_programmes_are_as_narrow_as_they_say(make: Callable[..., str], jwks: Any) -> None:
    claims = verify(jwks, make())
    assert claims.allows("sales.write")
    assert not claims.allows("members.write")
    assert claims.covers("gift")
    assert not claims.covers("other")
    assert not verify(jwks, make(scopes=())).allows("")


def test_the_key_is_kept_for_its_owner_and_named_by_its_content(issuer: Issuer, jwks: Any, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "issuer.pem").stat().st_mode) == 0o600
    assert load_issuer(tmp_path) == issuer
    assert [key["kid"] for key in jwks["keys"]] == [issuer.kid]
    assert "d" not in jwks["keys"][0]
    with pytest.raises(FileExistsError):
        generate_issuer(tmp_path)


def test_an_expired_one_is_refused(make: Callable[..., str], jwks: Any) -> None:
    with pytest.raises(CredentialError) as refused:
        verify(jwks, make(ttl=timedelta(seconds=-1)))
    assert refused.value.reason == "CREDENTIAL_EXPIRED"


def test_one_of_another_issuer_is_refused_whatever_key_it_names(
    make: Callable[..., str], issuer: Issuer, jwks: Any, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = generate_issuer(tmp_path / "other")
    for forged in (make(other), make(Issuer(other.private_pem, issuer.kid))):
        with pytest.raises(CredentialError):
            verify(jwks, forged)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "programme", "role", "scope", "iat", "exp"])
def test_one_without_a_claim_is_refused(issuer: Issuer, jwks: Any, claim: str) -> None:
    verify(jwks, signed(issuer))
    with pytest.raises(CredentialError):
        verify(jwks, signed(issuer, **{claim: None}))


@pytest.mark.parametrize(
    "change", [{"aud": "others"}, {"iss": "others"}, {"programme": ["gift"]}, {"programme": ""}, {"scope": 7}]
)
def test_one_with_a_wrong_claim_is_refused(issuer: Issuer, jwks: Any, change: dict[str, object]) -> None:
    with pytest.raises(CredentialError):
        verify(jwks, signed(issuer, **change))


def test_a_changed_one_is_refused(make: Callable[..., str], jwks: Any) -> None:
    header, payload, signature = make().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["programme"] = "*"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(CredentialError):
        verify(jwks, f"{header}.{changed}.{signature}")


def test_another_algorithm_is_refused(make: Callable[..., str], issuer: Issuer, jwks: Any) -> None:
    claims = jwt.decode(make(), options={"verify_signature": False})
    for algorithm, key in (("none", ""), ("HS256", "the public key is no secret, and must not become one")):
        with pytest.raises(CredentialError):
            verify(jwks, jwt.encode(claims, key, algorithm=algorithm, headers={"kid": issuer.kid}))


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "…", "a" * 100_000])
def test_nonsense_is_refused(jwks: Any, text: str) -> None:
    with pytest.raises(CredentialError):
        verify(jwks, text)


def test_keys_can_be_changed_without_a_break(make: Callable[..., str], jwks: Any, tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    following = generate_issuer(tmp_path / "next")
    both = {"keys": [*jwks["keys"], *load_jwks(tmp_path / "next" / "jwks.json")["keys"]]}
    assert verify(both, make()) == verify(both, make())
    assert verify(both, make(following)).subject == "till-7"


def test_parties_are_named_in_one_form(issuer: Issuer, jwks: Any) -> None:
    def of(*parties: str) -> tuple[str, ...]:
        token = issue(
            issuer.private_pem, issuer.kid, subject="s", programme="p", role="r", scopes=(), ttl=HOUR, parties=parties
        )
        return verify(jwks, token).parties

    mill = "https://id.gs1.org/417/9521141000014"
    assert of() == ()
    assert of("urn:epc:id:pgln:9521141.00001", mill) == (mill,)
    assert of("https://mill.example/us") == ("https://mill.example/us",)
    for wrong in ("mill", "", "https://id.gs1.org/417/9521141000015", "https://x.example/" + "x" * 500):
        with pytest.raises(Refusal, match="INVALID_PARTY"):
            of(wrong)
    with pytest.raises(Refusal, match="INVALID_PARTY"):
        of(*(f"https://x.example/{number}" for number in range(101)))


@pytest.mark.parametrize("party", [[], "", "mill", ["mill"], [1], {"a": 1}, ["https://x.example"] * 101])
def test_parties_that_are_not_understood_do_not_make_a_programme(issuer: Issuer, jwks: Any, party: object) -> None:
    with pytest.raises(CredentialError, match="CREDENTIAL_INVALID"):
        verify(jwks, signed(issuer, party=party))
