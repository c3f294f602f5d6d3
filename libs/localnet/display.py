"""What the user sees while things happen: on stderr, so that stdout holds data only."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from fenxiao.cli import exits
from fenxiao.cli.output import print_refusal
from fenxiao.errors import Refusal
from libs.localnet.network import State


class Display:
    """One line for each thing done, and a spinner for what is being done."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Write to stderr; `quiet` writes failures only."""
        self.console = Console(stderr=True, highlight=False)
        self._quiet = quiet
        self._running: dict[str, str] = {}
        self._status: Status | None = None

    @contextmanager
    def spinner(self) -> Generator[None]:
        """Show what is running, until the block ends."""
        if self._quiet:
            yield
            return
        with self.console.status("") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None
                self._running.clear()

    def part(self, name: str, state: State, detail: str = "", seconds: float = 0.0) -> None:
        """Show news of a part of the network."""
        if state == "running":
            self._run(name, detail)
        elif state == "note":
            self.console.print(f"[yellow]![/] {escape(detail)}")
        else:
            self._finish(name, state, detail, seconds)

    @contextmanager
    def step(self, name: str) -> Generator[list[str]]:
        """Time a step; what the block appends to the list is shown behind its name."""
        since = time.monotonic()
        details: list[str] = []
        self._run(name, "")
        try:
            yield details
        except Exception:
            self._finish(name, "failed", "", time.monotonic() - since)
            raise
        self._finish(name, "done", " ".join(details), time.monotonic() - since)

    def update(self, name: str, detail: str) -> None:
        """Show how far a running step has come."""
        self._run(name, detail)

    def say(self, text: str) -> None:
        """Show a line (with rich's markup)."""
        if not self._quiet:
            self.console.print(text, soft_wrap=True)

    def fail(self, problem: object) -> None:
        """Show why it ends here; to programs as the line that every refusal is."""
        if self._quiet:
            print_refusal(Refusal("NETWORK_FAILED", str(problem)), exits.REFUSED, as_json=True)
            return
        self.console.print(f"[bold red]✗[/] {escape(str(problem))}", soft_wrap=True)

    def _run(self, name: str, detail: str) -> None:
        self._running[name] = detail
        self._refresh()

    def _finish(self, name: str, state: State, detail: str, seconds: float) -> None:
        self._running.pop(name, None)
        self._refresh()
        mark = "[green]✓[/]" if state == "done" else "[red]✗[/]"
        self.say(f"{mark} {escape(name):<14} [dim]{escape(detail)}[/]  {seconds:.1f} s")

    def _refresh(self) -> None:
        if self._status is not None:
            running = [f"{name} {detail}".strip() for name, detail in self._running.items()]
            self._status.update(escape(" · ".join(running)))
