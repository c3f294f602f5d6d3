"""When a root has become active, everybody whom it owes something is to be paid, in batches."""

from datetime import UTC, datetime

import structlog

from fenxiao.errors import Refusal
from libs.eventlog import Reader, Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.adapters.cursor import read_cursor
from services.chain_bridge.domain.intents import batches, purpose_of_payment
from services.chain_bridge.heartbeat import Step
from services.chain_bridge.views.distributions import payout_tree
from services.chain_bridge.views.roots import newest_in_force, paid_so_far

TABLE = (
    "CREATE TABLE IF NOT EXISTS planned_payments (programme TEXT NOT NULL, currency TEXT NOT NULL,"
    " number BIGINT NOT NULL, PRIMARY KEY (programme, currency))"
)
"""The newest distribution whose payments are planned."""

logger = structlog.get_logger(__name__)


def when_root_active_then_pay(running: Running) -> Step:
    """Plans the payments of each distribution once.

    The clock is that of the last final block: a veto can only stand in a block before a root is active, so by then
    every veto has been read.
    """
    refused = dict[tuple[str, str], str]()

    async def step() -> None:
        for programme, currency, number in await running.log.read(_due):
            try:
                planned = await running.log.write(
                    lambda tx, p=programme, c=currency, n=number: _plan_payments(tx, p, c, n)
                )
            except Refusal as refusal:
                # One programme's trouble is not the others'.
                if refused.get((programme, currency)) != str(refusal):
                    refused[programme, currency] = str(refusal)
                    logger.error("payments_not_planned", programme=programme, number=number, reason=str(refusal))
                continue
            logger.info("payments_planned", programme=programme, distribution=f"{currency}-{number}", batches=planned)

    return step


def _due(reader: Reader) -> list[tuple[str, str, int]]:
    """The newest active distribution of each programme and currency, if its payments are not planned yet."""
    cursor = read_cursor(reader)
    if cursor is None:
        return []
    planned = {(p, c): int(n) for p, c, n in reader.all("SELECT programme, currency, number FROM planned_payments")}
    return [(p, c, n) for p, c, n in newest_in_force(reader, cursor.time) if n > planned.get((p, c), 0)]


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
    tx.run(
        "INSERT INTO planned_payments VALUES (?, ?, ?)"
        " ON CONFLICT (programme, currency) DO UPDATE SET number = excluded.number",
        (programme, currency, number),
    )
    return count
