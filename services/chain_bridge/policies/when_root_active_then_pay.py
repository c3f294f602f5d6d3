"""When a root has become active, everybody whom it owes something is to be paid, in batches."""

import asyncio
from datetime import UTC, datetime

import structlog

from libs.eventlog import Reader, Row, Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.adapters.chain import Chain
from services.chain_bridge.domain.intents import batches, purpose_of_payment
from services.chain_bridge.views.distributions import paid_so_far, payout_tree

logger = structlog.get_logger(__name__)


async def when_root_active_then_pay(running: Running) -> None:
    """Watches the chain's clock and plans the payments of each distribution once."""
    chain = running.use(Chain)
    while True:
        for programme, currency, number in await running.log.read(
            lambda reader, now=chain.head.timestamp: _active(reader, now)
        ):
            planned = await running.log.write(lambda tx, p=programme, c=currency, n=number: _plan_payments(tx, p, c, n))
            logger.info("payments_planned", programme=programme, distribution=f"{currency}-{number}", batches=planned)
        await asyncio.sleep(chain.poll_seconds)


def _active(reader: Reader, now: int) -> list[Row]:
    """The newest active distribution of each programme and currency, if its payments are not planned yet."""
    return reader.all(
        "SELECT programme, currency, number FROM (SELECT programme, currency, MAX(number) AS number"
        " FROM view_distributions WHERE active_at IS NOT NULL AND active_at <= ? GROUP BY programme, currency) newest"
        " WHERE NOT EXISTS (SELECT 1 FROM planned_payments p WHERE p.programme = newest.programme"
        " AND p.currency = newest.currency AND p.number >= newest.number)",
        (now,),
    )


def _plan_payments(tx: Tx, programme: str, currency: str, number: int) -> int:
    tree = payout_tree(tx, programme, currency, number)
    paid = paid_so_far(tx, programme, currency)
    due = [payout for payout in tree.payouts if payout.cumulative > paid.get(payout.payee, 0)]
    now = datetime.now(UTC).isoformat()
    intents.drop_superseded(tx, programme, currency, number)
    count = 0
    for part, group in enumerate(batches(due)):
        data = vault.claim_many(tree.scope, [(payout, tree.proof(payout.payee)) for payout in group])
        purpose = purpose_of_payment(currency, number, part)
        intents.plan(tx, programme, purpose, currency, number, data, len(group), now)
        count += 1
    tx.run("INSERT INTO planned_payments VALUES (?, ?, ?)", (programme, currency, number))
    return count


TABLE = (
    "CREATE TABLE IF NOT EXISTS planned_payments (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, PRIMARY KEY (programme, currency, number))"
)
