"""Files of members and sales: what the services take in, and what only simulations read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenxiao.api.common.v1 import common_pb2
from fenxiao.client.facts import joined, read_facts, reported
from fenxiao.client.filecheck import MemberCheck
from fenxiao.client.lines import (
    MEMBER_COLUMNS,
    SALE_COLUMNS,
    new_identity_check,
    new_member,
    new_placement,
    new_sale,
)
from fenxiao.client.tables import open_table
from fenxiao.errors import Refusal
from fenxiao.plans.trials.facts import Joined

SALE = {
    "sale_id": "s1",
    "member_id": "7",
    "kind": "sale",
    "occurred_at": "2010-12-01T08:00:00+08:00",
    "amount": "12.50",
    "currency": "GBP",
}
GOODS = {"product": "tea", "category": "drinks", "channel": "app", "quantity": "2", "margin": "5", "points": "7.5"}
MEMBER = {"member_id": "7", "sponsor_id": "", "joined_at": "2010-12-01T00:00:00Z"}


def test_goods_go_to_the_service_where_they_are_reported() -> None:
    message = new_sale({**SALE, **GOODS})
    assert {name: getattr(message.goods, name) for name in GOODS} == GOODS
    assert not new_sale(SALE).HasField("goods")
    assert not new_sale({**SALE, **dict.fromkeys(GOODS, "")}).HasField("goods")


@pytest.mark.parametrize(("text", "names"), [("", []), ("urn:a", ["urn:a"]), (" urn:a  urn:b ", ["urn:a", "urn:b"])])
def test_a_sale_names_its_business_transactions_with_spaces_between(text: str, names: list[str]):
    assert list(new_sale({**SALE, "biz_transactions": text}).biz_transactions) == names
    assert not new_sale(SALE).biz_transactions


def test_places_in_the_tree_go_to_the_service_where_they_are_asked_for() -> None:
    message = new_member({**MEMBER, "placement_id": "3", "leg": "right"})
    assert (message.placement.parent_reference, message.placement.leg) == ("3", 1)
    message = new_member({**MEMBER, "leg": "0"})
    assert (message.placement.HasField("above"), message.placement.HasField("leg")) == (False, True)
    assert not new_member(MEMBER).HasField("placement")
    assert not new_member({**MEMBER, "leg": "", "placement_id": ""}).HasField("placement")


def test_identity_checks_go_to_the_service_with_the_member_or_alone() -> None:
    checked = {**MEMBER, "verified_at": "2010-11-30T00:00:00Z", "verified_until": "2011-11-30T08:00:00+08:00"}
    member, check = new_member(checked), new_identity_check({**checked, "check_reference": "KYC-7"})
    for at, until in ((member.identity_check_time, member.identity_expire_time), (check.check_time, check.expire_time)):
        assert (at.ToJsonString(), until.ToJsonString()) == ("2010-11-30T00:00:00Z", "2011-11-30T00:00:00Z")
    assert check.reference == "KYC-7"
    for without in (MEMBER, {**MEMBER, "verified_at": "", "verified_until": ""}):
        member = new_member(without)
        assert not member.HasField("identity_check_time")
        assert not member.HasField("identity_expire_time")
    assert not new_identity_check({**MEMBER, "verified_at": "2010-11-30T00:00:00Z"}).HasField("expire_time")
    with pytest.raises(Refusal, match="INVALID_TIME"):
        new_identity_check({**MEMBER, "verified_at": ""})


def test_places_alone_go_to_the_service_with_their_time() -> None:
    item = new_placement({"member_id": "7", "since": "2010-12-02T00:00:00Z", "placement_id": "3", "leg": "left"})
    assert (item.placement.parent_reference, item.placement.leg) == ("3", 0)
    assert item.effective_time.ToJsonString() == "2010-12-02T00:00:00Z"
    assert not new_placement({"member_id": "7", "since": "2010-12-02T00:00:00Z"}).HasField("placement")


async def test_a_parent_in_an_earlier_line_is_known_to_an_import_of_all_or_nothing() -> None:
    def refused(reason: str) -> common_pb2.ItemResult:
        return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REFUSED, problem=common_pb2.Problem(reason=reason))

    taken = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN)
    again: list[Any] = []

    async def validate(messages: Sequence[Any]) -> list[common_pb2.ItemResult]:
        again.extend(messages)
        return [taken] * len(messages)

    check = MemberCheck()
    first = new_member(MEMBER)
    placed = new_member({**MEMBER, "member_id": "8", "placement_id": "7"})
    lost = new_member({**MEMBER, "member_id": "9", "placement_id": "nobody"})
    assert await check.reconsider([first], [taken], validate) == [taken]
    unknown = refused("UNKNOWN_PARENT")
    assert await check.reconsider([placed, lost], [unknown, unknown], validate) == [taken, unknown]
    assert [one.HasField("placement") for one in again] == [False]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ({"sponsor_id": "7"}, ("", "", None)),
        ({"sponsor_id": "7", "leg": "right"}, ("", "", None)),
        ({"sponsor_id": "7", "placement_id": "7", "leg": "1"}, ("", "", None)),
        # What no line brings is left for the service to say.
        ({"sponsor_id": "7", "placement_id": "9", "leg": "1"}, ("", "9", 1)),
        ({"sponsor_id": "9", "placement_id": "7", "leg": "1"}, ("9", "", None)),
        ({"sponsor_id": "9", "placement_id": "7"}, ("9", "", None)),
    ],
)
async def test_only_what_earlier_lines_bring_is_taken_for_granted(
    line: dict[str, str], kept: tuple[str, str, int | None]
) -> None:
    check = MemberCheck()
    taken = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN)

    async def validate(messages: Sequence[Any]) -> list[common_pb2.ItemResult]:
        raise AssertionError(messages)

    await check.reconsider([new_member(MEMBER)], [taken], validate)
    alone = check.without(new_member({**MEMBER, "member_id": "8", **line}))
    leg = alone.placement.leg if alone.placement.HasField("leg") else None
    assert (alone.sponsor_reference, alone.placement.parent_reference, leg) == kept


def test_what_the_services_cannot_take_in_is_refused_with_a_clear_word(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("member_id,sponsor_id,joined_at,rank\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        open_table(path, MEMBER_COLUMNS)
    assert (refused.value.reason, refused.value.field) == ("COLUMN_NOT_IMPORTED", "rank")
    assert "plan simulate" in refused.value.message
    assert list(open_table(path, MEMBER_COLUMNS.whole)) == []
    assert SALE_COLUMNS.whole.optional == SALE_COLUMNS.optional


def test_a_sale_is_read_with_all_that_it_says() -> None:
    sale = reported({**SALE, **GOODS, "sale_class": "personal"})
    assert sale.occurred_at == datetime(2010, 12, 1, tzinfo=UTC)
    assert (sale.amount, sale.margin, sale.points, sale.quantity) == (
        Decimal("12.50"),
        Decimal(5),
        Decimal("7.5"),
        Decimal(2),
    )
    assert (sale.product, sale.category, sale.channel, sale.sale_class) == ("tea", "drinks", "app", "personal")
    assert reported(SALE).margin is None


@pytest.mark.parametrize(("text", "leg"), [("left", 0), ("R", 1), ("0", 0), ("17", 17), ("", None)])
def test_legs_have_names_or_numbers(text: str, leg: int | None) -> None:
    found = joined({**MEMBER, "leg": text, "placement_id": "3", "verified_at": "2010-12-02T00:00:00Z", "rank": "gold"})
    since = datetime(2010, 12, 1, tzinfo=UTC)
    assert found == Joined("7", "", since, "", datetime(2010, 12, 2, tzinfo=UTC), "gold", "3", leg)


def test_a_check_may_end() -> None:
    checked = {**MEMBER, "verified_at": "2010-12-02T00:00:00Z"}
    assert joined({**checked, "verified_until": "2011-12-02T00:00:00Z"}).verified_until == datetime(
        2011, 12, 2, tzinfo=UTC
    )
    for wrong in (
        {**checked, "verified_until": checked["verified_at"]},
        {**MEMBER, "verified_until": "2011-12-02T00:00:00Z"},
    ):
        with pytest.raises(Refusal) as refused:
            joined(wrong)
        assert (refused.value.reason, refused.value.field) == ("INVALID_TIME", "verified_until")


def test_progress_is_told_and_problems_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("member_id,sponsor_id,joined_at\n7,,2010-12-01T00:00:00Z\n", encoding="utf-8")
    head, row = ",".join(SALE), "s{},8,sale,2010-12-02T00:00:00Z,1,GBP\n"
    (tmp_path / "s.csv").write_text(head + "\n" + "".join(map(row.format, range(5_000))), encoding="utf-8")
    told: list[int] = []
    found = read_facts(tmp_path / "m.csv", tmp_path / "s.csv", report=lambda lines, done, in_all: told.append(lines))
    assert told == [5_000]
    assert (found.refused, len(found.problems)) == (5_000, 1_000)


@given(st.randoms())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_lines_changes_nothing(tmp_path: Path, random: Any) -> None:
    people = [f"m{i},{f'm{i // 2 - 1}' if i > 1 else ''},2010-12-01T00:00:{i:02}Z" for i in range(20)]
    sold = [f"s{i},m{i},sale,2010-12-02T00:00:{i:02}Z,10,GBP," for i in range(20)]
    sold += [f"r{i},m{i},return,2010-12-03T00:00:{i:02}Z,{i + 1},GBP,s{i}" for i in range(6)]
    random.shuffle(people)
    random.shuffle(sold)
    members, sales = tmp_path / "m.csv", tmp_path / "s.csv"
    members.write_text("\n".join(["member_id,sponsor_id,joined_at", *people]))
    sold.append("x,m1,return,2010-12-03T00:00:00Z,1,GBP,nil")
    sales.write_text("\n".join(["sale_id,member_id,kind,occurred_at,amount,currency,original_sale_id", *sold]))
    found = read_facts(members, sales)
    assert [(one.id, one.reason) for one in found.problems] == [("x", "UNKNOWN_SALE")]
    facts = found.facts
    assert (len([*facts.joined]), len(facts.sales), len(facts.returns)) == (20, 20, 6)
