"""Tables in files, row by row in bounded memory: CSV (UTF-8, with a header) or Parquet with the same columns.

Nothing is guessed: a row that cannot be read is given as a `BadRow` with its line, and the rows behind it go on.
"""

from pathlib import Path

from fenxiao.client.csv_table import CsvTable
from fenxiao.client.rows import Columns, Table
from fenxiao.errors import Kind, Refusal


def open_table(path: Path, columns: Columns) -> Table:
    """Open a file, CSV or Parquet, which its first bytes tell. Raises `Refusal` if it has not got the columns."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise Refusal("FILE_NOT_FOUND", f"There is no file {path}.", kind=Kind.NOT_FOUND) from None
    except OSError as error:
        raise Refusal("FILE_NOT_READABLE", f"{path} cannot be read: {error.strerror}.") from None
    if magic == b"PAR1":
        from fenxiao.client.parquet_table import ParquetTable  # noqa: PLC0415 - large, and only for such files

        return ParquetTable(path, columns)
    return CsvTable(path, columns)
