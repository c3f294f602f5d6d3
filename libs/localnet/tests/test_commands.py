import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from fenxiao.cli.exits import Misuse
from libs.localnet import demo, doctor, health
from libs.localnet.cli import register
from libs.localnet.contracts import Contracts
from libs.localnet.demo import Demo, Step, claim, run_demo
from libs.localnet.display import Display
from libs.localnet.home import Home, HomeError
from libs.localnet.network import LocalNetwork, repository_root
from libs.localnet.process import alive
from libs.localnet.scenarios.table import SCENARIOS
from libs.localnet.steps import Scenario, Words

FAKE_UP = Path(__file__).with_name("fake_up.py")


async def up(home: Home) -> tuple[Process, dict[str, Any]]:
    """Start `fenxiao up` in a process of its own and wait until it says where it is."""
    environment = {**os.environ, "PYTHONPATH": str(repository_root())}
    running = await asyncio.create_subprocess_exec(
        sys.executable, str(FAKE_UP), str(home.root), stdout=PIPE, env=environment
    )
    assert running.stdout is not None
    return running, json.loads(await asyncio.wait_for(running.stdout.readline(), 60))


def left(home: Home) -> list[str]:
    return [path.stem for path in home.network.glob("*.pid") if alive(path)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_up_ends_at_a_signal_and_leaves_nothing_running(tmp_path: Path, how: signal.Signals) -> None:
    home = Home.at(tmp_path / "home")
    running, where = await up(home)
    assert await health.service_ready(where["services"]["membership"])
    running.send_signal(how)
    assert await asyncio.wait_for(running.wait(), 30) == 0
    assert left(home) == []
    assert home.has_network()


async def test_up_clears_away_what_a_killed_one_left_behind_and_is_at_the_same_place(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    killed, where = await up(home)
    killed.kill()
    await killed.wait()
    assert sorted(left(home)) == ["chain", "membership", "nats"]
    running, again = await up(home)
    assert again == where
    running.terminate()
    await asyncio.wait_for(running.wait(), 30)
    assert left(home) == []


@pytest.fixture
def cli() -> Callable[..., Result]:
    app = typer.Typer()
    register(app)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


def test_doctor_says_what_it_found_and_its_exit_code_tells(cli: Callable[..., Result], tmp_path: Path) -> None:
    result = cli("doctor", "--json", "--home", str(tmp_path))
    found = json.loads(result.stdout)
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert states["python"] == states["nats-server"] == "ok"
    assert states["network"] == "skipped"
    assert found["failed"] == sum(state == "failed" for state in states.values())
    assert result.exit_code == (1 if found["failed"] else 0)
    assert all(check["fix"] for check in found["checks"] if check["state"] == "failed")


async def test_doctor_sees_loosened_secrets(home: Home) -> None:
    home.issuer_key.touch(mode=0o644)
    home.issuer_key.chmod(0o644)
    checks = {check.name: check for check in await doctor.diagnose(home, repository_root())}
    assert checks["permissions"].state == "failed"
    assert str(home.issuer_key) in checks["permissions"].detail


async def test_doctor_sees_a_sick_network(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    running, _ = await up(home)
    healthy = {check.name: check.state for check in await doctor.diagnose(home, repository_root())}
    assert [healthy[name] for name in ("network", "membership", "nats", "chain")] == ["ok"] * 4
    pid = json.loads(home.network_file.read_text())["pids"]["membership"]
    os.kill(pid, signal.SIGSTOP)
    sick = {check.name: check for check in await doctor.diagnose(home, repository_root())}
    assert sick["membership"].state == "failed"
    assert "membership.log" in sick["membership"].fix
    os.kill(pid, signal.SIGCONT)
    running.terminate()
    await asyncio.wait_for(running.wait(), 60)


def test_the_demo_replaces_only_what_it_made_itself(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    claim(home)
    home.create()
    claim(home)
    home.demo_mark.unlink()
    with pytest.raises(HomeError, match="--home"):
        claim(home)


async def test_the_demo_runs_its_steps_in_order_with_their_times(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def first(work: Demo) -> str:
        work.figures["members"] = 948
        return "done"

    async def second(work: Demo) -> str:
        return str(work.figures["members"])

    monkeypatch.setattr(demo, "START", Step("first", first))
    work = Demo(LocalNetwork(Home.at(tmp_path / "home")), Display(quiet=True))
    await run_demo(work, Scenario("two", Words("Two steps", "两步"), (Step("second", second),)))
    assert list(work.seconds) == ["first", "second"]


def test_what_is_not_so_is_not_shown(tmp_path: Path) -> None:
    work = Demo(LocalNetwork(Home.at(tmp_path / "home")), Display(quiet=True))
    work.shows(3, 3, "Three are there.", "有三个。")
    with pytest.raises(HomeError, match=r"^This is not so: Four are there\. The network says 3; right is 4\.$"):
        work.shows(3, 4, "Four are there.", "有四个。")
    assert work.shown == [("Three are there.", "有三个。")]


def test_scenarios_are_listed_and_an_unknown_one_is_refused(cli: Callable[..., Result], tmp_path: Path) -> None:
    listed = cli("demo", "--list", "--json")
    assert [one["name"] for one in json.loads(listed.stdout)["scenarios"]] == [*SCENARIOS]
    assert all(one["en"] and one["zh"] for one in json.loads(listed.stdout)["scenarios"])
    home = tmp_path / "home"
    unknown = cli("demo", "--scenario", "wine", "--home", str(home))
    assert isinstance(unknown.exception, Misuse)
    assert "There is no scenario 'wine'" in unknown.exception.message
    assert not home.exists()


def test_contracts_are_built_again_when_a_source_changes(tmp_path: Path) -> None:
    contracts = Contracts(tmp_path)
    for name in ("foundry.toml", "package-lock.json", "src/A.sol", "out/.sources.sha256"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("CommissionVault", "TestToken"):
        (tmp_path / "out" / f"{name}.sol").mkdir()
        (tmp_path / "out" / f"{name}.sol" / f"{name}.json").touch()
    assert not contracts.built()
    contracts.mark_built()
    assert contracts.built()
    (tmp_path / "src/A.sol").write_text("contract A {}")
    assert not contracts.built()


def test_npm_packages_are_installed_when_they_are_what_the_lock_file_asks_for(tmp_path: Path) -> None:
    def write(path: Path, packages: dict[str, Any]) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"packages": packages}))

    contracts = Contracts(tmp_path)
    one, other = {"integrity": "sha512-1"}, {"integrity": "sha512-2"}
    write(tmp_path / "package-lock.json", {"": {}, "node_modules/a": one, "node_modules/b": {**one, "optional": True}})
    assert not contracts.installed()
    write(tmp_path / "node_modules/.package-lock.json", {"node_modules/a": one})
    assert contracts.installed()
    write(tmp_path / "node_modules/.package-lock.json", {"node_modules/a": other})
    assert not contracts.installed()
