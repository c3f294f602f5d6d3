"""When a distribution's root stands on chain, the next one may follow it."""

from fenxiao.api.chain_bridge.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.distribution import decide_proposed
from services.settlement.shared.ledger import Ledger
from services.settlement.views.distributions import distribution_of


def when_root_proposed_then_mark_proposed(tx: Tx, received: Received) -> None:
    """Marks the distribution."""
    event = received.event
    assert isinstance(event, events_pb2.RootProposed)
    row = distribution_of(tx, received.programme, event.currency, event.number)
    fact = decide_proposed(
        row.standing if row else None,
        currency=event.currency,
        number=event.number,
        root=event.root,
        transaction=event.transaction,
        block=event.block,
        active_at=event.active_at,
    )
    Ledger(tx, received.programme, event.currency).enter([fact], received.cause(), received.occurred_at)
