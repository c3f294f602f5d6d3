"""Make the flat's events and its story: `python -m examples.flat.make_events`. All names are invented.

A flat with its title deed, its fittings and its keys: registered and mortgaged in 2019, inspected in 2026, handed to an
agent, sold, and handed to its buyer. Persons stand under numbers that tell nobody who they are. Who had it, whose it
was and what lay on it on some days is written down here beside the events.
"""

from pathlib import Path
from typing import Final

from examples.writing import HAS, OWNS, Company, Fields, Story, between, main, place, product

REGISTRY, BUILDING, AGENCY = Company("9521201"), Company("9521202"), Company("9521203")
INSPECTORS, LOCKSMITH = Company("9521204"), Company("9521205")
SELLER, BUYER = REGISTRY.person(41), REGISTRY.person(42)

FLAT: Final = BUILDING.asset("FLAT-3-12")
DEED: Final = REGISTRY.document(1, "2019-0457")
LOCK, METER = BUILDING.asset("LOCK-3-12"), BUILDING.asset("METER-3-12")
RING: Final = BUILDING.asset("KEYRING-3-12")
KEYS: Final = [BUILDING.asset(f"KEY-3-12-{number}") for number in (1, 2, 3)]

HOME: Final = BUILDING.place("3-12")
OFFICE: Final = AGENCY.place("office")
COUNTER: Final = REGISTRY.place("counter")
WORKSHOP: Final = LOCKSMITH.place("workshop")

MORTGAGED: Final = "https://registry.example.org/dispositions/mortgaged"
CERTIFICATES: Final = [
    f"https://inspectors.example.org/certificates/{name}" for name in ("gas-2026-118", "electricity-2026-119")
]


def make() -> Story:
    """Tell it all."""
    story = Story("+01:00", {"inspection": "https://inspectors.example.org/epcis/"})
    register(story)
    inspect(story)
    to_agent(story)
    sell(story)
    to_buyer(story)
    story.about = about()
    return story


def here(place: str) -> Fields:
    """Where it happens, and where things are from then on."""
    return {"readPoint": {"id": place}, "bizLocation": {"id": place}}


def register(story: Story) -> None:
    """The registry enters the flat and its title deed; fittings are installed, keys go on a ring, a bank lends."""
    story.chapter("1-title")
    first = between(BUILDING.party, SELLER, HAS, OWNS)
    entry = [REGISTRY.transaction("cert", "ENTRY-2019-0457")]
    story.object("2019-05-02T10:00", "commissioning", "ADD", epcList=[FLAT, RING, LOCK, METER, *KEYS],
                 disposition="active", **here(HOME), **first)  # fmt: skip
    story.object("2019-05-02T10:05", "commissioning", "ADD", epcList=[DEED], disposition="active",
                 bizTransactionList=entry, **here(COUNTER), **first)  # fmt: skip
    story.tell("Transaction", "2019-05-02T10:10", action="ADD", bizTransactionList=entry, epcList=[FLAT, DEED])
    story.tell("Association", "2019-05-03T09:00", action="ADD", bizStep="installing", parentID=FLAT,
               childEPCs=[LOCK, METER], **here(HOME))  # fmt: skip
    story.pack("2019-05-03T12:00", RING, KEYS, HOME)
    charge = [REGISTRY.transaction("cert", "CHARGE-2019-0031")]
    story.tell("Object", "2019-05-10T11:00", action="OBSERVE", epcList=[FLAT, DEED],
               persistentDisposition={"set": [MORTGAGED]}, bizTransactionList=charge)  # fmt: skip


def inspect(story: Story) -> None:
    """The gas fails its inspection, is repaired and passes; so does the electricity."""
    story.chapter("2-inspections")
    read: Fields = {"readPoint": {"id": HOME}}
    finding: Fields = {"inspection:finding": "gas valve leaks"}
    story.object("2026-03-02T09:00", "inspecting", epcList=[FLAT], disposition="non_conformant", **read, **finding)
    story.object("2026-03-05T14:00", "repairing", epcList=[FLAT], disposition="needs_replacement", **read)
    for day, certificate in zip((9, 10), CERTIFICATES, strict=True):
        story.object(f"2026-03-{day:02}T09:00", "inspecting", epcList=[FLAT], disposition="conformant", **read,
                     certificationInfo=[certificate])  # fmt: skip


