import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.client.csv_table import LINE_LIMIT
from fenxiao.client.rows import BadRow, Columns, Row
from fenxiao.client.tables import open_table
from fenxiao.errors import Refusal

COLUMNS = Columns(required=("a", "b"), optional=("c",))


def rows_of(path: Path, data: bytes) -> list[Row | BadRow]:
    path.write_bytes(data)
    return list(open_table(path, COLUMNS))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def test_rows_carry_the_line_on_which_they_begin(file: Path) -> None:
    data = b'a,b\n1,x\n\n2,"two\nlines"\n3,y\n'
    assert rows_of(file, data) == [
        Row(2, {"a": "1", "b": "x"}),
        Row(4, {"a": "2", "b": "two\nlines"}),
        Row(6, {"a": "3", "b": "y"}),
    ]


def test_byte_order_mark_crlf_and_spaces_in_the_header_are_tolerated(file: Path) -> None:
    assert rows_of(file, b"\xef\xbb\xbfb, a\r\nx,1\r\n") == [Row(2, {"a": "1", "b": "x"})]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "EMPTY_FILE"),
        (b"a\n", "MISSING_COLUMN"),
        (b"a,b,d\n", "UNKNOWN_COLUMN"),
        (b"a,b,a\n", "REPEATED_COLUMN"),
        (b'a,"b\n', "BROKEN_CSV"),
        (b"a\rb\r", "BROKEN_CSV"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "NOT_UTF8"),
        (b"x" * (LINE_LIMIT + 1), "LINE_TOO_LONG"),
    ],
)
def test_a_wrong_header_refuses_the_file(file: Path, header: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        rows_of(file, header)
    assert caught.value.reason == reason


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="There is no file"):
        open_table(tmp_path / "nowhere.csv", COLUMNS)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"1,2,3", "WRONG_FIELD_COUNT"),
        (b"1", "WRONG_FIELD_COUNT"),
        (b'1,"2"x', "BROKEN_CSV"),
        (b'1,"never closed', "BROKEN_CSV"),
        (b"1,\xe9t\xe9", "NOT_UTF8"),
        (b"1,carriage\rreturn", "BROKEN_CSV"),
        (b"1," + b"x" * LINE_LIMIT, "LINE_TOO_LONG"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_are_read(file: Path, bad: bytes, reason: str) -> None:
    good = b"".join(b"%d,good\n" % n for n in range(3, 10))
    found = rows_of(file, b"a,b\n1,before\n" + bad + b"\n" + good)
    assert [(row.line, row.reason) for row in found if isinstance(row, BadRow)] == [(3, reason)]
    assert [row.line for row in found if isinstance(row, Row)] == [2, *range(4, 11)]


def test_a_line_that_is_not_utf8_inside_an_open_quote_is_reported_for_itself(file: Path) -> None:
    found = rows_of(file, b'a,b\n1,"open\n\xff,x\n2,y\n')
    assert [(row.line, row.reason) for row in found if isinstance(row, BadRow)] == [(2, "BROKEN_CSV"), (3, "NOT_UTF8")]
    assert found[-1] == Row(4, {"a": "2", "b": "y"})


def test_an_open_quote_does_not_swallow_a_large_file(file: Path) -> None:
    found = rows_of(file, b'a,b\n1,"open\n' + b"2,y\n" * 60_000)
    assert [row.line for row in found if isinstance(row, BadRow)] == [2]
    assert sum(isinstance(row, Row) for row in found) == 60_000


def test_the_byte_at_fault_is_named(file: Path) -> None:
    (bad,) = rows_of(file, b"a,b\nok,\xff\n")
    assert isinstance(bad, BadRow)
    assert "Byte 4 of the line (0xFF)" in bad.message


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=20))
def test_what_csv_can_write_comes_back(tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["a", "b"])
    writer.writerows(cells)
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    found = rows_of(path, text.getvalue().encode())
    assert [(row.values["a"], row.values["b"]) for row in found if isinstance(row, Row)] == cells
    assert len(found) == len(cells)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    found = rows_of(path, b"a,b\n" + data)
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))
    assert all(2 <= line <= 2 + data.count(b"\n") for line in lines)
