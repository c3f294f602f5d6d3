"""When a programme's time has come to the end of a line's conditions, the line is released."""

from datetime import datetime

from libs.eventlog import Meta, Tx
from services.settlement.domain.holding import decide_release
from services.settlement.ledger import Ledger
from services.settlement.views.balances import currencies_of, debts_of
from services.settlement.views.lines import due_lines


def when_due_then_release(tx: Tx, programme: str, time: datetime, meta: Meta, now: datetime) -> None:
    """Releases what is due in every ledger of the programme: all of them live in the same time."""
    for currency in currencies_of(tx, programme):
        if due := due_lines(tx, programme, currency, time):
            released = decide_release(currency, time, due, debts_of(tx, programme, currency))
            Ledger(tx, programme, currency).enter(list(released), meta, now)
