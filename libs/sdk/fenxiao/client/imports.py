"""Imports: files of members, sales and more, sent in batches, each line taken, repeated or refused for itself.

A file of any length goes through in bounded memory. Batches go in the order of the file, since a sponsor may stand in
an earlier line and a return behind its sale; while one is under way, the next is read and its members are looked up.
A second import of the same file changes nothing.
"""

import asyncio
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from fenxiao.api.common.v1 import common_pb2
from fenxiao.client.client import Client
from fenxiao.client.filecheck import FileCheck, MemberCheck, SaleCheck
from fenxiao.client.kinds import Entry, IdentityChecks, Kind, Members, Placements, Ranks, RefusedLine, Sales, Wallets
from fenxiao.client.kinds_trace import Places, Products
from fenxiao.client.rows import BadRow, Row, Table
from fenxiao.client.tables import open_table
from fenxiao.errors import Refusal

BATCH_LINES: Final = 500
"""Lines in a batch at most: what the services take."""
BATCH_BYTES: Final = 2 * 1024 * 1024
"""Bytes in a batch at most, about: a message may have twice as many."""
LISTED: Final = 1_000
"""Refused lines that a result lists; all of them go to the file of rejects."""


@dataclass(slots=True)
class ImportResult:
    """What became of a file."""

    kind: str
    """`members`, `sales`, `wallets`, `identity_checks`, `placements`, `ranks`, `places` or `products`."""
    all_or_nothing: bool = False
    applied: bool = True
    """Whether anything was sent to be recorded; False when the file was refused as a whole."""
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    problems: list[RefusedLine] = field(default_factory=list[RefusedLine])
    """The first refused lines, at most `LISTED`."""

    @property
    def lines(self) -> int:
        """How many lines there were, the header and empty ones not counted."""
        return self.taken + self.repeated + self.refused


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come."""

    checking: bool
    """In the first pass of an all-or-nothing import, which only checks."""
    lines: int
    bytes_read: int
    bytes_in_all: int


Report = Callable[[Progress], None]


async def import_members(
    client: Client,
    programme: str,
    path: Path,
    *,
    all_or_nothing: bool = False,
    rejects: Path | None = None,
    report: Report | None = None,
) -> ImportResult:
    """Import a file of members.

    With `all_or_nothing` the whole file is checked first, and nothing of it is recorded if any line is refused.
    `rejects` is a CSV file that gets every refused line. `report` is told now and then how far it has come.
    """
    check = MemberCheck() if all_or_nothing else None
    return await _import(Members(client, programme), path, check, rejects, report)


async def import_sales(
    client: Client,
    programme: str,
    path: Path,
    *,
    all_or_nothing: bool = False,
    rejects: Path | None = None,
    report: Report | None = None,
) -> ImportResult:
    """Import a file of sales and returns, in the same way."""
    check = SaleCheck() if all_or_nothing else None
    return await _import(Sales(client, programme), path, check, rejects, report)


async def bind_wallets(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Bind the wallets of a file, each with the signature of its owner."""
    return await _import(Wallets(client, programme), path, None, rejects, report)


