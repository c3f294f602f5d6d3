"""Make the phones' events and their story: `python -m examples.phones.make_events`. All names are invented.

48 phones leave a factory in six cartons on two pallets, go to two wholesalers and on to four dealers, one carton for
each order. Some are sold, some of these come back, and two serial numbers turn up where they cannot be. Who has how
many, and what the orders earn, is counted here as it happens.
"""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

from examples.writing import Company, Fields, Story, between, groups, main, place, product, seeded, serial

AURORA, BOREALIS, CYGNUS = Company("9521101"), Company("9521102"), Company("9521103")
DUNE, EMBER, FJORD, GALE = (Company(f"952111{number}") for number in range(4))
MARKET: Final = Company("9521190")
"""Where copies turn up."""

PHONE: Final = AURORA.product(7)
NAMES: Final = {
    AURORA: "aurora", BOREALIS: "borealis", CYGNUS: "cygnus", DUNE: "dune", EMBER: "ember", FJORD: "fjord",
    GALE: "gale",
}  # fmt: skip
"""Company → its number in `members.csv`."""
RATES: Final = ("0.05", "0.03", "0.02")
"""As in `plan.yaml`: to the dealer, the wholesaler, the distributor."""
PRICE: Final = Decimal("2392.40")
"""Of a carton of eight."""

ORDERS: Final = [(BOREALIS, DUNE), (BOREALIS, DUNE), (BOREALIS, EMBER), (CYGNUS, FJORD), (CYGNUS, GALE), (CYGNUS, GALE)]
"""Wholesaler and dealer of each carton."""
LATE, LOST = 4, 5
"""Orders that arrive after all others, and not yet."""

FACTORY: Final = AURORA.place("factory")
HALLS: Final = {BOREALIS: BOREALIS.place("hall"), CYGNUS: CYGNUS.place("hall")}
SHOPS: Final = {dealer: dealer.place("shop") for dealer in (DUNE, EMBER, FJORD, GALE)}
STALL: Final = MARKET.place("stall")

CARTONS: Final = [AURORA.container(100 + number) for number in range(len(ORDERS))]
PALLETS: Final = {BOREALIS: AURORA.container(900), CYGNUS: AURORA.container(901)}
PHONES: Final = [serial(PHONE, f"AM7-{number:05}") for number in range(10_001, 10_049)]
INSIDE: Final = dict(zip(CARTONS, groups(PHONES, 8), strict=True))


def make() -> Story:
    """Tell it all."""
    story = Story("+00:00")
    held: dict[str, Company] = dict.fromkeys(PHONES, AURORA)
    make_phones(story)
    to_wholesalers(story, held)
    send_cartons(story)
    receive_cartons(story, held, "3-dealers", [number for number in range(len(ORDERS)) if number not in (LATE, LOST)])
    gone = sell(story)
    tell_copies(story)
    receive_cartons(story, held, "6-late", [LATE])
    story.about = about(held, gone)
    return story


def order(number: int) -> Fields:
    """The dealer's order: the sale and the shipment name it alike."""
    return ORDERS[number][1].transaction("po", f"ORDER-{number + 1}")


def way(number: int) -> Fields:
    """From the wholesaler to the dealer."""
    wholesaler, dealer = ORDERS[number]
    return between(wholesaler.party, dealer.party, to=SHOPS[dealer])


def make_phones(story: Story) -> None:
    """The factory gives serial numbers, and packs."""
    story.chapter("1-factory")
    for day, (carton, phones) in enumerate(INSIDE.items(), 2):
        story.object(f"2026-02-{day:02}T09:00", "commissioning", "ADD", epcList=[*phones], disposition="active",
                     readPoint={"id": FACTORY}, bizLocation={"id": FACTORY})  # fmt: skip
        story.pack(f"2026-02-{day:02}T16:00", carton, phones, FACTORY)
    for (_, pallet), three in zip(PALLETS.items(), groups(CARTONS, 3), strict=True):
        story.pack("2026-02-09T08:00", pallet, three, FACTORY)


def to_wholesalers(story: Story, held: dict[str, Company]) -> None:
    """A pallet to each wholesaler, who opens it."""
    story.chapter("2-wholesalers")
    for (wholesaler, pallet), three in zip(PALLETS.items(), groups(CARTONS, 3), strict=True):
        papers = [wholesaler.transaction("po", "P-1"), AURORA.transaction("desadv", f"D-{NAMES[wholesaler]}")]
        hall = HALLS[wholesaler]
        way = between(AURORA.party, wholesaler.party, to=hall)
        story.ship("2026-02-10T07:00", [pallet], FACTORY, way, bizTransactionList=papers)
        story.receive("2026-02-12T10:00", [pallet], hall, way, bizTransactionList=papers)
        story.unpack("2026-02-12T11:00", pallet, three, hall)
        held |= {phone: wholesaler for carton in three for phone in INSIDE[carton]}


def send_cartons(story: Story) -> None:
    """Each carton goes to the dealer who has ordered it."""
    for number, (wholesaler, _) in enumerate(ORDERS):
        story.ship(f"2026-02-16T08:{number:02}", [CARTONS[number]], HALLS[wholesaler], way(number),
                   bizTransactionList=[order(number)])  # fmt: skip


