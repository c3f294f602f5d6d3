from datetime import timedelta
from decimal import Decimal

import pytest

from fenxiao.plans import Sale, SaleKind, rate_return, rate_sale
from libs.sdk.tests.plans.shop import START, chain, faults, plan, rate, sale

STARS = "- {id: p, type: points, kind: star, rate: 0.5, levels: [100%, 50%], expires_after: 365}"


def test_points_for_each_unit_of_the_measure_are_whole():
    rated = rate(plan(STARS), chain("a", "b"), [sale("b", "25.10")])
    assert rated.totals("star") == {"b": 13, "a": 6}  # 12.55 and 6.275
    first, second = rated.written()
    assert (first.asset, first.rate, first.base) == ("star", Decimal("0.5"), Decimal("25.1"))
    assert first.exact_amount == Decimal("12.55")
    assert (second.level, second.rate, second.rule) == (1, Decimal("0.25"), "/components/0/rate")


def test_points_are_never_added_to_money():
    made = plan(f"{STARS}\n- {{id: q, type: points, kind: mile, flat: 7}}\n- {{id: d, type: direct, rate: 10%}}")
    rated = rate(made, chain("a", "b"), [sale("b", 100)])
    assert rated.totals() == {"b": 1000}
    assert rated.totals("star") == {"b": 50, "a": 25}
    assert rated.totals("mile") == {"b": 7}
    assert rated.totals("mole") == {}
    assert [line.asset for line in rated.written()] == ["star", "star", "mile", ""]


def test_the_worst_case_of_points_is_no_money():
    assert plan(STARS).worst_case == 0


def test_points_are_not_matched_with_money():
    match = "- {id: m, type: matching, of: [p], levels: [10%]}"
    assert faults(f"{STARS}\n{match}") == [("/components/1/of/0", "OTHER_ASSET")]


def test_caps_count_points_and_the_plans_cap_does_not():
    made = plan("- {id: p, type: points, kind: star, rate: 1, caps: {sale: 30.9, member: 40}}")
    rated = rate(made, chain("a"), [sale("a", 100), sale("a", 20)])
    assert rated.totals("star") == {"a": 40}
    assert [(line.uncapped_minor, line.amount_minor) for line in rated.written()] == [(100, 30), (20, 10)]
    volume = plan("- {id: p, type: points, kind: star, rate: 1, caps: {volume: {share: 10%, by: priority}}}")
    assert rate(volume, chain("a"), [sale("a", 100)]).totals("star") == {"a": 10}
    whole = plan(
        "[{id: p, type: points, kind: star, rate: 1}, {id: d, type: direct, rate: 10%}]",
        "cap: {share: 5%, by: pro_rata}",
    )
    rated = rate(whole, chain("a"), [sale("a", 100)])
    assert (rated.totals("star"), rated.totals()) == ({"a": 100}, {"a": 500})


def test_a_return_takes_back_its_share_of_points():
    rated = rate(plan(STARS), chain("a", "b"), [sale("b", 100, returned=50)])
    assert rated.totals("star") == {"b": 25, "a": 12}


def test_with_the_sale_they_carry_when_they_expire():
    made = plan("- {id: p, type: points, kind: star, flat: 3, expires_after: 365, release: {days: 0}}")
    report = Sale(SaleKind.SALE, START, Decimal(100), "GBP")
    (line,) = rate_sale(made, report, ["a"])
    assert (line.amount_minor, line.asset, line.base, line.rate) == (3, "star", 1, 3)
    assert (line.hold_until, line.expires_at) == (START, START + timedelta(days=365))
    (back,) = rate_return(
        made,
        {1: line},
        sale_amount=report.amount,
        returned_before=Decimal(0),
        returned_now=Decimal(50),
        clawed_back={},
    ).values()
    assert (back.amount_minor, back.asset, back.base, back.expires_at) == (-2, "star", Decimal("-0.5"), None)


def test_special_points():
    made = plan("- {id: p, type: points, kind: star, rate: 1, special: [{products: [tea], flat: 50}]}")
    rated = rate(made, chain("a"), [sale("a", 9, product="tea"), sale("a", 8)])
    assert [(line.amount_minor, line.rule) for line in rated.written()] == [
        (8, "/components/0/rate"),
        (50, "/components/0/special/0/flat"),
    ]


@pytest.mark.parametrize(
    ("body", "place", "reason"),
    [
        ("kind: star", "", "NOT_EXACTLY_ONE"),
        ("kind: star, rate: 1, flat: 2", "", "NOT_EXACTLY_ONE"),
        ("kind: star, rate: 1, special: [{products: [a]}]", "/special/0", "NOT_EXACTLY_ONE"),
        ("kind: star, flat: 1, on: {measure: points}", "/on/measure", "UNUSED_FIELD"),
        ("kind: star, rate: 1, expires_after: 0", "/expires_after", "EXPIRES_AT_ONCE"),
        ("rate: 1", "/kind", "MISSING_FIELD"),
        ("kind: Star, rate: 1", "/kind", "INVALID_ID"),
        ("kind: star, rate: 1%", "/rate", "INVALID_NUMBER"),
        ("kind: star, rate: 1, levels: [1]", "/levels/0", "INVALID_RATE"),
        ("kind: star, rate: 1, worth: 1%", "/worth", "INVALID_NUMBER"),
        ("kind: star, rate: 1, release: {delivered: yes}", "/release/delivered", "RELEASE_OF_POINTS"),
        ("kind: star, rate: 1, release: {identity: yes}", "/release/identity", "RELEASE_OF_POINTS"),
        ("kind: star, rate: 1, release: {threshold: 20}", "/release/threshold", "RELEASE_OF_POINTS"),
    ],
)
def test_faults(body: str, place: str, reason: str):
    assert faults(f"- {{id: p, type: points, {body}}}") == [(f"/components/0{place}", reason)]


def test_points_of_a_kind_are_worth_the_same():
    other = "- {id: q, type: points, kind: star, flat: 5, worth: 0.02}"
    assert faults(f"- {{id: p, type: points, kind: star, rate: 1, worth: 0.01}}\n{other}") == [
        ("/components/1/worth", "OTHER_WORTH")
    ]
    assert faults(f"- {{id: p, type: points, kind: star, rate: 1}}\n{other}") == [
        ("/components/1/worth", "OTHER_WORTH")
    ]
    assert plan(f"- {{id: p, type: points, kind: mile, rate: 1, worth: 0.01}}\n{other}").components


def test_where_the_law_limits_payouts_points_that_are_worth_money_wait_for_the_close():
    stars = "- {id: p, type: points, kind: star, rate: 1, worth: 0.01}"
    assert plan(stars).with_sale == {"p"}
    assert plan(stars, "jurisdictions: [US]").with_sale == set()
    assert plan(STARS, "jurisdictions: [US]").with_sale == {"p"}
