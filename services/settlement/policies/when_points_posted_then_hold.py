"""When commission has posted lines in points, they are entered in their kind's ledger: held, due, or taken back."""

from fenxiao.api.commission.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from libs.servicekit.times import from_timestamp
from services.settlement.domain.conditions import ReturnWindow
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.points import PostedPoints, decide_points, taken_by
from services.settlement.domain.points_events import PointsLine
from services.settlement.shared.points_ledger import PointsLedger
from services.settlement.views.times import time_of


def when_points_posted_then_hold(tx: Tx, received: Received) -> None:
    """Enters the lines; those in money are another policy's."""
    event = received.event
    assert isinstance(event, events_pb2.LinesPosted)
    if not event.lines or not event.points:
        return
    posted = PostedPoints(
        source=event.source,
        points=event.points,
        occurred_at=from_timestamp(event.occur_time),
        lines=tuple(_line(line) for line in event.lines),
    )
    ledger = PointsLedger(tx, received.programme, posted.points)
    time, _ = time_of(tx, received.programme)
    named: dict[str, list[str]] = {}
    for line in posted.lines:
        if line.reverses:
            named.setdefault(line.member, []).append(line.reverses)
    purses = {member: ledger.purse(member, taken, named.get(member, ())) for member, taken in taken_by(posted).items()}
    ledger.enter(decide_points(posted, time, purses), received.cause(), posted.occurred_at)


def _line(line: events_pb2.PostedLine) -> PointsLine:
    return PointsLine(
        line=line.line,
        member=line.member,
        component=line.component,
        level=line.level,
        amount=line.amount_minor,
        conditions=tuple(_condition(condition) for condition in line.conditions),
        reverses=line.reverses,
        expires_at=from_timestamp(line.expire_time) if line.HasField("expire_time") else None,
    )


def _condition(condition: events_pb2.Condition) -> ReturnWindow:
    if condition.WhichOneof("kind") != "return_window":
        raise DoesNotFit("a line in points has a condition other than days, which points do not wait for")
    return ReturnWindow(until=from_timestamp(condition.return_window.until))
