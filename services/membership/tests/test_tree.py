"""The sponsor tree through the service: changes in time, and walks at any moment."""

import random
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.servicekit.times import to_timestamp
from services.membership.domain.tree import Link, with_link
from services.membership.tests.conftest import PARENT, Membership, day, new_member

Shape = list[tuple[int, str]]


def shape(nodes: list[pb.GetTreeResponse.Node]) -> Shape:
    return [(node.level, node.reference) for node in nodes]


async def family(shop: Membership) -> dict[str, str]:
    """1 above 2 and 3, 2 above 4, and 5 beside it all."""
    results = await shop.batch(
        [new_member("1"), new_member("2", "1", 2), new_member("3", "1", 3), new_member("4", "2", 4), new_member("5")]
    )
    return {str(number): result.name for number, result in enumerate(results, 1)}


async def test_depth_first_by_pages(shop: Membership) -> None:
    names = await family(shop)
    whole: Shape = [(0, "1"), (1, "2"), (2, "4"), (1, "3"), (0, "5")]
    for size in range(1, 7):
        assert shape(await shop.tree(page_size=size)) == whole
    nodes = await shop.tree()
    assert [node.children for node in nodes] == [2, 1, 0, 0, 0]
    assert [node.sponsor for node in nodes] == ["", names["1"], names["2"], names["1"], ""]


async def test_below_one_member_and_to_a_depth(shop: Membership) -> None:
    names = await family(shop)
    for size in (1, 2, 10):
        assert shape(await shop.tree(root=names["2"], page_size=size)) == [(0, "2"), (1, "4")]
        assert shape(await shop.tree(root=names["4"], page_size=size)) == [(0, "4")]
        assert shape(await shop.tree(root=names["1"], depth=1, page_size=size)) == [(0, "1"), (1, "2"), (1, "3")]
        assert shape(await shop.tree(depth=1, page_size=size)) == [(0, "1"), (1, "2"), (1, "3"), (0, "5")]


async def test_a_member_moves_from_a_moment_on(shop: Membership) -> None:
    names = await family(shop)
    answer = await shop.change_sponsor(names["2"], names["5"], 10)
    assert answer.sponsor == names["5"]
    assert (await shop.member(names["2"])).sponsor == names["5"]
    before: Shape = [(0, "1"), (1, "2"), (2, "4"), (1, "3"), (0, "5")]
    after: Shape = [(0, "1"), (1, "3"), (0, "5"), (1, "2"), (2, "4")]
    for moment, expected in ((9.999, before), (10, after), (100, after)):
        assert shape(await shop.tree(as_of=to_timestamp(day(moment)), page_size=2)) == expected
    assert shape(await shop.tree(as_of=to_timestamp(day(2.5)))) == [(0, "1"), (1, "2"), (0, "5")]
    assert shape(await shop.tree(as_of=to_timestamp(day(1)), root=names["2"])) == []
    (event,) = [e for e in await shop.harness.published() if isinstance(e, events_pb2.SponsorChanged)]
    assert event.effective_time.ToDatetime(day(0).tzinfo) == day(10)
    assert names["2"].endswith(event.member)


async def test_a_change_that_is_repeated_or_corrected(shop: Membership) -> None:
    names = await family(shop)
    await shop.change_sponsor(names["4"], names["1"], 10)
    await shop.change_sponsor(names["4"], names["1"], 10)
    assert (await shop.topics()).count("SponsorChanged") == 1
    await shop.change_sponsor(names["4"], names["5"], 10)
    assert (await shop.member(names["4"])).sponsor == names["5"]
    # Before a change that is known: holds until that.
    await shop.change_sponsor(names["4"], names["3"], 8)
    for moment, sponsor in ((7, "2"), (8, "3"), (9.9, "3"), (10, "5")):
        nodes = {node.name: node.sponsor for node in await shop.tree(as_of=to_timestamp(day(moment)))}
        assert nodes[names["4"]] == names[sponsor]


