"""Phones through dealers: serial numbers, pallets and cartons, hand-overs signed by both, returns, counterfeits, and
commissions that wait until the goods have come.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from fenxiao.api.commission.v1 import commission_pb2 as commission_pb
from fenxiao.api.settlement.v1 import settlement_pb2 as settlement_pb
from fenxiao.client import Client
from fenxiao.money import format_minor
from libs.localnet.scenarios import paying
from libs.localnet.scenarios.crew import Crew
from libs.localnet.scenarios.stage import Stage, stamp
from libs.localnet.steps import Demo, Scenario, Step, Words

STAGE: Final = Stage("phones", "phones", "Phones", "EUR", "Europe/Lisbon", datetime(2026, 1, 1, tzinfo=UTC))
ORDERED: Final = datetime(2026, 2, 13, 9, tzinfo=UTC)
MIDWAY: Final = datetime(2026, 2, 20, tzinfo=UTC)
"""When four of the six cartons have come."""
LATER: Final = datetime(2026, 3, 1, tzinfo=UTC)
"""When all but one have."""


async def open_programme(demo: Demo) -> str:
    """Open the distributor's programme; publish a plan whose lines wait for delivery; enrol the dealers."""
    async with STAGE.client(demo) as client:
        told = await STAGE.open(client)
        await paying.register_asset(demo, client, STAGE)
        plan = STAGE.file("plan.yaml").read_bytes()
        await client.commission.PublishPlan(commission_pb.PublishPlanRequest(parent=STAGE.parent, document=plan))
        crew = await Crew.enrol(client, STAGE)
    return f"{len(crew.members)} members with wallets, {told}"


async def order(demo: Demo) -> str:
    """Dealers order cartons. What that earns is held: nothing was delivered yet."""
    async with STAGE.client(demo) as client:
        crew = await Crew.of(client, STAGE)
        lines = 0
        for one in STAGE.story["orders"]:
            sale = commission_pb.Sale(
                reference=one["reference"],
                member=crew.members[one["member"]].name,
                kind=commission_pb.SALE_KIND_SALE,
                occur_time=stamp(ORDERED),
                amount=one["amount"],
                currency=STAGE.currency,
                biz_transactions=[one["transaction"]],
            )
            request = commission_pb.RecordSaleRequest(parent=STAGE.parent, sale=sale)
            lines += len((await client.commission.RecordSale(request)).lines)
        held, _ = await _money(client, MIDWAY.replace(day=14))
    demo.shows(
        (lines, held),
        (STAGE.right["lines"], STAGE.right["earned_minor"]),
        f"{len(STAGE.story['orders'])} orders earn {lines} commissions; all of them wait for the goods.",
        f"{len(STAGE.story['orders'])} 张订单产生 {lines} 笔佣金，全部等待货物送达。",
    )
    return f"{lines} lines held"


async def hand_over(demo: Demo) -> str:
    """From the factory to two wholesalers; they sign for the pallets, and dealers for their cartons."""
    story = STAGE.story
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "1-factory", "2-wholesalers")
        crew = await Crew.of(client, STAGE)
        proved = 0
        for wholesaler, pallet in story["pallets"].items():
            transfer = crew.transfer("aurora", wholesaler, [pallet], "", "2026-02-28")
            await crew.offer(client, transfer)
            demo.requires((await crew.has(client, pallet))[0], [], "One signature moves nothing.")
            proved += crew.proves(transfer, await crew.accept(client, transfer))
            demo.requires((await crew.has(client, pallet))[0], [wholesaler], "Both signatures do.")
        for one in story["orders"]:
            transfer = crew.transfer(
                one["wholesaler"], one["member"], [one["carton"]], "", "2026-03-31", [one["transaction"]]
            )
            proved += crew.proves(transfer, await crew.hand_over(client, transfer))
        holders = [(await crew.has(client, one["carton"]))[0] for one in story["orders"]]
    demo.requires(holders, [[one["member"]] for one in story["orders"]], "Each carton is its dealer's.")
    demo.shows(
        proved,
        len(story["pallets"]) + len(story["orders"]),
        f"Pallets and cartons changed hands {proved} times, each signed by both wallets; one signature moved nothing.",
        f"托盘与箱子交接 {proved} 次，每次均由双方钱包签名；单方签名不会转移保管权。",
    )
    return told


