"""Hints: each with a plan that earns it and its place."""

import pytest

from fenxiao.plans.language.lint import lint
from libs.sdk.tests.plans import shop

LAW = "jurisdictions: [US]\n"
DIRECT = "- {id: a, type: direct, rate: 10%}\n"
GOLD = "ranks: [{id: gold, group_volume: 1000}]\n"


def hints(components: str, more: str = "") -> list[tuple[str, str]]:
    found = lint(shop.plan(components, LAW + more))
    assert all(hint.message("zh") == hint.zh != hint.en == hint.message() for hint in found)
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in hint.zh) for hint in found)
    return [(hint.place, hint.code) for hint in found]


def test_a_plan_without_hints():
    assert hints(DIRECT) == []
    assert hints("- {id: a, type: unilevel, levels: [0%, 5%, 0%, 1%]}") == []


def test_no_law_is_named():
    [hint] = lint(shop.plan(DIRECT))
    assert (hint.place, hint.code) == ("/jurisdictions", "NO_JURISDICTION")


@pytest.mark.parametrize(
    ("components", "more", "expected"),
    [
        # released before anything can come back
        (DIRECT, "return_window: 0", [("/return_window", "RELEASED_AT_ONCE")]),
        ("- {id: a, type: direct, rate: 1%, release: {days: 0}}", "",
         [("/components/0/release/days", "RELEASED_AT_ONCE")]),
        ("- {id: a, type: direct, rate: 1%, release: {delivered: true}}", "return_window: 0", []),
        # zeros
        ("- {id: a, type: unilevel, levels: [5%, 1%, 0%]}", "", [("/components/0/levels/2", "ENDS_IN_ZERO")]),
        ("- {id: a, type: unilevel, levels: [0%, 0%]}", "", [("/components/0", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 0%}", "", [("/components/0/rate", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 5%, special: [{products: [card], rate: 0%}]}", "", []),
        ("- {id: a, type: direct, rate: 5%, on: {share: 0%}}", "", [("/components/0/on/share", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 5%, caps: {member: 0}}", "", [("/components/0/caps/member", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 5%, caps: {volume: {share: 0%, by: priority}}}", "",
         [("/components/0/caps/volume/share", "NEVER_PAYS")]),
        ("- {id: a, type: generation, rank: gold, generations: [5%, 0%]}", GOLD,
         [("/components/0/generations/1", "ENDS_IN_ZERO")]),
        # points that are lost before they are released
        ("- {id: a, type: points, kind: star, rate: 1, expires_after: 14}", "return_window: 14",
         [("/components/0/expires_after", "NEVER_PAYS")]),
        ("- {id: a, type: points, kind: star, rate: 1, expires_after: 15}", "return_window: 14", []),
        ("- {id: a, type: points, kind: star, rate: 1, expires_after: 15, release: {days: 20}}", "return_window: 14",
         [("/components/0/expires_after", "NEVER_PAYS")]),
        # ranks
        ("- {id: a, type: direct, rate: 5%, qualify: {rank: gold}}", GOLD + "volume: {share: 0%}",
         [("/ranks/0", "RANK_OUT_OF_REACH"), ("/components/0/qualify/rank", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 5%, qualify: {rank: top}}",
         "volume: {share: 0%}\nranks: [{id: low, group_volume: 5}, {id: top, below: [{rank: low, count: 2}]}]",
         [("/ranks/0", "RANK_OUT_OF_REACH"), ("/ranks/1", "RANK_OUT_OF_REACH"),
          ("/components/0/qualify/rank", "NEVER_PAYS")]),
        ("- {id: a, type: direct, rate: 5%, qualify: {rank: gold}}", "ranks: [{id: gold}]",
         [("/ranks/0", "RANK_ONLY_GIVEN")]),
        ("- {id: a, type: direct, rate: 5%, qualify: {rank: gold}}",
         "ranks: [{id: gold, legs: [{count: 2, volume: 0}]}]", []),
        (DIRECT, GOLD, [("/ranks/0", "RANK_WITHOUT_EFFECT")]),
        ("- {id: a, type: direct, rate: 5%, qualify: {rank: low}}\n"
         "- {id: b, type: direct, rate: 5%, qualify: {rank: top}}",
         "ranks: [{id: low, group_volume: 500, personal_volume: 50},"
         " {id: top, group_volume: 400, personal_volume: 60}]",
         [("/ranks/1/group_volume", "THRESHOLDS_DESCEND")]),
        # components
        ("- {id: a, type: bounty, action: first_sale, reward: 5, budget: 50, start: 2009-01-01T00:00:00Z,"
         " end: 2010-01-01T00:00:00Z, caps: {volume: {share: 1%, by: priority}}}", "",
         [("/components/0/end", "NEVER_PAYS")]),
        ("- {id: a, type: unilevel, levels: [5%, 1%], compression: true}", "",
         [("/components/0/compression", "COMPRESSION_WITHOUT_EFFECT")]),
        ("- {id: a, type: pool, share: 5%, by: equal}", "", [("/components/0", "ONE_MAY_TAKE_ALL")]),
        ("- {id: a, type: pool, share: 5%, by: equal, caps: {member: 100}}", "", []),
        # what falls and should rise
        ("- {id: a, type: direct, tiers: {mode: marginal, steps: [{start: 0, rate: 7%}, {start: 10, rate: 5%}]}}", "",
         [("/components/0/tiers/steps/1/rate", "RATES_DESCEND")]),
        ("- {id: a, type: unilevel, levels: [5%, 2%], by_rank: [{rank: gold, levels: [5%, 1%]}]}", GOLD,
         [("/components/0/by_rank/0/levels/1", "RATES_DESCEND")]),
        ("- {id: a, type: unilevel, levels: [5%, 2%], by_rank: [{rank: gold, levels: [5%]}]}", GOLD,
         [("/components/0/by_rank/0/levels", "RATES_DESCEND")]),
        ("- {id: a, type: campaign, places: [5, 9], start: 2010-01-01T00:00:00Z, end: 2011-01-01T00:00:00Z,"
         " caps: {volume: {share: 1%, by: priority}}}", "",
         [("/components/0/places/1", "RATES_DESCEND")]),
        # the worst case
        ("- {id: a, type: direct, flat: 5}\n- {id: b, type: direct, rate: 1%}", "", [("/components/0", "NO_BOUND")]),
        ("- {id: a, type: direct, flat: 5}", "cap: {share: 30%, by: priority}", []),
        ("- {id: a, type: direct, rate: 60%}", "", []),
        ("- {id: a, type: direct, rate: 60.1%}", "", [("/components", "WORST_CASE_HIGH")]),
        ("- {id: a, type: direct, rate: 90%}", "cap: {share: 70%, by: priority}", [("/cap", "WORST_CASE_HIGH")]),
        (DIRECT, "cap: {share: 30%, by: priority}", [("/cap", "CAP_WITHOUT_EFFECT")]),
    ],
)  # fmt: skip
def test_hints_and_their_places(components: str, more: str, expected: list[tuple[str, str]]):
    assert hints(components, more) == expected
