"""`fenxiao epcis`: EPCIS documents looked at here, without any service."""

# ruff: noqa: PLC0415 - loaded at every call; the parsers only when a command runs

import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO, cast

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.arguments import IN_MEMORY, FilesArgument, ProfileName, ProfileOption, check_files, opened
from fenxiao.cli.commands.epcis_convert import convert
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.epcis import EpcisIssue, EventReader, ReadEvent

_MOST_SHOWN: Final = 1000
"""Errors, mended places and warnings of one file that are kept; they are counted beyond."""
_LARGE: Final = 8 * 1024 * 1024
"""Bytes of a file from which on progress is shown."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("EPCIS documents, without any service."), no_args_is_help=True)
    group.command("validate", help=t("Check EPCIS documents: every error with its event, path, rule and remedy."))(
        validate
    )
    group.command("hash", help=t("Print the event IDs (CBV 2.0 event hashes) of EPCIS documents."))(hash_)
    group.command("convert", help=t("Write an EPCIS document as XML or JSON; nothing if anything is wrong."))(convert)
    app.add_typer(group, name="epcis")


def validate(context: typer.Context, files: FilesArgument, profile: ProfileOption = ProfileName.STRICT) -> None:
    """Print of each file whether it is valid, and all that is wrong with it."""
    _run(context, files, profile, _Wish(advice=True, ids=Session.of(context).as_json))


def hash_(
    context: typer.Context,
    files: FilesArgument,
    pre_hash: Annotated[
        bool, typer.Option("--prehash", help=t("Print the texts of which the hashes are taken."))
    ] = False,
    profile: ProfileOption = ProfileName.LENIENT,
) -> None:
    """Print the event IDs in order, one a line."""
    _run(context, files, profile, _Wish(ids=True, pre_hashes=pre_hash))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked for."""

    advice: bool = False
    ids: bool = False
    pre_hashes: bool = False


@dataclass(slots=True)
class _Result:
    """What was found in a file, but for what goes out event by event."""

    file: str
    events: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(["errors", "mended", "warnings"], 0))
    found: dict[str, list["EpcisIssue"]] = field(
        default_factory=lambda: {name: list["EpcisIssue"]() for name in ("errors", "mended", "warnings")}
    )

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.counts["errors"]

    def add(self, kind: str, issues: Iterable["EpcisIssue"]) -> None:
        """Keep what was found, up to a bound, and count it."""
        for issue in issues:
            self.counts[kind] += 1
            if len(self.found[kind]) < _MOST_SHOWN:
                self.found[kind].append(issue)


def _run(context: typer.Context, files: list[str], profile: ProfileName, wish: _Wish) -> None:
    check_files(files)
    as_json = Session.of(context).as_json
    printer = _AsJson(wish) if as_json else _AsText(wish, several=len(files) > 1)
    all_valid = True
    printer.begin()
    for name in files:
        result = _look(name, profile, wish, printer, quiet=as_json)
        all_valid &= result.valid
    printer.end(valid=all_valid)
    if not all_valid:
        raise typer.Exit(exits.REFUSED)


def _look(name: str, profile: ProfileName, wish: _Wish, printer: "_AsJson | _AsText", *, quiet: bool) -> _Result:
    """Read a file event by event."""
    from fenxiao.epcis import WIDE, EventReader, Profile

    result = _Result(name)
    printer.begin_file(result)
    with opened(name) as (source, size), output.progress(quiet=quiet or size < _LARGE) as advance:
        reader = EventReader(source, Profile(profile.value), WIDE)
        for event in reader.read():
            result.add("errors", event.issues)
            result.add("mended", event.mended)
            if event.valid and wish.advice:
                result.add("warnings", event.advice)
            printer.event(event)
            if event.number % 500 == 0:
                advance(name, reader.bytes_read, size)
    _finish(result, reader)
    printer.end_file(result)
    return result


def _finish(result: _Result, reader: "EventReader") -> None:
    result.events = reader.events
    result.add("errors", reader.issues)
    result.add("mended", reader.mended)


