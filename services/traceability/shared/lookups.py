"""What a query asks of master data, looked up as it is now: identifiers, by which the index finds events."""

from collections.abc import Collection
from typing import Final

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from services.traceability.domain.query import Below, Lookup, Query
from services.traceability.views.master_data import below, having

MOST: Final = 1000
"""Identifiers that a condition may come to, under all names together: so many the index looks for at once."""


def resolved(reader: Reader, programme: str, query: Query) -> Query:
    """The query with what its master data says now. Raises `Refusal` QUERY_TOO_LARGE."""
    return query.resolved(lambda lookup: _ids(reader, programme, lookup))


def _ids(reader: Reader, programme: str, lookup: Lookup) -> Collection[str]:
    most = MOST // len(lookup.names)
    found: set[str] | None
    if isinstance(lookup, Below):
        found = below(reader, programme, lookup.vocabularies, lookup.ids, most, parts=True)
    else:
        elements = having(reader, programme, lookup.vocabularies, lookup.attributes, lookup.values, most + 1)
        found = {element.id for element in elements}
    if found is None or len(found) > most:
        message = f"{lookup.parameter[:200]}: more than {most:,} elements of master data are meant; name fewer"
        raise Refusal("QUERY_TOO_LARGE", message, field=lookup.parameter[:200], kind=Kind.FAILED_PRECONDITION)
    return found
