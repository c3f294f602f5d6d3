"""When a member is suspended, nothing more of his goes into a distribution."""

from fenxiao.api.membership.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.events import PayoutsWithheld
from services.settlement.shared.ledger import record, stream
from services.settlement.views.payees import payee_of


def when_member_suspended_then_withhold(tx: Tx, received: Received) -> None:
    """Withholds. What is in a distribution already stays the member's: entitlements do not fall."""
    event = received.event
    assert isinstance(event, events_pb2.MemberSuspended)
    known = payee_of(tx, received.programme, event.member)
    if not known.withheld:
        to = stream(received.programme, "payee", event.member)
        fact = PayoutsWithheld(member=event.member)
        record(tx, to, fact, known.version, received.cause(), received.occurred_at)
