"""A flat: its title, its fittings and keys, inspections, a mortgage, and how it goes from the seller to the buyer."""

from datetime import UTC, datetime
from typing import Final

from fenxiao.api.traceability.v1 import custody_pb2 as custody_pb
from libs.localnet.scenarios.crew import Crew
from libs.localnet.scenarios.stage import Stage, missing
from libs.localnet.steps import Demo, Scenario, Step, Words

STAGE: Final = Stage("flat", "flat", "A flat", "EUR", "Europe/Berlin", datetime(2019, 1, 1, tzinfo=UTC))

ON_THE_PAGE: Final = {
    "en": ["Flat 12, third floor", "Lindenallee 7, flat 12, Germany", "Inspected", "Repaired"],
    "zh": ["三楼 12 室", "椴树大道 7 号 12 室（德国）", "检验", "维修"],
}


async def open_programme(demo: Demo) -> str:
    """Open the agency's programme; seller, agent and buyer have wallets."""
    async with STAGE.client(demo) as client:
        told = await STAGE.open(client)
        crew = await Crew.enrol(client, STAGE)
    return f"{len(crew.members)} members with wallets, {told}"


async def register(demo: Demo) -> str:
    """The title deed, the fittings, the keys; a mortgage; inspections with their certificates."""
    story, right = STAGE.story, STAGE.right
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "1-title", "2-inspections")
        fittings = [
            fitting for fitting in right["fittings"]
            if (await STAGE.locate(client, fitting))[0].containers == [story["flat"]]
        ]  # fmt: skip
        pages = await STAGE.scan(client, story["flat"])
    demo.requires(fittings, right["fittings"], "The fittings belong to the flat.")
    demo.shows(
        missing(pages, {language: [*said, *right["certificates"]] for language, said in ON_THE_PAGE.items()}),
        {},
        "The code at the door shows both inspections with their certificates, and the repair between them, in English"
        " and Chinese.",
        "扫描门上的码，可用中英文查看两次检验及其证书，以及期间的维修。",
    )
    return told


async def to_agent(demo: Demo) -> str:
    """The seller hands flat and keys to the agent; both sign."""
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "3-agent")
        crew = await Crew.of(client, STAGE)
        story = STAGE.story
        transfer = crew.transfer("seller", "agent", [story["flat"], story["ring"]], story["home"], "2026-04-30")
        await crew.offer(client, transfer)
        demo.requires((await crew.has(client, story["flat"]))[0], [], "One signature moves nothing.")
        done = await crew.accept(client, transfer)
        demo.requires(crew.proves(transfer, done), True, "Both signatures are over the hand-over.")
    return told


async def to_buyer(demo: Demo) -> str:
    """The sale is registered. The buyer turns the keys down until all are there, and takes them then; both sign."""
    story = STAGE.story
    both = [story["flat"], story["ring"]]
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "4-sale")
        crew = await Crew.of(client, STAGE)
        early = crew.transfer("agent", "buyer", both, story["home"], "2026-06-30", [story["sale"]])
        await crew.offer(client, early)
        rejected = await crew.reject(client, early)
        demo.shows(
            (rejected.state, (await crew.has(client, story["flat"]))[0]),
            (custody_pb.CUSTODY_STATE_REJECTED, ["agent"]),
            "A key is missing: the buyer signs that he does not take the flat, and the agent keeps it.",
            "少了一把钥匙：买方签名拒收，房屋仍由中介保管。",
        )
        await STAGE.capture(client, "5-buyer")
        last = crew.transfer("agent", "buyer", both, story["home"], "2026-07-31", [story["sale"]])
        proved = crew.proves(last, await crew.hand_over(client, last))
        has, chain = await crew.has(client, story["flat"])
    numbers = {member.name: number for number, member in crew.members.items()}
    way = [(numbers[one.transfer.offerer], numbers[one.transfer.receiver]) for one in chain]
    demo.shows(
        (has, way, proved),
        (["buyer"], [("seller", "agent"), ("agent", "buyer")], True),
        "The flat went from the seller to the agent and on to the buyer, each time signed by both wallets.",
        "房屋由卖方交给中介，再交给买方，每次均由双方钱包签名。",
    )
    return told


async def look_back(demo: Demo) -> str:
    """Who had it on any day, whose it was, and what lay on it."""
    story, right = STAGE.story, STAGE.right
    timeline: list[dict[str, object]] = []
    keys: list[dict[str, object]] = []
    async with STAGE.client(demo) as client:
        for asked in right["timeline"]:
            (found,) = await STAGE.locate(client, story["flat"], asked["day"])
            timeline.append(
                {
                    "day": asked["day"],
                    "holder": found.holder,
                    "owner": found.owner,
                    "mortgaged": any(one.endswith("/mortgaged") for one in found.persistent_dispositions),
                }
            )
        for asked in right["lent_key"]:
            (found,) = await STAGE.locate(client, story["lent_key"], asked["day"])
            keys.append({"day": asked["day"], "holder": found.holder, "on_ring": story["ring"] in found.containers})
        (deed,) = await STAGE.locate(client, story["deed"])
    demo.shows(
        timeline,
        right["timeline"],
        f"Who had the flat, whose it was and whether it was mortgaged is known for each of {len(timeline)} days in"
        " seven years.",
        f"七年间的 {len(timeline)} 个日期，均可查出房屋由谁保管、归谁所有、是否抵押。",
    )
    demo.shows(
        keys,
        right["lent_key"],
        "So is the third key: on the ring, with a locksmith for seven weeks, and on the ring again.",
        "第三把钥匙亦然：在钥匙环上，借给锁匠七周，又回到环上。",
    )
    last = right["timeline"][-1]
    demo.shows(
        (deed.holder, deed.owner, tuple(deed.persistent_dispositions)),
        (last["holder"], last["owner"], ()),
        "The title deed is the buyer's, free of the mortgage.",
        "产权证已归买方，抵押已解除。",
    )
    return f"{len(timeline) + len(keys)} days asked for"


FLAT: Final = Scenario(
    "flat",
    Words("A flat, its title and its keys", "一套房屋：产权与交接"),
    (
        Step("programme", open_programme),
        Step("title", register),
        Step("agent", to_agent),
        Step("buyer", to_buyer),
        Step("look back", look_back),
    ),
)
