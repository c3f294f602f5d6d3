"""Files of lines: JSON, one line each (`.jsonl`), or Parquet (`.parquet`). Written as they come, in bounded memory."""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, TextIO

from fenxiao.errors import Refusal

_BATCH: Final = 20_000

Value = str | int | bool
Fields = Mapping[str, type[Value]]
"""The fields of every line, in order, and what each holds."""


class LineFile(Protocol):
    """A file of lines. It appears under its name once all are written."""

    def write(self, line: Mapping[str, Value]) -> None:
        """Add a line."""
        ...

    def __enter__(self) -> "LineFile": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def is_line_file(path: Path) -> bool:
    """Say whether a file's name is one of those that can be written."""
    return path.suffix in {".jsonl", ".parquet"}


def create(path: Path, fields: Fields) -> LineFile:
    """Begin a file, of the kind that its name says."""
    try:
        return _Parquet(path, fields) if path.suffix == ".parquet" else _JsonLines(path)
    except OSError as error:
        raise Refusal("FILE_NOT_WRITABLE", f"{path} cannot be written: {error.strerror}.") from None


class _File:
    """Goes by another name until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.new = path.with_name(path.name + ".new")

    def __enter__(self) -> "_File":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if kind is None:
            self.new.replace(self._path)
        else:
            self.new.unlink(missing_ok=True)

    def end(self) -> None:
        """Write what is left."""
        raise NotImplementedError


class _JsonLines(_File):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file: TextIO = self.new.open("w", encoding="utf-8", newline="\n")

    def write(self, line: Mapping[str, Value]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def __enter__(self) -> "_JsonLines":
        return self

    def end(self) -> None:
        self._file.close()


class _Parquet(_File):
    def __init__(self, path: Path, fields: Fields) -> None:
        super().__init__(path)
        # pyarrow has no types: it is held as Any.
        self._arrow: Any = import_module("pyarrow")
        kinds = {str: self._arrow.string(), int: self._arrow.int64(), bool: self._arrow.bool_()}
        self._schema = self._arrow.schema([(name, kinds[kind]) for name, kind in fields.items()])
        parquet: Any = import_module("pyarrow.parquet")
        self._file = parquet.ParquetWriter(self.new, self._schema)
        self._lines: list[Mapping[str, Value]] = []

    def write(self, line: Mapping[str, Value]) -> None:
        self._lines.append(line)
        if len(self._lines) == _BATCH:
            self._flush()

    def __enter__(self) -> "_Parquet":
        return self

    def end(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._lines:
            self._file.write_table(self._arrow.Table.from_pylist(self._lines, schema=self._schema))
            self._lines = []
