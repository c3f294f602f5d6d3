import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from libs.localnet.wallets import MEMBERS, MNEMONIC, OPERATORS, sign_message, wallet

Account.enable_unaudited_hdwallet_features()


@pytest.mark.parametrize(("account", "i"), [(MEMBERS, 0), (MEMBERS, 1), (MEMBERS, 947), (OPERATORS, 2)])
def test_a_wallet_is_the_one_that_every_other_tool_derives(account: int, i: int) -> None:
    other = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/{account}'/0/{i}")
    assert wallet(i, account) == (other.address, bytes(other.key))


def test_the_first_one_is_the_well_known_one() -> None:
    assert wallet(0)[0] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.mark.parametrize("text", ["", "bind this wallet", "绑定钱包 🙂", "x" * 1000])
def test_a_signature_is_the_one_that_a_wallet_app_makes(text: str) -> None:
    for i in range(4):
        address, key = wallet(i)
        signature = sign_message(key, text)
        assert signature == bytes(Account.sign_message(encode_defunct(text=text), key).signature)
        assert Account.recover_message(encode_defunct(text=text), signature=signature) == address
