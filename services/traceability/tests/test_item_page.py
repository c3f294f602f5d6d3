"""What somebody sees who scans an item, and what nobody sees."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from yarl import URL

from fenxiao.api.traceability.v1 import goods_pb2, links_pb2
from fenxiao.epcis import Vocabulary
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from services.traceability.pages.texts import STEPS, TEXTS
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, Rest, Traceability, document, event
from services.traceability.tests.test_resolver import HTML, PRODUCT, link, set_links

PATH = "01/09521141123454/10/OLIO-2025-11"
LOT = f"https://id.gs1.org/{PATH}"
MILL = "https://id.gs1.org/414/9521141000014"
SHOP = "https://id.gs1.org/414/9521999000075"
_VOID = {"meta", "path", "circle", "br", "link"}


class Seen(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, self._open
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += f" {data}"

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def page(rest: Rest, path: str = PATH, query: str = "", status: int = 200, **headers: str) -> Seen:
    url = URL(f"{rest.base}/olives/i/{path}{query}", encoded=True)
    async with rest.session.get(url, headers=headers) as answer:
        html = await answer.text()
        assert answer.status == status, html
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    seen = Seen(html)
    assert not seen.all("script")
    assert not [
        name for _, attributes in seen.elements for name in attributes if name.startswith("on") or name == "style"
    ]
    return seen


async def name_things(harness: Harness) -> None:
    for identifier, en, zh, country, north, east in (
        (MILL, "The mill at Impruneta", "因普鲁内塔榨油厂", "IT", "43.69", "11.25"),
        (SHOP, "The shop in Ghent", "根特商店", "BE", "51.05", "3.72"),
    ):
        place = links_pb2.PublicPlace(
            identifier=identifier, name_en=en, name_zh=zh, country=country, latitude=north, longitude=east
        )
        await harness.command("SetPlace", links_pb2.SetPlaceRequest(parent=PARENT, place=place))
    product = links_pb2.PublicProduct(
        identifier=PRODUCT, name_en="Extra virgin <olive oil>", name_zh="特级初榨橄榄油", text_en="Half a litre."
    )
    await harness.command("SetProduct", links_pb2.SetProductRequest(parent=PARENT, product=product))


async def test_a_bottle_of_oil(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    await name_things(rest.harness)
    await set_links(rest.harness, LOT, link(target="https://mill.example.com/oil"))
    seen = await page(rest)
    assert seen.all("html") == [{"lang": "en"}]
    assert "Extra virgin <olive oil>" in seen.text
    for text in (
        "OLIO-2025-11", "Half a litre.", "Italy", "31 May 2027", "Made and labelled", "The mill at Impruneta, Italy",
        "8 Nov 2025, 16:40 (UTC+01:00)", "The shop in Ghent, Belgium", "20 Dec 2025, 17:25",
        "a place that is not public", "9.5 to 17.0 °C", "No recall is known.", "fenxiao epcis hash", "About it",
    ):  # fmt: skip
        assert text in seen.text, text
    links = [one["href"] for one in seen.all("a")]
    assert "https://organic.example.org/certificates/IT-2025-0815" in links
    assert "https://mill.example.com/oil" in links
    assert len(re.findall(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", seen.text)) == 7
    assert len([one for one in seen.all("section") if one["aria-labelledby"]]) == len(seen.all("section"))
    assert [one["role"] for one in seen.all("svg")] == ["img"]
    assert len(seen.all("circle")) == 2
    assert seen.all("time")[0]["datetime"] == "2025-11-08T16:40:00+01:00"


async def test_the_same_in_chinese(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    await name_things(rest.harness)
    chinese: dict[str, Any] = {"Accept-Language": "zh-CN,zh;q=0.9"}
    for seen in (await page(rest, **chinese), await page(rest, query="?lang=zh")):
        assert seen.all("html") == [{"lang": "zh"}]
        for text in (
            "特级初榨橄榄油",
            "生产赋码",
            "因普鲁内塔榨油厂（意大利）",
            "2025年11月8日 16:40",
            "2027年5月31日",
            "未发现召回",
        ):
            assert text in seen.text, text
        assert {"lang": "en"} in seen.all("p"), "the text is there in English only, and says so"
    assert (await page(rest, query="?lang=fr")).all("html") == [{"lang": "en"}]


async def test_nothing_of_partners_is_shown(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    await name_things(rest.harness)
    seen = await page(rest)
    shown = f"{[one for one in seen.elements if one[0] != 'path']} {seen.text}"
    shown = re.sub(r"ni:///sha-256;[0-9a-f]+", "", shown)
    for secret in (
        "PO-2207", "DA-1131", "INV-48812", "600", "480", "9521321", "9521999", "0.21 %", "Frantoio", "LOGGER", "414/",
        "laboratory",
    ):  # fmt: skip
        assert secret not in shown, secret


async def test_what_it_was_made_of_and_what_carried_it(rest: Rest) -> None:
    olives, oil, pallet = "urn:epc:class:lgtin:9521141.012346.GROVE-3", LOT, "urn:epc:id:sscc:9521141.1234567890"

    def at(day: int, **fields: Any) -> dict[str, Any]:
        made = event(eventTime=f"2025-11-{day:02}T12:00:00+01:00", **fields)
        del made["epcList"]
        return {key: value for key, value in made.items() if value is not None}

    geo = {"id": "geo:43.6,11.3"}
    picked = {"quantityList": [{"epcClass": olives, "quantity": 5}]}
    grove = at(1, action="ADD", bizStep="commissioning", readPoint=geo, **picked)
    late = at(9, bizStep="shipping", readPoint={"id": MILL}, **picked)
    pressing = at(
        3, type="TransformationEvent", action=None, inputQuantityList=[{"epcClass": olives}],
        outputQuantityList=[{"epcClass": oil, "quantity": 9}], readPoint={"id": MILL},
    )  # fmt: skip
    packing = {"type": "AggregationEvent", "parentID": pallet, "childQuantityList": [{"epcClass": oil, "quantity": 9}]}
    on = at(5, **packing, action="ADD")
    ship = {**at(6, bizStep="departing", readPoint={"id": SHOP}), "epcList": [pallet]}
    off = at(7, **packing, action="DELETE", bizStep="unpacking")
    empty = {**at(8, bizStep="loading"), "epcList": [pallet]}
    await rest.done(await rest.capture(document(grove, late, pressing, on, ship, off, empty)))
    await name_things(rest.harness)
    seen = await page(rest)
    journey = seen.text[seen.text.index("Journey") : seen.text.index("Map")]
    names = {name for name, _ in STEPS.values() if name in journey}
    assert names == {"Departed", "Made", "Made and labelled", "Packed", "Unpacked"}
    assert "(what it is made of)" in journey
    assert "Departed (what carried it) The shop in Ghent, Belgium" in journey
    assert len(seen.all("circle")) >= 2, "the grove by its coordinates, and the shop"
    assert "43.6" not in seen.text
    # A bottle of the lot shows the way of the lot.
    bottle = await page(rest, f"{PATH}/21/7")
    assert "(the whole lot)" in bottle.text


async def test_long_journeys_are_shown_in_part(rest: Rest) -> None:
    goods = {"quantityList": [{"epcClass": LOT, "quantity": 1}], "epcList": []}
    moved = [event(n, **goods, bizStep="receiving") for n in range(58)]
    await rest.done(await rest.capture(document(*moved)))
    seen = await page(rest)
    assert TEXTS["journey_short"][0] in seen.text
    minutes = [int(one["datetime"][14:16]) for one in seen.all("time")]
    assert minutes == [*range(20), *range(38, 58)]


async def test_an_item_that_nobody_has_reported(rest: Rest) -> None:
    await name_things(rest.harness)
    seen = await page(rest, "01/09521141123454/21/99")
    assert TEXTS["unreported"][0] in seen.text
    assert TEXTS["journey_empty"][0] in seen.text
    assert TEXTS["journey_product"][0] in (await page(rest, "01/09521141123454")).text


async def test_what_is_unknown_or_wrong(rest: Rest) -> None:
    for path, status, chinese in (
        (PATH, 404, "没有关于此商品的任何记录"),
        ("01/09521141123455", 400, "校验位不对"),
        ("01/%3Cscript%3E", 400, "不是 GS1 数字链接"),
    ):
        seen = await page(rest, path, status=status, **HTML)
        assert chinese in seen.text
        assert any(one.get("lang") == "zh" for one in seen.all("p"))


async def test_recalls_are_shown_until_they_are_closed(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    request = goods_pb2.OpenRecallRequest(parent=PARENT, epc=LOT, reason=goods_pb2.RECALL_REASON_SAFETY)
    notice = await rest.harness.command("OpenRecall", request)
    for path in (PATH, f"{PATH}/21/7"):
        seen = await page(rest, path)
        assert TEXTS["recall_yes"][0] in seen.text
        assert "Reason: safety" in seen.text
        assert [one for one in seen.all("p") if one.get("role") == "alert"]
    await rest.harness.command("CloseRecall", goods_pb2.CloseRecallRequest(name=notice.name))
    assert TEXTS["recall_no"][0] in (await page(rest)).text


async def test_recalls_that_events_tell_of(rest: Rest) -> None:
    goods = {"quantityList": [{"epcClass": LOT, "quantity": 1}], "epcList": []}
    await rest.done(await rest.capture(document(event(1, **goods, disposition="recalled"))))
    assert TEXTS["recall_yes"][0] in (await page(rest)).text
    over = event(2, **goods, persistentDisposition={"unset": ["recalled"]})
    await rest.done(await rest.capture(document(over)))
    assert TEXTS["recall_no"][0] in (await page(rest)).text


async def test_events_declared_erroneous_are_not_shown(rest: Rest) -> None:
    wrong = json.loads(OLIVE_OIL)
    (first, *_) = wrong["epcisBody"]["eventList"]
    declared = {**first, "errorDeclaration": {"declarationTime": "2026-01-01T00:00:00Z"}}
    wrong["epcisBody"]["eventList"].append(declared)
    await rest.done(await rest.capture(json.dumps(wrong).encode()))
    seen = await page(rest)
    assert "Made and labelled" not in seen.text
    assert len(seen.all("time")) == 6


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"identifier": "somewhere"}, "INVALID_IDENTIFIER"),
        ({"identifier": "https://id.gs1.org/414/9521141000015"}, "WRONG_CHECK_DIGIT"),
        ({"name_en": ""}, "INVALID_NAME_TEXT"),
        ({"name_en": "a\nb"}, "INVALID_NAME_TEXT"),
        ({"country": "Italy"}, "INVALID_COUNTRY"),
        ({"latitude": "43"}, "INVALID_COORDINATES"),
        ({"latitude": "91", "longitude": "0"}, "INVALID_COORDINATES"),
        ({"latitude": "NaN", "longitude": "0"}, "INVALID_COORDINATES"),
    ],
)
async def test_places_that_cannot_be(trace: Traceability, fields: dict[str, str], reason: str) -> None:
    place = links_pb2.PublicPlace(**{"identifier": MILL, "name_en": "The mill", **fields})
    with pytest.raises(Refusal, match=reason):
        await trace.harness.command("SetPlace", links_pb2.SetPlaceRequest(parent=PARENT, place=place))


async def test_names_are_listed(trace: Traceability) -> None:
    await name_things(trace.harness)
    await name_things(trace.harness)
    assert len(await trace.harness.recorded()) == 3, "said twice, it is recorded once"
    request = links_pb2.ListPlacesRequest(parent=PARENT, page_size=1)
    first = await trace.harness.query("ListPlaces", request)
    assert [one.identifier for one in first.places] == [MILL]
    request.page_token = first.next_page_token
    second = await trace.harness.query("ListPlaces", request)
    assert [(one.identifier, one.latitude) for one in second.places] == [(SHOP, "51.05")]
    products = await trace.harness.query("ListProducts", links_pb2.ListProductsRequest(parent=PARENT))
    assert [one.name_zh for one in products.products] == ["特级初榨橄榄油"]
    product = links_pb2.PublicProduct(identifier=PRODUCT, name_en="x", text_en="y" * 2001)
    with pytest.raises(Refusal, match="INVALID_TEXT"):
        await trace.harness.command("SetProduct", links_pb2.SetProductRequest(parent=PARENT, product=product))


def test_every_step_has_words() -> None:
    assert set(STEPS) == Vocabulary.BIZ_STEP.words
