from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fenxiao.client.lines import SALE_COLUMNS
from fenxiao.client.rows import Row
from fenxiao.client.tables import open_table
from fenxiao.errors import Refusal

pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

TIME = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)


def table(**changes: Any) -> Any:
    columns = {
        "sale_id": pa.array(["536365", "536366"]),
        "member_id": pa.array([17850, None]),
        "kind": pa.array(["sale", "return"]).dictionary_encode(),
        "occurred_at": pa.array([TIME, TIME], pa.timestamp("ns", tz="Europe/London")),
        "amount": pa.array([Decimal("139.1200"), Decimal("0.5000")], pa.decimal128(20, 4)),
        "currency": pa.array(["GBP", "GBP"]),
    }
    return pa.table({**columns, **changes})


def write(path: Path, content: Any) -> Path:
    pq.write_table(content, path)
    return path


def test_rows_are_the_same_texts_as_in_csv(tmp_path: Path) -> None:
    found = list(open_table(write(tmp_path / "sales.parquet", table()), SALE_COLUMNS))
    assert found[0] == Row(
        1,
        {
            "sale_id": "536365",
            "member_id": "17850",
            "kind": "sale",
            "occurred_at": "2010-12-01T08:26:00Z",
            "amount": "139.12",
            "currency": "GBP",
        },
    )
    assert isinstance(found[1], Row)
    assert (found[1].values["member_id"], found[1].values["amount"]) == ("", "0.5")


@pytest.mark.parametrize(
    ("column", "content", "reason"),
    [
        ("amount", pa.array([1.5, 2.5]), "FLOAT_COLUMN"),
        ("occurred_at", pa.array([TIME.replace(tzinfo=None)] * 2, pa.timestamp("us")), "NO_TIME_ZONE"),
        ("kind", pa.array([["sale"], ["sale"]]), "WRONG_COLUMN_TYPE"),
        ("colour", pa.array(["red", "red"]), "UNKNOWN_COLUMN"),
    ],
)
def test_what_is_not_exact_or_not_known_is_refused(tmp_path: Path, column: str, content: Any, reason: str) -> None:
    path = write(tmp_path / "sales.parquet", table(**{column: content}))
    with pytest.raises(Refusal) as caught:
        list(open_table(path, SALE_COLUMNS))
    assert caught.value.reason == reason


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "sales.parquet", table())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Refusal) as caught:
        list(open_table(path, SALE_COLUMNS))
    assert caught.value.reason == "BROKEN_PARQUET"


def test_many_rows_come_in_order(tmp_path: Path) -> None:
    ids = [str(n) for n in range(7_000)]
    content = pa.table(
        {
            "sale_id": ids,
            "member_id": ids,
            "kind": ["sale"] * 7_000,
            "occurred_at": ["2010-12-01T08:26:00Z"] * 7_000,
            "amount": ["1"] * 7_000,
            "currency": ["GBP"] * 7_000,
        }
    )
    found = open_table(write(tmp_path / "sales.parquet", content), SALE_COLUMNS)
    assert [row.values["sale_id"] for row in found if isinstance(row, Row)] == ids
    assert found.read == found.size
