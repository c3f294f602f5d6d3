"""The small parts: names, pages, tokens, settings."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.credentials import Claims
from fenxiao.errors import Refusal
from libs.servicekit import Settings, SettingsError, access
from libs.servicekit.consistency import decode, encode
from libs.servicekit.names import parse_name, programme_of
from libs.servicekit.paging import Page, page
from libs.servicekit.times import from_timestamp, to_timestamp


def test_names() -> None:
    template = "programmes/{programme}/members/{member}"
    assert parse_name(template, "programmes/shop/members/a-1") == {"programme": "shop", "member": "a-1"}
    for wrong in ("", "programmes/shop", "programmes/shop/members/", "programmes/shop/members/a/b", "x" * 9999):
        with pytest.raises(Refusal, match="INVALID_NAME"):
            parse_name(template, wrong)
    assert programme_of("programmes/shop/members/x") == "shop"
    for wrong in ("programmes/", "programmes/SHOP", "programmes/a b", "members/x", "programmes/-x-"):
        with pytest.raises(Refusal, match="INVALID_NAME"):
            programme_of(wrong)


@given(st.text())
def test_page_tokens_come_back(key: str) -> None:
    assert page(0, Page.token(key)).after == key


@given(st.text())
def test_foreign_page_tokens_are_refused_or_harmless(token: str) -> None:
    with suppress(Refusal):
        assert page(10, token).size == 10


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.tuples(st.just("s1"), st.integers(0, 2**60))))
def test_consistency_tokens_come_back(places: dict[str, tuple[str, int]]) -> None:
    assert decode(encode(places)) == places


@given(st.text())
def test_foreign_consistency_tokens_are_refused(token: str) -> None:
    with suppress(Refusal):
        assert encode(decode(token))


def test_settings_name_what_is_missing() -> None:
    with pytest.raises(SettingsError, match="FENXIAO_SERVICE_ADDRESS"):
        Settings.from_environment({"FENXIAO_DATABASE_URL": "sqlite:///x"})


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back(moment: datetime) -> None:
    theirs = Timestamp()
    theirs.FromDatetime(moment)
    assert to_timestamp(moment) == theirs
    assert from_timestamp(theirs) == moment


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_times_that_nobody_can_have_are_refused(seconds: int, nanos: int) -> None:
    stamp = Timestamp(seconds=seconds, nanos=nanos)
    try:
        expected = stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        with pytest.raises(Refusal, match="INVALID_TIME"):
            from_timestamp(stamp)
    else:
        assert from_timestamp(stamp) == expected


@pytest.mark.parametrize(("left", "times"), [(timedelta(hours=1), 1), (timedelta(seconds=-1), 3)])
def test_a_credential_is_verified_once_and_not_believed_after_its_end(
    left: timedelta, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    def verify(_: object, token: str) -> Claims:
        verified.append(token)
        return Claims("ann", "shop", "operator", frozenset({"*"}), datetime.now(UTC) + left)

    monkeypatch.setattr(access, "verify", verify)
    checks = access.Access({})
    for _ in range(3):
        assert checks.identify({"authorization": "Bearer abc"}).subject == "ann"
    assert len(verified) == times


def test_no_more_credentials_are_remembered_than_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = Claims("ann", "shop", "operator", frozenset({"*"}), datetime.now(UTC) + timedelta(hours=1))
    verified: list[str] = []

    def verify(_: object, token: str) -> Claims:
        verified.append(token)
        return claims

    monkeypatch.setattr(access, "verify", verify)
    monkeypatch.setattr(access, "KNOWN", 2)
    checks = access.Access({})
    for token in ("a", "b", "c", "c", "b", "a"):
        checks.identify({"authorization": f"Bearer {token}"})
    assert verified == ["a", "b", "c", "a"]


def test_a_party_is_let_into_traced_goods_alone() -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    claims = Claims("mill", "shop", "partner", frozenset({"*"}), expires, ("https://id.gs1.org/417/9521141000014",))
    checks = access.Access({})
    checks.permit_programme(claims, "trace.read", "shop")
    for scope in ("events.read", "settlement.read", "sales.write", "traces.read", "custody.read"):
        with pytest.raises(Refusal, match="PARTY_CREDENTIAL"):
            checks.permit_programme(claims, scope, "shop")
