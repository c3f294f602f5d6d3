"""What the commands of `cli.py` do. Each returns its exit code."""

import asyncio
import json
import signal
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from fenxiao.cli.texts import language, t
from libs.localnet.chain import ChainError
from libs.localnet.demo import Demo, run_demo
from libs.localnet.display import Display
from libs.localnet.doctor import diagnose
from libs.localnet.home import Home, HomeError
from libs.localnet.network import LocalNetwork, repository_root
from libs.localnet.process import ProcessFailed
from libs.localnet.scenarios.table import SCENARIOS, scenario_named
from libs.localnet.summary import show

DONE, FAILED, INTERRUPTED = 0, 1, 130

_MARKS = {"ok": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[dim]–[/]"}


def up(path: Path | None, *, as_json: bool) -> int:
    """Run the network until Ctrl-C. To be stopped is its proper end."""
    display = Display(quiet=as_json)
    code = _run(_up(LocalNetwork(Home.at(path)), display, as_json=as_json), display)
    return DONE if code == INTERRUPTED else code


def demo(path: Path | None, name: str, *, as_json: bool) -> int:
    """Run a scenario and print what it has shown. Raises `Refusal` for one that there is not."""
    scenario = scenario_named(name)
    display = Display(quiet=as_json)
    work = Demo(LocalNetwork(Home.at(path)), display)
    code = _run(run_demo(work, scenario), display)
    if code == DONE:
        if as_json:
            shown = [words._asdict() for words in work.shown]
            found = {"scenario": name, "shown": shown, "figures": work.figures, "seconds": work.seconds}
            print(json.dumps(found, ensure_ascii=False))
        else:
            show(scenario, work, language())
    return code


def scenarios(*, as_json: bool) -> int:
    """Print which scenarios there are."""
    if as_json:
        print(json.dumps({"scenarios": [{"name": one.name, **one.title._asdict()} for one in SCENARIOS.values()]},
                         ensure_ascii=False))  # fmt: skip
        return DONE
    console = Console(highlight=False, soft_wrap=True)
    for one in SCENARIOS.values():
        console.print(f"{one.name:<12} {escape(one.title.in_(language()))}")
    return DONE


def doctor(path: Path | None, *, as_json: bool) -> int:
    """Run every check and print what to do."""
    checks = asyncio.run(diagnose(Home.at(path), repository_root()))
    failed = sum(check.state == "failed" for check in checks)
    if as_json:
        print(json.dumps({"failed": failed, "checks": [asdict(check) for check in checks]}))
        return FAILED if failed else DONE
    console = Console(highlight=False)
    for check in checks:
        console.print(f"{_MARKS[check.state]} {check.name:<16} {escape(check.detail)}", soft_wrap=True)
        if check.fix:
            console.print(f"  [yellow]→[/] {escape(check.fix)}", soft_wrap=True)
    return FAILED if failed else DONE


async def _up(network: LocalNetwork, display: Display, *, as_json: bool) -> None:
    home = network.home
    if home.has_network() and home.demo_mark.exists():
        note = t("The demo made this network; the next demo begins anew and removes what you add here.")
        display.say(f"[yellow]![/] {note}")
    try:
        with display.spinner():
            endpoints = await network.start(display.part)
        if as_json:
            print(json.dumps(endpoints.as_json()), flush=True)
        text = t("The network is up. Addresses: {addresses}; logs: {logs}. Ctrl-C stops it.")
        display.say(escape(text.format(addresses=home.network_file, logs=home.logs)))
        await asyncio.Event().wait()
    finally:
        await network.stop()
        display.say(t("stopped; the data is kept"))


def _run(work: Coroutine[Any, Any, None], display: Display) -> int:
    """Run the work to its end or until Ctrl-C or SIGTERM, and show what went wrong."""
    try:
        asyncio.run(_until_signal(work))
    except asyncio.CancelledError:
        return INTERRUPTED
    except (HomeError, ChainError, ProcessFailed) as error:
        display.fail(error)
        return FAILED
    return DONE


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Do the work; the first signal cancels it, and it may still clean up."""
    task = asyncio.ensure_future(work)
    asked = False

    def end() -> None:
        # A second Ctrl-C must not interrupt the clean-up: every wait in it is bounded.
        nonlocal asked
        if not asked:
            asked = True
            task.cancel()

    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, end)
    await task
