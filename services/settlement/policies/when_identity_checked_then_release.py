"""When a member's identity is checked, what has waited for nothing else is released."""

from fenxiao.api.membership.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from libs.servicekit.times import from_timestamp
from services.settlement.domain.events import IdentityRemembered
from services.settlement.shared.ledger import Ledger, record, stream
from services.settlement.views.balances import currencies_of
from services.settlement.views.identities import said_of
from services.settlement.views.times import time_of


def when_identity_checked_then_release(tx: Tx, received: Received) -> None:
    """Remembers the check, and releases at the programme's time: a check of a later time waits for the next closing."""
    event = received.event
    assert isinstance(event, events_pb2.IdentityChecked)
    programme, member, meta = received.programme, event.member, received.cause()
    fact = IdentityRemembered(
        member=member,
        checked_at=from_timestamp(event.check_time),
        expires_at=from_timestamp(event.expire_time) if event.HasField("expire_time") else None,
    )
    known = len(said_of(tx, programme, member))
    record(tx, stream(programme, "identity", member), fact, known, meta, received.occurred_at)
    time, _ = time_of(tx, programme)
    if time is not None:
        for currency in currencies_of(tx, programme):
            Ledger(tx, programme, currency).release(time, meta, received.occurred_at, [member])
