"""A painting's provenance: studio, galleries, a loan out and back, a restoration, a sale, two mistakes put right."""

from datetime import UTC, datetime
from typing import Final

from fenxiao.client import Client
from libs.localnet.scenarios.crew import Crew
from libs.localnet.scenarios.stage import Stage, missing
from libs.localnet.steps import Demo, Scenario, Step, Words

STAGE: Final = Stage("painting", "painting", "A painting", "EUR", "Europe/Berlin", datetime(1980, 1, 1, tzinfo=UTC))

ON_THE_PAGE: Final = {
    "en": ["Mira Solheim: Harbour, evening", "Museum am Fluss, Switzerland", "restorer.example.org/reports/2016-7"],
    "zh": ["米拉·索尔海姆《港口，傍晚》", "河畔美术馆（瑞士）", "restorer.example.org/reports/2016-7"],
}


async def open_programme(demo: Demo) -> str:
    """Open the gallery's programme; gallery and museum have wallets."""
    async with STAGE.client(demo) as client:
        told = await STAGE.open(client)
        crew = await Crew.enrol(client, STAGE)
    return f"{len(crew.members)} members with wallets, {told}"


async def lend(demo: Demo) -> str:
    """From the studio to a gallery; lent to a museum and back, both signing each time."""
    painting, rooms, loan = STAGE.story["painting"], STAGE.story["rooms"], [STAGE.story["loan"]]
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "1-studio", "2-loan")
        crew = await Crew.of(client, STAGE)
        out = crew.transfer("kastanie", "museum", [painting], rooms["museum"], "2014-03-31", loan)
        proved = crew.proves(out, await crew.hand_over(client, out))
        away, _ = await crew.has(client, painting)
        back = crew.transfer("museum", "kastanie", [painting], rooms["kastanie"], "2014-07-31", loan)
        proved = proved and crew.proves(back, await crew.hand_over(client, back))
        home, chain = await crew.has(client, painting)
    demo.shows(
        (away, home, len(chain), proved),
        (["museum"], ["kastanie"], 2, True),
        "The loan went out and came back: custody changed twice, each time signed by both wallets.",
        "借展与归还：保管权两次交接，每次均由双方钱包签名。",
    )
    return told


async def restore_and_sell(demo: Demo) -> str:
    """Cleaned, repaired, sold twice. The sensors have noticed what was not good for it."""
    async with STAGE.client(demo) as client:
        told = await STAGE.capture(client, "3-restoration", "4-sale")
        alerts = await STAGE.alerts(client)
        pages = await STAGE.scan(client, STAGE.story["painting"])
    demo.shows(
        alerts,
        [(rule, (item,)) for rule, item in STAGE.right["alerts"]],
        "Two alerts, and no more: three hours too damp in the museum, a lamp too bright at the restorer's.",
        "共两次报警：美术馆内过潮三小时，修复室灯光过亮。",
    )
    demo.shows(
        missing(pages, ON_THE_PAGE),
        {},
        "Its page shows where it has been and the restorer's report, in English and Chinese.",
        "其页面以中英文显示去过的地方与修复报告。",
    )
    return told


async def correct(demo: Demo) -> str:
    """What was reported wrongly is declared erroneous, and told anew."""
    right = STAGE.right
    async with STAGE.client(demo) as client:
        before = await _known(client)
        told = await STAGE.capture(client, "5-correction")
        after = await _known(client)
    demo.shows(
        (before[0], after[0]),
        (right["origins"]["before"], right["origins"]["after"]),
        "The painting was traced back to another workshop's canvas; since the correction it is traced to its own.",
        "更正前，画作追溯到另一工坊的画布；更正后追溯到自己的画布。",
    )
    demo.shows(
        (before[1], after[1]),
        (right["on_loan"]["before"], right["on_loan"]["after"]),
        f"On {STAGE.story['on_loan']} it seemed to be back at the gallery; now it is known to have been in the museum.",
        f"更正前，{STAGE.story['on_loan']} 显示它已回到画廊；更正后可知当日仍在美术馆。",
    )
    return told


async def look_back(demo: Demo) -> str:
    """The provenance: who had it and whose it was, year by year."""
    found: list[dict[str, str]] = []
    async with STAGE.client(demo) as client:
        for asked in STAGE.right["provenance"]:
            (where,) = await STAGE.locate(client, STAGE.story["painting"], asked["day"])
            found.append({"day": asked["day"], "holder": where.holder, "owner": where.owner})
    demo.shows(
        found,
        STAGE.right["provenance"],
        f"Its provenance stands: who had it and whose it was, on {len(found)} days in ten years.",
        f"来历完整：十年间 {len(found)} 个日期的保管者与所有者均可查。",
    )
    return f"{len(found)} days asked for"


async def _known(client: Client) -> tuple[list[str], list[str]]:
    """What it is made of, and where it was on a day of the loan and who had it."""
    painting = STAGE.story["painting"]
    (where,) = await STAGE.locate(client, painting, STAGE.story["on_loan"])
    return await STAGE.origins(client, painting), [where.place, where.holder]


PAINTING: Final = Scenario(
    "painting",
    Words("A painting and its provenance", "一幅画：流传有序"),
    (
        Step("programme", open_programme),
        Step("loan", lend),
        Step("sale", restore_and_sell),
        Step("correction", correct),
        Step("look back", look_back),
    ),
)
