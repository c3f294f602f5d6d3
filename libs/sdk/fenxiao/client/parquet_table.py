"""Parquet: text, whole numbers, decimals, and timestamps with their time zone. No floats."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from fenxiao.client.rows import BadRow, Columns, Row, check_header
from fenxiao.errors import Refusal
from fenxiao.money import plain

# pyarrow has no types: it is held as Any, in this module only.
_arrow: Any = import_module("pyarrow")
_kinds: Any = import_module("pyarrow.types")
_parquet: Any = import_module("pyarrow.parquet")

_BATCH_ROWS: Final = 2_000


class ParquetTable:
    """A Parquet file, read a few thousand rows at a time."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.size = path.stat().st_size
        """Of the file, in bytes."""
        self._done = 0
        try:
            self._file = _parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
            schema = self._file.schema_arrow
        except (_arrow.ArrowException, OSError) as error:
            raise Refusal("BROKEN_PARQUET", f"{path} is not a whole Parquet file: {error}.") from None
        check_header(schema.names, columns)
        for column in schema:
            _check_type(column.name, column.type)
        self._rows = max(1, int(self._file.metadata.num_rows))

    @property
    def read(self) -> int:
        """Bytes read so far, going by the rows."""
        return self.size * self._done // self._rows

    def __iter__(self) -> Iterator[Row | BadRow]:
        self._done = 0
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS):
                names: list[str] = batch.schema.names
                for values in zip(*(_texts(column) for column in batch.columns), strict=True):
                    self._done += 1
                    yield Row(self._done, dict(zip(names, values, strict=True)))
        except (_arrow.ArrowException, OSError) as error:
            raise Refusal("BROKEN_PARQUET", f"The file cannot be read behind row {self._done}: {error}.") from None


def _check_type(name: str, kind: Any) -> None:
    if _kinds.is_dictionary(kind):
        kind = kind.value_type
    if _kinds.is_floating(kind):
        message = f"The column {name!r} holds floats, which are not exact; store decimals or text."
        raise Refusal("FLOAT_COLUMN", message, field=name)
    if _kinds.is_timestamp(kind):
        if kind.tz is None:
            message = f"The times in {name!r} have no time zone; store them as UTC, or as RFC 3339 text."
            raise Refusal("NO_TIME_ZONE", message, field=name)
        return
    tests = (_kinds.is_string, _kinds.is_large_string, _kinds.is_integer, _kinds.is_decimal, _kinds.is_null)
    if not any(test(kind) for test in tests):
        message = f"The column {name!r} holds {kind}; store text, whole numbers, decimals or timestamps."
        raise Refusal("WRONG_COLUMN_TYPE", message, field=name)


def _texts(column: Any) -> list[str]:
    if _kinds.is_timestamp(column.type):
        # Microseconds are what the services keep; finer times would have to be rounded, and are refused.
        column = column.cast(_arrow.timestamp("us", tz="UTC"), safe=True)
        return ["" if value is None else value.isoformat().replace("+00:00", "Z") for value in column.to_pylist()]
    if _kinds.is_decimal(column.type):
        return ["" if value is None else plain(value) for value in column.to_pylist()]
    return ["" if value is None else str(value) for value in column.to_pylist()]
