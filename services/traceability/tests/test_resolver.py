"""The GS1 Digital Link resolver: where somebody is sent who asks for an identifier."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession
from yarl import URL

from fenxiao.api.traceability.v1 import links_pb2 as pb
from libs.servicekit.access import Access
from libs.servicekit.testing import Harness
from libs.servicekit.web import WebServer
from services.traceability.domain.links import DEFAULT, VOCABULARY
from services.traceability.tests.conftest import OLIVE_OIL, PARENT, Rest, document, event
from services.traceability.wiring import SERVICE

PRODUCT = "https://id.gs1.org/01/09521141123454"
LOT = f"{PRODUCT}/10/OLIO-2025-11"
BOTTLE = f"{LOT}/21/7"
PATH = "01/09521141123454/10/OLIO-2025-11"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def link(kind: str = "gs1:pip", target: str = "https://mill.example.com/oil", **fields: Any) -> pb.Link:
    return pb.Link(link_type=kind, target=target, title_en="About it", **fields)


async def set_links(harness: Harness, identifier: str, *links: pb.Link) -> pb.LinkSet:
    return await harness.command("SetLinks", pb.SetLinksRequest(parent=PARENT, identifier=identifier, links=links))


async def ask(rest: Rest, path: str, query: str = "", **headers: str) -> ClientResponse:
    url = URL(f"{rest.base}/olives/{path}{query}", encoded=True)
    answer = await rest.session.get(url, headers=headers, allow_redirects=False)
    await answer.read()
    return answer


async def test_an_item_is_sent_to_its_page(rest: Rest) -> None:
    await rest.done(await rest.capture(OLIVE_OIL))
    answer = await ask(rest, PATH)
    assert answer.status == 307
    assert answer.headers["Location"] == f"{rest.base}/olives/i/{PATH}"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert f'<{rest.base}/olives/{PATH}?linkType=linkset>; rel="linkset"' in answer.headers["Link"]
    assert (await ask(rest, "01/09521141123454")).status == 307, "a product of which only a lot is known"


async def test_serial_inherits_from_lot_and_lot_from_product(rest: Rest) -> None:
    await set_links(
        rest.harness,
        PRODUCT,
        link(target="https://x.example/product", is_default=True),
        link("gs1:recallStatus", "https://x.example/recall"),
    )
    await set_links(rest.harness, LOT, link(target="https://x.example/lot"))
    await set_links(rest.harness, f"{PRODUCT}/21/7", link(target="https://x.example/bottle"))

    async def target(path: str, kind: str) -> str:
        return (await ask(rest, path, f"?linkType={kind}")).headers["Location"]

    bottle = f"{PATH}/21/7"
    assert await target(bottle, "gs1:pip") == "https://x.example/bottle"
    assert await target(PATH, "gs1:pip") == "https://x.example/lot"
    assert await target(f"{PATH}/21/8", "gs1:pip") == "https://x.example/lot"
    assert await target("01/09521141123454/10/OTHER", "gs1:pip") == "https://x.example/product"
    assert await target(bottle, "gs1:recallStatus") == "https://x.example/recall"
    assert await target(bottle, "gs1:traceability") == f"{rest.base}/olives/i/{bottle}#journey"
    assert (await ask(rest, bottle)).headers["Location"] == "https://x.example/product", "the only default"


async def test_the_lot_of_a_serial_number_is_known_from_its_commissioning(rest: Rest) -> None:
    made = event(action="ADD", bizStep="commissioning", epcList=[f"{PRODUCT}/21/7"])
    made["@context"] = {"cbvmda": "urn:epcglobal:cbv:mda:"}
    made["ilmd"] = {"cbvmda:lotNumber": "OLIO-2025-11"}
    await rest.done(await rest.capture(document(made)))
    await set_links(rest.harness, LOT, link(target="https://x.example/lot"))
    for serial, target in (("7", "https://x.example/lot"), ("8", f"{rest.base}/olives/i/01/09521141123454/21/8")):
        answer = await ask(rest, f"01/09521141123454/21/{serial}", "?linkType=gs1:pip")
        assert answer.headers["Location"] == target
    page = await ask(rest, "i/01/09521141123454/21/7")
    assert "OLIO-2025-11" in await page.text()


async def test_the_best_language_and_media_type(rest: Rest) -> None:
    await set_links(
        rest.harness,
        PRODUCT,
        link(target="https://x.example/en", language="en", media_type="text/html", is_default=True),
        link(target="https://x.example/zh", language="zh-CN", media_type="text/html", is_default=True),
        link(target="https://x.example/zh.pdf", language="zh-CN", media_type="application/pdf"),
        link(target="https://x.example/any"),
    )

    async def target(languages: str, accept: str = "text/html", query: str = "?linkType=gs1:pip") -> str:
        answer = await ask(rest, "01/9521141123454", query, **{"Accept-Language": languages, "Accept": accept})
        return answer.headers["Location"].removeprefix("https://x.example/")

    assert await target("zh-CN,zh;q=0.9,en;q=0.8") == "zh"
    assert await target("zh") == "zh"
    assert await target("zh", "application/pdf") == "zh.pdf"
    assert await target("en-US,en;q=0.5") == "en"
    assert await target("fr") == "any"
    assert await target("zh", query="") == "zh"
    assert await target("fr", query="?linkType=gs1:pip&lang=zh") == "zh?lang=zh"


async def test_there_is_one_default(rest: Rest) -> None:
    english = link(target="https://x.example/en", language="en", is_default=True)
    await set_links(rest.harness, PRODUCT, english, link(target="https://x.example/zh", language="zh", is_default=True))
    body = await (await ask(rest, PATH, "?linkType=linkset")).json(content_type=None)
    found = {context["anchor"]: context for context in body["linkset"]}
    assert DEFAULT not in found[f"{rest.base}/olives/{PATH}"]
    product = found[f"{rest.base}/olives/01/09521141123454"]
    assert [one["href"] for one in product[DEFAULT]] == ["https://x.example/en"]
    assert len(product[f"{DEFAULT}Multi"]) == 2


async def test_several_that_suit_alike(rest: Rest) -> None:
    await set_links(rest.harness, PRODUCT, link(target="https://x.example/1"), link(target="https://x.example/2"))
    answer = await ask(rest, "01/09521141123454", "?linkType=gs1:pip")
    assert answer.status == 300
    (context,) = (await answer.json(content_type=None))["linkset"]
    assert [one["href"] for one in context[f"{VOCABULARY}pip"]] == ["https://x.example/1", "https://x.example/2"]


async def test_the_callers_query_is_passed_on(rest: Rest) -> None:
    await set_links(rest.harness, PRODUCT, link(target="https://x.example/?a=1#part", is_default=True))
    answer = await ask(rest, "01/09521141123454", "?linkType=gs1:pip&17=271231&x=a%2Fb&y=%E6%B2%B9")
    assert answer.headers["Location"] == "https://x.example/?a=1&17=271231&x=a%2Fb&y=%E6%B2%B9#part"


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("?linkType=linkset", "*/*", "application/linkset+json"),
        ("?linkType=all", "application/json", "application/json"),
        ("", "application/linkset+json", "application/linkset+json"),
        ("?linkType=all", "application/ld+json", "application/ld+json"),
        ("?linkType=linkset", HTML["Accept"], "text/html"),
    ],
)
async def test_the_set_of_links(rest: Rest, query: str, accept: str, kind: str) -> None:
    await set_links(
        rest.harness,
        PRODUCT,
        link(language="en", media_type="text/html"),
        link("https://x.example/types/a"),
    )
    answer = await ask(rest, f"{PATH}/21/7", query, Accept=accept)
    assert answer.status == 200
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    if kind == "text/html":
        assert "https://mill.example.com/oil" in await answer.text()
        return
    body = await answer.json(content_type=None)
    assert ("@context" in body) == (kind == "application/ld+json")
    page, product = body["linkset"]
    assert product["anchor"] == f"{rest.base}/olives/01/09521141123454"
    assert product[f"{VOCABULARY}pip"] == [
        {
            "href": "https://mill.example.com/oil",
            "title": "About it",
            "title*": [{"value": "About it", "language": "en"}],
            "type": "text/html",
            "hreflang": ["en"],
        }
    ]
    assert product["https://x.example/types/a"]
    assert DEFAULT not in product
    assert page["anchor"] == f"{rest.base}/olives/{PATH}/21/7"
    assert page[DEFAULT][0]["href"] == f"{rest.base}/olives/i/{PATH}/21/7"


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("01/09521141123455", 400, "WRONG_CHECK_DIGIT"),
        ("01/09521141123454/10/NONE", 404, "NO_SUCH_ITEM"),
        ("01/nonsense", 400, "INVALID_DIGITAL_LINK"),
        ("01/09521141123454/21/7/10/LOT", 400, "INVALID_DIGITAL_LINK"),
        ("01/09521141123454/99/7", 400, "INVALID_DIGITAL_LINK"),
        ("01/09521141123454/10/%00", 404, "NO_SUCH_ITEM"),
        ("01/09521141123454/DmFTyz", 400, "COMPRESSED_LINK"),
        ("AQnYUc1gmiERBhHBHxQAAAEhA", 400, "COMPRESSED_LINK"),
        ("01/09521141123454/10/" + "x" * 600, 400, "INVALID_DIGITAL_LINK"),
    ],
)
async def test_what_is_refused(rest: Rest, path: str, status: int, reason: str) -> None:
    for headers, kind in (({}, "application/problem+json"), (HTML, "text/html")):
        answer = await ask(rest, path, **headers)
        assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (status, kind)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        if not headers:
            assert (await answer.json(content_type=None))["title"] == reason


async def test_link_types_that_nobody_has_set(rest: Rest) -> None:
    await set_links(rest.harness, PRODUCT, link())
    for kind, status in (("gs1:recipeInfo", 404), ("nonsense", 400), ("javascript:alert(1)", 400)):
        assert (await ask(rest, "01/09521141123454", f"?linkType={kind}")).status == status
    older = await ask(rest, "01/09521141123454", "?linkType=https://gs1.org/voc/pip")
    assert older.headers["Location"] == "https://mill.example.com/oil"


async def test_what_a_resolver_says_of_itself(rest: Rest) -> None:
    answer = await ask(rest, ".well-known/gs1resolver")
    body = await answer.json()
    assert body["resolverRoot"] == f"{rest.base}/olives"
    assert "01" in body["supportedPrimaryKeys"]
    async with rest.session.options(f"{rest.base}/olives/{PATH}") as preflight:
        assert preflight.status == 204
        assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    async with rest.session.head(f"{rest.base}/olives/01/09521141123455") as head:
        assert head.status == 400


@pytest.fixture
async def domain(tmp_path: Path) -> AsyncIterator[tuple[Harness, ClientSession, str]]:
    settings = {"resolver_domains": "https://id.mill.example=olives, https://id.other.example=phones"}
    async with Harness(SERVICE, tmp_path, **settings) as harness:
        assert SERVICE.site
        server = WebServer(harness.running, Access({"keys": []}), SERVICE.site)
        await server.start("127.0.0.1:0")
        async with ClientSession() as session:
            yield harness, session, f"http://{server.addresses[0]}"
        await server.stop()


async def test_a_domain_of_one_programme(domain: tuple[Harness, ClientSession, str]) -> None:
    harness, session, base = domain
    await set_links(harness, PRODUCT, link("gs1:recipeInfo"))
    for host, status in (("id.mill.example", 307), ("id.other.example", 404), ("unknown.example", 404), ("a b", 400)):
        async with session.get(f"{base}/{PATH}", headers={"Host": host}, allow_redirects=False) as answer:
            assert answer.status == status, host
            if status == 307:
                assert answer.headers["Location"] == f"https://id.mill.example/i/{PATH}"
    async with session.get(f"{base}/.well-known/gs1resolver", headers={"Host": "ID.mill.example"}) as answer:
        assert (await answer.json())["resolverRoot"] == "https://id.mill.example"


async def test_a_serial_number_that_looks_like_a_file(rest: Rest) -> None:
    await set_links(rest.harness, PRODUCT, link())
    assert (await ask(rest, "01/09521141123454/21/qr.svg")).status == 307
    assert (await ask(rest, "01/09521141123454/21/qr.svg/qr.svg")).status == 200
