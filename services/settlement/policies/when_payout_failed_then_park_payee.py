"""When the vault could not pay somebody, the credit stays and the distribution says why."""

from fenxiao.api.chain_bridge.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.payouts import decide_parking
from services.settlement.shared.ledger import Ledger
from services.settlement.views.distributions import distribution_of
from services.settlement.views.payees import member_of


def when_payout_failed_then_park_payee(tx: Tx, received: Received) -> None:
    """Parks one payee of a batch; the others were paid."""
    event = received.event
    assert isinstance(event, events_pb2.PayoutFailed)
    row = distribution_of(tx, received.programme, event.currency, event.number)
    fact = decide_parking(
        row.standing if row else None,
        member_of(tx, received.programme, event.payee.lower()),
        currency=event.currency,
        number=event.number,
        payee=event.payee.lower(),
        account=event.account,
        transaction=event.transaction,
        reason=event.reason,
    )
    Ledger(tx, received.programme, event.currency).enter([fact], received.cause(), received.occurred_at)
