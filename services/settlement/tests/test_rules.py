"""Assets, payees, time and conditions."""

from datetime import timedelta
from typing import Any

import pytest

from fenxiao.errors import Refusal
from services.settlement.domain.assets import check_token, decide_registration, scale_of, to_minor
from services.settlement.domain.conditions import Identity, ReturnWindow, Terms, Threshold, fulfilled, terms_of
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.payees import decide_payee
from services.settlement.domain.time import decide_advance
from services.settlement.tests.given import ASSET, GBP, TOKEN, VAULT, account, day, payee


def test_a_token_has_at_least_the_currencys_decimals() -> None:
    assert scale_of("GBP", 2) == 1
    assert scale_of("GBP", 18) == 10**16
    assert scale_of("JPY", 18) == 10**18
    assert to_minor("120", 10) == 12
    with pytest.raises(DoesNotFit):
        to_minor("121", 10)


def test_an_asset_is_registered_once_and_then_fixed() -> None:
    assert decide_registration([], ASSET) == ASSET
    assert decide_registration([ASSET], ASSET) is None
    with pytest.raises(Refusal, match="ASSET_FIXED"):
        decide_registration([ASSET], ASSET.model_copy(update={"chain_id": 1}))


def test_addresses_are_kept_with_their_checksum() -> None:
    lower = ASSET.model_copy(update={"vault": VAULT.lower(), "token": TOKEN.lower()})
    assert decide_registration([], lower) == ASSET
    assert decide_registration([ASSET], lower) is None


def test_two_currencies_cannot_share_a_token() -> None:
    with pytest.raises(Refusal, match="TOKEN_TAKEN"):
        decide_registration([ASSET], ASSET.model_copy(update={"currency": "EUR"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"currency": "XXQ"}, "UNKNOWN_CURRENCY"),
        ({"chain_id": 0}, "INVALID_CHAIN_ID"),
        ({"vault": "0x12"}, "INVALID_ADDRESS"),
        ({"token": VAULT}, "INVALID_ADDRESS"),
        ({"token": "0x" + "00" * 20}, "INVALID_ADDRESS"),
        ({"vault": VAULT.replace("F", "f", 1)}, "INVALID_ADDRESS"),
        ({"token_decimals": 1}, "INVALID_DECIMALS"),
        ({"token_decimals": 22}, "INVALID_DECIMALS"),
    ],
)
def test_a_wrong_asset_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        decide_registration([], ASSET.model_copy(update=change))


def test_payments_in_another_token_do_not_fit() -> None:
    assert check_token([ASSET], GBP, TOKEN.lower()) == ASSET
    for known, currency, token in (([ASSET], GBP, VAULT), ([ASSET], "EUR", TOKEN), ([], GBP, TOKEN)):
        with pytest.raises(DoesNotFit):
            check_token(known, currency, token)


def test_a_member_keeps_the_payee_and_may_change_the_account() -> None:
    first = decide_payee("", "", None, "anna", payee("anna"), account("anna"))
    assert first is not None
    assert (first.payee, first.account) == (payee("anna"), account("anna"))
    assert decide_payee(first.payee, first.account, "anna", "anna", payee("anna"), account("anna")) is None
    second = decide_payee(first.payee, first.account, "anna", "anna", payee("anna"), account("anna", 2))
    assert second is not None
    assert second.account == account("anna", 2)
    for known, holder, wanted, wallet in (
        (payee("anna"), None, payee("x"), account("anna")),
        ("", "ben", payee("ben"), account("anna")),
        ("", None, "0x12", account("anna")),
        ("", None, payee("anna"), "nowhere"),
    ):
        with pytest.raises(DoesNotFit):
            decide_payee(known, "", holder, "anna", wanted, wallet)


def test_time_only_goes_forward_and_not_past_tomorrow() -> None:
    advanced = decide_advance(None, day(3), day(9))
    assert advanced is not None
    assert advanced.as_of == day(3)
    assert decide_advance(day(3), day(3), day(9)) is None
    assert decide_advance(day(3), day(10), day(9)) is not None
    with pytest.raises(Refusal, match="AS_OF_GOES_BACK"):
        decide_advance(day(3), day(3) - timedelta(microseconds=1), day(9))
    with pytest.raises(Refusal, match="AS_OF_IN_FUTURE"):
        decide_advance(day(3), day(10) + timedelta(microseconds=1), day(9))


def test_conditions_are_fulfilled_when_the_last_one_is() -> None:
    windows = (ReturnWindow(until=day(3)), ReturnWindow(until=day(5)))
    assert terms_of(windows) == Terms(day(5))
    assert terms_of(()) == Terms()
    assert fulfilled((), None)
    assert not fulfilled(windows, None)
    assert not fulfilled(windows, day(4))
    assert fulfilled(windows, day(5))


def test_conditions_that_time_does_not_fulfil_are_looked_at_later() -> None:
    terms = terms_of((Threshold(least_minor=50), ReturnWindow(until=day(3)), Identity(), Threshold(least_minor=20)))
    assert terms == Terms(day(3), identity=True, threshold_minor=50)
    assert terms_of((Threshold(least_minor=-1),)) == Terms()
    assert not fulfilled((Identity(),), day(9))
    assert not fulfilled((Threshold(least_minor=1), ReturnWindow(until=day(3))), day(9))
