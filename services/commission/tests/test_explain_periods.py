"""Lines of closed periods explained: alone, and with the sale that they are earned on."""

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.errors import Refusal
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MONTHLY, close
from services.commission.tests.test_placements import MATRIX, put, set_rule

# Silvers earn on their group's volume, as far as nobody below has earned it; all together no more than 3 % of volume.
UPWARD = b"""
plan: gifts
version: 'upward'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
cap: {share: 3%, by: pro_rata}
components:
  - id: steps
    type: differential
    by: volume
    steps: [{start: 100, rate: 4%}, {start: 200, rate: 6%}]
"""

SALE_CAP = b"""
plan: gifts
version: 'capped'
currency: GBP
effective_from: 2026-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: team, type: unilevel, levels: [8%, 4%, 2%], caps: {sale: 10}}
"""


async def lines_of_periods(shop: Shop) -> list[public.PostedLine]:
    return [
        line
        for event in await shop.service.published()
        if isinstance(event, public.LinesPosted) and event.HasField("period_start")
        for line in event.lines
    ]


async def explain(shop: Shop, line: str) -> pb.ExplainLineResponse:
    return await shop.service.query("ExplainLine", pb.ExplainLineRequest(parent=PARENT, line=line))


def member(shop: Shop, name: str) -> str:
    return f"{PARENT}/members/{shop.ids[name]}"


async def recorded(shop: Shop, *types: str) -> list[str]:
    return [str(one.id) for one in await shop.service.recorded() if type(one.event).__name__ in types]


@pytest.fixture
async def monthly(bare: Shop) -> Shop:
    await bare.publish(MONTHLY)
    return bare


async def test_a_line_of_a_closing_cites_all_that_it_follows_from(monthly: Shop) -> None:
    sale = await monthly.record(monthly.report("s1", "bob", "100", at=day(3)))
    await monthly.record(monthly.report("s2", "ann", "100", at=day(4)))
    await close(monthly, JANUARY)
    line = next(one for one in await lines_of_periods(monthly) if one.level == 1)
    answer = await explain(monthly, line.line)
    why = answer.derivation
    assert (why.line.id, why.line.amount_minor, why.line.sale) == (line.line, 500, sale.name)
    assert (why.rule, why.rule_text) == ("/components/1/levels/1", '"5%"')
    assert why.plan == answer.plan.name == sale.plan
    assert list(why.path) == [member(monthly, "bob"), member(monthly, "ann")]
    assert (why.period, why.posted_in) == (f"{PARENT}/periods/{JANUARY}",) * 2
    assert (why.due_minor, why.posted_before_minor, list(why.earlier_lines)) == (500, 0, [])
    assert (why.rating.member, why.rating.rank) == (member(monthly, "ann"), "silver")
    assert why.sales_cut
    assert why.line.hold_until.ToDatetime().day == 18
    assert answer.sale == sale
    assert why.explanation_en == (
        "Level 1, that member's sponsor: 5% of 100 GBP under component 'silvers' is 5 GBP, rounded half up to 5.00 "
        "GBP; held until 2026-01-18T00:00:00Z at least."
    )
    assert why.explanation_zh == (
        "第 1 层（其推荐人）：按组件“silvers”，100 GBP 的 5% 为 5 GBP，四舍五入得 5.00 英镑；"
        "至少冻结到 2026-01-18T00:00:00Z。"
    )
    types = [one.type for one in why.evidence]
    assert types == ["PlanPublished", "PeriodSealed", "MembersRated", "SaleRecorded", "LinesPosted"]
    assert why.evidence[3].resource == sale.name
    assert {one.event_id for one in why.evidence} <= {str(one.id) for one in await monthly.service.recorded()}
    assert why.evidence[-1].event_id == why.event_id


