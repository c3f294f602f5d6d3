"""Of which identifiers a merchant has said something to everybody: links, places, products."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID, uuid5

from libs.eventlog import Reader, Recorded, Tx, View
from services.traceability.domain.events import LinksRemoved, LinksSet, PlaceSet, ProductSet
from services.traceability.domain.links import Level, links_after
from services.traceability.domain.published_names import newest

_DDL: Final = [
    "CREATE TABLE IF NOT EXISTS view_published_names (programme TEXT NOT NULL, kind TEXT NOT NULL,"
    " identifier TEXT NOT NULL, PRIMARY KEY (programme, kind, identifier))",
]

_NAMESPACE: Final = UUID("5b1b3f52-3c86-4c0e-9a5d-6d3f2c7a9e11")

LINKS: Final = "links"
PLACE: Final = "place"
PRODUCT: Final = "product"

E = TypeVar("E")

Said = LinksSet | LinksRemoved | PlaceSet | ProductSet

_KINDS: Final = {LinksSet: LINKS, LinksRemoved: LINKS, PlaceSet: PLACE, ProductSet: PRODUCT}


def stream_of(programme: str, kind: str, identifier: str) -> UUID:
    """What is said of an identifier is a stream."""
    return uuid5(_NAMESPACE, f"{programme}\0{kind}\0{identifier}")


def _said(tx: Tx, recorded: Recorded[Said]) -> None:
    event = recorded.event
    tx.run(
        "INSERT INTO view_published_names VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (recorded.meta.programme, _KINDS[type(event)], event.identifier),
    )


VIEW = View("published_names", _DDL, own={LinksSet: _said, LinksRemoved: _said, PlaceSet: _said, ProductSet: _said})


def said_after(reader: Reader, programme: str, kind: str, after: str, limit: int) -> list[str]:
    """Identifiers behind one, in their order."""
    rows = reader.all(
        "SELECT identifier FROM view_published_names WHERE programme=? AND kind=? AND identifier>?"
        " ORDER BY identifier LIMIT ?",
        (programme, kind, after, limit),
    )
    return [str(identifier) for (identifier,) in rows]


def levels_of(reader: Reader, programme: str, identifiers: Sequence[str]) -> list[Level]:
    """The links of some identifiers."""
    streams = {one: stream_of(programme, LINKS, one) for one in identifiers}
    found = reader.load_all([*streams.values()])
    return [
        Level(one, links_after(recorded.event for recorded in found.get(stream, ()))) for one, stream in streams.items()
    ]


def places_of(reader: Reader, programme: str, identifiers: Iterable[str]) -> dict[str, PlaceSet]:
    """What is known of some places."""
    return _newest(reader, programme, PLACE, identifiers, PlaceSet)


def products_of(reader: Reader, programme: str, identifiers: Iterable[str]) -> dict[str, ProductSet]:
    """What is known of some products."""
    return _newest(reader, programme, PRODUCT, identifiers, ProductSet)


def _newest(reader: Reader, programme: str, kind: str, identifiers: Iterable[str], cls: type[E]) -> dict[str, E]:
    streams = {one: stream_of(programme, kind, one) for one in identifiers if one}
    found = reader.load_all([*streams.values()])
    said = {one: newest((recorded.event for recorded in found.get(stream, ())), cls) for one, stream in streams.items()}
    return {one: event for one, event in said.items() if event is not None}
