"""One supervised process: started, waited for, started again when it dies, stopped.

Every child holds a lock on its own pid file (it inherits the open file). So the lock is held exactly as long as the
child lives, whoever else has died: a process that a killed supervisor left behind is recognised without trusting a bare
pid, which the system may long have given to somebody else.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from libs.localnet.home import HomeError

_LOG_LIMIT = 16 * 1024 * 1024
_TAIL_LINES = 15
_POLL = 0.03
_FIRST_BACK_OFF = 0.2
_LONGEST_BACK_OFF = 10.0
_HEALTHY_AFTER = 30.0  # seconds of life after which a crash counts as the first again


class ProcessFailed(Exception):
    """A process ended, or was not ready in time; the message ends with the tail of its log."""

    def __init__(self, name: str, problem: str, log: Path) -> None:
        self.name = name
        super().__init__(f"{name} {problem}. The end of {log}:\n{tail(log)}")


@dataclass(frozen=True)
class Command:
    """What to start, and how to know that it is ready."""

    name: str
    arguments: Sequence[str]
    directory: Path
    log: Path
    pid_file: Path
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    start_timeout: float = 60.0
    stop_timeout: float = 10.0


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a log, indented."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        text = ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:]) or "    (empty)"


class Process:
    """Keeps one command running from `start` to `stop`."""

    def __init__(self, command: Command, *, note: Callable[[str], None] = lambda _: None) -> None:
        """Take the command; `note` is told when it died by itself and when it is back."""
        self._command = command
        self._note = note
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_ready = asyncio.Event()

    @property
    def name(self) -> str:
        """The command's name."""
        return self._command.name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Start it and return when it is ready. From then on it is started again whenever it dies."""
        if self._keeper is not None:
            return
        try:
            await self._spawn()
            await self._until_ready()
        except BaseException:
            await self._end()
            raise
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """End it and leave it ended."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
        await self._end()

    async def restart(self) -> None:
        """End it in good order and start it again."""
        await self.stop()
        await self.start()

    def kill(self) -> None:
        """End it without warning (SIGKILL). It is started again by itself."""
        if self.pid is not None and self._child is not None:
            self._is_ready.clear()
            self._child.kill()

    async def wait_ready(self) -> None:
        """Return as soon as it is ready: at once, or after it has been started again."""
        await self._is_ready.wait()

    async def _spawn(self) -> None:
        command = self._command
        if command.log.exists() and command.log.stat().st_size > _LOG_LIMIT:
            command.log.replace(command.log.with_suffix(".old.log"))
        with command.log.open("ab") as log, command.pid_file.open("a+", encoding="utf-8") as pid_file:
            await _hold(pid_file)
            pid_file.truncate(0)  # first: an empty file is never mistaken for another process's id
            self._child = await asyncio.create_subprocess_exec(
                *command.arguments,
                cwd=command.directory,
                env=dict(command.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(pid_file.fileno(),),
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the others in order
            )
            pid_file.write(str(self._child.pid))

    async def _until_ready(self) -> None:
        command, child = self._command, self._child
        assert child is not None
        deadline = time.monotonic() + command.start_timeout
        while True:
            if child.returncode is not None:
                how = _ending(child.returncode)
                raise ProcessFailed(self.name, f"ended while it was starting ({how})", command.log)
            if await command.ready():
                break
            if time.monotonic() > deadline:
                raise ProcessFailed(self.name, f"was not ready after {command.start_timeout:.0f} s", command.log)
            await asyncio.sleep(_POLL)
        self._is_ready.set()

    async def _keep(self) -> None:
        back_off = _FIRST_BACK_OFF
        while True:
            assert self._child is not None
            since = time.monotonic()
            code = await self._child.wait()
            self._is_ready.clear()
            if time.monotonic() - since > _HEALTHY_AFTER:
                back_off = _FIRST_BACK_OFF
            self._note(f"{self.name} died ({_ending(code)}); starting it again")
            await asyncio.sleep(back_off)
            back_off = min(2 * back_off, _LONGEST_BACK_OFF)
            await self._spawn()
            try:
                await self._until_ready()
            except ProcessFailed as failure:
                self._note(str(failure))
                await self._end()  # if it hangs; the next round waits longer and tries again
            else:
                self._note(f"{self.name} is back")

    async def _end(self) -> None:
        self._is_ready.clear()
        child = self._child
        if child is None or child.returncode is not None:
            return
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), self._command.stop_timeout)
        except TimeoutError:
            self._note(f"{self.name} did not stop within {self._command.stop_timeout:.0f} s and was killed")
            child.kill()
            await child.wait()


async def end_leftover(name: str, pid_file: Path, *, note: Callable[[str], None], stop_timeout: float = 10.0) -> None:
    """End the process that an earlier supervisor of this home started and, killed itself, could not stop."""
    signals = iter((signal.SIGTERM, signal.SIGKILL))
    deadline = 0.0
    while alive(pid_file):
        if time.monotonic() > deadline:
            pid = _read_pid(pid_file)
            if pid == 0 or (how := next(signals, None)) is None:
                raise HomeError(f"{name} of an earlier run is still alive and cannot be stopped (see {pid_file}).")
            note(f"{name} of an earlier run is still alive (process {pid}); stopping it")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + stop_timeout
        await asyncio.sleep(_POLL)


async def _hold(file: IO[str]) -> None:
    """Lock a pid file. Whoever looks with `alive` holds it for an instant, hence the second tries."""
    for _ in range(20):
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL)
    raise HomeError(f"{file.name} is held by another process. Is a second supervisor at work?")


def alive(pid_file: Path) -> bool:
    """Say whether the process that this pid file was made for still lives."""
    try:
        with pid_file.open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _read_pid(pid_file: Path) -> int:
    return int(pid_file.read_text(encoding="utf-8") or 0)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
