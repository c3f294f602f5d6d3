"""What a table is: columns, rows, and rows that cannot be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from fenxiao.errors import Refusal


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, in no particular order."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    """Optional columns that plans can be tried on (`plan simulate`), and that the services do not take in yet."""

    @property
    def whole(self) -> "Columns":
        """What plans are tried on: all of them."""
        return replace(self, optional=(*self.optional, *self.tried), tried=())


@dataclass(frozen=True, slots=True)
class Row:
    """A row by column. Columns that the file has not got are missing; what is empty there is empty text."""

    line: int
    """Line of the file on which it begins; in Parquet its number, from 1."""
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read."""

    line: int
    reason: str
    message: str


class Table(Protocol):
    """Rows in the order of the file, and how far reading has come."""

    size: int
    """Of the file, in bytes."""

    @property
    def read(self) -> int:
        """Bytes read so far (in Parquet: about)."""
        ...

    def __iter__(self) -> Iterator[Row | BadRow]: ...


def check_header(names: Sequence[str], columns: Columns) -> None:
    """Refuse a header with a column that is missing, unknown or there twice."""
    known = (*columns.required, *columns.optional)
    for name in names:
        if name in columns.tried:
            message = f"The column {name!r} is for `plan simulate`; the services cannot take it in yet. Leave it out."
            raise Refusal("COLUMN_NOT_IMPORTED", message, field=name)
        if name not in known:
            message = f"There is no column {name[:64]!r}; the columns are {', '.join(known)}."
            raise Refusal("UNKNOWN_COLUMN", message, field=name)
        if names.count(name) > 1:
            raise Refusal("REPEATED_COLUMN", f"The column {name!r} stands twice in the header.", field=name)
    for name in columns.required:
        if name not in names:
            message = f"The column {name!r} is missing; needed are {', '.join(columns.required)}."
            raise Refusal("MISSING_COLUMN", message, field=name)
