"""When a period is sealed, it is rated, and its lines, rows and alarms are posted part by part.

What is posted follows from the cuts alone. So after a crash the same parts are made again, and those that stand in the
store already are passed over.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from fenxiao.plans.periods.closing import Before, close
from fenxiao.plans.rules import year_before
from libs.eventlog import Conflict, Meta, Tx
from libs.servicekit import Running
from services.commission.domain.alarms import Said, watched
from services.commission.domain.closing import Part, Sealed, awaits_deliveries, closed, parts
from services.commission.domain.events import PeriodClosed
from services.commission.shared.inputs import gather, to_do
from services.commission.views import alarms, periods
from services.commission.views.programmes import programme_of
from services.commission.views.sales import transactions_between

logger = structlog.get_logger(__name__)

_AT_ONCE = 10
"""Parts that are appended in one transaction: others get their turn in between."""


async def when_period_sealed_then_rate(running: Running) -> None:
    """Rates what is sealed and not closed, now and whenever something is recorded."""
    committed = running.log.subscribe()
    try:
        while True:
            committed.clear()
            for programme, closing in await running.log.read(periods.unfinished):
                try:
                    await post_closing(running, programme, closing)
                except Exception:  # one programme's closing must not keep the others' from being posted
                    logger.exception("period_not_closed", programme=programme, closing=str(closing))
            await committed.wait()
    finally:
        running.log.unsubscribe(committed)


async def post_closing(running: Running, programme: str, closing: UUID) -> None:
    """Rates a sealed period, and earlier ones again that late reports have marked, and posts what comes of it."""
    sealed, again, before = await running.log.read(lambda reader: to_do(reader, programme, closing))
    zone = (await running.log.read(lambda reader: programme_of(reader, programme))).zone
    first = (*again, sealed)[0].start
    money = await running.log.read(lambda reader: alarms.money_before(reader, programme, first, sealed))
    posted: list[Part] = []
    said: list[Said] = []
    for one in (*again, sealed):
        period = await running.log.read(lambda reader, one=one: gather(reader, programme, one, sealed))
        # In a thread: a large period takes seconds, and calls go on being answered.
        result = await asyncio.to_thread(close, period, before, year_before(money, one.start, zone))
        named: dict[str, tuple[str, ...]] = {}
        if awaits_deliveries(result):
            span = programme, one.start, one.end
            named = await running.log.read(lambda reader, span=span: transactions_between(reader, *span))
        posted += parts(sealed, one, period.plan.currency, result, period.sealed or {}, named)
        standing = await running.log.read(lambda reader, one=one: alarms.standing(reader, programme, one, sealed))
        said += watched(sealed, one, period.plan.currency, result, standing)
        money[one.start] = result.money
        before = Before(period.plan, result.rows)
    everything = [*posted, *said, closed(sealed, posted)]
    stored = await running.log.read(lambda reader: len(reader.load(closing)))
    for at in range(stored - 1, len(everything), _AT_ONCE):
        some = everything[at : at + _AT_ONCE]
        try:
            # The sealing is the stream's first event, so part 0 is its second.
            await running.log.write(lambda tx, at=at, some=some: append(tx, programme, sealed, some, after=at + 1))
        except Conflict:
            return  # another process is at it
    logger.info("period_closed", programme=programme, start=sealed.start.isoformat(), parts=len(everything))


def append(tx: Tx, programme: str, sealed: Sealed, some: Sequence[Part | Said | PeriodClosed], *, after: int) -> None:
    """Posts some parts behind a version of the closing's stream."""
    meta = Meta(programme, actor="commission")
    tx.append(sealed.closing, some, after=after, meta=meta, occurred_at=sealed.end)
