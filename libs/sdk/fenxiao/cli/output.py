"""What is printed: data on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fenxiao.cli.refusals import refusal_text
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH = 200  # where stdout is no terminal, nothing should be wrapped


def console() -> "Console":
    """Give the console for people's eyes, on stdout."""
    from rich.console import Console  # noqa: PLC0415 - takes its time, and JSON does without

    return Console(highlight=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def print_json(value: Any) -> None:
    """Print one JSON value, indented, on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """Print one JSON value on one line of stdout, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


class JsonLists:
    """Prints one JSON object with lists on stdout, item by item: there may be millions. An item is JSON text."""

    def __init__(self, *names: str) -> None:
        """`names` are the lists, in the order in which their items come."""
        self._waiting = list(names)
        self._items = -1
        """Of the list that is open; -1: nothing was printed."""

    def add(self, name: str, item: str) -> None:
        """Print an item of a list."""
        while self._items < 0 or name in self._waiting:
            self._open()
        sys.stdout.write(("," if self._items else "") + "\n    " + item)
        self._items += 1

    def end(self, **rest: Any) -> None:
        """Print the rest of the object."""
        while self._waiting:
            self._open()
        sys.stdout.write("\n  ]" if self._items > 0 else "]")
        for name, value in rest.items():
            sys.stdout.write(f",\n  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
        sys.stdout.write("\n}\n")

    def _open(self) -> None:
        before = "{" if self._items < 0 else "\n  ]," if self._items else "],"
        sys.stdout.write(f"{before}\n  {json.dumps(self._waiting.pop(0))}: [")
        self._items = 0


def table(columns: Iterable[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print a table; `right` are the columns of numbers."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    console().print(made)


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one pair a line."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(Text(name), Text(value))
    console().print(made)


def say(text: str) -> None:
    """Print a sentence on stderr."""
    sys.stderr.write(text + "\n")


def print_refusal(refusal: Refusal, code: int, *, as_json: bool) -> None:
    """Say on stderr what was refused."""
    if as_json:
        error = {
            "reason": refusal.reason,
            "message": refusal.message,
            "field": refusal.field,
            "exit_code": code,
        }
        say(json.dumps({"error": error}, ensure_ascii=False))
        return
    say(f"✗ {refusal_text(refusal.reason, refusal.message)} [{refusal.reason}]")


Advance = Callable[[str, int, int], None]
"""Shows a description, what is done and what there is in all (0 where that is not known)."""


@contextmanager
def progress(*, quiet: bool) -> Generator[Advance]:
    """Show progress on stderr, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda description, done, in_all: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def advance(description: str, done: int, in_all: int) -> None:
            bar.update(task, description=description, completed=done, total=in_all or None)

        yield advance
