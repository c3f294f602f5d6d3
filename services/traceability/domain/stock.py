"""Who has how much of a lot, and where, as the events say in order of time.

A lot has no place of its own: there are **holdings** of it, one for each holder and place, and one for each shipment
that is under way. Events come in the order of `whereabouts.Order`, and their quantities count as follows:

- An ObjectEvent with ADD, and the output of a transformation, make an amount where they happen.
- An ObjectEvent with DELETE, what is destroyed, decommissioned or sold to a consumer, and the input of a transformation
  take one away from what is held at that site: the location of the GLN, whatever its extension.
- What is shipped goes from the site of its `readPoint` under way; it stays the source's (`possessing_party`).
- What is received comes out of the shipments that name one of its business transactions, else out of those for this
  holder, else for this site, else out of the oldest; the holder is the destination of this event, else of the shipment,
  else the party with the GLN of the place.
- Any other event has seen an amount: if less was known to be there, so much is.

Nothing becomes less than nothing: what nobody has reported before is taken from nowhere. Amounts in other units are
other holdings. An event without a quantity moves nothing. What is packed as a quantity stays counted at the place where
it was packed until an event names the lot again.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from services.traceability.domain.facts import Facts, Item, Role
from services.traceability.domain.whereabouts import (
    BEGINNING,
    ENDING,
    RECEIVING,
    Happened,
    Order,
    leaves,
    party,
    party_of,
)

NOTHING: Final = Decimal(0)

SHIPMENTS: Final = 200
"""Under way at once, of one lot. Of more, those of one way are added up, and their business transactions forgotten."""


class Holding(NamedTuple):
    """An amount of a lot."""

    holder: str
    place: str
    in_transit: bool
    uom: str
    quantity: Decimal
    since: int
    disposition: str
    position: int
    """The event that said so last."""
    towards: str = ""
    announced: str = ""
    transactions: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """Where it is, without the extension of the GLN."""
        return site_of(self.place)


class Stock(NamedTuple):
    """All that is known of a lot, and the newest event that has said so."""

    holdings: tuple[Holding, ...] = ()
    last: Order = BEGINNING


EMPTY: Final = Stock()


def stock_after(stock: Stock, event: Happened, lot: str) -> Stock:
    """What an event makes of what is known of a lot."""
    holdings = [*stock.holdings]
    for item in event.facts.items:
        if item.id == lot and item.is_class and item.quantity:
            _move(holdings, event, item, item.quantity)
    left = [one for one in holdings if one.quantity > NOTHING]
    if sum(one.in_transit for one in left) > SHIPMENTS:
        left = _added_up(left)
    return Stock(tuple(left), max(stock.last, event.order))


def _added_up(holdings: list[Holding]) -> list[Holding]:
    ways: dict[tuple[object, ...], Holding] = {}
    for one in holdings:
        way = (one.in_transit, one.holder, one.place, one.towards, one.announced, one.uom)
        known = ways.get(way)
        more = one._replace(transactions=()) if one.in_transit else one
        ways[way] = known._replace(quantity=known.quantity + one.quantity) if known else more
    return list(ways.values())


def stock_of(events: Iterable[Happened], lot: str) -> Stock:
    """What is known of a lot when all of this has happened."""
    stock = EMPTY
    for event in sorted(events, key=lambda event: event.order):
        stock = stock_after(stock, event, lot)
    return stock


def site_of(place: str) -> str:
    """The location of an extension."""
    return place.partition("/254/")[0]


def _move(holdings: list[Holding], event: Happened, item: Item, quantity: Decimal) -> None:
    facts = event.facts
    place = facts.biz_location or facts.read_point
    site = site_of(place)
    if item.role is Role.OUTPUT or (facts.kind == "ObjectEvent" and facts.action == "ADD"):
        _put(holdings, _here(event, item, quantity, _holder(facts, place)))
    elif item.role is Role.INPUT or (
        facts.kind == "ObjectEvent" and (facts.action == "DELETE" or facts.biz_step in ENDING)
    ):
        _take(holdings, item.uom, quantity, lambda one: not one.in_transit and one.site == site)
    elif leaves(facts):
        _ship(holdings, event, item, quantity)
    elif facts.biz_step in RECEIVING:
        _receive(holdings, event, item, quantity)
    else:
        known = sum(
            (one.quantity for one in holdings if not one.in_transit and one.site == site and one.uom == item.uom),
            NOTHING,
        )
        if known < quantity:
            _put(holdings, _here(event, item, quantity - known, _holder(facts, place)))


def _ship(holdings: list[Holding], event: Happened, item: Item, quantity: Decimal) -> None:
    facts = event.facts
    place = facts.read_point
    taken = _take(holdings, item.uom, quantity, lambda one: not one.in_transit and one.site == site_of(place))
    giver = party(facts.sources, "possessing_party") or next((one.holder for one in taken), "") or party_of(place)
    holdings.append(
        _here(event, item, quantity, giver)._replace(
            place=place,
            in_transit=True,
            towards=party(facts.destinations, "location"),
            announced=party(facts.destinations, "possessing_party"),
            transactions=tuple(one.id for one in facts.transactions),
        )
    )


def _receive(holdings: list[Holding], event: Happened, item: Item, quantity: Decimal) -> None:
    facts = event.facts
    place = facts.biz_location or facts.read_point
    named = {one.id for one in facts.transactions}
    taker = party(facts.destinations, "possessing_party")
    ways: list[Callable[[Holding], bool]] = [
        lambda one: not named.isdisjoint(one.transactions),
        lambda one: one.announced in {taker, party_of(place)} - {""},
        lambda one: bool(one.towards) and site_of(one.towards) == site_of(place),
        lambda one: True,
    ]
    taken: list[Holding] = []
    for way in ways:
        taken = _take(holdings, item.uom, quantity, lambda one, way=way: one.in_transit and way(one))
        if taken:
            break
    holder = taker or next((one.announced for one in taken if one.announced), "") or party_of(place)
    _put(holdings, _here(event, item, quantity, holder))


def _holder(facts: Facts, place: str) -> str:
    return party(facts.destinations, "possessing_party") or party(facts.sources, "possessing_party") or party_of(place)


def _here(event: Happened, item: Item, quantity: Decimal, holder: str) -> Holding:
    facts = event.facts
    place = facts.biz_location or facts.read_point
    return Holding(holder, place, False, item.uom, quantity, facts.time, facts.disposition, event.position)


def _put(holdings: list[Holding], more: Holding) -> None:
    """Put an amount to what its holder has there."""
    for number, one in enumerate(holdings):
        if (one.holder, one.place, one.in_transit, one.uom) == (more.holder, more.place, False, more.uom):
            holdings[number] = more._replace(quantity=one.quantity + more.quantity, since=one.since)
            return
    holdings.append(more)


def _take(holdings: list[Holding], uom: str, quantity: Decimal, where: Callable[[Holding], bool]) -> list[Holding]:
    """Take an amount out of holdings, the oldest first. Returns what was taken."""
    taken: list[Holding] = []
    for number, one in enumerate(holdings):
        part = min(quantity, one.quantity)
        if one.uom == uom and part > NOTHING and where(one):
            taken.append(one._replace(quantity=part))
            holdings[number] = one._replace(quantity=one.quantity - part)
            quantity -= part
    return taken
