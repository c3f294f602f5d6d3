"""What the generators of the scenarios share: identifiers with their check digits, events, documents, files.

Companies have GS1 prefixes that begin with 952, which GS1 keeps for demonstrations: nobody's goods carry them.
"""

import json
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from fenxiao.epcis import check_digit

HOME: Final = "https://id.gs1.org"
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

HAS: Final = "possessing_party"
OWNS: Final = "owning_party"

Fields = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Company:
    """A company with a GS1 prefix of seven digits, and the keys that it gives out."""

    prefix: str

    @property
    def party(self) -> str:
        """The company itself."""
        return f"{HOME}/417/{self.gln(0)}"

    def gln(self, number: int) -> str:
        """A location number."""
        return _checked(f"{self.prefix}{number:05}")

    def place(self, name: str) -> str:
        """A place of the company's: an extension of its location number, by which it is known whose place it is."""
        return f"{HOME}/414/{self.gln(0)}/254/{name}"

    def product(self, number: int) -> str:
        """A trade item."""
        return f"{HOME}/01/0{_checked(f'{self.prefix}{number:05}')}"

    def container(self, number: int) -> str:
        """A logistic unit: a case, a pallet."""
        return f"{HOME}/00/{_checked(f'1{self.prefix}{number:09}')}"

    def asset(self, reference: str) -> str:
        """An asset of its own: a painting, a key."""
        return f"{HOME}/8004/{self.prefix}{reference}"

    def person(self, number: int) -> str:
        """A person who deals with the company, under a number that tells nobody who it is."""
        return f"{HOME}/8018/{_checked(f'{self.prefix}{number:010}')}"

    def document(self, kind: int, serial: str) -> str:
        """A document."""
        return f"{HOME}/253/{_checked(f'{self.prefix}{kind:05}')}{serial}"

    def transaction(self, kind: str, number: str) -> Fields:
        """A business transaction, as events name it."""
        return {"type": kind, "bizTransaction": f"urn:epcglobal:cbv:bt:{self.gln(0)}:{number}"}


def _checked(digits: str) -> str:
    return digits + check_digit(digits)


def lot(product: str, number: str) -> str:
    """A lot of a trade item."""
    return f"{product}/10/{number}"


def serial(product: str, number: str) -> str:
    """One trade item."""
    return f"{product}/21/{number}"


def amount(epc_class: str, quantity: float, uom: str = "") -> Fields:
    """An amount of a lot; without a unit: pieces."""
    return {"epcClass": epc_class, "quantity": quantity} | ({"uom": uom} if uom else {})


def some(epc_class: str) -> Fields:
    """An amount of a lot that is not said."""
    return {"epcClass": epc_class}


def between(giver: str, taker: str, *kinds: str, to: str = "") -> Fields:
    """From whom and to whom, as events name it; without a kind: who has the goods, not whose they are."""
    kinds = kinds or (HAS,)
    destinations = [{"type": kind, "destination": taker} for kind in kinds]
    if to:
        destinations.append({"type": "location", "destination": to})
    return {"sourceList": [{"type": kind, "source": giver} for kind in kinds], "destinationList": destinations}


