"""Every line of every type of component is explained, in both languages."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from fenxiao.money import Rounding
from fenxiao.plans import Tree
from fenxiao.plans.explain import Derivation, Words, explain, rule_texts
from fenxiao.plans.periods.inputs import Sold
from fenxiao.plans.periods.lines import PeriodLine
from libs.sdk.tests.plans.shop import PERIOD, chain, document, placed, plan, rate, sale, shops

LINE = chain("ann", "bob", "cai", "dan")
RANKS = "ranks: [{id: silver}, {id: gold}]"
WINDOW = "start: 2010-12-01T00:00:00Z, end: 2011-01-01T00:00:00Z"
TWO_LEGS = "placement: {width: 2, spill: balanced}"
PLACES = placed(2, {"ann": None, "bob": ("ann", 0), "cai": ("ann", 1), "dan": ("cai", 0)})


def told(components: str, more: str, sales: Sequence[Sold], **known: Any) -> list[tuple[PeriodLine, Words]]:
    """Every line of a period, with its explanation."""
    rules = plan(components, more)
    rated = rate(rules, LINE, sales, **known)
    return [(line, explain(rules, Derivation(line=line))) for line in rated.written()]


def of(lines: Sequence[tuple[PeriodLine, Words]], member: str, number: int = 0) -> Words:
    return [words for line, words in lines if line.member == member][number]


def test_direct_with_special_rates() -> None:
    special = "[{products: [tea], rate: 8%}, {channels: [web], flat: 3}, {categories: [cups], per_unit: 0.5}]"
    lines = told(
        f"[{{id: own, type: direct, rate: 5%, special: {special}}}]",
        "",
        [
            sale("ann", 100, product="tea"),
            sale("bob", 100, channel="web", returned=50),
            sale("cai", 50, category="cups", quantity=3),
            sale("dan", 100),
        ],
    )
    assert of(lines, "ann") == (
        "Level 0, the member credited with the sale: special entry 1 (product tea) is the most specific for this sale: "
        "8% of 100 GBP under component 'own' is 8 GBP, rounded half up to 8.00 GBP.",
        "第 0 层（该单所属成员）：按组件“own”，第 1 条特例（产品 tea）最具体，优先适用："
        "100 GBP 的 8% 为 8 GBP，四舍五入得 8.00 英镑。",
    )
    assert of(lines, "bob").en.endswith(
        "1 sale at 3 GBP each under component 'own' is 3 GBP, rounded half up to 3.00 GBP; "
        "for the share of the sale that has come back 1.50 GBP is taken off, which leaves 1.50 GBP."
    )
    assert of(lines, "cai").zh.endswith("3 件，每件 0.5 GBP，为 1.5 GBP，四舍五入得 1.50 英镑。")
    assert "special" not in of(lines, "dan").en


@pytest.mark.parametrize(
    ("mode", "number", "calculation"),
    [
        ("marginal", 1, "7% of the 80000 GBP that lie in tier 2 (from 100000) under component 'own' is 5600 GBP"),
        ("retroactive", 0, "tier 2 (from 100000) is reached, and 7% of all 180000 GBP under component 'own' is 12600"),
    ],
)
def test_direct_with_tiers(mode: str, number: int, calculation: str) -> None:
    tiers = f"{{mode: {mode}, steps: [{{start: 0, rate: 5%}}, {{start: 100000, rate: 7%}}]}}"
    lines = told(f"[{{id: own, type: direct, tiers: {tiers}}}]", "", [sale("cai", 180_000)])
    assert of(lines, "cai", number).en.startswith(f"Own net volume of the period: {calculation}")


def test_unilevel_with_compression_ranks_payable_share_and_cap() -> None:
    rules = (
        "[{id: net, type: unilevel, levels: [0%, 7%, 6%], by_rank: [{rank: gold, levels: [0%, 8%, 7%]}],"
        " compression: true, on: {share: 40%}, qualify: {rank: silver}, caps: {sale: 3}}]"
    )
    lines = told(rules, RANKS, [sale("dan", 100)], ranks={"ann": "gold", "cai": "silver"})
    assert of(lines, "ann") == (
        "Level 2, counting only those who qualify: by the rates of rank 'gold', 7% of 40 GBP (40% of the amount) under "
        "component 'net' is 2.8 GBP, rounded half up to 2.80 GBP; capped (3 GBP a sale), of which 0.20 GBP is left.",
        "第 2 层（只计符合条件者）：按组件“net”，按职级“gold”的比例，40 GBP（金额的 40%）的 7% 为 2.8 GBP，"
        "四舍五入得 2.80 英镑；受上限（每单 3 GBP）限制，为 0.20 英镑。",
    )


def test_how_many_were_passed_over_is_said_where_the_path_is_known() -> None:
    rules = plan("[{id: net, type: unilevel, levels: [0%, 7%, 6%], compression: true, qualify: {rank: gold}}]", RANKS)
    rated = rate(rules, LINE, [sale("dan", 100)], ranks={"ann": "gold"})
    (line,) = rated.written()
    words = explain(rules, Derivation(line=line, above=3))
    assert words.en.startswith(
        "Level 1, the sponsor 3 levels above; 2 in between who do not qualify are passed over: 7% of"
    )
    assert words.zh.startswith("第 1 层（其上第 3 级推荐人，其间 2 位不符合条件，已略过）：按组件“net”，")


def test_matrix() -> None:
    lines = told("[{id: m, type: matrix, levels: [1%, 2%, 3%]}]", TWO_LEGS, [sale("dan", 100)], placement=PLACES)
    assert of(lines, "cai").en.startswith("Level 1, the member directly above in the placement tree: 2% of 100 GBP")
    assert of(lines, "ann").zh.startswith("第 2 层（其上第 2 级安置上级）：按组件“m”，100 GBP 的 3% ")


def test_generation() -> None:
    rules = "[{id: g, type: generation, rank: gold, generations: [10%, 6%]}]"
    lines = told(rules, RANKS, [sale("dan", 200)], ranks={"ann": "gold", "bob": "gold"})
    assert of(lines, "ann") == (
        "Generation 2 of those ranked 'gold' or higher above the seller: 6% of 200 GBP under component 'g' is 12 GBP, "
        "rounded half up to 12.00 GBP.",
        "第 2 代（上级中职级达到“gold”者）：按组件“g”，200 GBP 的 6% 为 12 GBP，四舍五入得 12.00 英镑。",
    )


def test_differential() -> None:
    steps = "[{start: 100, rate: 6%}, {start: 500, rate: 9%}]"
    lines = told(
        f"[{{id: d, type: differential, by: volume, minimum: 1%, steps: {steps}}}]",
        "",
        [sale("dan", 100), sale("cai", 100), sale("bob", 1000)],
    )
    assert of(lines, "bob").en == (
        "Step 2 (a group volume from 500 GBP), with a rate of 9%, on own volume of the period: 9% of 1000 GBP under "
        "component 'd' is 90 GBP, rounded half up to 90.00 GBP."
    )
    assert of(lines, "bob", 1).zh == (
        "第 2 级（团队业绩满 500 GBP），比例 9%，按成员 cai 这条线的本期业绩：按组件“d”，9% 减去下级最高比例 6% 为 3%；"
        "200 GBP 的 3% 为 6 GBP，四舍五入得 6.00 英镑。"
    )
    assert of(lines, "ann").en.startswith(
        "The minimum above somebody with a rate of 9%, on the period's volume that came up through member bob: 1% of"
    )


def test_stairstep() -> None:
    steps = "[{rank: silver, rate: 6%}, {rank: gold, rate: 9%}]"
    lines = told(
        f"[{{id: s, type: stairstep, by: rank, override: [3%], steps: {steps}}}]",
        RANKS,
        [sale("dan", 100)],
        ranks={"ann": "gold", "bob": "gold", "cai": "silver"},
    )
    assert of(lines, "cai").en.startswith("Step 1 (rank 'silver'), with a rate of 6%, on the period's volume")
    assert "9% less the highest rate below, 6%, is 3%; 3% of 100 GBP" in of(lines, "bob").en
    assert of(lines, "ann").zh == (
        "脱离团队第 1 代领导奖，按成员 bob 这条线的本期业绩：按组件“s”，100 GBP 的 3% 为 3 GBP，四舍五入得 3.00 英镑。"
    )


def test_matching() -> None:
    rules = "[{id: own, type: direct, rate: 10%}, {id: m, type: matching, of: [own], levels: [0%, 5%]}]"
    lines = told(rules, "", [sale("dan", 100)])
    assert of(lines, "bob") == (
        "Match of level 2 above member dan: 5% of the 10 GBP that the member earned in the period from 'own' under "
        "component 'm' is 0.5 GBP, rounded half up to 0.50 GBP.",
        "成员 dan 之上第 2 层的配比奖：按组件“m”，该成员本期从“own”所得 10 GBP 的 5% 为 0.5 GBP，"
        "四舍五入得 0.50 英镑。",
    )


def test_pool() -> None:
    rules = "[{id: p, type: pool, share: 10%, by: rank, by_rank: [{rank: gold, shares: 2}]}]"
    lines = told(rules, RANKS, [sale("dan", "133.33")], ranks={"ann": "gold", "bob": "gold"})
    assert of(lines, "ann") == (
        "Pool of 10% of the period's volume: under component 'p', the pool of 13.33 GBP is divided by the shares of "
        "ranks; a part of 50% of it, rounded down, comes to 6.67 GBP once what rounding leaves over has gone to those "
        "who lost most by it.",
        "分红池（本期业绩的 10%）：按组件“p”，分红池 13.33 英镑 按职级份额分配；占 50%，先舍去尾数，"
        "剩余部分按最小单位逐个补给舍去最多者，得 6.67 英镑。",
    )


def test_binary() -> None:
    components = """
    - {id: shared, type: binary, unit: 200, rate: 10%, caps: {member: 30}}
    - {id: counted, type: binary, unit: 200, pay: 5}
    - {id: free, type: binary, rate: 5%}
    """
    lines = told(components, TWO_LEGS, [sale("bob", 500), sale("dan", 450)], placement=PLACES)
    assert of(lines, "ann").en == (
        "Volume matched on both legs of the placement tree: 10% of the 400 GBP matched, in pairs of 200 GBP (1:1) "
        "under component 'shared' is 40 GBP, rounded half up to 40.00 GBP; capped (30 GBP a member and period), of "
        "which 30.00 GBP is left."
    )
    assert "2 pairs of 200 GBP (1:1) at 5 GBP each under component 'counted' is 10 GBP" in of(lines, "ann", 1).en
    assert of(lines, "ann", 2).zh == (
        "安置左右两区的对碰业绩：按组件“free”，对碰 450 GBP 的 5% 为 22.5 GBP，四舍五入得 22.50 英镑。"
    )


def test_bounty_and_campaign() -> None:
    components = f"""
    - {{id: first, type: bounty, action: first_sale, reward: 50, budget: 80, {WINDOW}}}
    - {{id: brought, type: bounty, action: referred_first_sale, reward: 5, budget: 80, {WINDOW}}}
    - {{id: race, type: campaign, places: [100, 50], {WINDOW}}}
    - {{id: goal, type: campaign, target: 400, whose: group, reward: 10, budget: 100, {WINDOW}}}
    """
    lines = told(components, "", [sale("bob", 500), sale("dan", 400)])
    by = {(line.component, line.member): words for line, words in lines}
    assert by["first", "dan"].en == (
        "First sale in the window: the reward of 50 GBP under component 'first' is 50 GBP, rounded half up to 50.00 "
        "GBP; capped (a budget of 80 GBP), of which 30.00 GBP is left."
    )
    assert by["brought", "cai"].zh.startswith("所推荐成员在活动期内首单：按组件“brought”，奖励 5 GBP，")
    assert by["race", "dan"].en.startswith("Place 2 by personal volume in the window: the reward of 50 GBP")
    assert by["goal", "ann"].zh.startswith("活动期团队业绩达到目标 400 GBP：按组件“goal”，奖励 10 GBP，")


def test_points_are_no_money() -> None:
    lines = told("[{id: p, type: points, kind: stars, rate: 0.5, levels: [100%, 10%]}]", "", [sale("dan", "855.86")])
    assert of(lines, "cai") == (
        "Level 1, that member's sponsor: 855.86 GBP at 0.05 points each (10% of the points) under component 'p' is "
        "42.793 points, rounded half up to 43 points (stars).",
        "第 1 层（其推荐人）：按组件“p”，855.86 GBP，每单位 0.05 积分（全部积分的 10%），为 42.793 积分，"
        "四舍五入得 43 积分（stars）。",
    )


@pytest.mark.parametrize("rounding", list(Rounding))
def test_rounding_is_the_plans(rounding: Rounding) -> None:
    rules = plan("[{id: own, type: direct, rate: 2.9%}]", f"rounding: {rounding.value}")
    (line,) = rate(rules, LINE, [sale("dan", 5)]).written()
    words = explain(rules, Derivation(line=line))
    assert f"is 0.145 GBP, rounded {rounding.value.replace('_', ' ')}" in words.en.replace(
        "towards zero", "down"
    ).replace("away from zero", "up").replace("half to even", "half even")
    assert words.en.endswith(f" to 0.{line.amount_minor} GBP.")


def test_an_estimate_says_that_it_is_one() -> None:
    rules = plan("[{id: own, type: direct, rate: 2%}]")
    (line,) = rate(rules, LINE, [sale("dan", 5)]).written()
    assert explain(rules, Derivation(line=line, estimate=True)).zh.endswith("；为估算，期间尚未关闭。")


def test_the_rule_is_given_as_it_was_written() -> None:
    content = document("[{id: own, type: direct, rate: 2.90%, special: [{products: [茶], flat: 1}]}]")
    assert rule_texts(content, {"/components/0/rate", "/components/0/special/0", "/components/0/nothing"}) == {
        "/components/0/rate": '"2.90%"',
        "/components/0/special/0": '{"products": ["茶"], "flat": "1"}',
        "/components/0/nothing": '""',
    }


EVERYTHING = f"""
- {{id: own, type: direct, rate: 5%, special: [{{classes: [personal], flat: 1}}], caps: {{sale: 9}}}}
- {{id: tiers, type: direct, tiers: {{mode: marginal, steps: [{{start: 0, rate: 1%}}, {{start: 50, rate: 2%}}]}}}}
- {{id: net, type: unilevel, levels: [1%, 2%, 3%], compression: true, qualify: {{rank: silver}}, caps: {{member: 5}}}}
- {{id: gens, type: generation, rank: silver, generations: [2%, 1%], own: true}}
- {{id: diff, type: differential, by: volume, minimum: 1%, steps: [{{start: 50, rate: 3%}}, {{start: 300, rate: 6%}}]}}
- {{id: stairs, type: stairstep, by: rank, override: [2%, 1%], steps: [{{rank: silver, rate: 3%}}]}}
- {{id: match, type: matching, of: [net, diff], levels: [5%], by_rank: [{{rank: silver, levels: [6%, 1%]}}]}}
- id: pool
  type: pool
  share: 1%
  by: volume
  volume: {{whose: group}}
  caps: {{volume: {{share: 0.5%, by: pro_rata}}}}
- {{id: first, type: bounty, action: first_sale, reward: 5, budget: 20, {WINDOW}}}
- {{id: nth, type: bounty, action: sale, every: 2, newcomers: true, reward: 5, budget: 20, {WINDOW}}}
- {{id: risen, type: bounty, action: rank, rank: silver, reward: 5, budget: 20, {WINDOW}}}
- {{id: race, type: campaign, places: [10, 5], {WINDOW}}}
- {{id: stars, type: points, kind: stars, rate: 0.5}}
"""


@settings(max_examples=50, deadline=None)
@given(shops())
def test_every_line_has_its_words(shop: tuple[Tree, list[Sold]]) -> None:
    tree, sales = shop
    rules = plan(EVERYTHING, "ranks: [{id: silver, personal_volume: 100}]\ncap: {share: 20%, by: priority}")
    for line in rate(rules, tree, sales, period=PERIOD).written():
        for words in explain(rules, Derivation(line=line, posted_before=3)):
            assert line.component in words
            assert "None" not in words
            assert "  " not in words
