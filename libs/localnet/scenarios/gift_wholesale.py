"""One month of a gift wholesaler's orders, from sale to paid commission: the scenario that runs if none is named.

Each step is what a merchant would do, through the public APIs, and gives what is shown behind its name.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from fenxiao.api.commission.v1 import commission_pb2 as commission_pb
from fenxiao.api.settlement.v1 import settlement_pb2 as settlement_pb
from fenxiao.client.imports import ImportResult, Progress, import_members, import_sales
from libs.localnet import binding, wallets
from libs.localnet.home import HomeError
from libs.localnet.scenarios import paying
from libs.localnet.scenarios.gift_summary import show
from libs.localnet.scenarios.stage import Stage
from libs.localnet.steps import Demo, Scenario, Step, Words

STAGE: Final = Stage(
    "gift-wholesale", "gift_wholesale", "Gift wholesale", "GBP", "Europe/London", datetime(2010, 12, 1, tzinfo=UTC)
)
PROGRAMME: Final = STAGE.programme
PARENT: Final = STAGE.parent
CURRENCY: Final = STAGE.currency
TRACKED: Final = "tracked"
"""The plan's component whose lines wait for delivery."""
MIDWAY: Final = datetime(2011, 1, 20, tzinfo=UTC)
LATE: Final = datetime(2011, 1, 31, tzinfo=UTC)
AS_OF: Final = datetime(2011, 2, 1, tzinfo=UTC)


def _progress(demo: Demo, step: str) -> Any:
    def show(progress: Progress) -> None:
        demo.display.update(step, f"{progress.lines:,}")

    return show


def _taken(result: ImportResult) -> str:
    if result.refused:
        first = result.problems[0]
        raise HomeError(f"{result.refused} {result.kind} were refused; line {first.line}: {first.message}")
    return f"{result.taken:,} taken"


async def open_programme(demo: Demo) -> str:
    """Open the merchant's programme, name the token that it pays in, and publish its plan."""
    async with STAGE.client(demo) as client:
        await STAGE.open(client)
        await paying.register_asset(demo, client, STAGE)
        plan = await client.commission.PublishPlan(
            commission_pb.PublishPlanRequest(
                parent=PARENT, document=STAGE.file("plan.yaml").read_bytes(), request_id="demo-plan"
            )
        )
    return f"plan {plan.version}, {plan.hash[:12]}…"


async def enrol_members(demo: Demo) -> str:
    """Import the members, each below a sponsor."""
    async with STAGE.client(demo) as client:
        result = await import_members(client, PROGRAMME, STAGE.file("members.csv"), report=_progress(demo, "members"))
    demo.figures["members"] = result.taken
    return _taken(result)


async def bind_wallets(demo: Demo) -> str:
    """Bind a wallet for each member, by the signature of the wallet's owner."""
    async with STAGE.client(demo) as client:
        done = await binding.bind_wallets(
            client, PARENT, wallets.MEMBERS, lambda count: demo.display.update("wallets", f"{count:,}")
        )
    return f"{done.bound:,} bound by signature"


async def record_sales(demo: Demo) -> str:
    """Import a month of sales and returns; their commission lines are computed with them."""
    async with STAGE.client(demo) as client:
        result = await import_sales(client, PROGRAMME, STAGE.file("sales.csv"), report=_progress(demo, "sales"))
    return _taken(result)


async def publish_delivery_plan(demo: Demo) -> str:
    """From the 13th on, what is earned on an order that is shipped as traced goods waits until it has come."""
    async with STAGE.client(demo) as client:
        plan = await client.commission.PublishPlan(
            commission_pb.PublishPlanRequest(
                parent=PARENT, document=STAGE.file("plan-delivery.yaml").read_bytes(), request_id="demo-plan-delivery"
            )
        )
    return f"plan {plan.version}, {plan.hash[:12]}…"


async def deliver_goods(demo: Demo) -> str:
    """Goods are shipped and received, some late: each receipt names its sale, and releases what was earned on it."""
    right, chapters = STAGE.right, STAGE.story["chapters"]
    waiting: list[int] = []
    async with STAGE.client(demo) as client:
        await STAGE.capture(client, *chapters["shipments"])
        held = await paying.held(client, STAGE, TRACKED)
        waiting.append(_for_delivery(held))
        for documents, until in (("receipts", MIDWAY), ("late_receipts", LATE)):
            await STAGE.capture(client, *chapters[documents])
            await paying.advance(client, STAGE, until)
            waiting.append(_for_delivery(await paying.held(client, STAGE, TRACKED)))
    first, midway, last = waiting
    taken_back = held[()]
    demo.figures |= {"released_by_delivery": first - last, "waiting_for_delivery": last}
    # Of a commission that a return has taken back whole, nothing is held any more.
    demo.requires(
        (first + taken_back, right["late"] - taken_back <= midway <= right["late"]),
        (right["soon"] + right["late"], True),
        "Each commission on tracked goods waits for their delivery, and for no other.",
    )
    demo.shows(
        last,
        0,
        f"{right['orders']} orders were shipped as traced goods. Their {first} commissions waited until customers had"
        f" them: {first - midway} were released by the middle of January, {midway} still waited then, {last} do now.",
        f"{right['orders']} 张订单以可追溯货物发出，其 {first} 笔佣金等待客户收货："
        f"一月中旬放款 {first - midway} 笔，当时仍有 {midway} 笔等待，现为 {last} 笔。",
    )
    return f"{first - last} commissions released by delivery, {last} wait"


def _for_delivery(held: Counter[tuple[str, ...]]) -> int:
    """How many commissions wait for a delivery, whatever else they wait for."""
    return sum(count for waits, count in held.items() if "delivery" in waits)


async def fund_vault(demo: Demo) -> str:
    """Ask what will be due, and put exactly that into the vault."""
    async with STAGE.client(demo) as client:
        return await paying.fund(demo, client, STAGE, AS_OF)


async def settle(demo: Demo) -> str:
    """Close the distribution, and watch the contract pay until nobody is left."""
    async with STAGE.client(demo) as client:
        return await paying.settle(demo, client, STAGE, AS_OF)


async def verify_all(demo: Demo) -> str:
    """Recompute everything, and hold it against the chain."""
    async with STAGE.client(demo) as client:
        report = await paying.verified(demo, client, STAGE)
        totals = await client.settlement.GetTotals(settlement_pb.GetTotalsRequest(parent=PARENT, currency=CURRENCY))
    demo.figures |= {
        "sales": report.figures["sales"],
        "returns": report.figures["returns"],
        "lines": report.figures["lines"],
        "accrued": totals.accrued_minor,
        "clawed_back": totals.clawed_back_minor,
        "paid": totals.paid_minor,
        "paid_members": totals.paid_members,
        "debt": totals.debt_minor,
        "debtors": totals.debtors,
    }
    return f"{demo.figures['checks']:,} checks, all true"


GIFT: Final = Scenario(
    "gift",
    Words("December 2010 at a gift wholesaler", "一家礼品批发商的 2010 年 12 月"),
    (
        Step("programme", open_programme),
        Step("plan", publish_delivery_plan),
        Step("members", enrol_members),
        Step("wallets", bind_wallets),
        Step("sales", record_sales),
        Step("deliveries", deliver_goods),
        Step("fund", fund_vault),
        Step("settle", settle),
        Step("verify", verify_all),
    ),
    show,
)
