"""What is known of elements of vocabularies, found by name, by attribute, and by what they lie below.

What is known stands in the events; here stands where the newest of an element is. Attributes and elements with children
stand as hashes, so that whatever partners call them has room in an index.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from fenxiao.epcis import Json, Names, canonical_text
from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import MasterDataDefined
from services.traceability.domain.terms import ANY, text_of

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_master_data (programme TEXT NOT NULL, vocabulary TEXT NOT NULL,"
    " element TEXT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (programme, vocabulary, element))",
    "CREATE INDEX IF NOT EXISTS view_master_data_by_element ON view_master_data (programme, element)",
    "CREATE TABLE IF NOT EXISTS view_master_data_attributes (attribute TEXT NOT NULL, vocabulary TEXT NOT NULL,"
    " element TEXT NOT NULL, PRIMARY KEY (attribute, vocabulary, element))",
    "CREATE TABLE IF NOT EXISTS view_master_data_children (site TEXT NOT NULL, parent TEXT NOT NULL,"
    " number BIGINT NOT NULL, child TEXT NOT NULL, PRIMARY KEY (site, parent, number))",
]

MOST_ROWS: Final = 100_000
"""That are read at once."""
_STANDARD: Final = Names()


class Element(NamedTuple):
    """An element of a vocabulary."""

    vocabulary: str
    id: str


def compared(value: Json) -> str:
    """A value as it is compared; that of an object never equals anything."""
    if isinstance(value, Decimal):
        return text_of(value)
    return text_of(canonical_text(value, _STANDARD)) if isinstance(value, str) else ANY


def _key(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _site(place: str) -> str:
    """The location of which a place is an extension; other names as they are."""
    return place.partition("/254/")[0]


def _attributes(programme: str, event: MasterDataDefined) -> Iterator[str]:
    for attribute in event.attributes:
        values = {compared(json.loads(one, parse_float=Decimal, parse_int=Decimal)) for one in attribute.values}
        if values:
            yield from (_key(programme, attribute.name, value) for value in values | {ANY})


def _defined(tx: Tx, recorded: Recorded[MasterDataDefined]) -> None:
    event, programme = recorded.event, recorded.meta.programme
    key = (programme, event.vocabulary, event.element)
    known = known_of(tx, programme, [Element(event.vocabulary, event.element)])
    before = {found for one in known.values() for found in _attributes(programme, one.event)}
    after = {*_attributes(programme, event)}
    names = (event.vocabulary, event.element)
    tx.run_many(
        "DELETE FROM view_master_data_attributes WHERE attribute=? AND vocabulary=? AND element=?",
        [(one, *names) for one in sorted(before - after)],
    )
    tx.run_many(
        "INSERT INTO view_master_data_attributes VALUES (?, ?, ?)", [(one, *names) for one in sorted(after - before)]
    )
    parent = (_key(programme, event.vocabulary, _site(event.element)), _key(*key))
    tx.run("DELETE FROM view_master_data_children WHERE site=? AND parent=?", parent)
    tx.run_many(
        "INSERT INTO view_master_data_children VALUES (?, ?, ?, ?)",
        [(*parent, number, child) for number, child in enumerate(event.children)],
    )
    tx.run(
        "INSERT INTO view_master_data VALUES (?, ?, ?, ?)"
        " ON CONFLICT (programme, vocabulary, element) DO UPDATE SET position=excluded.position",
        (*key, recorded.position),
    )


VIEW = View("master_data", _DDL, own={MasterDataDefined: _defined})


def known_of(reader: Reader, programme: str, elements: Sequence[Element]) -> dict[Element, Recorded[MasterDataDefined]]:
    """The newest of what is known of some elements; those of which nothing is are left out."""
    wanted = {*elements}
    rows = reader.among(
        "SELECT vocabulary, element, position FROM view_master_data WHERE programme=? AND element = {keys}",
        (programme,),
        sorted({one.id for one in wanted}),
    )
    positions = [int(position) for kind, element, position in rows if Element(str(kind), str(element)) in wanted]
    found: list[Recorded[MasterDataDefined]] = reader.at(positions)
    return {Element(one.event.vocabulary, one.event.element): one for one in found}


def named(reader: Reader, programme: str, ids: Iterable[str]) -> set[Element]:
    """Elements with these names, of any vocabulary."""
    rows = reader.among(
        "SELECT vocabulary, element FROM view_master_data WHERE programme=? AND element = {keys}",
        (programme,),
        sorted({*ids}),
    )
    return {Element(str(kind), str(element)) for kind, element in rows}


def having(
    reader: Reader,
    programme: str,
    vocabularies: Sequence[str] | None,
    attributes: Iterable[str],
    values: Iterable[str] | None,
    limit: int,
) -> set[Element]:
    """Elements that have one of some attributes, or one of some values in it: `limit` of them, or a few more."""
    wanted = [ANY] if values is None else [value for value in values if value]
    keys = sorted({_key(programme, name, value) for name in attributes for value in wanted})
    rows = reader.among(
        "SELECT vocabulary, element FROM view_master_data_attributes"  # noqa: S608 - built of constants
        f" WHERE 1=1{_among(vocabularies)} AND attribute = {{keys}} LIMIT {int(limit)}",
        vocabularies or (),
        keys,
    )
    return {Element(str(kind), str(element)) for kind, element in rows}


def below(
    reader: Reader, programme: str, vocabularies: Sequence[str], ids: Iterable[str], limit: int, *, parts: bool
) -> set[str] | None:
    """Some elements and all that lie below them; None if they are more than `limit`, or name too many again.

    With `parts`, what lies below an extension of a location lies below the location, too.
    """
    found = {*ids}
    waiting = [*found]
    while waiting:
        sites = {_key(programme, kind, _site(one)) for kind in vocabularies for one in waiting}
        own = {_key(programme, kind, one) for kind in vocabularies for one in waiting}
        rows = reader.among(
            f"SELECT site, parent, child FROM view_master_data_children WHERE site = {{keys}} LIMIT {MOST_ROWS}",  # noqa: S608 - a number
            (),
            sorted(sites),
        )
        news = {str(child) for site, parent, child in rows if parent in own or (parts and site in own)} - found
        found |= news
        if len(found) > limit or len(rows) >= MOST_ROWS:
            return None
        waiting = sorted(news)
    return found


def vocabularies_of(reader: Reader, programme: str) -> list[str]:
    """The vocabularies of which something is known."""
    rows = reader.all("SELECT DISTINCT vocabulary FROM view_master_data WHERE programme=?", (programme,))
    return sorted(str(kind) for (kind,) in rows)


def after(
    reader: Reader, programme: str, last: Element | None, vocabularies: Sequence[str] | None, limit: int
) -> list[Element]:
    """Elements of some vocabularies or any behind one, in the order of vocabularies and names."""
    rows = reader.all(
        "SELECT vocabulary, element FROM view_master_data WHERE programme=?"  # noqa: S608 - built of constants
        f"{_among(vocabularies)} AND (vocabulary, element) > (?, ?) ORDER BY vocabulary, element LIMIT ?",
        (programme, *(vocabularies or ()), *(last or ("", "")), limit),
    )
    return [Element(str(kind), str(element)) for kind, element in rows]


def count_of(reader: Reader, programme: str, vocabularies: Sequence[str] | None) -> int:
    """How many elements some vocabularies have, or all of them."""
    row = reader.one(
        f"SELECT count(*) FROM view_master_data WHERE programme=?{_among(vocabularies)}",  # noqa: S608 - the same
        (programme, *(vocabularies or ())),
    )
    return int(row[0]) if row else 0


def _among(vocabularies: Sequence[str] | None) -> str:
    return "" if vocabularies is None else f" AND vocabulary IN ({', '.join('?' * len(vocabularies))})"
