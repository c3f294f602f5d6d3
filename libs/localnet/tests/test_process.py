import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.localnet.process import Command, Process, ProcessFailed, alive, end_leftover

READY = "import pathlib, sys, time; print('hello', flush=True); pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + READY


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Command]:
    mark = tmp_path / "ready"

    async def ready() -> bool:
        return mark.exists()

    def make(code: str = READY, *, timeout: float = 20, stop_timeout: float = 20) -> Command:
        mark.unlink(missing_ok=True)
        return Command(
            name="worker",
            arguments=(sys.executable, "-c", code, str(mark)),
            directory=tmp_path,
            log=tmp_path / "worker.log",
            pid_file=tmp_path / "worker.pid",
            ready=ready,
            environment=dict(os.environ),
            start_timeout=timeout,
            stop_timeout=stop_timeout,
        )

    return make


async def test_it_runs_until_it_is_stopped(command: Callable[..., Command]) -> None:
    made = command()
    process = Process(made)
    await process.start()
    assert process.pid == int(made.pid_file.read_text())
    assert alive(made.pid_file)
    await process.stop()
    assert process.pid is None
    assert not alive(made.pid_file)


async def test_a_killed_one_is_started_again(command: Callable[..., Command]) -> None:
    notes: list[str] = []
    process = Process(command(), note=notes.append)
    await process.start()
    first = process.pid
    process.kill()
    await asyncio.wait_for(process.wait_ready(), 20)
    assert process.pid not in (first, None)
    assert notes == ["worker died (signal SIGKILL); starting it again", "worker is back"]
    await process.stop()


async def test_one_that_is_stopped_stays_stopped_and_can_be_started_again(command: Callable[..., Command]) -> None:
    process = Process(command())
    await process.start()
    await process.stop()
    await asyncio.sleep(0.5)  # longer than the first back-off
    assert process.pid is None
    await process.start()
    assert process.pid is not None
    await process.stop()


async def test_one_that_dies_while_starting_shows_what_it_said(command: Callable[..., Command]) -> None:
    process = Process(command("print('port is taken'); raise SystemExit(3)"))
    with pytest.raises(ProcessFailed, match=r"(?s)worker ended while it was starting \(exit code 3\).*port is taken"):
        await process.start()
    assert process.pid is None


async def test_one_that_is_never_ready_is_ended(command: Callable[..., Command]) -> None:
    process = Process(command("import time; time.sleep(60)", timeout=0.3))
    with pytest.raises(ProcessFailed, match="was not ready after"):
        await process.start()
    assert process.pid is None


async def test_one_that_ignores_the_request_to_stop_is_killed(command: Callable[..., Command]) -> None:
    notes: list[str] = []
    process = Process(command(STUBBORN, stop_timeout=0.3), note=notes.append)
    await process.start()
    await process.stop()
    assert process.pid is None
    assert "was killed" in notes[0]


@pytest.mark.parametrize("code", [READY, STUBBORN])
async def test_what_a_killed_supervisor_left_behind_is_ended(command: Callable[..., Command], code: str) -> None:
    made = command(code)
    with made.pid_file.open("a+") as pid_file:
        lock = f"import fcntl; fcntl.flock({pid_file.fileno()}, fcntl.LOCK_EX);"
        left = await asyncio.create_subprocess_exec(  # the lock is the child's alone once this block ends
            sys.executable, "-c", lock + code, made.arguments[-1], pass_fds=(pid_file.fileno(),)
        )
        pid_file.write(str(left.pid))
    while not await made.ready():  # noqa: ASYNC110 - the other process has no event to set
        await asyncio.sleep(0.02)
    notes: list[str] = []
    await end_leftover("worker", made.pid_file, note=notes.append, stop_timeout=0.5)
    assert await asyncio.wait_for(left.wait(), 20) < 0
    assert "of an earlier run is still alive" in notes[0]


async def test_a_pid_that_now_belongs_to_another_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "stale.pid").write_text(str(os.getpid()))  # would end this very test run
    await end_leftover("worker", tmp_path / "stale.pid", note=pytest.fail)
