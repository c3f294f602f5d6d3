"""Make the olive oil's events and its story: `python -m examples.olive_oil.make_events`. All names are invented.

Olives of five groves are pressed into three tanks; the tanks are bottled in three runs, of which the third blends tanks
2 and 3; bottles go in cases of six, cases on pallets, pallets to two importers, cases from there to four shops. What
the recall of tank 2 must find is counted here, bottle by bottle, as they are moved.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from examples.writing import (
    Company,
    Fields,
    Story,
    amount,
    between,
    groups,
    lot,
    main,
    place,
    product,
    seeded,
    serial,
    some,
)

GROWERS, MILL, LABORATORY = Company("9521001"), Company("9521002"), Company("9521003")
NORTH, EAST = Company("9521004"), Company("9521005")
SHOPS: Final = [Company(f"952101{number}") for number in range(4)]

OLIVES, OIL, BOTTLE = GROWERS.product(1), MILL.product(1), MILL.product(101)
GROVES: Final = [GROWERS.place(f"grove-{number}") for number in range(1, 6)]
YARD, TANKS, LINE, DOCK = (MILL.place(name) for name in ("yard", "tanks", "line", "dock"))
BENCH: Final = LABORATORY.place("bench")
HALLS: Final = {NORTH: NORTH.place("hall"), EAST: EAST.place("hall")}
SHELVES: Final = {shop: shop.place("shop") for shop in SHOPS}

PRESSED: Final = {"T1": (0, 1), "T2": (2, 3), "T3": (4,)}
"""Tank → its groves."""
LITRES: Final = {"T1": 60, "T2": 110, "T3": 50}
RUNS: Final = {"B1": (36, {"T1": 18}), "B2": (48, {"T2": 24}), "B3": (36, {"T2": 9, "T3": 9})}
"""Lot of bottles → how many, and litres of each tank."""
RECALLED: Final = "T2"


@dataclass
class Bottles:
    """Where the bottles are: the generator's own book."""

    made_of: dict[str, str] = field(default_factory=dict[str, str])
    """Bottle → its lot."""
    case_of: dict[str, str] = field(default_factory=dict[str, str])
    holder: dict[str, Company] = field(default_factory=dict[str, Company])
    in_transit: set[str] = field(default_factory=set[str])
    sold: set[str] = field(default_factory=set[str])

    def within(self, cases: Iterable[str]) -> list[str]:
        """The bottles in some cases."""
        wanted = {*cases}
        return [bottle for bottle, case in self.case_of.items() if case in wanted]

    def arrive(self, cases: Iterable[str], holder: Company) -> None:
        """They are with somebody else."""
        for bottle in self.within(cases):
            self.holder[bottle] = holder
            self.in_transit.discard(bottle)

    def affected(self) -> list[str]:
        """Those that have oil of the recalled tank in them."""
        return [bottle for bottle, run in self.made_of.items() if RECALLED in RUNS[run][1]]


def make() -> Story:
    """Tell it all."""
    story = Story("+01:00", {"cbvmda": "urn:epcglobal:cbv:mda:", "mill": "https://mill.example.com/epcis/"})
    bottles = Bottles()
    harvest(story)
    press(story)
    bottle(story, bottles)
    cases = sorted({*bottles.case_of.values()})
    seeded("olive oil").shuffle(cases)
    pallets = {MILL.container(900 + number): list(some) for number, some in enumerate(groups(cases, 5))}
    to_importers(story, bottles, pallets)
    to_shops(story, bottles, pallets)
    story.about = about(bottles, pallets)
    return story


def harvest(story: Story) -> None:
    """Five groves, each a lot of olives, brought to the mill on the same day."""
    story.chapter("1-harvest")
    for number, grove in enumerate(GROVES, 1):
        olives, day = lot(OLIVES, f"G{number}"), f"2025-11-0{number}"
        story.object(
            f"{day}T09:00", "commissioning", "ADD", disposition="active",
            quantityList=[amount(olives, 300 + 20 * number, "KGM")],
            readPoint={"id": grove}, bizLocation={"id": grove},
            ilmd={"cbvmda:lotNumber": f"G{number}", "cbvmda:countryOfOrigin": "IT", "mill:cultivar": "Frantoio"},
        )  # fmt: skip
        load = [amount(olives, 300 + 20 * number, "KGM")]
        way = between(GROWERS.party, MILL.party, to=YARD)
        slip = [GROWERS.transaction("desadv", f"G-{number}")]
        story.ship(f"{day}T15:00", load, grove, way, bizTransactionList=slip)
        story.receive(f"{day}T16:30", load, YARD, way, bizTransactionList=slip)