async def test_what_a_later_closing_takes_back_names_the_returns_and_the_line_before(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await close(monthly, JANUARY)
    await monthly.record(monthly.giving_back("r1", "s1", amount="60", at=day(40)))
    await close(monthly, FEBRUARY)
    first, second = await lines_of_periods(monthly)
    why = (await explain(monthly, second.line)).derivation
    assert (why.period, why.posted_in) == (f"{PARENT}/periods/{JANUARY}", f"{PARENT}/periods/{FEBRUARY}")
    assert (why.due_minor, why.posted_before_minor, list(why.earlier_lines)) == (400, 1000, [first.line])
    assert (why.line.amount_minor, why.line.reverses) == (-600, first.line)
    assert why.explanation_en == (
        "Level 0, the member credited with the sale: 10% of 100 GBP under component 'silvers' is 10 GBP, rounded half "
        "up to 10.00 GBP; for the share of the sale that has come back 6.00 GBP is taken off, which leaves 4.00 GBP; "
        "10.00 GBP was posted before, so -6.00 GBP is posted now."
    )
    assert why.explanation_zh == (
        "第 0 层（该单所属成员）：按组件“silvers”，100 GBP 的 10% 为 10 GBP，四舍五入得 10.00 英镑；"
        "按已退货的比例减去 6.00 英镑，剩 4.00 英镑；此前已记入 10.00 英镑，本次记入 -6.00 英镑。"
    )
    assert [one.type for one in why.evidence] == [
        "PlanPublished",
        "PeriodSealed",
        "PeriodSealed",
        "MembersRated",
        "SaleRecorded",
        "ReturnRecorded",
        "LinesPosted",
        "LinesPosted",
    ]
    # The first line stays explained as it was.
    before = (await explain(monthly, first.line)).derivation
    assert [one.type for one in before.evidence].count("ReturnRecorded") == 0
    assert "rounded half up to 10.00 GBP; held until" in before.explanation_en


async def test_a_line_that_is_due_no_longer_says_so(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await close(monthly, JANUARY)
    await monthly.record(monthly.giving_back("r1", "s1", amount="100", at=day(40)))
    await close(monthly, FEBRUARY)
    _, second = await lines_of_periods(monthly)
    why = (await explain(monthly, second.line)).derivation
    assert why.explanation_en == (
        "Nothing is due by this rule of component 'silvers' any more, after what was reported later; the 10.00 GBP "
        "posted before is taken back."
    )
    assert why.explanation_zh == "后续上报的销售或退货使组件“silvers”的这一项不再应得；收回此前已记入的 10.00 英镑。"


async def test_a_sale_shows_what_periods_earn_on_it(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await monthly.record(monthly.report("s2", "cai", "50", at=day(3)))
    assert [one.line.component for one in (await monthly.explain("s1")).derivations] == ["team"] * 3
    await close(monthly, JANUARY)
    await monthly.record(monthly.giving_back("r1", "s1", amount="60", at=day(40)))
    await close(monthly, FEBRUARY)
    answer = await monthly.explain("s1")
    assert [(one.line.component, one.line.amount_minor) for one in answer.derivations] == [
        ("team", 800),
        ("team", 400),
        ("team", 200),
        ("silvers", 1000),
        ("silvers", -600),
    ]
    for one in answer.derivations:
        assert one == (await explain(monthly, one.line.id)).derivation


async def test_a_path_is_that_of_the_tree_as_the_closing_knew_it(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await monthly.record(monthly.report("s2", "bob", "100", at=day(3)))
    await close(monthly, JANUARY)
    line = next(one for one in await lines_of_periods(monthly) if one.level == 1)
    before = await explain(monthly, line.line)
    assert list(before.derivation.path) == [member(monthly, "cai"), member(monthly, "bob")]
    await monthly.enrol("eve")
    await monthly.move("cai", "eve", day(2))
    assert await explain(monthly, line.line) == before


async def test_a_line_on_volume_says_whose_and_what_a_cap_has_left(bare: Shop) -> None:
    await bare.publish(UPWARD)
    await bare.record(bare.report("s1", "cai", "120", at=day(3)))
    await bare.record(bare.report("s2", "bob", "80", at=day(4)))
    await close(bare, JANUARY)
    lines = {(one.member, one.other): one for one in await lines_of_periods(bare)}
    answer = await explain(bare, lines[bare.ids["bob"], bare.ids["cai"]].line)
    why = answer.derivation
    assert not answer.HasField("sale")
    assert list(why.path) == [member(bare, "cai"), member(bare, "bob")]
    assert (why.line.other, why.line.uncapped_minor, why.line.amount_minor) == (member(bare, "cai"), 240, 120)
    assert why.explanation_en == (
        f"Step 2 (a group volume from 200 GBP), with a rate of 6%, on the period's volume that came up through member "
        f"{bare.ids['cai']}: 6% less the highest rate below, 4%, is 2%; 2% of 120 GBP under component 'steps' is "
        "2.4 GBP, rounded half up to 2.40 GBP; capped (3% of the period's volume for the whole plan), of which 1.20 "
        "GBP is left; held until 2026-02-15T00:00:00Z at least."
    )
    own = (await explain(bare, lines[bare.ids["cai"], ""].line)).derivation
    assert [one.type for one in own.evidence] == [
        "PlanPublished",
        "PeriodSealed",
        "MembersRated",
        "SaleRecorded",
        "LinesPosted",
    ]
    assert list(own.path) == [member(bare, "cai")]


async def test_a_matrix_shows_the_path_in_the_placement_tree(bare: Shop) -> None:
    await set_rule(bare, 3, "BALANCED")
    await put(bare, "ann")
    await put(bare, "cai", "ann", 0)
    await put(bare, "bob", "cai", 0)
    await bare.publish(MATRIX)
    await bare.record(bare.report("s1", "bob", "100", at=day(3)))
    await close(bare, JANUARY)
    line = next(one for one in await lines_of_periods(bare) if one.level == 2)
    why = (await explain(bare, line.line)).derivation
    assert list(why.path) == [member(bare, name) for name in ("bob", "cai", "ann")]
    assert why.explanation_en.startswith("Level 2, the member 2 levels above in the placement tree: 3% of 100 GBP")


async def test_a_cap_of_a_sale_is_recorded_with_the_line(bare: Shop) -> None:
    await bare.publish(SALE_CAP)
    sale = await bare.record(bare.report("s1", "cai", "100"))
    assert [(one.amount_minor, one.uncapped_minor, one.HasField("uncapped_minor")) for one in sale.lines] == [
        (800, 0, False),
        (200, 400, True),
    ]
    why = (await explain(bare, sale.lines[1].id)).derivation
    assert "rounded half up to 4.00 GBP; capped (10 GBP a sale), of which 2.00 GBP is left;" in why.explanation_en
    assert "受上限（每单 10 GBP）限制，为 2.00 英镑" in why.explanation_zh


async def test_lines_of_sales_and_returns_are_found_too(monthly: Shop) -> None:
    sale = await monthly.record(monthly.report("s1", "cai", "100"))
    back = await monthly.record(monthly.giving_back("r1", "s1", amount="60"))
    answer = await explain(monthly, sale.lines[0].id.upper())
    assert (answer.sale, list(answer.returns)) == (sale, [back])
    assert [one.type for one in answer.derivation.evidence] == ["PlanPublished", "SaleRecorded", "LinesPosted"]
    taken = (await explain(monthly, back.lines[0].id)).derivation
    assert (taken.line.reverses, taken.due_minor, taken.posted_before_minor) == (sale.lines[0].id, -480, 0)
    assert [one.type for one in taken.evidence] == [
        "PlanPublished",
        "SaleRecorded",
        "LinesPosted",
        "ReturnRecorded",
        "LinesPosted",
    ]


async def test_another_programmes_line_is_unknown(monthly: Shop) -> None:
    await monthly.open("rival")
    sale = await monthly.record(monthly.report("s1", "cai", "100"))
    for parent, line in (("programmes/rival", sale.lines[0].id), (PARENT, "nothing"), (PARENT, "")):
        with pytest.raises(Refusal) as refusal:
            await monthly.service.query("ExplainLine", pb.ExplainLineRequest(parent=parent, line=line))
        assert refusal.value.reason == "UNKNOWN_LINE"


async def test_the_index_rebuilt_equals_the_live_one(monthly: Shop) -> None:
    await monthly.record(monthly.report("s1", "cai", "100", at=day(3)))
    await close(monthly, JANUARY)

    async def rows() -> list[tuple[object, ...]]:
        return await monthly.service.log.read(lambda reader: sorted(reader.all("SELECT * FROM view_lines")))

    before = await rows()
    assert len(before) == 4
    await monthly.service.log.rebuild()
    assert await rows() == before
