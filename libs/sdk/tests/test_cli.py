"""The command line where no service is needed, and against one that is scripted."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import grpc
import pytest
import typer

from fenxiao import credentials
from fenxiao.api.commission.v1 import commission_pb2, commission_pb2_grpc
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2, settlement_pb2_grpc
from fenxiao.cli import app, exits, texts
from fenxiao.cli.arguments import place
from fenxiao.cli.periods import read_moment, read_period, zone
from fenxiao.errors import Kind, Refusal

PLAN = """
plan: Gifts
version: 1
currency: GBP
effective_from: 2010-12-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: network, type: unilevel, levels: [8%, 4%, 2%]}
"""


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("FENXIAO_HOME", "FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG", "FENXIAO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    texts.use("en")
    yield
    texts.use("en")


# --- global options


@pytest.fixture(scope="module")
def tree() -> Any:
    made = typer.Typer()
    made.callback()(lambda: None)
    group = typer.Typer()

    def show(name: str = "") -> None: ...

    def up(home: str = typer.Option("", "--home"), as_json: bool = typer.Option(False, "--json")) -> None: ...

    group.command("show")(show)
    group.command("list")(show)
    made.add_typer(group, name="members")
    made.command("up")(up)
    return typer.main.get_command(made)


@pytest.mark.parametrize(
    ("given", "placed"),
    [
        (["members", "show", "7", "--json"], ["--json", "members", "show", "7"]),
        (["members", "--json", "show", "7"], ["--json", "members", "show", "7"]),
        (["members", "show", "--home", "h", "7"], ["--home", "h", "members", "show", "7"]),
        (["members", "show", "--home=h", "--lang", "zh"], ["--home=h", "--lang", "zh", "members", "show"]),
        (["--json", "--home", "h", "up"], ["up", "--json", "--home", "h"]),
        (["up", "--json", "--lang", "zh"], ["--lang", "zh", "up", "--json"]),
        (["members", "show", "--", "--json"], ["members", "show", "--", "--json"]),
        (["--home", "members", "up"], ["up", "--home", "members"]),
        (["--json"], ["--json"]),
        (["members", "show", "--home"], ["--home", "members", "show"]),
    ],
)
def test_global_options_are_put_where_they_are_understood(tree: Any, given: list[str], placed: list[str]) -> None:
    assert place(tree, given) == placed


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "zh"], {"LANG": "en_GB.UTF-8"}, "zh"),
        (["--lang=en"], {"FENXIAO_LANG": "zh"}, "en"),
        ([], {"FENXIAO_LANG": "zh", "LANG": "C"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {}, "en"),
    ],
)
def test_the_language_is_found(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert texts.detect(arguments, environment) == language


# --- times


def test_periods_are_of_the_programmes_time_zone() -> None:
    shanghai = zone("Asia/Shanghai")
    assert read_period("2010-12", shanghai) == (
        datetime(2010, 11, 30, 16, tzinfo=UTC),
        datetime(2010, 12, 31, 16, tzinfo=UTC),
    )
    london = zone("Europe/London")
    assert read_period("2010", london) == (datetime(2010, 1, 1, tzinfo=UTC), datetime(2011, 1, 1, tzinfo=UTC))
    assert read_period("2010-06-30", london) == (
        datetime(2010, 6, 29, 23, tzinfo=UTC),
        datetime(2010, 6, 30, 23, tzinfo=UTC),
    )
    assert read_period("2010-12-01/2010-12-02T12:00:00+01:00", london) == (
        datetime(2010, 12, 1, tzinfo=UTC),
        datetime(2010, 12, 2, 11, tzinfo=UTC),
    )


@pytest.mark.parametrize("text", ["", "2010-13", "december", "2010-12-01/", "2011/2010", "0000", "9999-12/x", "2010-1"])
def test_what_is_no_period_is_misuse(text: str) -> None:
    with pytest.raises(exits.Misuse):
        read_period(text, zone("UTC"))


@pytest.mark.parametrize("text", ["", "now", "2011-02-30", "2011-02-01T00:00:00", "2011-02"])
def test_what_is_no_time_is_misuse(text: str) -> None:
    with pytest.raises(exits.Misuse):
        read_moment(text, zone("UTC"))


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(Refusal, match="Mars"):
        zone("Mars/Olympus")


# --- how it ends


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal("X", "x"), 1),
        (Refusal("X", "x", kind=Kind.EXISTS), 1),
        (exits.Misuse("X", "x"), 2),
        (Refusal("X", "x", kind=Kind.UNAVAILABLE), 3),
        (Refusal("X", "x", kind=Kind.DENIED), 4),
        (Refusal("X", "x", kind=Kind.NOT_FOUND), 5),
        (Refusal("INTERNAL_ERROR", "x", kind=Kind.ABORTED), 70),
    ],
)
def test_each_refusal_has_its_exit_code(refusal: Refusal, code: int) -> None:
    assert exits.code_of(refusal) == code


def test_without_a_network_the_user_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["members", "show", "7", "--json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    error = json.loads(err)["error"]
    assert (error["reason"], error["exit_code"]) == ("NO_NETWORK", 3)
    assert "fenxiao up" in error["message"]


@pytest.mark.parametrize("arguments", [["nonsense"], ["members", "show"], ["settle"], ["--timeout", "x", "status"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(arguments) == 2
    assert capsys.readouterr().out == ""


def test_wrong_usage_is_json_where_json_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["settle", "--json"]) == 2
    out, err = capsys.readouterr()
    error = json.loads(err)["error"]
    assert (out, error["reason"], error["exit_code"]) == ("", "WRONG_USAGE", 2)
    assert "--as-of" in error["message"]


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "validate", "plan.yaml", "--offline", "--json"]])
def test_a_reader_that_has_enough_is_no_failure(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    code = "from fenxiao.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (exits.CLOSED, b"")


def test_a_failure_of_the_program_shows_no_stack_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> typer.Typer:
        raise RuntimeError("loose screw")

    monkeypatch.setattr(app, "make_app", broken)
    assert app.run(["status"]) == 70
    _, err = capsys.readouterr()
    assert "loose screw" in err
    assert "Traceback" not in err


def test_a_plugin_that_breaks_leaves_the_other_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        value = "broken:register"

        def load(self) -> Any:
            raise ImportError("not here")

    def entry_points(group: str) -> list[Broken]:
        return [Broken()]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    assert app.run(["plan", "--help"]) == 0
    assert "broken:register" in capsys.readouterr().err


def test_help_and_version_load_nothing_heavy() -> None:
    """Start-up is quick as long as none of these is loaded."""
    code = (
        "import sys\nfrom fenxiao.cli import app\n"
        "assert app.run(['--version']) == 0 and app.run(['statement', '--help']) == 0\n"
        "heavy = {'grpc', 'google.protobuf', 'pyarrow', 'rich.console', 'asyncio', 'cryptography', 'yaml'}\n"
        "sys.exit(repr(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("fenxiao ")


def test_shell_completion_knows_the_commands() -> None:
    environment = {"_FENXIAO_COMPLETE": "complete_bash", "COMP_WORDS": "fenxiao mem", "COMP_CWORD": "1"}
    code = "from fenxiao.cli.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert "members" in done.stdout


# --- plan validate --offline


def test_a_plan_is_checked_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    assert app.run(["plan", "validate", "plan.yaml", "--offline", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["version"], len(found["hash"])) == (True, "1", 64)


def test_a_wrong_plan_ends_with_1_and_names_every_issue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN.replace("8%", "108%"), encoding="utf-8")
    assert app.run(["plan", "validate", "plan.yaml", "--offline", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [issue["path"] for issue in found["issues"]] == ["/components/0/levels/0"]
    assert app.run(["plan", "validate", "plan.yaml", "--offline"]) == 1
    assert "/components/0/levels/0" in capsys.readouterr().out


def test_a_missing_plan_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", "validate", "nowhere.yaml", "--offline"]) == 5
    assert "nowhere.yaml" in capsys.readouterr().err


# --- plan list


@pytest.mark.parametrize(
    ("arguments", "count", "sizes"),
    [
        ([], 100, [100]),
        (["--limit", "3"], 3, [3]),
        (["--limit", "150"], 150, [100, 100]),
        (["--limit", "0"], 250, [100, 100, 100]),
    ],
)
def test_plans_are_listed_page_by_page(
    network: Path, arguments: list[str], count: int, sizes: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    Commission.sizes.clear()
    assert app.run(["plan", "list", *arguments, "--json", "--home", str(network)]) == 0
    plans = json.loads(capsys.readouterr().out)["plans"]
    assert [plan["version"] for plan in plans] == [f"v{number}" for number in range(count)]
    assert Commission.sizes == sizes
    assert plans[1] == {
        "hash": f"{1:064}",
        "version": "v1",
        "currency": "GBP",
        "effective_from": "2010-12-02T00:00:00Z",
        "published_at": "2010-11-01T00:00:00Z",
    }


def test_people_see_the_plans_as_a_table(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", "list", "--limit", "2", "--home", str(network), "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    head, _, first, second = out.strip().splitlines()
    assert head.split() == ["版本", "货币", "生效时间", "哈希"]
    assert first.split() == ["v0", "GBP", "2010-12-01T00:00:00Z", f"{0:064}"]
    assert second.split()[0] == "v1"


# --- token


@pytest.fixture
def home(tmp_path: Path) -> Path:
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    credentials.generate_issuer(keys)
    return tmp_path / "home"


def test_a_credential_says_what_was_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["token", "--role", "auditor", "--programme", "gifts", "--ttl", "2h", "--subject", "ann"]
    assert app.run([*arguments, "--home", str(home)]) == 0
    out, err = capsys.readouterr()
    claims = credentials.verify(credentials.load_jwks(home / "keys" / "jwks.json"), out.strip())
    assert (claims.subject, claims.programme, claims.role) == ("ann", "gifts", "auditor")
    assert all(scope.endswith(".read") for scope in claims.scopes)
    assert timedelta(hours=1, minutes=59) < claims.expires - datetime.now(UTC) <= timedelta(hours=2)
    assert err == ""


def test_scopes_can_be_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["token", "--all-programmes", "--scope", "sales.write", "--scope", "members.read", "--json"]
    assert app.run([*arguments, "--home", str(home)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["scopes"], found["programme"], found["role"]) == (["members.read", "sales.write"], "*", "merchant")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--programme", "gifts", "--all-programmes"],
        ["--programme", "gifts", "--ttl", "0d"],
        ["--programme", "gifts", "--ttl", "400d"],
        ["--programme", "gifts", "--ttl", "soon"],
        ["--programme", "gifts", "--role", "king"],
    ],
)
def test_a_credential_needs_a_clear_request(home: Path, arguments: list[str]) -> None:
    assert app.run(["token", *arguments, "--home", str(home)]) == 2


def test_without_the_issuers_key_none_is_issued(tmp_path: Path) -> None:
    assert app.run(["token", "--programme", "gifts", "--home", str(tmp_path)]) == 4


# --- against services


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    programmes = ("gifts",)

    def ListProgrammes(self, request: Any, context: Any) -> Any:
        found = [self._programme(name) for name in self.programmes]
        return membership_pb2.ListProgrammesResponse(programmes=found)

    def GetProgramme(self, request: Any, context: Any) -> Any:
        return self._programme(request.name.removeprefix("programmes/"))

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry
        found = [entry(reference="17850", name=f"{request.parent}/members/{UUID}")]
        known = "17850" in request.references or f"{request.parent}/members/{UUID}" in request.names
        return membership_pb2.ResolveMembersResponse(members=found if known else [])

    def GetWalletChallenge(self, request: Any, context: Any) -> Any:
        text = f"I am paid here.\n{request.account}"
        return membership_pb2.GetWalletChallengeResponse(message=text)

    def BatchBindWallets(self, request: Any, context: Any) -> Any:
        return membership_pb2.BatchBindWalletsResponse(results=[self._bind(item) for item in request.wallets])

    def _bind(self, item: Any) -> common_pb2.ItemResult:
        assert item.name.endswith(UUID)
        outcomes = {1: common_pb2.OUTCOME_TAKEN, 2: common_pb2.OUTCOME_REPEATED, 3: common_pb2.OUTCOME_REFUSED}
        result = common_pb2.ItemResult(outcome=outcomes[item.signature[0]])
        if result.outcome == common_pb2.OUTCOME_REFUSED:
            result.problem.reason, result.problem.field = "WRONG_SIGNER", "signature"
        return result

    @staticmethod
    def _programme(name: str) -> membership_pb2.Programme:
        return membership_pb2.Programme(name=f"programmes/{name}", currency="GBP", time_zone="Europe/London")


class Settlement(settlement_pb2_grpc.SettlementServiceServicer):
    def RegisterAsset(self, request: Any, context: Any) -> Any:
        assert request.parent == "programmes/gifts"
        return request.asset

    def GetAsset(self, request: Any, context: Any) -> Any:
        return settlement_pb2.Asset(name=request.name, currency="GBP", chain_id=5, token_decimals=18)

    def GetStatement(self, request: Any, context: Any) -> Any:
        statement = settlement_pb2.Statement(
            name=request.name,
            member=UUID,
            currency="GBP",
            accrued_minor=1_113,
            clawed_back_minor=-13,
            net_minor=1_100,
            held_minor=1_000,
            payable_minor=100,
        )
        for day in (1, 20):
            line = statement.lines.add(line=f"l{day}", source="s", component="network", rate="0.08", base="1.5")
            line.occur_time.FromDatetime(datetime(2010, 12, day, tzinfo=UTC))
        return statement


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    """Has 250 plan versions, and gives no more of them at once than it likes."""

    sizes: ClassVar[list[int]] = []

    def ListPlans(self, request: Any, context: Any) -> Any:
        assert request.parent == "programmes/gifts"
        self.sizes.append(request.page_size)
        first = int(request.page_token or 0)
        last = min(first + min(request.page_size, 100), 250)
        plans = [self._plan(number) for number in range(first, last)]
        return commission_pb2.ListPlansResponse(plans=plans, next_page_token=str(last) if last < 250 else "")

    @staticmethod
    def _plan(number: int) -> commission_pb2.Plan:
        plan = commission_pb2.Plan(
            name=f"programmes/gifts/plans/{number:064}",
            hash=f"{number:064}",
            version=f"v{number}",
            currency="GBP",
            document=bytes(65_536),
        )
        plan.effective_time.FromDatetime(datetime(2010, 12, 1, tzinfo=UTC) + timedelta(days=number))
        plan.publish_time.FromDatetime(datetime(2010, 11, 1, tzinfo=UTC))
        return plan


UUID = "e3b9f126-222b-461f-8736-9658a6bea5d0"
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LOCAL_CHAIN: dict[str, Any] = {"chain_id": 31337, "vault": WALLET, "token": OTHER, "token_decimals": 2}


def signature(first: int) -> str:
    return f"0x{first:02x}" + "00" * 64


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Path]:
    server = grpc.server(ThreadPoolExecutor(2))
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(
        Membership(),  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
        server,
    )
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(
        Settlement(),  # pyright: ignore[reportAbstractUsage] - the same
        server,
    )
    commission_pb2_grpc.add_CommissionServiceServicer_to_server(
        Commission(),  # pyright: ignore[reportAbstractUsage] - the same
        server,
    )
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    folder = tmp_path / "home" / "network"
    folder.mkdir(parents=True)
    services = {"membership": address, "settlement": address, "commission": address}
    (folder / "network.json").write_text(json.dumps({"services": services, **LOCAL_CHAIN}))
    (tmp_path / "home" / "token").write_text("credential\n")
    yield tmp_path / "home"
    server.stop(None)


@pytest.mark.parametrize("member", ["17850", UUID, UUID.upper()])
def test_a_statement_has_its_stable_form(network: Path, member: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["statement", member, "--period", "2010-12-01/2010-12-15", "--json", "--home", str(network)]
    assert app.run(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    (statement,) = found.pop("statements")
    assert found == {
        "programme": "gifts",
        "currency": "GBP",
        "from": "2010-12-01T00:00:00Z",
        "to": "2010-12-15T00:00:00Z",
    }
    (line,) = statement.pop("lines")
    assert line == {
        "line": "l1",
        "source": "s",
        "occurred_at": "2010-12-01T00:00:00Z",
        "component": "network",
        "level": 0,
        "rate": "0.08",
        "base": "1.5",
        "amount": 0,
        "hold_until": None,
        "threshold": None,
        "held": 0,
        "waits_for": [],
    }
    assert statement == {
        "member": UUID,
        "member_id": "17850",
        "currency": "GBP",
        "accrued": 1_113,
        "clawed_back": -13,
        "net": 1_100,
        "held": 1_000,
        "payable": 100,
        "in_distribution": 0,
        "paid": 0,
        "debt": 0,
    }


def test_people_read_amounts_in_their_language(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["statement", "17850", "--home", str(network)]) == 0
    assert "11.13 GBP" in capsys.readouterr().out
    assert app.run(["statement", "17850", "--home", str(network), "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "11.13 英镑" in out
    assert "应计" in out


def test_an_unknown_member_is_not_found(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["statement", "nobody", "--home", str(network)]) == 5
    assert "UNKNOWN_MEMBER" in capsys.readouterr().err


def test_several_programmes_must_be_told_apart(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Membership, "programmes", ("gifts", "wine"))
    assert app.run(["statement", "17850", "--home", str(network)]) == 2
    assert app.run(["statement", "17850", "--home", str(network), "--programme", "wine"]) == 0
    monkeypatch.setattr(Membership, "programmes", ())
    assert app.run(["statement", "17850", "--home", str(network)]) == 5


# --- asset


def test_the_networks_own_asset_is_registered(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["asset", "register", "--json", "--home", str(network)]) == 0
    assert json.loads(capsys.readouterr().out) == {"currency": "GBP", **LOCAL_CHAIN}


def test_another_asset_can_be_named(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--vault", OTHER, "--token", WALLET, "--decimals", "18", "--chain-id", "5"]
    assert app.run(["asset", "register", *arguments, "--json", "--home", str(network)]) == 0
    wanted = {"currency": "GBP", "chain_id": 5, "vault": OTHER, "token": WALLET, "token_decimals": 18}
    assert json.loads(capsys.readouterr().out) == wanted


@pytest.mark.parametrize("arguments", [["--token", WALLET], ["--decimals", "2"], ["--chain-id", "0"]])
def test_half_an_asset_is_misuse(network: Path, arguments: list[str]) -> None:
    assert app.run(["asset", "register", *arguments, "--home", str(network)]) == 2


def test_what_the_network_does_not_say_must_be_given(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (network / "network" / "network.json").write_text(json.dumps({"services": {}}))
    assert app.run(["asset", "register", "--chain-id", "5", "--json", "--home", str(network)]) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["reason"] == "ASSET_INCOMPLETE"
    assert "--vault, --token" in error["message"]


def test_an_asset_is_shown(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["asset", "show", "--home", str(network), "--lang", "zh"]) == 0
    assert "代币" in capsys.readouterr().out


# --- wallets


def test_what_is_signed_has_no_byte_too_many(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["members", "challenge", "17850", WALLET.lower(), "--home", str(network)]) == 0
    assert capsys.readouterr().out == f"I am paid here.\n{WALLET}"
    assert app.run(["members", "challenge", "17850", WALLET, "--json", "--home", str(network)]) == 0
    wanted = {"member": UUID, "member_id": "17850", "account": WALLET, "message": f"I am paid here.\n{WALLET}"}
    assert json.loads(capsys.readouterr().out) == wanted


@pytest.mark.parametrize(("first", "repeated"), [(1, False), (2, True)])
def test_a_wallet_is_bound(network: Path, first: int, repeated: bool, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["members", "bind", "17850", WALLET, signature(first), "--home", str(network)]
    assert app.run([*arguments, "--json"]) == 0
    wanted = {"member": UUID, "member_id": "17850", "account": WALLET, "repeated": repeated}
    assert json.loads(capsys.readouterr().out) == wanted
    assert app.run(arguments) == 0
    assert ("Nothing changed" in capsys.readouterr().err) is repeated


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["17850", WALLET, signature(3)], 1, "WRONG_SIGNER"),
        (["17850", WALLET, signature(1)[:-2]], 1, "INVALID_SIGNATURE"),
        (["17850", WALLET[:-1] + "7", signature(1)], 1, "INVALID_ADDRESS"),
        (["nobody", WALLET, signature(1)], 5, "UNKNOWN_MEMBER"),
        (["17850", WALLET], 2, "WRONG_USAGE"),
        ([], 2, "WRONG_USAGE"),
        (["17850", "--file", "wallets.csv"], 2, "WRONG_USAGE"),
        (["17850", WALLET, signature(1), "--rejects", "r.csv"], 2, "WRONG_USAGE"),
        (["--file", "nowhere.csv"], 5, "FILE_NOT_FOUND"),
    ],
)
def test_a_binding_is_refused_clearly(
    network: Path, arguments: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["members", "bind", *arguments, "--json", "--home", str(network)]) == code
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["error"]["reason"]) == ("", reason)


def test_wallets_of_a_file_are_bound_each_for_itself(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        "member_id,account,signature",
        f"17850,{WALLET},{signature(1)}",
        f"17850,{WALLET},{signature(2)}",
        f"17850,{WALLET},{signature(3)}",
        f"nobody,{WALLET},{signature(1)}",
        f"17850,0x12,{signature(1)}",
        f"17850,{WALLET},0x12",
    ]
    (tmp_path / "wallets.csv").write_text("\n".join(lines) + "\n")
    arguments = ["members", "bind", "--file", "wallets.csv", "--home", str(network)]
    assert app.run([*arguments, "--rejects", "rejects.csv", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    problems = [(problem["line"], problem["reason"]) for problem in found.pop("problems")]
    assert problems == [(4, "WRONG_SIGNER"), (5, "UNKNOWN_MEMBER"), (6, "INVALID_ADDRESS"), (7, "INVALID_SIGNATURE")]
    assert found == {
        "file": "wallets.csv",
        "kind": "wallets",
        "lines": 6,
        "taken": 1,
        "repeated": 1,
        "refused": 4,
        "all_or_nothing": False,
        "applied": True,
    }
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 5
    assert app.run([*arguments, "--rejects", "nowhere/rejects.csv"]) == 1
    assert "FILE_NOT_WRITABLE" in capsys.readouterr().err


def test_people_read_in_chinese_why_a_line_is_refused(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wallets.csv").write_text(f"member_id,account,signature\nnobody,{WALLET},{signature(1)}\n")
    arguments = ["members", "bind", "--file", "wallets.csv", "--rejects", "rejects.csv", "--home", str(network)]
    assert app.run([*arguments, "--lang", "zh"]) == 1
    assert "找不到该成员" in capsys.readouterr().out
    assert "找不到该成员" not in (tmp_path / "rejects.csv").read_text()


def test_people_read_in_chinese_why_a_service_does_not_serve(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["status", "--home", str(network), "--lang", "zh"]
    assert app.run(arguments) == 3
    assert "客户端与网络的版本不一致" in capsys.readouterr().out
    assert app.run([*arguments, "--json"]) == 3
    assert "版本" not in capsys.readouterr().out


def test_events_of_an_unknown_service_are_misuse(network: Path) -> None:
    assert app.run(["events", "tail", "--service", "nonsense", "--home", str(network)]) == 2