class _AsJson:
    """Prints one JSON value, event by event: there may be millions."""

    def __init__(self, wish: _Wish) -> None:
        self._wish = wish
        self._files = 0
        self._events = 0
        self._pre_hashes: TextIO | None = None

    def begin(self) -> None:
        sys.stdout.write('{\n  "files": [')

    def begin_file(self, result: _Result) -> None:
        sys.stdout.write(("," if self._files else "") + f'\n    {{\n      "file": {_json(result.file)},')
        sys.stdout.write('\n      "event_ids": [')
        self._files += 1
        self._events = 0
        self._pre_hashes = _spool() if self._wish.pre_hashes else None

    def event(self, event: "ReadEvent") -> None:
        sys.stdout.write(_item(self._events, event.hash if event.valid else None))
        if self._pre_hashes:
            self._pre_hashes.write(_item(self._events, event.pre_hash if event.valid else None))
        self._events += 1

    def end_file(self, result: _Result) -> None:
        closing = "\n      ]" if self._events else "]"
        sys.stdout.write(closing)
        if self._pre_hashes:
            with self._pre_hashes as waiting:
                waiting.seek(0)
                sys.stdout.write(',\n      "pre_hashes": [')
                shutil.copyfileobj(waiting, sys.stdout)
                sys.stdout.write(closing)
        rest: dict[str, Any] = {"valid": result.valid, "events": result.events}
        kinds = ("errors", "mended", "warnings") if self._wish.advice else ("errors", "mended")
        for kind in kinds:
            rest[f"{kind.removesuffix('s')}_count"] = result.counts[kind]
            rest[kind] = [
                {"event": issue.event, "path": issue.path, "rule": issue.rule, "message": issue.message}
                for issue in result.found[kind]
            ]
        for name, value in rest.items():
            text = json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n      ")
            sys.stdout.write(f",\n      {_json(name)}: {text}")
        sys.stdout.write("\n    }")

    def end(self, *, valid: bool) -> None:
        sys.stdout.write(f'\n  ],\n  "valid": {_json(valid)}\n}}\n')


class _AsText:
    """Prints for people; of `hash`, IDs on stdout and everything else on stderr."""

    def __init__(self, wish: _Wish, *, several: bool) -> None:
        self._wish = wish
        self._several = several

    def begin(self) -> None:
        pass

    def begin_file(self, result: _Result) -> None:
        del result

    def event(self, event: "ReadEvent") -> None:
        if not event.valid:
            return
        if self._wish.pre_hashes:
            sys.stdout.write(event.pre_hash + "\n")
        elif self._wish.ids:
            sys.stdout.write(event.hash + "\n")

    def end_file(self, result: _Result) -> None:
        say = output.say if self._wish.ids else _print
        if self._wish.ids and result.valid and not result.counts["mended"]:
            return
        said = t("valid; events: {events}") if result.valid else t("not valid; events: {events}, errors: {errors}")
        said = said.format(events=result.events, errors=result.counts["errors"])
        name = t("standard input") if result.file == "-" else result.file
        say(f"{'✓' if result.valid else '✗'} {name}: {said}")
        for kind, heading in (("errors", ""), ("mended", t("mended")), ("warnings", t("doubtful"))):
            for issue in result.found[kind]:
                say(f"  {heading + ': ' if heading else ''}{_line(issue)}")
            if (left := result.counts[kind] - len(result.found[kind])) > 0:
                say("  " + t("… and {left} more").format(left=left))

    def end(self, *, valid: bool) -> None:
        del valid


def _line(issue: "EpcisIssue") -> str:
    place = t("event {number}, {path}").format(number=issue.event, path=issue.path) if issue.event else issue.path
    return f"{place}: {refusal_text(issue.rule, issue.message)} [{issue.rule}]"


def _item(number: int, value: str | None) -> str:
    return ("," if number else "") + "\n        " + _json(value)


def _spool() -> TextIO:
    """A place for what has to wait until the event IDs are out."""
    import tempfile

    return cast("TextIO", tempfile.SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8"))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
