"""Olive oil from grove to table: pressed, bottled, packed, kept cool, sold through two tiers, and one tank recalled."""

from collections import Counter
from datetime import UTC, datetime
from typing import Final

from fenxiao.api.traceability.v1 import goods_pb2 as pb
from libs.localnet.scenarios.stage import Stage, missing
from libs.localnet.steps import Demo, Scenario, Step, Words

STAGE: Final = Stage(
    "olive-oil", "olive_oil", "Valdombra olive oil", "EUR", "Europe/Rome", datetime(2025, 10, 1, tzinfo=UTC)
)

SOLD: Final = "retail_sold"
SAFE: Final = {"en": ["No recall is known."], "zh": ["未发现召回。"]}
RECALLED: Final = {
    "en": ["This item is recalled. Do not use it", "Reason: quality"],
    "zh": ["此商品已被召回。请停止使用", "原因：质量"],
}
JOURNEY: Final = {
    "en": [
        *("Valdombra extra virgin olive oil", "Grove Sette Fonti, Italy", "Grove Poggio Alto, Italy", "31 May 2027"),
        *("Nordlicht Import, Germany", "Shop Havnegade, Denmark", "Sold in a shop", "16.0 to 18.0 °C"),
        "https://laboratory.example.org/certificates/2025-T2",
    ],
    "zh": [
        *("瓦尔东布拉特级初榨橄榄油", "七泉橄榄园（意大利）", "高丘橄榄园（意大利）", "2027年5月31日"),
        *("北光进口（德国）", "港街店（丹麦）", "零售", "16.0 至 18.0 °C"),
        "https://laboratory.example.org/certificates/2025-T2",
    ],
}


async def open_programme(demo: Demo) -> str:
    """Open the mill's programme."""
    async with STAGE.client(demo) as client:
        return await STAGE.open(client)


async def make_oil(demo: Demo) -> str:
    """From the groves into bottles: olives, tanks, a laboratory, serial numbers, cases."""
    bottle, right = STAGE.story["scanned"]["affected"], STAGE.right
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "1-harvest", "2-pressing", "3-bottling")
        origins = await STAGE.origins(client, bottle)
    demo.shows(
        origins,
        right["origins"],
        f"A bottle leads back through its run and its tank to exactly the {len(origins)} lots of olives in it.",
        f"一瓶油经灌装批次与储罐，正好追溯到所用的 {len(origins)} 批橄榄。",
    )
    return told


async def move_goods(demo: Demo) -> str:
    """On pallets to two importers, and from there in cases to their shops."""
    bottle, pallet = STAGE.story["scanned"]["affected"], STAGE.story["warm_pallet"]
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "4-importers", "5-shops")
        alerts = await STAGE.alerts(client)
        stock = await STAGE.inventory(client, bottle.partition("/21/")[0])
    demo.shows(
        alerts,
        [("cool", (pallet,))],
        "One pallet was too warm for two hours: its rule has raised one alert, and no other pallet's.",
        "一个托盘超温两小时：规则仅对它报警一次，其他托盘均未报警。",
    )
    demo.shows(
        sum(stock.values()),
        STAGE.right["stock"],
        f"{STAGE.right['all_sold']} bottles are sold; the other {sum(stock.values())} are with {len(stock)} companies.",
        f"{STAGE.right['all_sold']} 瓶已售出，其余 {sum(stock.values())} 瓶分属 {len(stock)} 家企业。",
    )
    return told


async def scan(demo: Demo) -> str:
    """Somebody scans a bottle that was sold."""
    async with STAGE.client(demo) as client:
        pages = await STAGE.scan(client, STAGE.story["scanned"]["affected"])
    demo.shows(
        missing(pages, {language: [*said, *SAFE[language]] for language, said in JOURNEY.items()}),
        {},
        "Who scans a bottle reads its origin, its journey and its certificate, in English and Chinese.",
        "扫描瓶身即可用中英文查看产地、来路与证书。",
    )
    return "in English and Chinese"


async def recall(demo: Demo) -> str:
    """The laboratory finds something wrong with a tank, after its oil has gone all over the world."""
    tank, right = STAGE.story["tank"], STAGE.right
    async with STAGE.client(demo) as client:
        notice = await client.traceability.OpenRecall(
            pb.OpenRecallRequest(
                parent=STAGE.parent, epc=tank, reason=pb.RECALL_REASON_QUALITY, request_id="olive-oil-recall"
            )
        )
        items = await STAGE.recalled(client, tank)
        demo.figures["recalled"] = notice.item_count
        _check_recall(demo, tank, items, right)
        warned = await STAGE.scan(client, STAGE.story["scanned"]["affected"])
        beside = await STAGE.scan(client, STAGE.story["scanned"]["beside"])
    demo.shows(
        (missing(warned, RECALLED), missing(beside, SAFE)),
        ({}, {}),
        "Who scans such a bottle now is warned; a bottle of another tank, from the same shop, is not recalled.",
        "此后扫描这样的瓶子会看到召回警告；同一家店里另一罐的油不受影响。",
    )
    return f"{notice.item_count} objects and lots"


def _check_recall(demo: Demo, tank: str, items: list[pb.RecalledItem], right: dict[str, object]) -> None:
    bottles = [item for item in items if item.kind == pb.NODE_KIND_OBJECT]
    unsold = Counter(item.holder for item in bottles if item.disposition != SOLD)
    demo.shows(
        dict(sorted(unsold.items())),
        right["holders"],
        f"The recall of one tank names exactly the {len(unsold)} companies that still have bottles with its oil, and"
        f" how many: {', '.join(str(count) for count in sorted(unsold.values(), reverse=True))}.",
        f"召回一个储罐，正好列出仍持有其油品的 {len(unsold)} 家企业及数量："
        f"{'、'.join(str(count) for count in sorted(unsold.values(), reverse=True))} 瓶。",
    )
    under_way, sold = sum(item.in_transit for item in bottles), sum(item.disposition == SOLD for item in bottles)
    demo.shows(
        (len(bottles), under_way, sold),
        (right["affected"], right["in_transit"], right["sold"]),
        f"Of the {len(bottles)} bottles {under_way} are still on the road, and {sold} are sold.",
        f"这 {len(bottles)} 瓶中，{under_way} 瓶在途，{sold} 瓶已售出。",
    )
    left = {(item.quantity, item.uom) for item in items if item.epc == tank}
    demo.shows(
        left,
        {(str(right["litres_in_tank"]), "LTR")},
        f"{right['litres_in_tank']} litres are still in the tank.",
        f"罐中尚存 {right['litres_in_tank']} 升。",
    )
    proved = [item for item in bottles if item.proof and item.proof[0].source == tank]
    demo.shows(
        len(proved),
        len(bottles),
        "Each bottle comes with the chain of events, by their hashes, that leads to it from the tank.",
        "每一瓶都附有从储罐到它的事件链，各事件以哈希值为证。",
    )


OLIVE_OIL: Final = Scenario(
    "olive-oil",
    Words("Olive oil from grove to table", "橄榄油：从橄榄园到餐桌"),
    (
        Step("programme", open_programme),
        Step("oil", make_oil),
        Step("goods", move_goods),
        Step("scan", scan),
        Step("recall", recall),
    ),
)
