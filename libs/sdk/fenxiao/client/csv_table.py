"""CSV, line by line: every problem is that of one line, and the lines behind it are read all the same."""

import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from fenxiao.client.rows import BadRow, Columns, Row, check_header
from fenxiao.errors import Refusal

LINE_LIMIT: Final = 64 * 1024
"""Bytes of a line at most; a longer one is a bad row."""

_RECORD_LIMIT: Final = 128 * 1024
"""Characters of a quoted record at most: a quote that nobody closes must not swallow the file."""


class CsvTable:
    """A CSV file. Lines end with \\n or \\r\\n; a byte order mark is skipped; a quoted field may hold line ends."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.size = path.stat().st_size
        """Of the file, in bytes."""
        self._path = path
        with path.open("rb") as file:
            self._lines = _Lines(file)
            self._names = _read_header(self._lines, columns)

    @property
    def read(self) -> int:
        """Bytes read so far."""
        return self._lines.read

    def __iter__(self) -> Iterator[Row | BadRow]:
        with self._path.open("rb") as file:
            lines = self._lines = _Lines(file)
            reader = csv.reader(lines, strict=True)
            next(reader)
            while True:
                first = lines.begin()
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except (_BadLineError, csv.Error) as error:
                    fields, bad = [], error
                else:
                    bad = None
                if bad is None and len(fields) == len(self._names):
                    yield Row(first, dict(zip(self._names, fields, strict=True)))
                elif bad is not None or fields:  # not an empty line
                    several = lines.give_back()
                    yield self._bad_row(first, fields, bad, several=several)
                    # A reader whose source has raised is spent, and one that has gone too far must begin anew.
                    reader = csv.reader(lines, strict=True)

    def _bad_row(self, line: int, fields: list[str], error: Exception | None, *, several: bool) -> BadRow:
        if error is not None and several:
            message = "A quote that opens here is not closed properly; a quote inside a field is doubled."
            return BadRow(line, "BROKEN_CSV", message)
        match error:
            case _BadLineError():
                return BadRow(line, error.reason, str(error))
            case csv.Error():
                return BadRow(line, "BROKEN_CSV", _csv_problem(error))
            case _:
                counts = f"The line has {len(fields)} fields, the header {len(self._names)}"
                return BadRow(line, "WRONG_FIELD_COUNT", f"{counts}; look for commas and quotes.")


class _BadLineError(Exception):
    """A line that cannot become text."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _Lines:
    """The decoded lines of a file. All lines of the record at hand but its first can be given back."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = 0
        """Bytes read from the file."""
        self._file = file
        self._number = 0  # of the line given last
        self._record: list[str | _BadLineError] = []
        self._characters = 0
        self._again: deque[str | _BadLineError] = deque()

    def begin(self) -> int:
        """Begin a record, and say on which line (if there is one more)."""
        self._record.clear()
        self._characters = 0
        return self._number + 1

    def give_back(self) -> bool:
        """Have the record's lines but the first read again; say whether there were any."""
        back = self._record[1:]
        self._again.extendleft(reversed(back))
        self._number -= len(back)
        return bool(back)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read_line()
        self._number += 1
        self._record.append(line)
        if isinstance(line, _BadLineError):
            raise line
        self._characters += len(line)
        if self._characters > _RECORD_LIMIT:
            raise csv.Error("the record is too long")
        return line

    def _read_line(self) -> str | _BadLineError:
        data = self._file.readline(LINE_LIMIT)
        if not data:
            raise StopIteration
        first = self.read == 0
        self.read += len(data)
        if len(data) == LINE_LIMIT and not data.endswith(b"\n"):
            while (rest := self._file.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                self.read += len(rest)
            self.read += len(rest)
            return _BadLineError("LINE_TOO_LONG", f"The line has more than {LINE_LIMIT:,} bytes.")
        try:
            return data.decode("utf-8-sig" if first else "utf-8")
        except UnicodeDecodeError as error:
            place = f"Byte {error.start + 1} of the line (0x{error.object[error.start]:02X})"
            return _BadLineError("NOT_UTF8", f"{place} is not UTF-8; save the file as UTF-8.")


def _read_header(lines: _Lines, columns: Columns) -> list[str]:
    try:
        names = [name.strip() for name in next(csv.reader(lines, strict=True))]
    except StopIteration:
        raise Refusal("EMPTY_FILE", "The file is empty; its first line names the columns.") from None
    except _BadLineError as bad:
        raise Refusal(bad.reason, f"Line 1: {bad}") from None
    except csv.Error as error:
        raise Refusal("BROKEN_CSV", f"Line 1: {_csv_problem(error)}") from None
    check_header(names, columns)
    return names


def _csv_problem(error: csv.Error) -> str:
    text = str(error)
    if "new-line character" in text:
        return "There is a carriage return inside; lines must end with \\n or \\r\\n."
    if "unexpected end of data" in text:
        return "A quote that opens here is not closed."
    return f"The quotes are broken ({text}); a field that holds quotes is quoted, and each quote inside doubled."
