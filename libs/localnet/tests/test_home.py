import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from fenxiao.credentials import load_jwks, verify
from libs.localnet import keys
from libs.localnet.home import Home, HomeError
from libs.localnet.services import SERVICES


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_for_their_owner_only_and_are_corrected_if_loosened(home: Home) -> None:
    keys.ensure_keys(home, SERVICES)
    # issuer, its public half, master, keystore, password, log; token
    assert len(home.secrets()) == 6 + len(SERVICES) + 1
    home.keys.chmod(0o755)
    home.issuer_key.chmod(0o644)
    home.create()
    assert mode(home.keys) == mode(home.data) == 0o700
    assert {mode(path) for path in home.secrets()} == {0o600}


def test_keys_are_made_once(home: Home) -> None:
    keys.ensure_keys(home, SERVICES)
    before = {path: path.read_bytes() for path in home.secrets() if path != home.token}
    keys.ensure_keys(home, SERVICES)
    assert before == {path: path.read_bytes() for path in before}


def test_the_local_token_may_do_everything(home: Home) -> None:
    keys.ensure_keys(home, SERVICES)
    claims = verify(load_jwks(home.jwks), home.token.read_text())
    assert claims.role == "operator"
    assert claims.covers("anything")
    assert claims.allows("anything.write")


def test_the_bridges_keystore_opens_with_its_password_and_holds_the_address_that_it_names(home: Home) -> None:
    keys.ensure_keys(home, SERVICES)
    content = json.loads(keys.keystore(home).read_text())
    key = Account.decrypt(content, keys.keystore_password(home).read_text())
    assert Account.from_key(key).address == keys.signer_address(home)
    assert content["crypto"]["kdf"] == "scrypt"


def test_a_second_network_in_one_home_is_refused_until_the_first_has_gone(home: Home) -> None:
    with home.locked():
        assert home.in_use()
        with pytest.raises(HomeError, match=r"already running .*--home"), home.locked():
            pass
    assert not home.in_use()
    with home.locked():
        pass


def test_a_reset_removes_the_data_and_keeps_the_keys(home: Home) -> None:
    keys.ensure_keys(home, SERVICES)
    home.database("membership").touch()
    home.reset()
    assert not home.has_network()
    assert not home.data.exists()
    assert home.issuer_key.exists()
    assert home.token.exists()


def test_the_home_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FENXIAO_HOME", str(tmp_path))
    assert Home.at().root == tmp_path
    monkeypatch.delenv("FENXIAO_HOME")
    assert Home.at().root == Path.cwd() / ".fenxiao"
