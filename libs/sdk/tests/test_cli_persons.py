"""The command line on identity checks and countries, against a membership that keeps what it is told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app, texts

BOB, ZOE = "0b0f7a7e-7a53-4b47-a54e-2a60e1b54a11", "e3b9f126-222b-461f-8736-9658a6bea5d0"
PARENT = "programmes/gifts"
NAMES = {"bob": f"{PARENT}/members/{BOB}", "zoe": f"{PARENT}/members/{ZOE}"}


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def __init__(self) -> None:
        self.programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="Europe/London")
        active = membership_pb2.MEMBER_STATE_ACTIVE
        self.bob = membership_pb2.Member(name=NAMES["bob"], reference="bob", state=active)
        self.asked: list[Any] = []

    def ListProgrammes(self, request: Any, context: Any) -> Any:
        return membership_pb2.ListProgrammesResponse(programmes=[self.programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry
        found = [
            entry(reference=reference, name=name)
            for reference, name in NAMES.items()
            if reference in request.references or name in request.names
        ]
        return membership_pb2.ResolveMembersResponse(members=found)

    def RecordIdentityCheck(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        self.bob.identity_check_time.CopyFrom(request.check_time)
        if request.HasField("expire_time"):
            self.bob.identity_expire_time.CopyFrom(request.expire_time)
        return self.bob

    def BatchRecordIdentityChecks(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        result = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REPEATED)
        return membership_pb2.BatchRecordIdentityChecksResponse(results=[result] * len(request.checks))

    def WithdrawIdentityCheck(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        self.bob.ClearField("identity_check_time")
        return self.bob

    def ChangeCountry(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        self.bob.country = request.country
        return self.bob

    def DiscloseCountries(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        self.programme.countries_disclosed = True
        if not request.page_token:
            return membership_pb2.DiscloseCountriesResponse(disclosed=500, next_page_token="2")
        return membership_pb2.DiscloseCountriesResponse(disclosed=7, unreadable=[NAMES["zoe"]])

    def GetMember(self, request: Any, context: Any) -> Any:
        return self.bob


@pytest.fixture
def membership() -> Membership:
    return Membership()  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only


@pytest.fixture
def home(membership: Membership, tmp_path: Path) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(membership, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    folder = tmp_path / "home" / "network"
    folder.mkdir(parents=True)
    (folder / "network.json").write_text(json.dumps({"services": {"membership": address}}))
    (tmp_path / "home" / "token").write_text("credential\n")
    yield str(tmp_path / "home")
    server.stop(None)


def test_a_check_is_recorded_and_shown(home: str, membership: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    show = ["members", "show", "bob", "--home", home]
    assert app.run([*show, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verified_at"], found["verified_until"]) == (None, None)
    assert app.run(show) == 0
    assert "not checked" in capsys.readouterr().out
    check = ["members", "check-identity", "bob", "--at", "2010-12-05", "--home", home]
    assert app.run(check) == 0
    said = capsys.readouterr().out
    assert "checked at 2010-12-05T00:00:00Z" in said
    assert "until" not in said
    command = [*check, "--until", "2011-06-05", "--reference", "KYC-7"]
    assert app.run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verified_at"], found["verified_until"]) == ("2010-12-05T00:00:00Z", "2011-06-04T23:00:00Z")
    bare, full = membership.asked
    assert (bare.name, bare.HasField("expire_time"), bare.reference) == (NAMES["bob"], False, "")
    assert (full.name, full.reference) == (NAMES["bob"], "KYC-7")
    assert app.run([*show, "--lang", "zh"]) == 0
    texts.use("en")
    assert "有效至" in capsys.readouterr().out


def test_and_taken_back(home: str, membership: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["members", "withdraw-check", "bob", "--since", "2010-12-09", "--reason", "forged", "--home", home]
    assert app.run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verified_at"] is None
    (request,) = membership.asked
    assert (request.effective_time.ToJsonString(), request.reason) == ("2010-12-09T00:00:00Z", "forged")


def test_checks_of_a_file(
    home: str, membership: Membership, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "checks.csv"
    path.write_text(
        "member_id,verified_at,verified_until,check_reference\n"
        "bob,2010-11-30T00:00:00Z,,KYC-1\n"
        "nobody,2010-11-30T00:00:00Z,,\n"
        "zoe,2010-11-30T00:00:00Z,2011-11-30T00:00:00Z,\n",
        encoding="utf-8",
    )
    assert app.run(["members", "check-identity", "--file", str(path), "--home", home, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["repeated"]) == ("identity_checks", 2)
    assert [(one["line"], one["reason"]) for one in found["problems"]] == [(3, "UNKNOWN_MEMBER")]
    (request,) = membership.asked
    assert [(item.name, item.reference) for item in request.checks] == [(NAMES["bob"], "KYC-1"), (NAMES["zoe"], "")]


@pytest.mark.parametrize(
    "arguments", [[], ["bob"], ["--at", "2010-12-05"], ["bob", "--file", "x.csv"], ["bob", "--rejects", "x.csv"]]
)
def test_one_member_or_a_file(home: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert app.run(["members", "check-identity", *arguments, "--home", home, "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "WRONG_USAGE"


def test_a_member_moves(home: str, membership: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["members", "change-country", "bob", "FR", "--since", "2010-12-09", "--home", home]
    assert app.run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["country"] == "FR"
    (request,) = membership.asked
    assert (request.name, request.country) == (NAMES["bob"], "FR")
    assert request.effective_time.ToJsonString() == "2010-12-09T00:00:00Z"


def test_a_programme_discloses_countries_to_the_end(
    home: str, membership: Membership, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["programme", "disclose-countries", "--home", home]
    assert app.run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "programme": "gifts",
        "disclosed": 507,
        "unreadable": [{"member": ZOE, "member_id": "zoe"}],
    }
    first, second = membership.asked
    assert (first.page_token, second.page_token) == ("", "2")
    assert first.request_id != second.request_id
    assert app.run(command) == 0
    said = capsys.readouterr()
    assert "zoe" in said.out
    assert "change-country" in said.err
    assert app.run(["programme", "list", "--home", home, "--json"]) == 0
    (programme,) = json.loads(capsys.readouterr().out)["programmes"]
    assert programme["countries_disclosed"]
