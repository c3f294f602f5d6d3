"""What is said of places, parties, classes and words (`domain/master_data.py`)."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.traceability.domain.events.event import Event


class MasterDataAttribute(BaseModel):
    """An attribute of an element."""

    model_config = ConfigDict(frozen=True)

    name: str
    values: tuple[str, ...]
    """JSON of each, in order; none: it has been said that there is none."""
    as_of: datetime
    """When it was so, by who said it."""


class MasterDataDefined(Event):
    """This is known of an element of a vocabulary from now on, all of it."""

    vocabulary: str
    element: str
    attributes: tuple[MasterDataAttribute, ...]
    children: tuple[str, ...]
    """What lies below it, in order."""
    children_as_of: datetime | None
    """None: nothing was said of that."""


EVENTS = [MasterDataDefined]
