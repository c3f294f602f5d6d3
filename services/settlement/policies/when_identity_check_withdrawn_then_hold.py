"""When the check of a member's identity is withdrawn, lines that ask for it are held; what was released stays so."""

from fenxiao.api.membership.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from libs.servicekit.times import from_timestamp
from services.settlement.domain.events import IdentityWithdrawn
from services.settlement.shared.ledger import record, stream
from services.settlement.views.identities import said_of


def when_identity_check_withdrawn_then_hold(tx: Tx, received: Received) -> None:
    """Remembers from when on no check counts."""
    event = received.event
    assert isinstance(event, events_pb2.IdentityCheckWithdrawn)
    fact = IdentityWithdrawn(member=event.member, effective_from=from_timestamp(event.effective_time))
    to = stream(received.programme, "identity", event.member)
    known = len(said_of(tx, received.programme, event.member))
    record(tx, to, fact, known, received.cause(), received.occurred_at)
