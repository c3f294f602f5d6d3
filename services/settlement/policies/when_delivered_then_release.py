"""When goods have been delivered, what has waited for nothing else is released."""

from fenxiao.api.traceability.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from libs.servicekit.times import from_timestamp
from services.settlement.domain.deliveries import DeliveryRemembered
from services.settlement.shared.ledger import Ledger, record, stream
from services.settlement.views.deliveries import members_awaiting
from services.settlement.views.times import time_of


def when_delivered_then_release(tx: Tx, received: Received) -> None:
    """Remembers the delivery, since its sale may come later, and releases at the programme's time."""
    event = received.event
    assert isinstance(event, events_pb2.Delivered)
    programme, meta = received.programme, received.cause()
    to = stream(programme, "delivery", event.delivery)
    fact = DeliveryRemembered(
        delivery=event.delivery,
        biz_transactions=tuple(event.biz_transactions),
        delivered_at=from_timestamp(event.delivery_time),
    )
    record(tx, to, fact, len(tx.load(to)), meta, received.occurred_at)
    time, _ = time_of(tx, programme)
    if time is not None:
        for currency, members in members_awaiting(tx, programme, fact.biz_transactions).items():
            Ledger(tx, programme, currency).release(time, meta, received.occurred_at, members)