@dataclass
class Story:
    """What a generator writes: chapters of events, and what everybody may know beside them."""

    offset: str
    """Of the time zone in which it is told, such as `+01:00`."""
    namespaces: Fields = field(default_factory=Fields)
    """Prefixes of partners' own fields."""
    chapters: dict[str, list[Fields]] = field(default_factory=dict[str, list[Fields]])
    about: Fields = field(default_factory=Fields)
    """`story.json`: names of places and products, and the right answers, which the generator knows by itself."""

    def chapter(self, name: str) -> None:
        """Begin a document."""
        self.chapters[name] = []

    def tell(self, kind: str, at: str, **fields: Any) -> Fields:
        """Add an event; `at` is local time to the minute."""
        event: Fields = {
            "type": f"{kind}Event",
            "eventTime": f"{at}:00{self.offset}",
            "eventTimeZoneOffset": self.offset,
            **{name: value for name, value in fields.items() if value not in (None, [], {})},
        }
        next(reversed(self.chapters.values())).append(event)
        return event

    def object(self, at: str, step: str, action: str = "OBSERVE", **fields: Any) -> Fields:
        """An ObjectEvent."""
        return self.tell("Object", at, action=action, bizStep=step, **fields)

    def pack(self, at: str, parent: str, children: Iterable[str], place: str, **fields: Any) -> Fields:
        """An AggregationEvent that packs."""
        return self._aggregate(at, "ADD", "packing", parent, children, place, fields)

    def unpack(self, at: str, parent: str, children: Iterable[str], place: str, **fields: Any) -> Fields:
        """An AggregationEvent that unpacks."""
        return self._aggregate(at, "DELETE", "unpacking", parent, children, place, fields)

    def _aggregate(
        self, at: str, action: str, step: str, parent: str, children: Iterable[str], place: str, fields: Fields
    ) -> Fields:
        return self.tell(
            "Aggregation", at, parentID=parent, childEPCs=[*children], action=action, bizStep=step,
            readPoint={"id": place}, bizLocation={"id": place}, **fields,
        )  # fmt: skip

    def ship(self, at: str, units: Sequence[str | Fields], place: str, parties: Fields, **fields: Any) -> Fields:
        """Goods leave a place; amounts are dictionaries, `parties` come from `between`."""
        return self.object(
            at, "shipping", disposition="in_transit", **split(units), readPoint={"id": place}, **parties, **fields
        )

    def receive(self, at: str, units: Sequence[str | Fields], place: str, parties: Fields, **fields: Any) -> Fields:
        """Goods arrive."""
        here = {"id": place}
        return self.object(
            at, "receiving", disposition="in_progress", **split(units), readPoint=here, bizLocation=here, **parties,
            **fields,
        )  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """What is written, by file name."""
        found = {f"{name}.jsonld": self._document(events) for name, events in self.chapters.items()}
        about = json.dumps(self.about, ensure_ascii=False, indent=1, sort_keys=True)
        return found | {"story.json": f"{about}\n".encode()}

    def _document(self, events: Sequence[Fields]) -> bytes:
        """One event a line, so that a change shows where it is."""
        last = max(datetime.fromisoformat(event["eventTime"]) for event in events)
        head = {
            "@context": [CONTEXT, self.namespaces] if self.namespaces else [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": (last + timedelta(hours=1)).isoformat(),
        }
        start = json.dumps(head, ensure_ascii=False)[:-1]
        lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
        return f'{start}, "epcisBody": {{"eventList": [\n{lines}\n]}}}}\n'.encode()


def split(units: Sequence[str | Fields]) -> Fields:
    """Objects and amounts, each in its list."""
    return {
        "epcList": [one for one in units if isinstance(one, str)],
        "quantityList": [one for one in units if not isinstance(one, str)],
    }


def place(identifier: str, en: str, zh: str, country: str = "", at: tuple[str, str] = ("", "")) -> Fields:
    """What everybody may know of a place; `at` is latitude and longitude."""
    return {
        "identifier": identifier, "name_en": en, "name_zh": zh, "country": country, "latitude": at[0],
        "longitude": at[1],
    }  # fmt: skip


def product(identifier: str, en: str, zh: str, text_en: str = "", text_zh: str = "") -> Fields:
    """What everybody may know of a product, a lot or an object."""
    return {"identifier": identifier, "name_en": en, "name_zh": zh, "text_en": text_en, "text_zh": text_zh}


def groups(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """Groups of a size, in order."""
    return [things[start : start + size] for start in range(0, len(things), size)]


def seeded(name: str) -> random.Random:
    """Chance that is the same each time."""
    return random.Random(name)  # noqa: S311 - it is there to be the same, not to be secret


def main(make: Callable[[], Story], folder: Path) -> None:
    """Write a story's files; with `--check`, say whether they are the ones that stand there."""
    files = make().files()
    if sys.argv[1:] == ["--check"]:
        stale = [name for name, data in files.items() if (folder / name).read_bytes() != data]
        sys.exit(f"not what the generator writes: {', '.join(stale)}" if stale else 0)
    for name, data in files.items():
        (folder / name).write_bytes(data)
