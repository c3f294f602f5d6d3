"""`fenxiao settle` and a distribution that is blocked: what is said, what is waited for, and how it ends."""

import ast
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2, settlement_pb2_grpc
from fenxiao.cli import app, texts
from fenxiao.cli.blocked import RUNBOOK, STEPS, next_step

ROOT = Path(__file__).parents[3]
NAME = "programmes/gifts/distributions/GBP-1"
SHORT = "propose_root:GBP-1: the vault is short of 12 units: it holds 0 of the 12 that are owed"


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name="programmes/gifts", currency="GBP", time_zone="Europe/London")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])


class Settlement(settlement_pb2_grpc.SettlementServiceServicer):
    """Its distribution is blocked, until somebody mends it."""

    def __init__(self) -> None:
        self.mended = threading.Event()
        self.problem = SHORT
        self.state = settlement_pb2.DISTRIBUTION_STATE_BLOCKED

    def PreviewDistribution(self, request: Any, context: Any) -> Any:
        return settlement_pb2.DistributionPreview(currency="GBP", payees=3, total_minor=12)

    def CloseDistribution(self, request: Any, context: Any) -> Any:
        return self._distribution(settlement_pb2.DISTRIBUTION_STATE_CLOSED)

    def WatchDistribution(self, request: Any, context: Any) -> Iterator[Any]:
        yield self._distribution(settlement_pb2.DISTRIBUTION_STATE_CLOSED)
        yield self._distribution(self.state, self.problem)
        self.mended.wait(20)
        # What was in the way stays written there.
        yield self._distribution(settlement_pb2.DISTRIBUTION_STATE_PAID, self.problem)

    @staticmethod
    def _distribution(state: Any, problem: str = "") -> settlement_pb2.Distribution:
        return settlement_pb2.Distribution(name=NAME, number=1, currency="GBP", payees=3, state=state, problem=problem)


@pytest.fixture
def settlement() -> Settlement:
    return Settlement()  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only


@pytest.fixture
def settle(settlement: Settlement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The command against the scripted service."""
    for name in ("FENXIAO_HOME", "FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG", "FENXIAO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    texts.use("en")
    server = grpc.server(ThreadPoolExecutor(4))
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(
        Membership(),  # pyright: ignore[reportAbstractUsage] - the same
        server,
    )
    settlement_pb2_grpc.add_SettlementServiceServicer_to_server(settlement, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    (tmp_path / "network").mkdir()
    services = {"membership": address, "settlement": address}
    (tmp_path / "network" / "network.json").write_text(json.dumps({"services": services}))
    (tmp_path / "token").write_text("credential\n")
    yield ["settle", "--as-of", "2011-02-01", "--home", str(tmp_path)]
    settlement.mended.set()
    server.stop(None)
    texts.use("en")


def test_what_is_mended_in_time_is_paid(
    settle: list[str], settlement: Settlement, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Timer(0.3, settlement.mended.set).start()
    assert app.run([*settle, "--timeout", "20"]) == 0
    out, err = capsys.readouterr()
    assert err.count(SHORT) == 1
    assert "Put what is missing into the vault" in err
    assert "waiting for 20 s" in err
    assert "paid" in out
    assert SHORT not in out, "what was in the way of one that is paid is past"


def test_what_stays_blocked_ends_with_the_next_step(settle: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*settle, "--timeout", "0.3", "--json"]) == 75
    out, err = capsys.readouterr()
    distribution = json.loads(out)["distribution"]
    assert (distribution["state"], distribution["problem"]) == ("blocked", SHORT)
    error = json.loads(err)["error"]
    assert (error["reason"], error["exit_code"]) == ("DISTRIBUTION_BLOCKED", 75)
    for part in ("GBP-1 is closed", SHORT, "Put what is missing into the vault", RUNBOOK):
        assert part in error["message"]


def test_payees_who_cannot_be_paid_are_not_waited_for_without_end(
    settle: list[str], settlement: Settlement, capsys: pytest.CaptureFixture[str]
) -> None:
    settlement.state = settlement_pb2.DISTRIBUTION_STATE_ACTIVE
    settlement.problem = "2 payees could not be paid and keep their credit, for example because of: the vault is paused"
    assert app.run([*settle, "--timeout", "0.3"]) == 75
    out, err = capsys.readouterr()
    assert "2 payees could not be paid" in out
    assert "bind other wallets" in err


def test_who_does_not_wait_is_told_nothing(settle: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*settle, "--no-wait", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["distribution"]["state"] == "closed"


def test_people_read_it_in_their_language(settle: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*settle, "--timeout", "0.3", "--lang", "zh"]) == 75
    out, err = capsys.readouterr()
    assert "受阻" in out
    assert "处理办法" in out
    assert "请为本计划向金库补足差额" in err


# --- every problem that the bridge tells has its next step


def vault_errors() -> dict[str, str]:
    """The vault's errors in the bridge's words."""
    source = (ROOT / "services/chain_bridge/adapters/vault.py").read_text(encoding="utf-8")
    (found,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["ERRORS"]
    ]
    return found


NO_BLOCK = {"RootStillPending", "NoActiveRoot", "InsufficientGas"}
"""Errors that the bridge deals with itself."""


@pytest.mark.parametrize("error", sorted(vault_errors()))
def test_each_error_of_the_vault_has_its_next_step(error: str) -> None:
    problem = f"pay:GBP-1:0: {vault_errors()[error].format('0x12', '34', '56')}"
    known = next_step(problem) != next_step("")
    assert known is (error.partition("(")[0] not in NO_BLOCK)


@pytest.mark.parametrize(
    "problem",
    [
        "pay:GBP-1:0: it is not for the vault 0x12 on chain 1",
        "pay:GBP-1:0: 0x12 has 5 wei, too little to pay for gas",
        "pay:GBP-1:0: the transaction 0x12 was mined and reverted",
        "propose_root:GBP-1: a guardian has vetoed the root 0x12 in 0x34",
    ],
)
def test_what_the_bridge_says_itself_has_its_next_step(problem: str) -> None:
    assert next_step(problem) != next_step("")


def test_each_step_is_in_the_runbook_and_in_chinese() -> None:
    runbook = " ".join((ROOT / RUNBOOK).read_text(encoding="utf-8").split())
    assert [words for words in STEPS if words not in runbook] == []
    texts.use("zh")
    assert [step for step in {*STEPS.values(), next_step("")} if texts.t(step) == step] == []
    texts.use("en")
