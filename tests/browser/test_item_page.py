"""The page of a scanned item in a real browser, as wide as a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from fenxiao.api.traceability.v1 import goods_pb2, links_pb2, traceability_pb2
from fenxiao.client import Client
from libs.localnet.network import LocalNetwork
from tests.support.browser import CHROMIUM, Page, open_browser
from tests.support.shop import Shop

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine; install it, or name it in CHROMIUM"),
]

OLIVE_OIL = Path(__file__).parents[2] / "examples" / "olive_oil_lot" / "lot.jsonld"
LOT = "01/09521141123454/10/OLIO-2025-11"
MILL = "https://id.gs1.org/414/9521141000014"
SHOP = "https://id.gs1.org/414/9521999000075"

TOO_WIDE = """
[...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.outerHTML.slice(0, 200))
"""
SMALLEST = """
Math.min(...[...document.querySelectorAll('body *')]
    .filter(one => !one.closest('svg') && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => parseFloat(getComputedStyle(one).fontSize)))
"""
MAP = "(() => { const box = document.querySelector('svg').getBoundingClientRect(); return [box.width, box.height] })()"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def item(network: LocalNetwork) -> AsyncIterator[tuple[Client, str]]:
    """A programme whose oil is captured, and the address of the page about a lot of it."""
    async with Client.from_home(network.home.root) as client:
        shop = await Shop.open(client, network.endpoints, "scanned-oil")
        await client.traceability.Capture(
            traceability_pb2.CaptureRequest(parent=shop.parent, document=OLIVE_OIL.read_bytes())
        )
        for identifier, en, zh, country, north, east in (
            (MILL, "The mill at Impruneta", "因普鲁内塔榨油厂", "IT", "43.69", "11.25"),
            (SHOP, "The shop in Ghent", "根特商店", "BE", "51.05", "3.72"),
        ):
            place = links_pb2.PublicPlace(
                identifier=identifier, name_en=en, name_zh=zh, country=country, latitude=north, longitude=east
            )
            await client.traceability.SetPlace(links_pb2.SetPlaceRequest(parent=shop.parent, place=place))
        yield client, f"{network.endpoints.web['traceability']}/{shop.programme}/i/{LOT}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Page]:
    """A browser for all tests of this file."""
    async with open_browser() as page:
        yield page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en-GB,en", ["The mill at Impruneta", "No recall is known."]), ("zh-CN,zh", ["因普鲁内塔榨油厂", "未发现召回"])],
)
async def test_it_can_be_read_on_a_phone(
    item: tuple[Client, str], browser: Page, language: str, words: list[str], tmp_path: Path
) -> None:
    _, url = item
    browser.complaints.clear()
    await browser.show(url, width=360, height=740, language=language)
    text = await browser.value("document.body.innerText")
    assert [word for word in words if word not in text] == []
    assert await browser.value(TOO_WIDE) == []
    assert await browser.value("document.documentElement.scrollWidth <= innerWidth")
    assert await browser.value(SMALLEST) >= 12
    width, height = await browser.value(MAP)
    assert width > 300
    assert height > 100
    assert browser.complaints == [], "the browser refuses something of its own page's"
    await browser.picture(tmp_path / "page.png")


async def test_a_recall_shows_at_once(item: tuple[Client, str], browser: Page) -> None:
    client, url = item
    parent = "programmes/scanned-oil"
    await client.traceability.OpenRecall(
        goods_pb2.OpenRecallRequest(
            parent=parent, epc=f"https://id.gs1.org/{LOT}", reason=goods_pb2.RECALL_REASON_SAFETY
        )
    )
    await browser.show(url, width=360, height=740, language="en")
    assert "recalled" in (await browser.value("document.body.innerText")).lower()
    assert await browser.value(TOO_WIDE) == []