def press(story: Story) -> None:
    """Each tank is pressed from the olives of its groves, and a laboratory looks at it."""
    story.chapter("2-pressing")
    for day, (tank, groves) in enumerate(PRESSED.items(), 6):
        story.tell(
            "Transformation", f"2025-11-{day:02}T18:00", bizStep="creating_class_instance", disposition="active",
            inputQuantityList=[amount(lot(OLIVES, f"G{grove + 1}"), 320 + 20 * grove, "KGM") for grove in groves],
            outputQuantityList=[amount(lot(OIL, tank), LITRES[tank], "LTR")],
            readPoint={"id": TANKS}, bizLocation={"id": TANKS},
            ilmd={"cbvmda:lotNumber": tank, "cbvmda:countryOfOrigin": "IT"},
        )  # fmt: skip
        story.object(
            f"2025-11-{day + 4:02}T10:00", "inspecting", disposition="conformant",
            quantityList=[some(lot(OIL, tank))], readPoint={"id": BENCH},
            certificationInfo=[f"https://laboratory.example.org/certificates/2025-{tank}"],
            **{"mill:freeAcidity": f"0.2{day - 5} %"},
        )  # fmt: skip


def bottle(story: Story, bottles: Bottles) -> None:
    """Three runs; bottles get serial numbers, and go in cases of six."""
    story.chapter("3-bottling")
    first_case = 100
    for day, (run, (count, tanks)) in enumerate(RUNS.items(), 20):
        date = f"2025-11-{day}"
        story.tell(
            "Transformation", f"{date}T08:00", bizStep="creating_class_instance", disposition="active",
            inputQuantityList=[amount(lot(OIL, tank), litres, "LTR") for tank, litres in tanks.items()],
            outputQuantityList=[some(lot(BOTTLE, run))], readPoint={"id": LINE}, bizLocation={"id": TANKS},
        )  # fmt: skip
        made = [serial(BOTTLE, f"{run}{number:03}") for number in range(1, count + 1)]
        story.object(
            f"{date}T09:00", "commissioning", "ADD", disposition="active", epcList=made,
            readPoint={"id": LINE}, bizLocation={"id": LINE},
            ilmd={"cbvmda:lotNumber": run, "cbvmda:bestBeforeDate": "2027-05-31", "cbvmda:countryOfOrigin": "IT"},
        )  # fmt: skip
        for number, six in enumerate(groups(made, 6)):
            case = MILL.container(first_case + number)
            story.pack(f"{date}T10:{number:02}", case, six, DOCK)
            for one in six:
                bottles.made_of[one], bottles.case_of[one], bottles.holder[one] = run, case, MILL
        first_case += 100


def to_importers(story: Story, bottles: Bottles, pallets: dict[str, list[str]]) -> None:
    """Four pallets; two go north by lorry, two east by ship. On one lorry the cooling fails for two hours."""
    story.chapter("4-importers")
    for number, (pallet, cases) in enumerate(pallets.items()):
        story.pack(f"2025-11-24T08:{number:02}", pallet, cases, DOCK)
    for number, (pallet, cases) in enumerate(pallets.items()):
        importer = (NORTH, EAST)[number % 2]
        papers = [importer.transaction("po", f"PO-{2201 + number}"), MILL.transaction("desadv", f"D-{2201 + number}")]
        way = between(MILL.party, importer.party, to=HALLS[importer])
        story.ship(f"2025-11-25T0{7 + number // 2}:{number:02}", [pallet], DOCK, way, bizTransactionList=papers)
        for hour, celsius in enumerate((16.5, 17.0, 34.5, 33.0, 31.0, 18.5) if number == 2 else (16.0, 17.5, 18.0)):
            story.object(
                f"2025-11-25T{12 + hour}:{number:02}", "sensor_reporting", disposition="in_transit", epcList=[pallet],
                sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": celsius, "uom": "CEL"}]}],
            )  # fmt: skip
        day = "2025-11-28" if importer is NORTH else "2026-01-08"
        story.receive(f"{day}T09:{number:02}", [pallet], HALLS[importer], way, bizTransactionList=papers)
        bottles.arrive(cases, importer)


