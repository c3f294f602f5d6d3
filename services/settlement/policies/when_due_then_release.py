"""When a programme's time has come to where all conditions of a line are fulfilled, the line is released."""

from datetime import datetime

from libs.eventlog import Meta, Tx
from services.settlement.shared.ledger import Ledger
from services.settlement.views.balances import currencies_of


def when_due_then_release(tx: Tx, programme: str, time: datetime, meta: Meta, now: datetime) -> None:
    """Releases what is due in every ledger of the programme: all of them live in the same time."""
    for currency in currencies_of(tx, programme):
        Ledger(tx, programme, currency).release(time, meta, now)
