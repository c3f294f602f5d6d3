"""Make the painting's events and their story: `python -m examples.painting.make_events`. All names are invented.

A painting leaves its studio, is shown by one gallery, lent to a museum and comes back, is restored and sold through
another gallery. Two things that were reported of it are wrong: whose canvas it is on, and when it came back from the
museum. Years later both are declared erroneous and told anew. What was known before and after is written down here.
"""

from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from examples.writing import (
    HAS,
    OWNS,
    Company,
    Fields,
    Story,
    amount,
    between,
    lot,
    main,
    place,
    product,
)

STUDIO, WORKSHOP, WEAVERS = Company("9521301"), Company("9521302"), Company("9521303")
KASTANIE, LINDE = Company("9521304"), Company("9521305")
MUSEUM, RESTORER = Company("9521306"), Company("9521307")
COLLECTOR: Final = LINDE.person(7)

PAINTING: Final = STUDIO.asset("SOLHEIM-17")
CANVAS: Final = WEAVERS.product(3)
RIGHT_CANVAS, WRONG_CANVAS = lot(CANVAS, "W-1998"), lot(CANVAS, "W-1987")

EASEL, BENCH, LOOM = STUDIO.place("easel"), WORKSHOP.place("bench"), WEAVERS.place("loom")
ROOMS: Final = {KASTANIE: KASTANIE.place("room"), LINDE: LINDE.place("room")}
HALL, LAMP, WALL = MUSEUM.place("hall-2"), RESTORER.place("table"), LINDE.place("vault")

DECLARED: Final = "2022-03-15T10:00:00+01:00"


def make() -> Story:
    """Tell it all."""
    story = Story("+01:00", {"art": "https://art.example.org/epcis/"})
    wrong_origin = begin(story)
    wrong_return = lend(story)
    restore(story)
    sell(story)
    correct(story, wrong_origin, wrong_return)
    story.about = about()
    return story


def named(name: str) -> str:
    """The id of an event that others refer to."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'https://art.example.org/events/{name}')}"


def here(place: str) -> Fields:
    """Where it happens, and where things are from then on."""
    return {"readPoint": {"id": place}, "bizLocation": {"id": place}}


def begin(story: Story) -> Fields:
    """Two lots of canvas; the first gallery buys the painting and takes it for an early work of another workshop."""
    story.chapter("1-studio")
    for day, canvas, taker, at in (
        ("1987-05-04", WRONG_CANVAS, WORKSHOP, BENCH),
        ("1998-02-02", RIGHT_CANVAS, STUDIO, EASEL),
    ):
        story.object(f"{day}T09:00", "commissioning", "ADD", disposition="active",
                     quantityList=[amount(canvas, 20, "MTK")], **here(LOOM))  # fmt: skip
        way = between(WEAVERS.party, taker.party, HAS, OWNS, to=at)
        story.ship(f"{day}T15:00", [amount(canvas, 20, "MTK")], LOOM, way)
        story.receive(f"{day[:7]}-09T10:00", [amount(canvas, 20, "MTK")], at, way)
    wrong = paint(story, "1988-03-01T12:00", WRONG_CANVAS, BENCH, "origin-1")
    way = between(STUDIO.party, KASTANIE.party, HAS, OWNS, to=ROOMS[KASTANIE])
    papers = [KASTANIE.transaction("inv", "K-2011-88")]
    story.ship("2011-09-01T09:00", [PAINTING], EASEL, way, bizTransactionList=papers)
    story.receive("2011-09-03T11:00", [PAINTING], ROOMS[KASTANIE], way, bizTransactionList=papers)
    return wrong


def paint(story: Story, at: str, canvas: str, place: str, name: str) -> Fields:
    """A canvas becomes the painting."""
    return story.tell(
        "Transformation", at, eventID=named(name), bizStep="creating_class_instance", disposition="active",
        inputQuantityList=[amount(canvas, 2, "MTK")], outputEPCList=[PAINTING], **here(place),
    )  # fmt: skip


def lend(story: Story) -> Fields:
    """To a museum and back: whose it is does not change. One evening is too damp; the return is dated wrongly."""
    story.chapter("2-loan")
    papers = [MUSEUM.transaction("poc", "LOAN-2014-3")]
    out = between(KASTANIE.party, MUSEUM.party, to=HALL)
    story.ship("2014-03-10T08:00", [PAINTING], ROOMS[KASTANIE], out, bizTransactionList=papers)
    story.receive("2014-03-11T14:00", [PAINTING], HALL, out, bizTransactionList=papers)
    for hour, percent in enumerate((50, 52, 68, 71, 70, 54), 15):
        sense(story, f"2014-04-05T{hour}:00", "RelativeHumidity", percent, "P1", HALL)
    back = between(MUSEUM.party, KASTANIE.party, to=ROOMS[KASTANIE])
    story.ship("2014-07-01T08:00", [PAINTING], HALL, back, bizTransactionList=papers)
    return come_back(story, "2014-04-12T14:00", "return-1")


def come_back(story: Story, at: str, name: str) -> Fields:
    """The museum's loan is over."""
    back = between(MUSEUM.party, KASTANIE.party, to=ROOMS[KASTANIE])
    papers = [MUSEUM.transaction("poc", "LOAN-2014-3")]
    return story.receive(at, [PAINTING], ROOMS[KASTANIE], back, bizTransactionList=papers, eventID=named(name))


def sense(story: Story, at: str, kind: str, value: float, uom: str, place: str) -> None:
    """A reading."""
    story.object(at, "sensor_reporting", epcList=[PAINTING], readPoint={"id": place},
                 sensorElementList=[{"sensorReport": [{"type": kind, "value": value, "uom": uom}]}])  # fmt: skip