def to_agent(story: Story) -> None:
    """The seller hands the flat and its keys to an agent, who lends a key to a locksmith."""
    story.chapter("3-agent")
    story.object("2026-04-01T16:00", "accepting", epcList=[FLAT, RING], disposition="active", **here(HOME),
                 **between(SELLER, AGENCY.party))  # fmt: skip
    story.unpack("2026-05-10T10:00", RING, [KEYS[2]], HOME)
    story.object("2026-05-10T11:00", "accepting", epcList=[KEYS[2]], disposition="active", **here(WORKSHOP),
                 **between(AGENCY.party, LOCKSMITH.party))  # fmt: skip


def sell(story: Story) -> None:
    """A notary writes the sale down; the bank is paid; the registry enters the buyer."""
    story.chapter("4-sale")
    deed = [REGISTRY.transaction("po", "SALE-2026-0912")]
    story.tell("Transaction", "2026-05-04T15:00", action="ADD", bizTransactionList=deed, epcList=[FLAT, DEED])
    charge = [REGISTRY.transaction("cert", "CHARGE-2019-0031")]
    story.tell("Object", "2026-06-15T10:00", action="OBSERVE", epcList=[FLAT, DEED],
               persistentDisposition={"unset": [MORTGAGED]}, bizTransactionList=charge)  # fmt: skip
    story.tell("Object", "2026-06-16T09:00", action="OBSERVE", epcList=[FLAT, DEED, LOCK, METER, RING, *KEYS],
                 bizTransactionList=deed, **between(SELLER, BUYER, OWNS))  # fmt: skip


def to_buyer(story: Story) -> None:
    """The third key comes back on the ring, and the buyer takes flat, keys and deed."""
    story.chapter("5-buyer")
    story.object("2026-06-29T17:00", "accepting", epcList=[KEYS[2]], disposition="active", **here(HOME),
                 **between(LOCKSMITH.party, AGENCY.party))  # fmt: skip
    story.pack("2026-06-29T18:00", RING, [KEYS[2]], HOME)
    story.object("2026-06-30T12:00", "accepting", epcList=[FLAT, RING], disposition="active", **here(HOME),
                 bizTransactionList=[REGISTRY.transaction("po", "SALE-2026-0912")],
                 **between(AGENCY.party, BUYER))  # fmt: skip
    story.object("2026-07-02T09:00", "accepting", epcList=[DEED], disposition="active", **here(COUNTER),
                 **between(SELLER, BUYER))  # fmt: skip


def about() -> Fields:
    """Names, and the right answers."""
    agent, seller, buyer = AGENCY.party, SELLER, BUYER
    return {
        "places": [
            place(HOME, "Lindenallee 7, flat 12", "椴树大道 7 号 12 室", "DE", ("52.50", "13.37")),
            place(OFFICE, "Agency Lotse", "领航中介", "DE", ("52.51", "13.39")),
            place(COUNTER, "Land registry", "不动产登记处", "DE", ("52.52", "13.41")),
            place(WORKSHOP, "Locksmith Riegel", "锁匠工坊", "DE", ("52.49", "13.42")),
        ],
        "products": [product(FLAT, "Flat 12, third floor", "三楼 12 室", "Two rooms, 61 m².", "两室，61 平方米。")],
        "flat": FLAT,
        "deed": DEED,
        "ring": RING,
        "lent_key": KEYS[2],
        "home": HOME,
        "sale": REGISTRY.transaction("po", "SALE-2026-0912")["bizTransaction"],
        "right": {
            "timeline": [
                {"day": day, "holder": holder, "owner": owner, "mortgaged": mortgaged}
                for day, holder, owner, mortgaged in (
                    ("2019-05-05", seller, seller, False),
                    ("2019-06-01", seller, seller, True),
                    ("2026-04-15", agent, seller, True),
                    ("2026-06-15", agent, seller, False),
                    ("2026-06-20", agent, buyer, False),
                    ("2026-07-01", buyer, buyer, False),
                )
            ],
            "lent_key": [
                {"day": day, "holder": holder, "on_ring": on_ring}
                for day, holder, on_ring in (
                    ("2026-03-01", seller, True),
                    ("2026-04-15", agent, True),
                    ("2026-05-20", LOCKSMITH.party, False),
                    ("2026-07-01", buyer, True),
                )
            ],
            "fittings": sorted([LOCK, METER]),
            "certificates": CERTIFICATES,
        },
    }  # fmt: skip


if __name__ == "__main__":
    main(make, Path(__file__).parent)
