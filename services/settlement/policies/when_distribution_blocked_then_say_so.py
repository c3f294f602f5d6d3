"""When the chain bridge cannot go on with a distribution, the distribution says so, and why."""

from fenxiao.api.chain_bridge.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.distribution import decide_blocked
from services.settlement.shared.ledger import Ledger
from services.settlement.views.distributions import distribution_of


def when_distribution_blocked_then_say_so(tx: Tx, received: Received) -> None:
    """Notes the reason."""
    event = received.event
    assert isinstance(event, events_pb2.DistributionBlocked)
    row = distribution_of(tx, received.programme, event.currency, event.number)
    fact = decide_blocked(
        row.standing if row else None,
        currency=event.currency,
        number=event.number,
        purpose=event.purpose,
        reason=event.reason,
    )
    Ledger(tx, received.programme, event.currency).enter([fact], received.cause(), received.occurred_at)
