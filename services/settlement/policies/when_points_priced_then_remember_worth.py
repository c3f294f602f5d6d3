"""When commission says what points are worth at most, no reward gives more money for them."""

from fenxiao.api.commission.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.points_events import PointsPriced
from services.settlement.shared.ledger import record, stream
from services.settlement.views.worths import worth_of


def when_points_priced_then_remember_worth(tx: Tx, received: Received) -> None:
    """Remembers it, as data: by what rules the points are given is not known here."""
    event = received.event
    assert isinstance(event, events_pb2.PointsPriced)
    _, said = worth_of(tx, received.programme, event.points)
    fact = PointsPriced(points=event.points, worth=event.worth, currency=event.currency)
    record(tx, stream(received.programme, "worth", event.points), fact, said, received.cause(), received.occurred_at)
