"""When goods have not been delivered after all, what was released on that is held again, as far as it is not paid."""

from fenxiao.api.traceability.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.deliveries import DeliveryForgotten
from services.settlement.shared.ledger import Ledger, record, stream
from services.settlement.views.deliveries import freed_lines
from services.settlement.views.times import time_of


def when_delivery_withdrawn_then_hold(tx: Tx, received: Received) -> None:
    """Forgets the delivery. Another one may have delivered the same, and then nothing is held again."""
    event = received.event
    assert isinstance(event, events_pb2.DeliveryWithdrawn)
    programme, meta = received.programme, received.cause()
    to = stream(programme, "delivery", event.delivery)
    fact = DeliveryForgotten(delivery=event.delivery, biz_transactions=tuple(event.biz_transactions))
    record(tx, to, fact, len(tx.load(to)), meta, received.occurred_at)
    time, _ = time_of(tx, programme)
    if time is not None:
        for currency, freed in freed_lines(tx, programme, fact.biz_transactions, time).items():
            Ledger(tx, programme, currency).hold_again(time, freed, meta, received.occurred_at)
