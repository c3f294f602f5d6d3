"""Special rates: what some products, categories, channels or sale classes pay instead, and which of them wins.

**The most specific wins.** An entry that names products goes before one that names none; among those alike, one that
names categories goes before one that names none; then channels, then classes. So one that names more goes before one
that names the same and less. Two entries that name the same things and have a sale in common are refused: nothing
would say which wins. A sale that no entry selects is paid what the component itself says.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final, Protocol, TypeVar

from fenxiao.plans.components.base import Basis, Measure, Selection
from fenxiao.plans.components.offers import Counts, Offer, Table
from fenxiao.plans.language.fields import Number, Rate, count

Fault = tuple[str, str, str]
"""Place (JSON pointer relative to the component), reason, message."""

S = TypeVar("S", bound=Selection)

_CRITERIA: Final = ("products", "categories", "channels", "classes")
"""From the most specific on."""


class Priced(Protocol):
    """Names one of a rate, money for a sale, and money for a unit."""

    @property
    def rate(self) -> Decimal | None:
        """Of the measure."""
        ...

    @property
    def flat(self) -> Decimal | None:
        """For a sale."""
        ...

    @property
    def per_unit(self) -> Decimal | None:
        """For a unit sold."""
        ...


class SpecialRate(Selection):
    """What the sales that it selects pay instead. Exactly one of `rate`, `flat` and `per_unit` is named."""

    rate: Rate | None = None
    """Share of the sale."""
    flat: Number | None = None
    """For each sale, in units of the currency."""
    per_unit: Number | None = None
    """For each unit sold, in units of the currency."""


SpecialRates = Annotated[tuple[SpecialRate, ...], *count(1, 1000)]
"""Other rates for some sales; the most specific wins."""


def price(part: Priced, place: str = "", when: Selection | None = None) -> Offer | None:
    """Make an offer of a price, for the member credited; none if it does not name exactly one."""
    named = [
        (counts, name, value)
        for counts, name, value in (
            (Counts.MEASURE, "rate", part.rate),
            (Counts.SALE, "flat", part.flat),
            (Counts.UNITS, "per_unit", part.per_unit),
        )
        if value is not None
    ]
    if len(named) != 1:
        return None
    [(counts, name, value)] = named
    return Offer(when, counts, (Table("", (value,), (f"{place}/{name}",)),))


def most_specific_first(entries: Sequence[S]) -> list[tuple[int, S]]:
    """Put entries into the order in which they win, each with its number in the document."""
    return sorted(enumerate(entries), key=lambda entry: _named(entry[1]), reverse=True)


def special_faults(on: Basis, entries: Sequence[Selection]) -> list[Fault]:
    """Entries that select everything, nothing, or what another one selects with equal right."""
    found: list[Fault] = []
    # Entries that may select the same sale share a value of their first criterion: only such are compared.
    alike: dict[tuple[object, ...], list[int]] = {}
    for i, entry in enumerate(entries):
        place, named = f"/special/{i}", _named(entry)
        if not any(named):
            message = "It selects every sale; name products, categories, channels or classes."
            found.append((place, "SELECTS_EVERYTHING", message))
            continue
        for name in _CRITERIA:
            if not _common(on, entry, name):
                message = "The component is not based on any of these, so the entry never applies."
                found.append((f"{place}/{name}", "SELECTS_NOTHING", message))
        first = _CRITERIA[named.index(True)]
        rivals: set[int] = set()
        for value in set(getattr(entry, first)):
            before = alike.setdefault((named, value), [])
            rivals.update(before)
            before.append(i)
        for k in sorted(rivals):
            if all(_common(entry, entries[k], name) for name in _CRITERIA):
                message = f"Entry {k} may select the same sale and is as specific: nothing says which of them wins."
                found.append((place, "AMBIGUOUS_SPECIAL", message))
                break
    return found


def unused_faults(on: Basis, offers: Sequence[Offer]) -> list[Fault]:
    """What the basis says and no offer reads: money for a sale or a unit has neither a measure nor a share of it."""
    if not offers or any(offer.counts is Counts.MEASURE for offer in offers):
        return []
    message = "What is paid by sale or by unit does not depend on it; leave it out."
    found: list[Fault] = []
    if on.measure is not Measure.AMOUNT:
        found.append(("/on/measure", "UNUSED_FIELD", message))
    if on.share != 1:
        found.append(("/on/share", "UNUSED_FIELD", message))
    return found


def _named(entry: Selection) -> tuple[bool, ...]:
    return tuple(getattr(entry, name) is not None for name in _CRITERIA)


def _common(one: Selection, other: Selection, name: str) -> bool:
    """Whether both may select a sale, as far as one criterion says."""
    ours, theirs = getattr(one, name), getattr(other, name)
    return ours is None or theirs is None or not set(ours).isdisjoint(theirs)
