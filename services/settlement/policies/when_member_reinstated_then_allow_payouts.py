"""When a member is reinstated, the next distribution pays what was withheld."""

from fenxiao.api.membership.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.events import PayoutsAllowed
from services.settlement.shared.ledger import record, stream
from services.settlement.views.payees import payee_of


def when_member_reinstated_then_allow_payouts(tx: Tx, received: Received) -> None:
    """Allows payouts again."""
    event = received.event
    assert isinstance(event, events_pb2.MemberReinstated)
    known = payee_of(tx, received.programme, event.member)
    if known.withheld:
        to = stream(received.programme, "payee", event.member)
        record(tx, to, PayoutsAllowed(member=event.member), known.version, received.cause(), received.occurred_at)
