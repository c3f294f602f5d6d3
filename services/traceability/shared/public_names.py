"""What is said to everybody: between the API's messages, the events, and the pages of a list."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from fenxiao.api.traceability.v1 import links_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.traceability.domain.events import Link, PlaceSet, ProductSet
from services.traceability.shared.master_data import places_by_name
from services.traceability.views.published_names import places_of, said_after, stream_of

A_PAGE = 100
T = TypeVar("T")


def names_of_places(reader: Reader, programme: str, places: Iterable[str]) -> dict[str, PlaceSet]:
    """What everybody may know of some places and the locations of which they are parts.

    Of those of which the merchant has said nothing, that is the name that master data gives them.
    """
    sites = {place: place.partition("/254/")[0] for place in places}
    said = places_of(reader, programme, sorted({*sites, *sites.values()}))
    # A place that says itself where it is needs no other name to stand on the map.
    others = {place: site for place, site in sites.items() if not place.startswith("geo:")}
    unsaid = {one for place, site in others.items() if not {place, site} & said.keys() for one in (place, site)}
    return {**places_by_name(reader, programme, sorted(unsaid)), **said}


def record(tx: Tx, call: Call, kind: str, event: Any) -> None:
    """Appends what is said of an identifier now."""
    stream = stream_of(call.programme, kind, event.identifier)
    tx.append(stream, [event], after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)


class Listed(NamedTuple):
    """A page of a list."""

    identifiers: list[str]
    following: str
    """The token of the next page."""


def listed(reader: Reader, programme: str, kind: str, size: int, token: str) -> Listed:
    """The identifiers of which something is said."""
    wanted = page(size, token, default=A_PAGE, most=A_PAGE)
    if "\0" in wanted.after:
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this service gave out", field="page_token")
    found = said_after(reader, programme, kind, wanted.after, wanted.size + 1)
    shown = found[: wanted.size]
    return Listed(shown, wanted.token(shown[-1]) if len(found) > len(shown) else "")


def read_link(message: pb.Link) -> Link:
    """A link as it was asked for."""
    return Link(
        type=message.link_type,
        target=message.target,
        title_en=message.title_en,
        title_zh=message.title_zh,
        language=message.language,
        media_type=message.media_type,
        default=message.is_default,
    )


def link_set_message(identifier: str, links: Sequence[Link]) -> pb.LinkSet:
    """Links as they are shown."""
    return pb.LinkSet(
        identifier=identifier,
        links=[
            pb.Link(
                link_type=link.type,
                target=link.target,
                title_en=link.title_en,
                title_zh=link.title_zh,
                language=link.language,
                media_type=link.media_type,
                is_default=link.default,
            )
            for link in links
        ],
    )


def place_message(event: PlaceSet) -> pb.PublicPlace:
    """A place as it is shown."""
    return _message(pb.PublicPlace, event)


def product_message(event: ProductSet) -> pb.PublicProduct:
    """A product as it is shown."""
    return _message(pb.PublicProduct, event)


def _message(make: Callable[..., T], event: BaseModel) -> T:
    # The fields have the same names on purpose.
    return make(**event.model_dump())