async def test_no_ring(shop: Membership) -> None:
    names = await family(shop)
    for sponsor in "124":
        with pytest.raises(Refusal, match="SPONSOR_CYCLE"):
            await shop.change_sponsor(names["1"], names[sponsor], 10)
    await shop.change_sponsor(names["5"], names["4"], 20)
    with pytest.raises(Refusal, match="SPONSOR_CYCLE"):
        await shop.change_sponsor(names["1"], names["5"], 10)
    with pytest.raises(Refusal, match="SPONSOR_JOINED_LATER"):
        await shop.change_sponsor(names["2"], names["3"], 2.5)
    with pytest.raises(Refusal, match="BEFORE_JOINING"):
        await shop.change_sponsor(names["4"], names["1"], 3)
    with pytest.raises(Refusal, match="MEMBER_NOT_FOUND"):
        await shop.change_sponsor(names["4"], f"{PARENT}/members/00000000-0000-4000-8000-000000000000", 30)
    with pytest.raises(Refusal, match="TIME_MISSING"):
        await shop.harness.command("ChangeSponsor", pb.ChangeSponsorRequest(name=names["4"], sponsor=names["1"]))
    assert (await shop.topics()).count("SponsorChanged") == 1


def walked(links: dict[str, tuple[Link, ...]], order: list[str], moment: datetime) -> Shape:
    """The tree of a moment, the plain way."""
    above = {who: next((k.sponsor for k in reversed(links[who]) if k.since <= moment), None) for who in order}

    def below(who: str | None, level: int) -> Shape:
        found: Shape = []
        for other in order:
            if (str(above[other].int) if above[other] else None) == who:  # pyright: ignore[reportOptionalMemberAccess]
                found += [(level, other), *below(other, level + 1)]
        return found

    return below(None, 0)


@pytest.mark.parametrize("seed", range(4))
async def test_any_tree_at_any_moment_by_pages_of_any_size(shop: Membership, seed: int) -> None:
    rng = random.Random(seed)
    order = [str(n) for n in range(1, 31)]
    sponsors = {who: rng.choice(["", *order[: int(who) - 1]]) for who in order}
    results = await shop.batch([new_member(who, sponsors[who]) for who in order])
    names = {who: result.name for who, result in zip(order, results, strict=True)}
    links: dict[str, tuple[Link, ...]] = {
        who: (Link(day(1), UUID(int=int(s)) if s else None),) for who, s in sponsors.items()
    }
    for _ in range(60):
        who, sponsor, since = rng.choice(order), rng.choice(order), rng.randrange(1, 9)
        with suppress(Refusal):
            await shop.change_sponsor(names[who], names[sponsor], since)
            links[who] = with_link(links[who], Link(day(since), UUID(int=int(sponsor))))
    for number in range(1, 10):
        moment = day(number) + timedelta(hours=rng.randrange(24))
        nodes = await shop.tree(as_of=to_timestamp(moment), page_size=rng.randrange(1, 12))
        assert shape(nodes) == walked(links, order, moment)


async def test_a_long_line_and_a_wide_family(shop: Membership) -> None:
    await shop.batch([new_member("0"), *(new_member(str(n), str(n - 1)) for n in range(1, 400))])
    await shop.batch([new_member(f"w{n}", "200") for n in range(450)])
    nodes = await shop.tree(page_size=90)
    assert len(nodes) == 850
    assert max(node.level for node in nodes) == 399
    assert next(node.children for node in nodes if node.reference == "200") == 451
    assert shape(nodes)[400:403] == [(201, "w0"), (201, "w1"), (201, "w2")]


async def test_tokens_that_are_not_ours(shop: Membership) -> None:
    for token in ("x", "MWE", "MWEgMCAwIDA"):
        with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
            await shop.harness.query("GetTree", pb.GetTreeRequest(parent=PARENT, page_token=token))
    with pytest.raises(Refusal, match="INVALID_DEPTH"):
        await shop.tree(depth=-1)
