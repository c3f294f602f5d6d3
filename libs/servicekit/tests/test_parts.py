"""The small parts: names, pages, tokens, settings."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Refusal
from libs.servicekit import Settings, SettingsError
from libs.servicekit.consistency import decode, encode
from libs.servicekit.names import parse_name, programme_of
from libs.servicekit.paging import Page, page


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
