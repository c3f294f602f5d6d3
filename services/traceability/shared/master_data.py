"""What documents and merchants say of master data, on its way into the store and out of it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from fenxiao.api.traceability.v1 import master_data_pb2 as pb
from fenxiao.epcis import EpcisIssue, EventReader, MasterDataElement
from fenxiao.epcis.strict_json import to_text
from libs.eventlog import Meta, Reader, Tx
from libs.servicekit.times import to_timestamp
from services.traceability.domain.events import MasterDataDefined, PlaceSet
from services.traceability.domain.master_data import NAME, PLACES, as_of, decide_said, element_stream, problems
from services.traceability.domain.published_names import MOST_NAME
from services.traceability.views.master_data import Element, known_of


class Header(NamedTuple):
    """What a document says of master data."""

    elements: Sequence[MasterDataElement]
    created: str
    """When the document was made, as it says."""
    issues: Sequence[EpcisIssue]
    """What is wrong with it: then there are no elements."""


def header_of(reader: EventReader) -> Header:
    """Of a document that has been read to its end."""
    issues = problems(reader.master_data)
    return Header([] if issues else reader.master_data, reader.created, issues)


def say(tx: Tx, elements: Sequence[MasterDataElement], created: str, meta: Meta, now: datetime) -> int:
    """Record what is new in what a document says; how many elements that changes."""
    moment = as_of(created, now)
    known = known_of(tx, meta.programme, [Element(one.vocabulary, one.id) for one in elements])
    count = 0
    for said in elements:
        before = known.get(Element(said.vocabulary, said.id))
        event = decide_said(before.event if before else None, said, moment)
        if event is not None:
            record(tx, event, before.version if before else 0, meta, moment)
            count += 1
    return count


def record(tx: Tx, event: MasterDataDefined, after: int, meta: Meta, moment: datetime) -> None:
    """Append what is known of an element now."""
    stream = element_stream(meta.programme, event.vocabulary, event.element)
    tx.append(stream, [event], after=after, meta=meta, occurred_at=moment)


def places_by_name(reader: Reader, programme: str, places: Iterable[str]) -> dict[str, PlaceSet]:
    """Places with the names that master data gives them, and nothing else of it."""
    wanted = [Element(kind, place) for kind in PLACES for place in places]
    known = known_of(reader, programme, wanted)
    found: dict[str, PlaceSet] = {}
    for element in wanted:
        event = known[element].event if element in known else None
        names = [text for text in (_text(one) for one in values_of(event, NAME)) if text] if event else []
        if names:
            found.setdefault(element.id, PlaceSet(identifier=element.id, name_en=names[0]))
    return found


def values_of(event: MasterDataDefined, name: str) -> Sequence[str]:
    """The values of an attribute, in JSON."""
    return next((one.values for one in event.attributes if one.name == name), ())


def _text(value: str) -> str:
    """A value as a name that can be shown; empty if it is none."""
    found = json.loads(value)
    return found if isinstance(found, str) and len(found) <= MOST_NAME and found.isprintable() else ""


def element_message(
    event: MasterDataDefined, *, attributes: bool = True, children: bool = True, names: Sequence[str] | None = None
) -> pb.MasterDataElement:
    """An element as it is shown: with its attributes, or those of some names alone, and its children."""
    shown = [
        _attribute_message(one.name, value)
        for one in (event.attributes if attributes else ())
        if names is None or one.name in names
        for value in one.values
    ]
    times = [one.as_of for one in event.attributes] + ([event.children_as_of] if event.children_as_of else [])
    return pb.MasterDataElement(
        vocabulary=event.vocabulary,
        id=event.element,
        attributes=shown,
        children=event.children if children else (),
        as_of_time=to_timestamp(max(times)) if times else None,
    )


def _attribute_message(name: str, value: str) -> pb.MasterDataAttribute:
    found: Any = json.loads(value, parse_float=Decimal, parse_int=Decimal)
    if isinstance(found, str):
        return pb.MasterDataAttribute(name=name, text=found)
    return pb.MasterDataAttribute(name=name, json=to_text(found))
