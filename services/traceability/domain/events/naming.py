"""What a merchant says to everybody: where links lead, what places and products are called."""

from pydantic import BaseModel, ConfigDict

from services.traceability.domain.events.event import Event


class Link(BaseModel):
    """Where somebody is sent who asks for an identifier."""

    model_config = ConfigDict(frozen=True)

    type: str
    """The URL of a link type."""
    target: str
    title_en: str = ""
    title_zh: str = ""
    language: str = ""
    """Of the target (BCP 47); empty: any."""
    media_type: str = ""
    default: bool = False
    """Whether it answers who asks for nothing in particular."""


class LinksSet(Event):
    """These are the links of an identifier from now on, all of them."""

    identifier: str
    """Canonical Digital Link of a class of goods, a lot, or one object."""
    links: tuple[Link, ...]


class LinksRemoved(Event):
    """An identifier has no links of these types any more."""

    identifier: str
    types: tuple[str, ...]


class PlaceSet(Event):
    """What everybody may know of a place: its name, and where it is."""

    identifier: str
    """As events name it, in canonical form."""
    name_en: str = ""
    name_zh: str = ""
    country: str = ""
    """ISO 3166-1, two letters."""
    latitude: str = ""
    """Degrees north, WGS 84; empty with `longitude`: on no map."""
    longitude: str = ""


class ProductSet(Event):
    """What everybody may know of a product, or of a lot or an object if that has more to say."""

    identifier: str
    name_en: str = ""
    name_zh: str = ""
    text_en: str = ""
    text_zh: str = ""


EVENTS = [LinksSet, LinksRemoved, PlaceSet, ProductSet]
