"""When a programme's time has come to it, points are released, and expire."""

from datetime import datetime

from libs.eventlog import Meta, Tx
from services.settlement.domain.points import decide_expiry, decide_points_release
from services.settlement.shared.points_ledger import PointsLedger
from services.settlement.views.lots import lots_to_expire, lots_to_release
from services.settlement.views.points import kinds_of, points_debts_of


def when_due_then_expire(tx: Tx, programme: str, time: datetime, meta: Meta, now: datetime) -> None:
    """Releases and expires what is due in every ledger of points: they live in the same time as those of money."""
    for points in kinds_of(tx, programme):
        ledger = PointsLedger(tx, programme, points)
        if due := lots_to_release(tx, programme, points, time):
            debts = points_debts_of(tx, programme, points)
            ledger.enter(list(decide_points_release(points, time, due, debts)), meta, now)
        # Read behind the release: what it has made available may expire at once.
        if due := lots_to_expire(tx, programme, points, time):
            ledger.enter(list(decide_expiry(points, time, due)), meta, now)
