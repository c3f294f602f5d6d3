"""Conditions as SQL over the index of terms and numbers (`views/terms.py`)."""

from fractions import Fraction
from typing import NamedTuple

from services.traceability.domain.entries import as_float, term
from services.traceability.domain.query import Condition, OneOf, Span


class Sql(NamedTuple):
    """A piece of SQL, and what stands for its placeholders."""

    text: str
    params: tuple[object, ...]


def wheres(programme: str, condition: Condition) -> list[Sql]:
    """Where in the index a condition is fulfilled: tables `s` and what holds in them."""
    if isinstance(condition, OneOf):
        numbers = sorted({term(programme, name, value) for name, value in condition.terms})
        return [Sql("view_trace_terms AS s WHERE s.term=?", (one,)) for one in numbers]
    name = term(programme, condition.name)
    parts = [_range("s.value", one.least, one.most) for one in condition.ranges]
    return [Sql(f"view_trace_numbers AS s WHERE s.term=?{part.text}", (name, *part.params)) for part in parts]


def exists(programme: str, condition: Condition) -> Sql:
    """Whether the index has the event `d` under a condition."""
    if isinstance(condition, OneOf):
        numbers = sorted({term(programme, name, value) for name, value in condition.terms})
        where = Sql(f"view_trace_terms AS t WHERE t.term IN ({', '.join('?' * len(numbers))})", tuple(numbers))
    else:
        parts = [_range("t.value", one.least, one.most) for one in condition.ranges]
        text = " OR ".join(f"(1=1{part.text})" for part in parts)
        params = (term(programme, condition.name), *(value for part in parts for value in part.params))
        where = Sql(f"view_trace_numbers AS t WHERE t.term=? AND ({text})", params)
    # The end keeps PostgreSQL from reading all of the term into memory, where it is asked for a few rows.
    text = (
        f"EXISTS (SELECT 1 FROM {where.text} AND t.event_time=d.event_time AND t.position=d.position LIMIT 1 OFFSET 0)"  # noqa: S608 - built of constants
    )
    return Sql(text, where.params)


def _range(column: str, least: Fraction | None, most: Fraction | None) -> Sql:
    """The range in floats, a little wider: what is found is compared exactly later."""
    sql, params = "", list[object]()
    for bound, operator, sign in ((least, ">=", -1), (most, "<=", 1)):
        if bound is not None:
            sql += f" AND {column}{operator}?"
            params.append(_float(bound, sign))
    return Sql(sql, tuple(params))


def _float(number: Fraction, sign: int) -> float:
    value = as_float(number)
    return value + sign * (abs(value) * 1e-12 + 1e-300)


def span_of(column: str, span: Span) -> Sql:
    """What holds of a time within a span."""
    sql, params = "", list[object]()
    for bound, operator in ((span.since, ">="), (span.until, "<")):
        if bound is not None:
            sql += f" AND {column}{operator}?"
            params.append(bound)
    return Sql(sql, tuple(params))
