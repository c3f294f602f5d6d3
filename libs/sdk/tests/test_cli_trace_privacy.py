"""The commands on who sees what, erasure and proofs, as far as they need no service."""

import json
from pathlib import Path

import pytest

from fenxiao import credentials
from fenxiao.cli import app
from fenxiao.proofs.event_proofs import write_proof
from libs.sdk.tests.test_event_proofs import PROOF

MILL = "https://id.gs1.org/417/9521141000014"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    credentials.generate_issuer(keys)
    return tmp_path / "home"


def test_a_credential_of_a_party(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "token",
        "--programme",
        "olives",
        "--subject",
        "mill",
        "--party",
        "urn:epc:id:pgln:9521141.00001",
        "--json",
    ]
    assert app.run([*arguments, "--home", str(home)]) == 0
    found = json.loads(capsys.readouterr().out)
    claims = credentials.verify(credentials.load_jwks(home / "keys" / "jwks.json"), found["token"])
    assert claims.parties == (MILL,)
    assert found["parties"] == [MILL]
    assert all(scope.startswith("trace.") for scope in claims.scopes)


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--party", MILL], 2), (["--party", "the mill", "--subject", "mill"], 1)]
)
def test_parties_that_cannot_be(home: Path, arguments: list[str], code: int) -> None:
    assert app.run(["token", "--programme", "olives", *arguments, "--home", str(home)]) == code


def test_a_regulator_reads_traced_goods(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["token", "--programme", "olives", "--role", "regulator"]
    assert app.run([*arguments, "--home", str(home)]) == 0
    claims = credentials.verify(credentials.load_jwks(home / "keys" / "jwks.json"), capsys.readouterr().out.strip())
    assert (claims.role, claims.scopes) == ("regulator", {"trace.read"})


def test_a_proof_is_verified_without_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "proof.json"
    file.write_bytes(write_proof(PROOF))
    assert app.run(["--json", "trace", "proof", "--file", str(file)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["fields"] == {"/type": '"ObjectEvent"', "/mill:press": '"价格"'}
    assert app.run(["trace", "proof", "--file", str(file)]) == 0
    assert "2 of 4 fields proved" in capsys.readouterr().out
    file.write_bytes(write_proof(PROOF).replace(b"ObjectEvent", b"OtherEvent"))
    assert app.run(["trace", "proof", "--file", str(file)]) != 0
    assert "FIELDS_NOT_PROVED" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["proof"],
        ["proof", "x", "--file", "y"],
        ["erase", "--yes"],
        ["erase", "--party", MILL],
        ["erase", "--party", MILL, "--item", "01/09521141123454/21/1", "--yes"],
    ],
)
def test_it_must_be_clear_what_is_meant(arguments: list[str]) -> None:
    assert app.run(["trace", *arguments]) == 2
