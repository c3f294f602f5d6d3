"""When a member's wallet is proved, payouts of the member go there from now on."""

from fenxiao.api.membership.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.payees import decide_payee
from services.settlement.shared.ledger import record, stream
from services.settlement.views.payees import member_of, payee_of


def when_wallet_bound_then_remember_payee(tx: Tx, received: Received) -> None:
    """Remembers payee and account."""
    event = received.event
    assert isinstance(event, events_pb2.WalletBound)
    known = payee_of(tx, received.programme, event.member)
    holder = member_of(tx, received.programme, event.payee.lower())
    if fact := decide_payee(known.payee, known.account, holder, event.member, event.payee, event.account):
        to = stream(received.programme, "payee", event.member)
        record(tx, to, fact, known.version, received.cause(), received.occurred_at)