async def record_identity_checks(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Record the identity checks of a file."""
    return await _import(IdentityChecks(client, programme), path, None, rejects, report)


async def place_members(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Place the members of a file. Who stands above others comes in an earlier line."""
    return await _import(Placements(client, programme), path, None, rejects, report)


async def grant_ranks(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Grant the ranks of a file."""
    return await _import(Ranks(client, programme), path, None, rejects, report)


async def import_places(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Say what everybody may know of the places of a file."""
    return await _import(Places(client, programme), path, None, rejects, report)


async def import_products(
    client: Client, programme: str, path: Path, *, rejects: Path | None = None, report: Report | None = None
) -> ImportResult:
    """Say what everybody may know of the products of a file."""
    return await _import(Products(client, programme), path, None, rejects, report)


async def _import(
    kind: Kind, path: Path, check: FileCheck | None, rejects: Path | None, report: Report | None
) -> ImportResult:
    """Go through the file; with `check` twice, the first time to check only."""
    result = ImportResult(kind.name, check is not None)
    with ExitStack() as stack:
        refused = _Refused(stack.enter_context(_open_rejects(rejects)) if rejects else None)
        if check is not None:
            stack.callback(check.close)
            await _run(kind, path, result, refused, report, check)
            if result.refused:
                result.applied, result.taken = False, 0
                return result
            result = ImportResult(kind.name, all_or_nothing=True)
        await _run(kind, path, result, refused, report, None)
    return result


def _open_rejects(path: Path) -> TextIO:
    try:
        return path.open("w", newline="", encoding="utf-8")
    except OSError as error:
        raise Refusal("FILE_NOT_WRITABLE", f"{path} cannot be written: {error.strerror}.") from None


class _Refused:
    """Takes down every refused line in the file of rejects, if there is one."""

    def __init__(self, file: Any) -> None:
        self._writer = csv.writer(file) if file else None
        if self._writer:
            self._writer.writerow(["line", "id", "reason", "message", "field"])

    def write(self, problem: RefusedLine) -> None:
        """Take one down."""
        if self._writer:
            self._writer.writerow([problem.line, problem.id, problem.reason, problem.message, problem.field])


async def _run(
    kind: Kind, path: Path, result: ImportResult, refused: _Refused, report: Report | None, check: FileCheck | None
) -> None:
    """Go through the file once: to check it with `check`, to have it recorded without."""
    table = open_table(path, kind.columns)
    under_way: asyncio.Task[None] | None = None
    try:
        for entries in _batches(kind, table):
            await kind.prepare(entries)
            if under_way is not None:
                await under_way
            under_way = asyncio.create_task(_settle(kind, entries, result, refused, check))
            if report:
                report(Progress(check is not None, result.lines, table.read, table.size))
            await asyncio.sleep(0)  # let the batch set off before the next one is read
        if under_way is not None:
            await under_way
        if report:
            report(Progress(check is not None, result.lines, table.size, table.size))
    finally:
        if under_way is not None and not under_way.done():
            under_way.cancel()


def _batches(kind: Kind, table: Table) -> Iterator[list[Entry]]:
    entries: list[Entry] = []
    size = 0
    for row in table:
        entry = _entry(kind, row)
        entries.append(entry)
        size += entry.message.ByteSize() if entry.message is not None else 0
        if len(entries) == BATCH_LINES or size >= BATCH_BYTES:
            yield entries
            entries, size = [], 0
    if entries:
        yield entries


def _entry(kind: Kind, row: Row | BadRow) -> Entry:
    if isinstance(row, BadRow):
        return Entry(row.line, "", problem=RefusedLine(row.line, "", row.reason, row.message))
    entry = Entry(row.line, row.values[kind.id_column])
    try:
        entry.message = kind.read(row)
    except Refusal as refusal:
        entry.refuse(refusal.reason, refusal.message, refusal.field)
    return entry


async def _settle(
    kind: Kind, entries: Sequence[Entry], result: ImportResult, refused: _Refused, check: FileCheck | None
) -> None:
    """Send what can be sent, and count what became of each line, in the order of the file."""
    sent = [entry for entry in entries if entry.problem is None]
    outcomes: dict[int, common_pb2.ItemResult] = {}
    if sent:
        answers = await kind.send([entry.message for entry in sent], validate_only=check is not None)
        if check is not None:
            answers = await check.reconsider(
                [entry.message for entry in sent], answers, lambda m: kind.send(m, validate_only=True)
            )
        outcomes = {entry.line: answer for entry, answer in zip(sent, answers, strict=True)}
    for entry in entries:
        answer = outcomes.get(entry.line)
        if answer is not None and answer.outcome == common_pb2.OUTCOME_REFUSED:
            entry.refuse(answer.problem.reason, answer.problem.message, answer.problem.field)
        if entry.problem is not None:
            result.refused += 1
            refused.write(entry.problem)
            if len(result.problems) < LISTED:
                result.problems.append(entry.problem)
        elif answer is not None and answer.outcome == common_pb2.OUTCOME_REPEATED:
            result.repeated += 1
        else:
            result.taken += 1