def restore(story: Story) -> None:
    """Cleaned and repaired; a lamp is too bright for a quarter of an hour."""
    story.chapter("3-restoration")
    out = between(KASTANIE.party, RESTORER.party, to=LAMP)
    story.ship("2016-02-01T08:00", [PAINTING], ROOMS[KASTANIE], out)
    story.receive("2016-02-01T15:00", [PAINTING], LAMP, out)
    report: Fields = {"art:finding": "varnish yellowed; small tear, lower left"}
    story.object("2016-02-03T10:00", "inspecting", epcList=[PAINTING], disposition="damaged",
                 readPoint={"id": LAMP}, **report)  # fmt: skip
    for minute, lux in ((0, 140), (15, 420), (30, 150)):
        sense(story, f"2016-02-10T11:{minute:02}", "Illuminance", lux, "LUX", LAMP)
    done: Fields = {"art:treatment": "cleaned, tear closed, new varnish"}
    story.object("2016-03-20T16:00", "repairing", epcList=[PAINTING], disposition="conformant",
                 readPoint={"id": LAMP}, certificationInfo=["https://restorer.example.org/reports/2016-7"],
                 **done)  # fmt: skip
    back = between(RESTORER.party, KASTANIE.party, to=ROOMS[KASTANIE])
    story.ship("2016-03-22T08:00", [PAINTING], LAMP, back)
    story.receive("2016-03-22T16:00", [PAINTING], ROOMS[KASTANIE], back)


def sell(story: Story) -> None:
    """To another gallery, and from there to a collector, whose it is from then on; the gallery keeps it for him."""
    story.chapter("4-sale")
    way = between(KASTANIE.party, LINDE.party, HAS, OWNS, to=ROOMS[LINDE])
    papers = [LINDE.transaction("inv", "L-2019-12")]
    story.ship("2019-10-01T08:00", [PAINTING], ROOMS[KASTANIE], way, bizTransactionList=papers)
    story.receive("2019-10-04T12:00", [PAINTING], ROOMS[LINDE], way, bizTransactionList=papers)
    story.tell("Object", "2020-06-18T15:00", action="OBSERVE", epcList=[PAINTING], disposition="active", **here(WALL),
               bizTransactionList=[LINDE.transaction("inv", "L-2020-4")],
               **between(LINDE.party, COLLECTOR, OWNS))  # fmt: skip


def correct(story: Story, wrong_origin: Fields, wrong_return: Fields) -> None:
    """An expert finds thread of another year in the canvas; a customs stamp shows when it came back."""
    story.chapter("5-correction")
    paint(story, "1998-06-20T12:00", RIGHT_CANVAS, EASEL, "origin-2")
    declare(story, wrong_origin, "origin-2")
    come_back(story, "2014-07-02T14:00", "return-2")
    declare(story, wrong_return, "return-2")


def declare(story: Story, wrong: Fields, corrective: str) -> None:
    """The same event once more, with what is said against it."""
    declaration: dict[str, Any] = {
        "declarationTime": DECLARED,
        "reason": "incorrect_data",
        "correctiveEventIDs": [named(corrective)],
    }
    next(reversed(story.chapters.values())).append(wrong | {"errorDeclaration": declaration})


def about() -> Fields:
    """Names, and the right answers."""
    kastanie, linde, museum = KASTANIE.party, LINDE.party, MUSEUM.party
    return {
        "places": [
            place(EASEL, "Studio Solheim", "索尔海姆画室", "NO", ("59.91", "10.75")),
            place(BENCH, "Workshop Brandeis", "布兰代斯工坊", "NL", ("52.37", "4.90")),
            place(LOOM, "Weavers of Lys", "利斯织造", "BE", ("50.83", "3.27")),
            place(ROOMS[KASTANIE], "Galerie Kastanie", "栗树画廊", "DE", ("50.94", "6.96")),
            place(HALL, "Museum am Fluss", "河畔美术馆", "CH", ("47.56", "7.59")),
            place(LAMP, "Restorer Klee", "克莱修复室", "DE", ("51.34", "12.37")),
            place(ROOMS[LINDE], "Linde Gallery", "林画廊", "CN", ("31.23", "121.47")),
            place(WALL, "Linde Gallery, vault", "林画廊库房", "CN", ("31.23", "121.47")),
        ],
        "products": [
            product(PAINTING, "Mira Solheim: Harbour, evening", "米拉·索尔海姆《港口，傍晚》",
                    "Oil on canvas, 120 × 160 cm.", "布面油画，120 × 160 厘米。"),
        ],
        "painting": PAINTING,
        "rooms": {"kastanie": ROOMS[KASTANIE], "museum": HALL},
        "loan": MUSEUM.transaction("poc", "LOAN-2014-3")["bizTransaction"],
        "on_loan": "2014-05-15",
        "right": {
            "alerts": [["humidity", PAINTING], ["light", PAINTING]],
            "origins": {"before": [WRONG_CANVAS], "after": [RIGHT_CANVAS]},
            "on_loan": {"before": [ROOMS[KASTANIE], kastanie], "after": [HALL, museum]},
            "provenance": [
                {"day": day, "holder": holder, "owner": owner}
                for day, holder, owner in (
                    ("2011-10-01", kastanie, kastanie),
                    ("2014-05-15", museum, kastanie),
                    ("2015-01-01", kastanie, kastanie),
                    ("2016-03-01", RESTORER.party, kastanie),
                    ("2018-01-01", kastanie, kastanie),
                    ("2020-01-01", linde, linde),
                    ("2021-01-01", linde, COLLECTOR),
                )
            ],
        },
    }  # fmt: skip


if __name__ == "__main__":
    main(make, Path(__file__).parent)
