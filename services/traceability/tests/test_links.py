"""Links that a merchant sets, takes away and looks at."""

from typing import Any

import pytest

from fenxiao.api.traceability.v1 import links_pb2 as pb
from fenxiao.errors import Refusal
from services.traceability.domain.links import VOCABULARY
from services.traceability.tests.conftest import PARENT, Traceability
from services.traceability.tests.test_resolver import BOTTLE, LOT, PRODUCT, link, set_links


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (link(target="javascript:alert(1)"), "INVALID_TARGET"),
        (link(target="//x.example/"), "INVALID_TARGET"),
        (link(target="https://user:x@x.example/"), "INVALID_TARGET"),
        (link(target="https://x.example/\r\nX: y"), "INVALID_TARGET"),
        (link(target="https:///x"), "INVALID_TARGET"),
        (link(target="https://x.example/" + "y" * 2000), "INVALID_TARGET"),
        (link("pip"), "INVALID_LINK_TYPE"),
        (link("gs1:"), "INVALID_LINK_TYPE"),
        (link(language="english please"), "INVALID_LANGUAGE"),
        (link(media_type="html"), "INVALID_MEDIA_TYPE"),
        (pb.Link(link_type="gs1:pip", target="https://x.example/"), "INVALID_TITLE"),
        (pb.Link(link_type="gs1:pip", target="https://x.example/", title_en="a\nb"), "INVALID_TITLE"),
    ],
)
async def test_links_that_cannot_be_set(trace: Traceability, wrong: pb.Link, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        await set_links(trace.harness, PRODUCT, link(target="https://x.example/right"), wrong)
    assert await trace.harness.recorded() == []


async def test_sets_that_cannot_be(trace: Traceability) -> None:
    for links, reason in (
        ([], "NO_LINKS"),
        ([link(), link()], "REPEATED_LINK"),
        ([link(is_default=True), link("gs1:recipeInfo", is_default=True)], "REPEATED_LINK"),
        ([link(target=f"https://x.example/{n}") for n in range(101)], "TOO_MANY_LINKS"),
    ):
        with pytest.raises(Refusal, match=reason):
            await set_links(trace.harness, PRODUCT, *links)
    for identifier, reason in (("urn:x:1", "INVALID_IDENTIFIER"), (f"{PRODUCT[:-1]}5", "WRONG_CHECK_DIGIT")):
        with pytest.raises(Refusal, match=reason):
            await set_links(trace.harness, identifier, link())


async def test_links_are_set_removed_and_listed(trace: Traceability) -> None:
    harness = trace.harness
    first = await set_links(harness, "urn:epc:class:lgtin:9521141.012345.OLIO-2025-11", link(), link("gs1:recipeInfo"))
    assert first.identifier == LOT
    assert first == await set_links(harness, LOT, link(), link("gs1:recipeInfo"))
    assert len(await harness.recorded()) == 1, "said twice, it is recorded once"
    await set_links(harness, PRODUCT, link())

    async def listed(**fields: Any) -> pb.ListLinksResponse:
        return await harness.query("ListLinks", pb.ListLinksRequest(parent=PARENT, **fields))

    assert [one.identifier for one in (await listed(identifier=BOTTLE)).link_sets] == [LOT, PRODUCT]
    page = await listed(page_size=1)
    assert [one.identifier for one in page.link_sets] == [PRODUCT]
    assert [one.identifier for one in (await listed(page_size=1, page_token=page.next_page_token)).link_sets] == [LOT]
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await listed(page_token="MQA")

    async def remove(*types: str) -> pb.LinkSet:
        request = pb.RemoveLinksRequest(parent=PARENT, identifier=LOT, link_types=types)
        return await harness.command("RemoveLinks", request)

    assert [one.link_type for one in (await remove("gs1:recipeInfo")).links] == [f"{VOCABULARY}pip"]
    assert list((await remove()).links) == []
    assert list((await remove()).links) == []
    assert len(await harness.recorded()) == 4
    assert [one.identifier for one in (await listed()).link_sets] == [PRODUCT]
    other = pb.ListLinksRequest(parent="programmes/other")
    assert list((await harness.query("ListLinks", other)).link_sets) == []
