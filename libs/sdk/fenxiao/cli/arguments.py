"""Arguments: global options, which stand before a command or behind it, and files that commands read."""

import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, cast

import typer

from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

DocumentArgument = Annotated[Path, typer.Argument(metavar="FILE", help=t("YAML or JSON."))]
"""A plan document."""

IN_MEMORY: Final = 16 * 1024 * 1024
"""Bytes of what comes through a pipe that are not put on the disk."""


class ProfileName(StrEnum):
    """How much is forgiven: the names of `fenxiao.epcis.Profile`, without loading it."""

    STRICT = "strict"
    LENIENT = "lenient"


FilesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help=t("EPCIS documents or events in JSON, JSON-LD or XML; - is the standard input.")
    ),
]
ProfileOption = Annotated[
    ProfileName,
    typer.Option("--profile", help=t("strict: by the letter of the standard; lenient: mend what can be mended.")),
]

GLOBAL: Final = {"--json": False, "--home": True, "--programme": True, "--lang": True, "--timeout": True}
"""Global options, and whether a value follows."""


def place(root: Any, arguments: Sequence[str]) -> list[str]:
    """Put each global option behind the command if that has such an option of its own, else before everything.

    `root` is the command tree. What stands behind `--` is left alone.
    """
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    options: list[list[str]] = []
    rest: list[str] = []
    index = 0
    while index < end:
        argument = arguments[index]
        name, equals, _ = argument.partition("=")
        if name in GLOBAL:
            width = 2 if GLOBAL[name] and not equals else 1
            options.append(list(arguments[index : min(index + width, end)]))
            index += width
        else:
            rest.append(argument)
            index += 1
    depth, own = _command(root, rest)
    before = [part for option in options if option[0].partition("=")[0] not in own for part in option]
    behind = [part for option in options if option[0].partition("=")[0] in own for part in option]
    return [*before, *rest[:depth], *behind, *rest[depth:], *arguments[end:]]


def _command(root: Any, arguments: Sequence[str]) -> tuple[int, set[str]]:
    """Find the command that is called: how many arguments name it, and the options that it has."""
    command, depth = root, 0
    for argument in arguments:
        following = getattr(command, "commands", {}).get(argument)
        if following is None:
            break
        command, depth = following, depth + 1
    if command is root:
        return depth, set()
    return depth, {name for parameter in command.params for name in getattr(parameter, "opts", ())}


def read_bytes(file: Path) -> bytes:
    """Read a file that an argument names."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise Refusal("FILE_NOT_FOUND", f"There is no file {file}.", kind=Kind.NOT_FOUND) from None
    except OSError as error:
        raise Refusal("FILE_NOT_READABLE", f"{file} cannot be read: {error.strerror}.") from None


def check_files(names: Sequence[str]) -> None:
    """Refuse what cannot be opened, before anything is done with the others. `-` is the standard input."""
    for name in names:
        path = Path(name)
        if name != "-" and (path.is_file() or path.is_dir() or not path.exists()):  # a pipe can be opened only once
            with opened(name):
                pass


@contextmanager
def opened(name: str) -> Generator[tuple[BinaryIO, int]]:
    """Open a file, and tell its size. What cannot be read twice is put where it can."""
    import tempfile  # noqa: PLC0415 - few commands need it

    if name == "-":
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
            shutil.copyfileobj(sys.stdin.buffer, spooled)
            size = spooled.tell()
            spooled.seek(0)
            yield cast("BinaryIO", spooled), size
        return
    try:
        with Path(name).open("rb") as file:
            if file.seekable():
                yield file, Path(name).stat().st_size
                return
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(file, copy)
                size = copy.tell()
                copy.seek(0)
                yield copy, size
    except FileNotFoundError:
        raise Refusal("FILE_NOT_FOUND", f"There is no file {name}.", kind=Kind.NOT_FOUND) from None
    except OSError as error:
        raise Refusal("FILE_NOT_READABLE", f"{name} cannot be read: {error.strerror}.") from None
