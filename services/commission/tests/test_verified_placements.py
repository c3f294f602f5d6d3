"""What is published of places is enough for a stranger to decide each again, and any change to it shows."""

import copy
from collections.abc import Callable

import pytest

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.membership.v1 import placement_pb2
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from services.commission.tests.shop import Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, close
from services.commission.tests.test_placements import BINARY, put, set_rule
from services.commission.tests.test_verified import exported, faults


@pytest.fixture
async def export(bare: Shop) -> Export:
    """A binary over three months: by spill-over, down a leg, where it was asked for, and told late; with returns."""
    shop = bare
    await set_rule(shop)
    await put(shop, "ann")
    await put(shop, "bob", "ann", 0)
    await put(shop, "cai", "ann", 1, choice="PARENT")
    await shop.publish(BINARY)
    for name, sponsor, place in [
        ("dan", "ann", ("bob", 0, None, "RULE")),
        ("eve", "ann", ("cai", 0, None, "RULE")),
        ("fay", "ann", ("eve", 1, None, "PARENT")),
        ("gus", "ann", ("dan", 0, None, "LEG")),
    ]:
        await shop.enrol(name, sponsor)
        await put(shop, name, *place)
    for number, name in enumerate(["bob", "cai", "dan", "eve", "fay", "gus"] * 3):
        await shop.record(shop.report(f"s{number}", name, f"{40 + 7 * number}.35", at=day(1 + number * 2.5)))
    await close(shop, JANUARY)
    await shop.enrol("hal", "cai", joined=day(3))
    await put(shop, "hal", "cai", 1, since=day(3))
    await shop.record(shop.report("late", "hal", "230", at=day(12)))
    await shop.enrol("ida", "bob", joined=day(30))
    await put(shop, "ida", "bob", 1, since=day(30))
    await shop.move("ida", "gus", day(33))
    await shop.record(shop.report("f1", "ida", "470", at=day(41)))
    await close(shop, FEBRUARY)
    await shop.record(shop.giving_back("r1", "s2", member="dan", amount="50", at=day(62)))
    await close(shop, MARCH)
    return await exported(shop)


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == {}


Change = Callable[[list[membership.MemberPlaced]], None]
"""Tampers with the places: Ann, Bob, Cai, Dan, Eve, Fay, Gus, Hal, Ida."""

DAN, EVE, FAY, GUS, HAL, IDA = 3, 4, 5, 6, 7, 8


def stand_elsewhere(places: list[membership.MemberPlaced]) -> None:
    places[IDA].parent, places[IDA].leg = places[HAL].member, 0


def stand_where_somebody_stands(places: list[membership.MemberPlaced]) -> None:
    places[FAY].leg, places[FAY].parent = 0, places[2].member


def stand_beside_the_tree(places: list[membership.MemberPlaced]) -> None:
    places[FAY].leg = 2


def stand_below_who_comes_later(places: list[membership.MemberPlaced]) -> None:
    places[FAY].parent = places[IDA].member


def stand_at_the_top(places: list[membership.MemberPlaced]) -> None:
    places[IDA].parent, places[IDA].leg = "", -1


def say_that_it_was_asked_for_and_take_another_leg(places: list[membership.MemberPlaced]) -> None:
    places[FAY].leg = 0  # free, but then the sales of nobody else follow


def say_that_the_rule_gave_what_was_asked_for(places: list[membership.MemberPlaced]) -> None:
    places[FAY].choice = placement_pb2.PLACEMENT_CHOICE_RULE


def say_that_a_leg_was_asked_for(places: list[membership.MemberPlaced]) -> None:
    places[EVE].choice = placement_pb2.PLACEMENT_CHOICE_LEG
    places[EVE].leg = 1


def say_nothing(places: list[membership.MemberPlaced]) -> None:
    places[DAN].choice = placement_pb2.PLACEMENT_CHOICE_UNSPECIFIED


def have_the_place_later(places: list[membership.MemberPlaced]) -> None:
    places[GUS].effective_time.seconds += 86_400


def have_the_place_before_joining(places: list[membership.MemberPlaced]) -> None:
    places[IDA].effective_time.seconds -= 1


def be_somebody_else(places: list[membership.MemberPlaced]) -> None:
    places[DAN].member = places[IDA].member


@pytest.mark.parametrize(
    "change",
    [
        stand_elsewhere,
        stand_where_somebody_stands,
        stand_beside_the_tree,
        stand_below_who_comes_later,
        stand_at_the_top,
        say_that_it_was_asked_for_and_take_another_leg,
        say_that_the_rule_gave_what_was_asked_for,
        say_that_a_leg_was_asked_for,
        say_nothing,
        have_the_place_later,
        have_the_place_before_joining,
        be_somebody_else,
    ],
)
def test_any_change_of_a_place_shows(export: Export, change: Change) -> None:
    tampered = copy.deepcopy(export)
    events = [one for one in tampered.events["membership"] if isinstance(unpack(one), membership.MemberPlaced)]
    places = [unpack(one) for one in events]
    change(places)
    for event, data in zip(events, places, strict=True):
        event.data.Pack(data)
    assert "placements" in faults(tampered) or change is say_that_it_was_asked_for_and_take_another_leg
    assert faults(tampered)


@pytest.mark.parametrize("number", range(9))
def test_a_place_that_is_left_out_shows(export: Export, number: int) -> None:
    tampered = copy.deepcopy(export)
    events = tampered.events["membership"]
    events.remove([one for one in events if isinstance(unpack(one), membership.MemberPlaced)][number])
    assert faults(tampered)


@pytest.mark.parametrize("width", [2, 3])
def test_another_rule_shows(export: Export, width: int) -> None:
    tampered = copy.deepcopy(export)
    (event,) = (one for one in tampered.events["membership"] if isinstance(unpack(one), membership.PlacementRuleSet))
    event.data.Pack(membership.PlacementRuleSet(width=width, spill=placement_pb2.SPILL_RIGHT))
    assert "placements" in faults(tampered)


def test_a_second_rule_shows(export: Export) -> None:
    tampered = copy.deepcopy(export)
    events = tampered.events["membership"]
    rule = next(one for one in events if isinstance(unpack(one), membership.PlacementRuleSet))
    again = copy.deepcopy(rule)
    again.id, again.position = "again", f"test:{len(events) + 1}:0"
    events.append(again)
    assert list(faults(tampered)) == ["placements"]
