"""Files of members and sales: what the services take in, and what only simulations read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.client.facts import joined, read_facts, reported
from fenxiao.client.filecheck import MemberCheck
from fenxiao.client.lines import MEMBER_COLUMNS, SALE_COLUMNS, new_member, new_sale
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


def test_places_in_the_tree_go_to_the_service_where_they_are_asked_for() -> None:
    message = new_member({**MEMBER, "placement_id": "3", "leg": "right"})
    assert (message.placement.parent_reference, message.placement.leg) == ("3", 1)
    message = new_member({**MEMBER, "leg": "0"})
    assert (message.placement.HasField("above"), message.placement.HasField("leg")) == (False, True)
    assert not new_member(MEMBER).HasField("placement")
    assert not new_member({**MEMBER, "leg": "", "placement_id": ""}).HasField("placement")


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


def test_progress_is_told_and_problems_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("member_id,sponsor_id,joined_at\n7,,2010-12-01T00:00:00Z\n", encoding="utf-8")
    head, row = ",".join(SALE), "s{},8,sale,2010-12-02T00:00:00Z,1,GBP\n"
    (tmp_path / "s.csv").write_text(head + "\n" + "".join(map(row.format, range(5_000))), encoding="utf-8")
    told: list[int] = []
    found = read_facts(tmp_path / "m.csv", tmp_path / "s.csv", report=lambda lines, done, in_all: told.append(lines))
    assert told == [5_000]
    assert (found.refused, len(found.problems)) == (5_000, 1_000)