def to_shops(story: Story, bottles: Bottles, pallets: dict[str, list[str]]) -> None:
    """Importers open pallets and send cases on to their shops; one shipment is still under way; some bottles sold."""
    story.chapter("5-shops")
    chance = seeded("olive oil in shops")
    for number, (pallet, cases) in enumerate(pallets.items()):
        importer = (NORTH, EAST)[number % 2]
        shop = SHOPS[number]
        sent = cases[: 3 + number % 2]
        story.unpack(f"2026-01-12T08:{number:02}", pallet, sent, HALLS[importer])
        papers = [shop.transaction("po", f"SH-{301 + number}")]
        way = between(importer.party, shop.party, to=SHELVES[shop])
        story.ship(f"2026-01-12T10:{number:02}", sent, HALLS[importer], way, bizTransactionList=papers)
        if number == 3:
            bottles.in_transit |= {*bottles.within(sent)}
            continue
        story.receive(f"2026-01-14T09:{number:02}", sent, SHELVES[shop], way, bizTransactionList=papers)
        bottles.arrive(sent, shop)
        for opened, case in enumerate(sent[:2]):
            inside = bottles.within([case])
            story.unpack(f"2026-01-15T08:{number}{opened}", case, inside, SHELVES[shop])
            sold = sorted(chance.sample(inside, 2))
            story.object(f"2026-01-20T1{opened}:{number:02}", "retail_selling", epcList=sold,
                         disposition="retail_sold", readPoint={"id": SHELVES[shop]})  # fmt: skip
            bottles.sold |= {*sold}


def about(bottles: Bottles, pallets: dict[str, list[str]]) -> Fields:
    """Names, and the right answers."""
    affected = bottles.affected()
    holders = Counter(bottles.holder[one].party for one in affected if one not in bottles.sold)
    on_shelves = {bottles.holder[one] for one in bottles.holder} & {*SHOPS}
    assert len(on_shelves) == 3, "three shops have got theirs"
    beside = _neighbours(bottles, affected)
    left = LITRES[RECALLED] - sum(tanks.get(RECALLED, 0) for _, tanks in RUNS.values())
    return {
        "places": [
            *(place(grove, f"Grove {name}", f"{zh}橄榄园", "IT", (f"43.{20 + 7 * n}", f"11.{30 + 5 * n}"))
              for n, (grove, (name, zh)) in enumerate(zip(GROVES, _GROVE_NAMES, strict=True))),
            place(YARD, "Valdombra mill, yard", "瓦尔东布拉油坊收货场", "IT", ("43.42", "11.55")),
            place(TANKS, "Valdombra mill, tanks", "瓦尔东布拉油坊储罐", "IT", ("43.42", "11.55")),
            place(LINE, "Valdombra mill, bottling", "瓦尔东布拉油坊灌装线", "IT", ("43.42", "11.55")),
            place(DOCK, "Valdombra mill, dock", "瓦尔东布拉油坊发货台", "IT", ("43.42", "11.55")),
            place(BENCH, "Laboratory Chiara", "基亚拉实验室", "IT", ("43.77", "11.25")),
            place(HALLS[NORTH], "Nordlicht Import", "北光进口", "DE", ("53.55", "9.99")),
            place(HALLS[EAST], "Lianhe Import", "莲禾进口", "CN", ("31.23", "121.47")),
            *(place(SHELVES[shop], *names) for shop, names in zip(SHOPS, _SHOP_NAMES, strict=True)),
        ],
        "products": [
            product(BOTTLE, "Valdombra extra virgin olive oil, 0.5 l", "瓦尔东布拉特级初榨橄榄油 0.5 升",
                    "From five groves of one valley.", "来自同一山谷的五座橄榄园。"),
        ],
        "tank": lot(OIL, RECALLED),
        "warm_pallet": [*pallets][2],
        "right": {
            "stock": len(bottles.made_of) - len(bottles.sold),
            "all_sold": len(bottles.sold),
            "affected": len(affected),
            "holders": dict(sorted(holders.items())),
            "in_transit": sum(one in bottles.in_transit for one in affected),
            "sold": sum(one in bottles.sold for one in affected),
            "litres_in_tank": left,
            "origins": [lot(OLIVES, f"G{grove + 1}") for grove in PRESSED[RECALLED]],
        },
        "scanned": {
            "affected": next(one for one in affected if one in bottles.sold and bottles.made_of[one] == "B2"),
            "beside": beside,
        },
    }  # fmt: skip


def _neighbours(bottles: Bottles, affected: list[str]) -> str:
    """A bottle of tank 1 that is in the same shop as affected ones."""
    shops = {bottles.holder[one] for one in affected if bottles.holder[one] in SHOPS}
    return next(one for one, run in bottles.made_of.items() if run == "B1" and bottles.holder[one] in shops)


_GROVE_NAMES: Final = [
    ("Cipressa", "柏岭"), ("Lunga", "长坡"), ("Sette Fonti", "七泉"), ("Poggio Alto", "高丘"), ("Ginestra", "金雀"),
]  # fmt: skip
_SHOP_NAMES: Final = [
    ("Shop Havnegade", "港街店", "DK", ("55.68", "12.59")),
    ("Shop Lotus Lane", "莲巷店", "CN", ("31.30", "120.58")),
    ("Shop Lindenhof", "椴苑店", "DE", ("52.52", "13.40")),
    ("Shop West Lake", "西湖店", "CN", ("30.27", "120.15")),
]

if __name__ == "__main__":
    main(make, Path(__file__).parent)