def receive_cartons(story: Story, held: dict[str, Company], chapter: str, numbers: list[int]) -> None:
    """Dealers receive what they have ordered, and say for which order it is."""
    story.chapter(chapter)
    day = 26 if numbers == [LATE] else 18
    for number in numbers:
        dealer = ORDERS[number][1]
        story.receive(f"2026-02-{day}T09:{number:02}", [CARTONS[number]], SHOPS[dealer], way(number),
                      bizTransactionList=[order(number)])  # fmt: skip
        story.unpack(f"2026-02-{day}T10:{number:02}", CARTONS[number], INSIDE[CARTONS[number]], SHOPS[dealer])
        held |= dict.fromkeys(INSIDE[CARTONS[number]], dealer)


def sell(story: Story) -> set[str]:
    """Each dealer sells three phones of the first carton; one of them comes back, and one that came back is sold again.

    Gives those that are with consumers.
    """
    story.chapter("4-shops")
    chance, gone = seeded("phones in shops"), set[str]()
    for hour, (number, dealer) in enumerate(((0, DUNE), (2, EMBER), (3, FJORD)), 10):
        shop = {"id": SHOPS[dealer]}
        first, second, third = sorted(chance.sample(list(INSIDE[CARTONS[number]][:6]), 3))
        story.object(f"2026-02-20T{hour}:30", "retail_selling", epcList=[first, second, third],
                     disposition="retail_sold", readPoint=shop)  # fmt: skip
        story.object(f"2026-02-22T{hour}:00", "receiving", epcList=[second], disposition="returned",
                     readPoint=shop, bizLocation=shop,
                     bizTransactionList=[dealer.transaction("rma", f"RMA-{number}")])  # fmt: skip
        gone |= {first, third}
        if dealer is DUNE:
            story.object("2026-02-24T11:00", "retail_selling", epcList=[second], disposition="retail_sold",
                         readPoint=shop)  # fmt: skip
            gone.add(second)
    return gone


def tell_copies(story: Story) -> None:
    """A market stall shows two phones to a buyer who checks them: one that lies in a shop, one that was sold."""
    story.chapter("5-copies")
    story.object("2026-02-25T09:00", "stock_taking", epcList=[lying()], readPoint={"id": SHOPS[DUNE]},
                 bizLocation={"id": SHOPS[DUNE]})  # fmt: skip
    for minute, phone in enumerate((lying(), sold(story)), 20):
        story.object(f"2026-02-25T09:{minute}", "inspecting", epcList=[phone], readPoint={"id": STALL})


def lying() -> str:
    """A phone that is in Dune's shop: the last of the carton is never sold."""
    return INSIDE[CARTONS[0]][7]


def sold(story: Story) -> str:
    """A phone that Ember has sold and not taken back: the first of the three."""
    return next(event for event in story.chapters["4-shops"] if event["epcList"][0] in INSIDE[CARTONS[2]])["epcList"][0]


def about(held: dict[str, Company], gone: set[str]) -> Fields:
    """Names, and the right answers."""
    stock = Counter(holder.party for phone, holder in held.items() if phone not in gone)
    delivered = [number for number in range(len(ORDERS)) if number not in (LATE, LOST)]
    return {
        "places": [
            place(FACTORY, "Aurora, factory", "极光工厂", "PT", ("41.15", "-8.61")),
            place(HALLS[BOREALIS], "Borealis, hall", "北辰仓库", "ES", ("40.42", "-3.70")),
            place(HALLS[CYGNUS], "Cygnus, hall", "天鹅仓库", "PL", ("52.23", "21.01")),
            place(SHOPS[DUNE], "Dune, shop", "沙丘店", "PT", ("38.72", "-9.14")),
            place(SHOPS[EMBER], "Ember, shop", "余烬店", "ES", ("41.39", "2.17")),
            place(SHOPS[FJORD], "Fjord, shop", "峡湾店", "NO", ("60.39", "5.32")),
            place(SHOPS[GALE], "Gale, shop", "疾风店", "LV", ("56.95", "24.11")),
            place(STALL, "A stall on a market", "集市摊位", "LV", ("56.94", "24.12")),
        ],
        "products": [product(PHONE, "Aurora M7", "极光 M7 手机")],
        "orders": [
            {
                "reference": f"ORDER-{number + 1}",
                "member": NAMES[dealer],
                "amount": str(PRICE),
                "transaction": order(number)["bizTransaction"],
                "wholesaler": NAMES[wholesaler],
                "carton": CARTONS[number],
            }
            for number, (wholesaler, dealer) in enumerate(ORDERS)
        ],
        "product": PHONE,
        "pallets": {NAMES[wholesaler]: pallet for wholesaler, pallet in PALLETS.items()},
        "right": {
            "phones": len(PHONES),
            "sold": len(gone),
            "stock": dict(sorted(stock.items())),
            "alerts": {"serials": [sold_name(gone)], "travel": [lying()]},
            "lines": len(ORDERS) * len(RATES),
            "earned_minor": earned(len(ORDERS)),
            "delivered_minor": earned(len(delivered)),
            "delivered_later_minor": earned(1),
            "waiting_minor": earned(1),
        },
    }  # fmt: skip


def sold_name(gone: set[str]) -> str:
    """The sold phone of which a copy turned up: the first of Ember's that are gone."""
    return min(phone for phone in gone if phone in INSIDE[CARTONS[2]])


def earned(orders: int) -> int:
    """What orders earn, in cents: each line by itself is rounded half up."""
    lines = ((PRICE * Decimal(rate)).quantize(Decimal("0.01"), ROUND_HALF_UP) for rate in RATES)
    return orders * int(sum(lines) * 100)


if __name__ == "__main__":
    main(make, Path(__file__).parent)
