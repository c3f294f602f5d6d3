"""Places: who stands where when a programme has a placement tree, and that nobody is ever moved."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.api.membership.v1 import placement_pb2 as placement
from fenxiao.errors import Refusal
from fenxiao.plans.trees.placement import Place, PlacementTree, Spill, place
from libs.eventlog import Tx
from libs.servicekit.times import to_timestamp
from services.membership.domain.events import MemberEnrolled, WishedPlace
from services.membership.tests.conftest import PARENT, START, Membership, day, new_member, open_harness
from services.membership.views.placements import Trees
from services.membership.views.programmes import find_programme

BINARY = placement.PlacementRule(width=2, spill=placement.SPILL_WEAKER)
TAKEN, REPEATED = common_pb2.OUTCOME_TAKEN, common_pb2.OUTCOME_REPEATED
Wish = placement.PlacementWish
ROOT_AND_TWO = [("r", ""), ("a", "r"), ("b", "r")]


@pytest.fixture
async def binary(tmp_path: Path) -> AsyncIterator[Membership]:
    """A programme whose members stand in a binary."""
    async with open_harness(tmp_path) as harness:
        membership = Membership(harness, tmp_path)
        await membership.create_programme("shop", BINARY)
        yield membership


async def set_rule(shop: Membership, width: int, spill: placement.Spill.ValueType) -> pb.Programme:
    request = pb.SetPlacementRuleRequest(name=PARENT, placement=placement.PlacementRule(width=width, spill=spill))
    return await shop.harness.command("SetPlacementRule", request)


async def put(shop: Membership, name: str, since: float = 5, **wish: Any) -> pb.Member:
    request = pb.PlaceMemberRequest(
        name=name, placement=Wish(**wish) if wish else None, effective_time=to_timestamp(day(since))
    )
    return await shop.harness.command("PlaceMember", request)


async def places(shop: Membership) -> dict[str, tuple[str, int]]:
    """Parent and leg by reference."""
    listed: pb.ListMembersResponse = await shop.harness.query("ListMembers", pb.ListMembersRequest(parent=PARENT))
    names = {member.name: member.reference for member in listed.members}
    return {
        member.reference: (names.get(member.place.parent, ""), member.place.leg)
        for member in listed.members
        if member.HasField("place")
    }


def outcomes(results: list[common_pb2.ItemResult]) -> list[Any]:
    return [result.problem.reason or result.outcome for result in results]


# --- the rule


async def test_a_programme_has_a_rule_from_the_start(binary: Membership) -> None:
    shown = await binary.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert shown.placement == BINARY
    assert await binary.topics() == ["ProgrammeCreated", "PlacementRuleSet"]


async def test_or_it_is_set_later_and_for_good(shop: Membership) -> None:
    shown = await shop.harness.query("GetProgramme", pb.GetProgrammeRequest(name=PARENT))
    assert not shown.HasField("placement")
    for _ in range(2):  # the same again changes nothing
        answer = await set_rule(shop, 3, placement.SPILL_BALANCED)
        assert (answer.placement.width, answer.placement.spill) == (3, placement.SPILL_BALANCED)
    assert await shop.topics() == ["ProgrammeCreated", "PlacementRuleSet"]
    *_, told = await shop.harness.published()
    assert told == events_pb2.PlacementRuleSet(width=3, spill=placement.SPILL_BALANCED)
    for width, spill in ((2, placement.SPILL_BALANCED), (3, placement.SPILL_LEFT)):
        with pytest.raises(Refusal, match="PLACEMENT_RULE_FIXED"):
            await set_rule(shop, width, spill)


@pytest.mark.parametrize(
    ("width", "spill", "reason"),
    [
        (1, placement.SPILL_LEFT, "INVALID_WIDTH"),
        (33, placement.SPILL_LEFT, "INVALID_WIDTH"),
        (2, placement.SPILL_UNSPECIFIED, "INVALID_SPILL"),
    ],
)
async def test_rules_that_are_none(shop: Membership, width: int, spill: placement.Spill.ValueType, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        await set_rule(shop, width, spill)
    assert caught.value.reason == reason
    with pytest.raises(Refusal) as caught:
        await shop.create_programme("other", placement.PlacementRule(width=width, spill=spill))
    assert caught.value.reason == reason


# --- joining


async def test_members_are_placed_when_they_join(binary: Membership) -> None:
    results = await binary.batch([new_member("r"), *(new_member(str(n), "r", 2) for n in range(6))])
    assert outcomes(results) == [TAKEN] * 7
    assert await places(binary) == {
        "r": ("", -1),
        "0": ("r", 0),
        "1": ("r", 1),
        "2": ("0", 0),
        "3": ("1", 0),
        "4": ("0", 1),
        "5": ("1", 1),
    }
    shown = await binary.member(results[1].name)
    assert shown.place.parent == results[0].name
    assert shown.place.effective_time.ToDatetime(START.tzinfo) == day(2)
    assert shown.place.choice == placement.PLACEMENT_CHOICE_RULE
    _, _, _, _, told, *_ = await binary.harness.published()
    assert told == events_pb2.MemberEnrolled(
        member=shown.name.rpartition("/")[2],
        sponsor=results[0].name.rpartition("/")[2],
        join_time=to_timestamp(day(2)),
        payee=shown.payee,
    )


async def test_a_leg_and_a_place_can_be_asked_for(binary: Membership) -> None:
    root = await binary.enrol("r")
    await binary.batch([new_member("a", "r"), new_member("b", "r")])
    await binary.enrol("c", "r", placement=Wish(leg=1))
    await binary.enrol("d", "r", placement=Wish(leg=1))
    await binary.enrol("e", "d", placement=Wish(parent_reference="a", leg=1))
    await binary.enrol("f", "d", placement=Wish(parent=root.name))  # by spill-over from there
    await binary.enrol("g", "d", placement=Wish())  # nothing is asked for
    assert await places(binary) == {
        "r": ("", -1),
        "a": ("r", 0),
        "b": ("r", 1),
        "c": ("b", 1),
        "d": ("c", 1),
        "e": ("a", 1),
        "f": ("a", 0),
        "g": ("d", 0),
    }
    placed = [event for event in await binary.harness.published() if isinstance(event, events_pb2.MemberPlaced)]
    rule, leg, parent = (
        placement.PLACEMENT_CHOICE_RULE,
        placement.PLACEMENT_CHOICE_LEG,
        placement.PLACEMENT_CHOICE_PARENT,
    )
    assert [event.choice for event in placed] == [rule, rule, rule, leg, leg, parent, parent, rule]


async def test_what_cannot_be_is_refused_and_nobody_enrolled(binary: Membership) -> None:
    await binary.batch([new_member("r"), new_member("a", "r")])
    wishes: list[tuple[str, placement.PlacementWish, str]] = [
        ("r", Wish(parent_reference="r", leg=0), "PLACE_TAKEN"),
        ("r", Wish(parent_reference="r", leg=2), "LEG_BEYOND_WIDTH"),
        ("r", Wish(leg=-1), "LEG_BEYOND_WIDTH"),
        ("r", Wish(parent_reference="x", leg=1), "UNKNOWN_PARENT"),
        ("r", Wish(parent=f"{PARENT}/members/{'0' * 8}-0000-4000-8000-{'0' * 12}"), "PARENT_NOT_PLACED"),
        ("r", Wish(parent="programmes/other/members/x"), "OTHER_PROGRAMME"),
        ("", Wish(leg=1), "LEG_WITHOUT_SPONSOR"),
    ]
    results = await binary.batch(
        [new_member(str(n), sponsor, placement=wish) for n, (sponsor, wish, _) in enumerate(wishes)]
    )
    assert outcomes(results) == [reason for _, _, reason in wishes]
    assert (await binary.topics()).count("MemberEnrolled") == 2
    await binary.enrol("b", "r")
    assert (await places(binary))["b"] == ("r", 1)


async def test_without_a_rule_nobody_is_placed_and_no_place_can_be_asked_for(shop: Membership) -> None:
    member = await shop.enrol("r")
    assert not member.HasField("place")
    for wish in (Wish(leg=0), Wish(parent_reference="r", leg=0)):
        with pytest.raises(Refusal, match="NO_PLACEMENT_RULE"):
            await shop.enrol("a", "r", placement=wish)
    with pytest.raises(Refusal, match="NO_PLACEMENT_RULE"):
        await put(shop, member.name)


async def test_who_joined_before_the_parent_had_the_place_is_there_as_soon_as_that_one(binary: Membership) -> None:
    await binary.batch([new_member("r", joined=1), new_member("a", "r", 9), new_member("b", "r", 8)])
    late = await binary.enrol("c", "r", 3)  # reported late; spills over to below who came later
    assert await places(binary) == {"r": ("", -1), "a": ("r", 0), "b": ("r", 1), "c": ("a", 0)}
    assert late.place.effective_time.ToDatetime(START.tzinfo) == day(9)


async def test_the_same_enrolment_again_changes_nothing(binary: Membership) -> None:
    members = [
        new_member("r"),
        new_member("a", "r"),
        new_member("b", "r", placement=Wish(leg=0)),
        new_member("c", "r", placement=Wish(parent_reference="a", leg=1)),
    ]
    first = await binary.batch(members)
    before = await binary.topics()
    again = await binary.batch(members)
    assert outcomes(again) == [REPEATED] * 4
    assert [result.name for result in again] == [result.name for result in first]
    assert await binary.topics() == before
    for wish in (None, Wish(leg=1), Wish(parent_reference="a", leg=0)):
        with pytest.raises(Refusal, match="MEMBER_DIFFERS") as caught:
            await binary.enrol("b", "r", placement=wish)
        assert caught.value.field == "placement"


# --- who was enrolled before


async def test_members_of_before_are_placed_one_by_one(shop: Membership) -> None:
    results = await shop.batch([new_member("r"), new_member("a", "r", 2), new_member("b", "a", 3)])
    r, a, b = (result.name for result in results)
    await set_rule(shop, 2, placement.SPILL_LEFT)
    await shop.enrol("c", "a", 4)  # the sponsor is not placed
    assert await places(shop) == {}
    with pytest.raises(Refusal, match="SPONSOR_NOT_PLACED"):
        await put(shop, b)
    with pytest.raises(Refusal, match="SPONSOR_NOT_PLACED"):
        await shop.enrol("d", "a", 4, placement=Wish(leg=1))
    answer = await put(shop, r, 6)
    assert answer.place.effective_time.ToDatetime(START.tzinfo) == day(6)
    with pytest.raises(Refusal, match="PARENT_PLACED_LATER"):
        await put(shop, a, 5)
    assert (await put(shop, a, 6)).place.parent == r
    assert (await put(shop, b, 6, parent=r, leg=1)).place.choice == placement.PLACEMENT_CHOICE_PARENT
    await shop.enrol("e", "b", 7)
    assert await places(shop) == {"r": ("", -1), "a": ("r", 0), "b": ("r", 1), "e": ("b", 0)}


async def test_nobody_is_moved(binary: Membership) -> None:
    root = await binary.enrol("r")
    a = await binary.enrol("a", "r", 2)
    events = len(await binary.topics())
    for wish in ({}, {"parent": root.name}, {"parent_reference": "r", "leg": 0}, {"leg": 0}):
        assert await put(binary, a.name, 2, **wish) == a
    assert len(await binary.topics()) == events
    for since, wish in ((2, {"leg": 1}), (2, {"parent": root.name, "leg": 1}), (3, {})):
        with pytest.raises(Refusal, match="ALREADY_PLACED"):
            await put(binary, a.name, since, **wish)


async def test_times_of_places(shop: Membership) -> None:
    member = await shop.enrol("r", joined=5)
    await set_rule(shop, 2, placement.SPILL_LEFT)
    for since, reason in ((4.9, "BEFORE_JOINING"), (100_000, "PLACED_IN_FUTURE")):
        with pytest.raises(Refusal) as caught:
            await put(shop, member.name, since)
        assert caught.value.reason == reason
    with pytest.raises(Refusal, match="TIME_MISSING"):
        await shop.harness.command("PlaceMember", pb.PlaceMemberRequest(name=member.name))


async def test_who_is_placed_later_goes_below_the_sponsor_of_that_time(shop: Membership) -> None:
    results = await shop.batch([new_member("r"), new_member("s"), new_member("a", "r", 2), new_member("b", "r", 2)])
    r, s, a, b = (result.name for result in results)
    await set_rule(shop, 2, placement.SPILL_BALANCED)
    await shop.change_sponsor(a, s, 10)
    await shop.change_sponsor(b, s, 10)
    for name in (r, s):
        await put(shop, name, 5)
    assert (await put(shop, a, 9)).place.parent == r
    assert (await put(shop, b, 10)).place.parent == s
    # The sponsor changes, the place does not.
    await shop.change_sponsor(b, r, 11)
    assert (await shop.member(b)).place.parent == s


async def test_members_of_before_are_placed_by_the_batch(shop: Membership) -> None:
    results = await shop.batch([new_member(reference, sponsor) for reference, sponsor in ROOT_AND_TWO])
    r, a, b = (result.name for result in results)
    await set_rule(shop, 2, placement.SPILL_LEFT)
    since, item = to_timestamp(day(5)), pb.BatchPlaceMembersRequest.Item

    async def send() -> list[Any]:
        items = [
            item(name=b, effective_time=since),  # the sponsor comes later
            item(name=r, effective_time=since),
            item(name=a, effective_time=since, placement=Wish(parent_reference="r", leg=1)),
            item(name=b, effective_time=since, placement=Wish(parent=a)),
            item(name=b, effective_time=since, placement=Wish(leg=1)),
            item(name=a),
            item(name=a.replace("shop", "other"), effective_time=since),
        ]
        request = pb.BatchPlaceMembersRequest(parent=PARENT, placements=items)
        return outcomes(list((await shop.harness.command("BatchPlaceMembers", request)).results))

    refused = ["ALREADY_PLACED", "TIME_MISSING", "OTHER_PROGRAMME"]
    assert await send() == ["SPONSOR_NOT_PLACED", TAKEN, TAKEN, TAKEN, *refused]
    assert await places(shop) == {"r": ("", -1), "a": ("r", 1), "b": ("a", 0)}
    # The first asks for nothing, which the place satisfies that it has by now.
    assert await send() == [REPEATED, REPEATED, REPEATED, REPEATED, *refused]
    assert (await shop.topics()).count("MemberPlaced") == 3
    request = pb.BatchPlaceMembersRequest(parent=PARENT, placements=[item(name=r)] * 501)
    with pytest.raises(Refusal, match="BATCH_TOO_LARGE"):
        await shop.harness.command("BatchPlaceMembers", request)


async def test_the_tree_is_listed_parents_first(binary: Membership) -> None:
    rng = random.Random(5)
    await binary.batch([new_member("0"), *(new_member(str(n), str(rng.randrange(n))) for n in range(1, 60))])
    found: list[pb.ListPlacementsResponse.Placement] = []
    token = ""
    while True:
        request = pb.ListPlacementsRequest(parent=PARENT, page_size=25, page_token=token)
        page: pb.ListPlacementsResponse = await binary.harness.query("ListPlacements", request)
        found += page.placements
        token = page.next_page_token
        if not token:
            break
    names = {one.name: one.reference for one in found}
    assert {one.reference: (names.get(one.place.parent, ""), one.place.leg) for one in found} == await places(binary)
    order = [one.name for one in found]
    assert all(not one.place.parent or order.index(one.place.parent) < order.index(one.name) for one in found)
    assert [one.place for one in found if one.name == order[7]] == [(await binary.member(order[7])).place]
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await binary.harness.query("ListPlacements", pb.ListPlacementsRequest(parent=PARENT, page_token="MXh4"))
    with pytest.raises(Refusal, match="PROGRAMME_NOT_FOUND"):
        await binary.harness.query("ListPlacements", pb.ListPlacementsRequest(parent="programmes/nowhere"))


async def test_without_a_rule_there_is_no_tree(shop: Membership) -> None:
    await shop.enrol("r")
    page: pb.ListPlacementsResponse = await shop.harness.query(
        "ListPlacements", pb.ListPlacementsRequest(parent=PARENT)
    )
    assert (list(page.placements), page.next_page_token) == ([], "")


# --- the tree in memory follows the table


async def kept(shop: Membership) -> list[Any]:
    """What the tree in memory says."""

    def work(tx: Tx) -> list[Any]:
        programme = find_programme(tx, "shop")
        assert programme is not None
        assert programme.placement is not None
        return list(shop.harness.running.use(Trees).tree(tx, "shop", programme.placement))

    return await shop.harness.log.write(work)


async def stored(shop: Membership) -> list[Any]:
    rows = await shop.harness.log.read(
        lambda reader: reader.all("SELECT member, parent, leg FROM view_placements ORDER BY number")
    )
    return [tuple(row) for row in rows]


async def test_what_is_taken_back_is_taken_out_of_the_tree(binary: Membership) -> None:
    await binary.batch([new_member("r"), *(new_member(f"a{n}", "r") for n in range(20))])
    before = await places(binary)
    checked = await binary.batch([new_member(f"b{n}", "r") for n in range(30)], validate_only=True)
    assert outcomes(checked) == [TAKEN] * 30
    assert await places(binary) == before
    # Other members on the positions of those that were taken back.
    await binary.batch([new_member(f"c{n}", f"a{n % 20}") for n in range(30)])
    assert [(one.member, one.parent, one.leg) for one in await kept(binary)] == await stored(binary)
    assert len(await places(binary)) == 51


async def test_the_tree_is_what_one_made_of_all_events_would_be(binary: Membership) -> None:
    rng = random.Random(3)
    await binary.enrol("0")
    for start in range(1, 200, 20):
        members = [new_member(str(n), str(rng.randrange(n))) for n in range(start, start + 20)]
        for member in members[::4]:
            member.placement.leg = rng.randrange(3)  # the last one is beyond the width
        if rng.random() < 0.5:
            await binary.batch(members, validate_only=True)
        await binary.batch(members)
    again = PlacementTree(2)
    enrolled: dict[Any, MemberEnrolled] = {}
    for recorded in await binary.harness.recorded():
        event = recorded.event
        if isinstance(event, MemberEnrolled):
            enrolled[event.member] = event
            who, wish = event, event.wish or WishedPlace()
            sponsor = str(who.sponsor)
            spot = place(again, sponsor, Spill.WEAKER, wish.leg) if who.sponsor and sponsor in again else None
            again.put(str(who.member), spot, who.join_time)
    assert list(again) == await kept(binary)
    assert [(one.member, one.parent, one.leg) for one in again] == await stored(binary)


async def test_concurrent_enrolments_take_different_places(binary: Membership) -> None:
    await binary.enrol("r")
    requests = [
        pb.EnrolMemberRequest(parent=PARENT, member=new_member(str(n), "r", placement=Wish(leg=0) if n % 2 else None))
        for n in range(40)
    ]
    bad = pb.EnrolMemberRequest(parent=PARENT, member=new_member("x", "r", placement=Wish(parent_reference="r", leg=0)))
    answers = await binary.harness.commands("EnrolMember", [*requests[:20], bad, *requests[20:]])
    assert sum(isinstance(answer, Refusal) for answer in answers) == 1
    found = await places(binary)
    assert (len(found), len(set(found.values()))) == (41, 41)
    assert [(one.member, one.parent, one.leg) for one in await kept(binary)] == await stored(binary)


async def test_the_service_starts_again_with_the_tree_that_it_had(binary: Membership) -> None:
    await binary.batch([new_member("r"), *(new_member(str(n), "r") for n in range(10))])
    before = await kept(binary)
    await binary.harness.log.rebuild()
    assert await kept(binary) == before
    await binary.harness.log.close()
    async with open_harness(binary.folder) as harness:
        again = Membership(harness, binary.folder)
        assert await kept(again) == before
        await again.enrol("x", "r")
        assert (await places(again))["x"] == ("2", 1)


async def test_trees_of_a_few_programmes_are_kept(binary: Membership) -> None:
    trees = Trees(at_most=1)

    def work(tx: Tx) -> list[Place | None]:
        found: list[Place | None] = []
        programme = find_programme(tx, "shop")
        assert programme is not None
        assert programme.placement is not None
        for name in ("shop", "other", "shop"):
            tree = trees.tree(tx, name, programme.placement)
            found.append(place(tree, root, Spill.LEFT) if root in tree else None)
        return found

    root = (await binary.enrol("r")).name.rpartition("/")[2]
    assert await binary.harness.log.write(work) == [Place(root, 0), None, Place(root, 0)]
