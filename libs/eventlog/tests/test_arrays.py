"""Arrays as PostgreSQL reads them are what the driver would have sent."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.eventlog.arrays import array_of

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "text": _TEXTS | st.none(),
    "bytea": st.binary() | st.none(),
    "bigint": st.integers(-(2**63), 2**63 - 1) | st.none(),
    "double precision": st.floats(allow_nan=False) | st.none(),
    "boolean": st.booleans() | st.none(),
    "numeric": st.decimals(-(10**20), 10**20, places=6) | st.none(),
    "uuid": st.uuids() | st.none(),
}


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize("kind", _COLUMNS)
def test_what_goes_in_comes_out(kind: str, fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres) as connection:

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(st.lists(_COLUMNS[kind], max_size=20))
        def check(values: list[Any]) -> None:
            found: Any = connection.execute(
                f"SELECT value FROM unnest(%s::{kind}[]) WITH ORDINALITY AS a (value, place) ORDER BY place".encode(),
                (array_of(values),),
            ).fetchall()
            assert [value for (value,) in found] == values

        check()


def test_a_text_with_nul_is_refused_and_does_not_become_two() -> None:
    with pytest.raises(psycopg.DataError):
        array_of(["a\0b", "c"])


def test_subclasses_and_times_are_written_as_what_they_are() -> None:
    assert array_of([Number.ONE, 2]) == "{1,2}"
    assert array_of([datetime(2026, 1, 2, tzinfo=UTC)]) == '{"2026-01-02 00:00:00+00:00"}'
    assert array_of([UUID(int=1), Decimal("1.50")]) == '{"00000000-0000-0000-0000-000000000001","1.50"}'


def test_anything_else_is_refused() -> None:
    with pytest.raises(TypeError):
        array_of([object()])
