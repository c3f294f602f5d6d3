"""When commission has posted lines, they are entered in the ledger: held, due, or taken back."""

from fenxiao.api.commission.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from libs.servicekit.times import from_timestamp
from services.settlement.domain.conditions import Condition, Delivered, Identity, ReturnWindow, Threshold
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import LedgerLine
from services.settlement.domain.holding import Posted, decide_lines, needed, touched
from services.settlement.shared.ledger import Ledger
from services.settlement.views.lines import held_line
from services.settlement.views.times import time_of


def when_lines_posted_then_hold(tx: Tx, received: Received) -> None:
    """Enters the lines of one sale or return; those in points are another policy's."""
    event = received.event
    assert isinstance(event, events_pb2.LinesPosted)
    if not event.lines or event.points:
        return
    posted = Posted(
        source=event.source,
        currency=event.currency,
        occurred_at=from_timestamp(event.occur_time),
        plan_hash=event.plan_hash,
        lines=tuple(_line(line) for line in event.lines),
    )
    ledger = Ledger(tx, received.programme, posted.currency)
    time, _ = time_of(tx, received.programme)
    standings = {member: ledger.standing(member, taken) for member, taken in needed(posted, time).items()}
    named = {
        line.reverses: found
        for line in posted.lines
        if line.reverses and (found := held_line(tx, received.programme, posted.currency, line.reverses))
    }
    entry = decide_lines(posted, time, standings, named)
    ledger.enter([entry], received.cause(), posted.occurred_at)
    if time is not None and (members := touched(entry, time, thresholds=ledger.thresholds)):
        ledger.release(time, received.cause(), posted.occurred_at, members)


def _line(line: events_pb2.PostedLine) -> LedgerLine:
    return LedgerLine(
        line=line.line,
        member=line.member,
        component=line.component,
        level=line.level,
        rate=line.rate,
        base=line.base,
        amount_minor=line.amount_minor,
        conditions=tuple(_condition(condition) for condition in line.conditions),
        reverses=line.reverses,
    )


def _condition(condition: events_pb2.Condition) -> Condition:
    match condition.WhichOneof("kind"):
        case "return_window":
            return ReturnWindow(until=from_timestamp(condition.return_window.until))
        case "identity":
            return Identity()
        case "threshold":
            return Threshold(least_minor=condition.threshold.least_minor)
        case "delivered":
            return Delivered(biz_transactions=tuple(condition.delivered.biz_transactions))
        case _:
            raise DoesNotFit("a line has a condition of a kind that this version does not know; install the newer one")