async def deliver(demo: Demo) -> str:
    """Four of the six cartons arrive: what was earned on them is released, and nothing else."""
    right = STAGE.right
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "3-dealers")
        held, payable = await _money(client, MIDWAY)
    demo.shows(
        (payable, held),
        (right["delivered_minor"], right["earned_minor"] - right["delivered_minor"]),
        f"Four cartons are received: {_en(payable)} are released, {_en(held)} still wait.",
        f"四箱已收货：放款 {_zh(payable)}，{_zh(held)}仍在等待。",
    )
    return told


async def sell(demo: Demo) -> str:
    """Shops sell phones, take some back, and two serial numbers turn up where they cannot be."""
    right = STAGE.right
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "4-shops")
        demo.requires(await STAGE.alerts(client), [], "What was sold and came back raises no alert.")
        await STAGE.capture(client, "5-copies")
        alerts = await STAGE.alerts(client)
    demo.shows(
        alerts,
        [(rule, (phone,)) for rule, phones in sorted(right["alerts"].items()) for phone in phones],
        "Two counterfeits are found: a serial number that was sold turns up on a market; another is there 20 minutes"
        " after it lay in a shop 3,000 km away. Returns raise no alert.",
        "发现两件假货：一个已售出的序列号出现在集市；另一个 20 分钟前还在 3000 公里外的店里。退货不会报警。",
    )
    return told


async def arrive_late(demo: Demo) -> str:
    """A carton arrives late, and one does not arrive at all."""
    right, story = STAGE.right, STAGE.story
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "6-late")
        held, payable = await _money(client, LATER)
        stock = await STAGE.inventory(client, STAGE.story["product"])
        lost = await STAGE.locate(client, story["orders"][-1]["carton"])
        waiting = (await paying.held(client, STAGE, "orders"))[("delivery",)]
    demo.shows(
        stock,
        right["stock"],
        f"Of {right['phones']} phones {right['sold']} are with customers; {len(stock)} companies have"
        f" the others: {_counts(stock.values())}.",
        f"{right['phones']} 部手机中 {right['sold']} 部在顾客手中，其余分属 {len(stock)} 家企业："
        f"{_counts(stock.values(), '、')}。",
    )
    demo.requires([one.in_transit for one in lost], [True], "The last carton is still under way.")
    demo.shows(
        (payable, held, waiting),
        (
            right["delivered_minor"] + right["delivered_later_minor"],
            right["waiting_minor"],
            3,
        ),
        f"One more carton is received: {_en(payable)} are payable. The last one is still on the road, and its"
        f" three commissions wait: {_en(held)}.",
        f"又一箱收货：可付 {_zh(payable)}。最后一箱仍在途，其三笔佣金继续等待：{_zh(held)}。",
    )
    return told


async def pay(demo: Demo) -> str:
    """The contract pays what was released."""
    async with STAGE.client(demo) as client:
        await paying.fund(demo, client, STAGE, LATER)
        told = await paying.settle(demo, client, STAGE, LATER)
        report = await paying.verified(demo, client, STAGE)
        totals = await _totals(client)
    demo.figures |= {"paid": totals.paid_minor, "waiting": totals.held_minor}
    demo.shows(
        (totals.paid_minor, totals.held_minor, report.passed),
        (STAGE.right["delivered_minor"] + STAGE.right["delivered_later_minor"], STAGE.right["waiting_minor"], True),
        f"The contract has paid {_en(totals.paid_minor)} to {totals.paid_members} members, and nothing for"
        " what was not delivered; the verifier agrees.",
        f"合约已向 {totals.paid_members} 名成员支付 {_zh(totals.paid_minor)}，未送达的分文未付；验证器核对无误。",
    )
    return told


async def _money(client: Client, as_of: datetime) -> tuple[int, int]:
    """What is held and what is payable at a moment, in cents."""
    await paying.advance(client, STAGE, as_of)
    totals = await _totals(client)
    return totals.held_minor, totals.payable_minor


async def _totals(client: Client) -> settlement_pb.Totals:
    request = settlement_pb.GetTotalsRequest(parent=STAGE.parent, currency=STAGE.currency)
    return await client.settlement.GetTotals(request)


def _en(minor: int) -> str:
    return format_minor(minor, STAGE.currency)


def _zh(minor: int) -> str:
    return format_minor(minor, STAGE.currency, "zh")


def _counts(numbers: Iterable[int], comma: str = ", ") -> str:
    return comma.join(str(number) for number in sorted(numbers, reverse=True))


PHONES: Final = Scenario(
    "phones",
    Words("Phones through dealers", "手机：经由经销商"),
    (
        Step("programme", open_programme),
        Step("orders", order),
        Step("handovers", hand_over),
        Step("deliveries", deliver),
        Step("shops", sell),
        Step("late", arrive_late),
        Step("pay", pay),
    ),
)
