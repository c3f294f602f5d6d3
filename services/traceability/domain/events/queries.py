"""What happens to named queries, subscriptions and what they send."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.traceability.domain.events.event import Event


class QueryDefined(Event):
    """Somebody has given a query a name."""

    name: str
    query: str
    """Its parameters, as JSON."""


class QueryDeleted(Event):
    """A named query is no more, and neither are its subscriptions."""

    name: str


class Schedule(BaseModel):
    """When results are sent, in UTC, as the standard writes it; a field that is empty fits always."""

    model_config = ConfigDict(frozen=True)

    second: str = ""
    minute: str = ""
    hour: str = ""
    day_of_month: str = ""
    month: str = ""
    day_of_week: str = ""


class SubscriptionCreated(Event):
    """Somebody wants the results of a query sent to him."""

    query: str
    """Its name."""
    destination: str
    secret: str
    """What results are signed with, sealed; empty: they are not signed."""
    schedule: Schedule | None
    """None: whenever an event is captured."""
    report_if_empty: bool
    initial_record_time: datetime | None
    after: int
    """The position in the store behind which its results begin."""
    as_links: bool
    """Whether identifiers are written as Digital Links."""
    audience: str = Field(default="programme", exclude_if=lambda audience: audience == "programme")
    """As whom somebody has subscribed (`domain/visibility.py`): he is sent what he sees."""
    parties: tuple[str, ...] = Field(default=(), exclude_if=lambda parties: not parties)


class SubscriptionDeleted(Event):
    """Nobody wants these results any more."""

    query: str


class ResultsDelivered(Event):
    """A destination has taken these events."""

    subscription: str
    number: int
    positions: tuple[int, ...]
    """Of the events, in the store."""


class DeliveryGivenUp(Event):
    """A destination has not taken these events, often as it was tried: they lie in the list of dead letters."""

    subscription: str
    number: int
    positions: tuple[int, ...]
    tries: int
    problem: str


class DeliveryRetried(Event):
    """Somebody wants a dead letter sent again."""

    subscription: str
    number: int


EVENTS = [
    QueryDefined,
    QueryDeleted,
    SubscriptionCreated,
    SubscriptionDeleted,
    ResultsDelivered,
    DeliveryGivenUp,
    DeliveryRetried,
]
