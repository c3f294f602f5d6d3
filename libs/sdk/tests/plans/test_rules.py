"""Rule packs: their cases before publication, overrides, and what they watch."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fenxiao.errors import Refusal
from fenxiao.plans import Plan, PlanError, Tree, read_plan
from fenxiao.plans.components import Bounty
from fenxiao.plans.components.base import Trigger
from fenxiao.plans.periods.inputs import Period, Sold
from fenxiao.plans.periods.rating import RatedPeriod
from fenxiao.plans.rules import (
    EVERYWHERE,
    Finding,
    Money,
    Override,
    Pack,
    Severity,
    check_plan,
    factor_of,
    facts_of,
    load_pack,
    pack_names,
    packs_of,
    refuse,
    watch,
)
from fenxiao.plans.rules.checks import Check
from fenxiao.plans.rules.pack import rules_of
from fenxiao.plans.rules.watching import Watch
from libs.sdk.tests.plans import shop
from libs.sdk.tests.plans.shop import chain, sale, tree

CASES = Path(__file__).parent / "rules"
PACKS = sorted([*pack_names(), EVERYWHERE])
WATCHED = {
    "CN/structure",
    "CN-direct/paid",
    "US/customers",
    "VN/paid",
    "KR/paid",
}
"""Rules about networks; their tests stand below."""


def cases(pack: str) -> list[dict[str, Any]]:
    return yaml.load((CASES / f"{pack}.yaml").read_bytes(), yaml.BaseLoader)


def of(pack: str, **fields: Any) -> Plan:
    names = [] if pack == EVERYWHERE else [pack]
    return read_plan(json.dumps({**shop.HEAD, "jurisdictions": names, **fields}).encode())


def brief(findings: Iterable[Finding]) -> list[list[str]]:
    return [[one.name, one.place, one.found.en] for one in findings]


# --- packs


@pytest.mark.parametrize(
    ("pack", "case"),
    [pytest.param(pack, case, id=f"{pack}: {case['case']}") for pack in PACKS for case in cases(pack)],
)
def test_cases(pack: str, case: dict[str, Any]):
    assert brief(check_plan(of(pack, **case["plan"]))) == case["finds"]


@pytest.mark.parametrize("pack", PACKS)
def test_every_rule_has_a_case_that_it_finds_and_one_that_it_passes(pack: str):
    found = [{rule for rule, _, _ in case["finds"]} for case in cases(pack)]
    for rule in load_pack(pack).rules:
        name = f"{pack}/{rule.id}"
        if isinstance(rule.check, Watch):
            assert name in WATCHED
        else:
            assert any(name in names for names in found), name
        assert any(name not in names for names in found)


@pytest.mark.parametrize("pack", PACKS)
def test_packs_cite_and_say_everything_in_both_languages(pack: str):
    loaded = load_pack(pack)
    assert loaded.pack == pack
    assert "legal advice" in loaded.about.en
    assert "不构成法律意见" in loaded.about.zh
    sources = {source.id for source in loaded.sources}
    assert len(sources) == len(loaded.sources)
    ids = [rule.id for rule in loaded.rules]
    assert len(set(ids)) == len(ids)
    assert {source for rule in loaded.rules for source in rule.sources} <= sources
    for own, rule in rules_of(loaded):
        assert own.source(rule)
        assert rule.law.en.endswith(".") == rule.law.zh.endswith("。") == True  # noqa: E712 - a chain
        assert rule.satisfied_by.zh.endswith("。")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.law.zh)
        starts = [source.in_force for source in own.sources if source.id in rule.sources]
        assert rule.effective_from == max(starts)


def test_a_pack_is_checked_when_it_is_read():
    document = json.loads(load_pack("KR").model_dump_json())
    changes: list[dict[str, Any]] = [{"pack": "XX"}, {"rules": [{"id": "a"}]}, {"rulez": []}]
    for change in changes:
        with pytest.raises(ValidationError):
            Pack.model_validate_json(json.dumps({**document, **change}))


def test_an_unknown_jurisdiction_is_refused():
    with pytest.raises(PlanError) as error:
        of("XX", components=[{"id": "a", "type": "direct", "rate": "1%"}])
    assert [(issue.path, issue.reason) for issue in error.value.issues] == [
        ("/jurisdictions/0", "UNKNOWN_JURISDICTION")
    ]
    assert "CN-social" in error.value.issues[0].message


# --- before publication

TEAM = [{"id": "a", "type": "unilevel", "levels": ["10%", "2%", "1%"]}]
GIFT = {"reward": "10", "budget": "100", "start": "2011-01-01T00:00:00Z", "end": "2012-01-01T00:00:00Z"}


class Recruits(Bounty):
    """What no component of the language does."""

    @property
    def trigger(self) -> Trigger:
        return Trigger.ENROLMENT


@pytest.mark.parametrize(("pack", "rule"), [(EVERYWHERE, ""), ("CN", "CN/recruiting"), ("US", "US/sales")])
def test_pay_for_enrolment_alone_is_refused_everywhere(pack: str, rule: str):
    plan = of(pack, components=[{"id": "a", "type": "bounty", "action": "first_sale", **GIFT}])
    assert not [one for one in check_plan(plan) if one.refuses]
    recruits = plan.model_copy(update={"components": (Recruits.model_construct(**dict(plan.components[0])),)})
    found = [one for one in check_plan(recruits) if one.refuses]
    assert {one.name for one in found} == {"everywhere/enrolment", rule} - {""}
    assert {one.place for one in found} == {"/components/0"}
    assert "enrolment of members, without any sale" in found[0].message()
    assert "发展人员加入" in found[0].message("zh")
    with pytest.raises(Refusal) as refused:
        check_plan(recruits, overrides=[Override("everywhere/enrolment", "Li Lei", "because")])
    assert refused.value.reason == "RULE_WITHOUT_OVERRIDE"


def test_a_refusal_says_which_rule_where_it_stands_and_what_would_satisfy_it():
    [found] = check_plan(of("CN", components=TEAM))
    assert (found.name, found.place, found.severity) == ("CN/team-pay", "/components/0", Severity.REFUSE)
    assert found.message() == (
        "Component 'a' pays members on what others sell. Rule CN/team-pay: Pay for those above that is calculated by "
        "the sales of those below them (team pay) is pyramid selling (3). To satisfy it: pay members on their own "
        "sales only; else a named person must override this and say why. (Regulations on the Prohibition of Pyramid "
        "Selling (State Council Decree 444 of 2005), art. 7)"
    )
    assert found.message("zh-CN").startswith("组件“a”按他人（下线）的销售业绩给付报酬。规则 CN/team-pay：")
    assert "《禁止传销条例》（国务院令第444号，2005年）" in found.message("zh")
    with pytest.raises(PlanError) as error:
        refuse([found])
    [issue] = error.value.issues
    assert (issue.path, issue.reason, issue.message) == ("/components/0", "AGAINST_THE_RULES", found.message())


def test_an_alarm_refuses_nothing():
    findings = check_plan(of("CN", components=[{**TEAM[0], "levels": ["10%"], "qualify": {"active": {"sales": "1"}}}]))
    assert [one.severity for one in findings] == [Severity.ALARM]
    refuse(findings)


def test_an_override_needs_a_named_person_and_a_reason():
    plan = of("CN", components=TEAM)
    override = Override("CN/team-pay", "Li Lei", "The programme runs outside of China; counsel's letter of 1 December.")
    [found] = check_plan(plan, overrides=[override])
    assert (found.override, found.refuses) == (override, False)
    refuse([found])
    for person, reason in (("", "a reason"), ("Li Lei", " ")):
        with pytest.raises(Refusal) as refused:
            Override("CN/team-pay", person, reason)
        assert refused.value.reason == "INCOMPLETE_OVERRIDE"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["CN/teampay"], "NOTHING_TO_OVERRIDE"),
        (["CN/recruiting"], "NOTHING_TO_OVERRIDE"),
        (["CN/team-pay", "CN/team-pay"], "REPEATED_OVERRIDE"),
    ],
)
def test_overrides_that_are_none(names: list[str], reason: str):
    with pytest.raises(Refusal) as refused:
        check_plan(of("CN", components=TEAM), overrides=[Override(name, "Li Lei", "because") for name in names])
    assert refused.value.reason == reason


def test_one_override_leaves_what_other_rules_refuse():
    plan = of("CN", jurisdictions=["CN", "CN-social"], components=TEAM)
    findings = check_plan(plan, overrides=[Override("CN/team-pay", "Li Lei", "two levels are practice")])
    assert [(one.name, one.refuses) for one in findings] == [("CN/team-pay", False), ("CN-social/two-levels", True)]


def test_rules_that_packs_share_are_found_once():
    products = [{"id": "kit", "category": "starter_kit"}]
    plan = of("CN", jurisdictions=["CN", "CN-direct", "CN"], products=products, components=TEAM)
    assert [one.name for one in check_plan(plan)].count("CN/entry-fees") == 1


def test_rules_hold_from_their_day_on():
    old = of("VN", currency="VND", components=[{**TEAM[0], "levels": ["41%"]}])
    assert check_plan(old, today=date(2018, 5, 1)) == []
    for today in (date(2018, 5, 2), None):
        assert [one.name for one in check_plan(old, today=today)] == ["VN/share"]
    later = old.model_copy(update={"effective_from": old.effective_from.replace(year=2019)})
    assert [one.name for one in check_plan(later, today=date(2018, 5, 1))] == ["VN/share"]
    [share, _] = load_pack("VN").rules
    ended = share.model_copy(update={"effective_to": date(2020, 1, 1)})
    assert [ended.holds(day) for day in (date(2019, 12, 31), date(2020, 1, 1))] == [True, False]
    assert [ended.holds_on(date(year, 1, 1)) for year in (2018, 2019, 2020)] == [False, True, False]


def test_a_plan_that_was_published_stays_readable_whatever_its_rules_say():
    assert of("CN", components=TEAM).jurisdictions == ("CN",)


# --- while it runs


def alarms(rated: RatedPeriod, before: Money | None = None, day: date = date(2026, 1, 1)) -> list[Finding]:
    plan = rated.context.plan
    found = watch(packs_of(plan), facts_of(rated.context, rated.lines, before), day)
    assert all(one.place == "" and one.severity is Severity.ALARM and one.found.zh for one in found)
    return found


def network(people: int, levels: int) -> Tree:
    """A chain of levels, and everybody else directly below its first."""
    parents: dict[str, str | None] = {"boss": None}
    for i in range(1, people):
        parents[f"m{i}"] = ("boss" if i == 1 else f"m{i - 1}") if i < levels else "boss"
    return tree(parents)


@pytest.mark.parametrize(
    ("people", "levels", "paid", "alarm"),
    [
        (30, 3, ["10%", "2%", "1%"], True),
        (29, 3, ["10%", "2%", "1%"], False),
        (30, 2, ["10%", "2%", "1%"], False),
        (40, 9, ["10%", "2%"], False),
        (40, 9, ["10%", "0%", "1%"], True),
        (40, 9, ["10%"], False),
    ],
)
@pytest.mark.parametrize("pack", ["CN", "CN-direct", "CN-social"])
def test_alarm_when_a_paid_structure_has_30_people_on_3_levels(
    pack: str, people: int, levels: int, paid: list[str], alarm: bool
):
    plan = of(pack, components=[{"id": "a", "type": "unilevel", "levels": paid, "on": {"classes": ["retail"]}}])
    found = alarms(shop.rate(plan, network(people, levels), []))
    assert [(one.name, one.about) for one in found] == ([("CN/structure", "boss")] if alarm else [])
    if alarm:
        count = min(levels, 3)
        assert found[0].found.en.startswith(f"{people} people on {count} paid levels stand in the structure of boss")
        assert "追究刑事责任" in found[0].message("zh")


def test_the_structure_is_named_by_its_topmost_member_who_reaches_it():
    parents: dict[str, str | None] = {"boss": None, "head": "boss", **{f"m{i}": "head" for i in range(28)}}
    plan = of("CN", components=[{"id": "a", "type": "unilevel", "levels": ["10%", "2%", "1%"]}])
    assert [one.about for one in alarms(shop.rate(plan, tree(parents), []))] == ["boss"]
    # Two levels in one tree, three and thirty in another.
    wide = tree({"w": None, **{f"w{i}": "w" for i in range(40)}, **parents})
    assert [one.about for one in alarms(shop.rate(plan, wide, []))] == ["boss"]


def test_cn_direct_alarms_when_a_member_is_paid_more_than_30_per_cent_of_what_he_sold_to_consumers():
    plan = of("CN-direct", currency="CNY", components=[{"id": "a", "type": "direct", "rate": "30%"}])
    sales = [
        sale("Li", 100),
        sale("Wu", 100),
        sale("Wu", 50, sale_class="personal"),
        sale("Bo", 1, sale_class="personal"),
    ]
    found = alarms(shop.rate(plan, chain("Li", "Wu", "Bo"), sales))
    assert [(one.name, one.about) for one in found] == [("CN-direct/paid", "Wu")]
    assert found[0].found.en == (
        "2 members are paid more than 30% of what they sold to consumers; Wu is paid 45.00 CNY."
    )
    assert alarms(shop.rate(plan, chain("Li", "Wu", "Bo"), sales[:2])) == []


@pytest.mark.parametrize(("pack", "currency", "share"), [("VN", "VND", 40), ("KR", "KRW", 35)])
def test_payouts_of_a_year_are_watched(pack: str, currency: str, share: int):
    plan = of(pack, currency=currency, components=[{"id": "a", "type": "direct", "rate": f"{share}%"}])
    rated = shop.rate(plan, chain("Li"), [sale("Li", 1000)])
    assert alarms(rated) == []
    assert alarms(rated, Money(sold=10_000, paid=10_000 * share // 100)) == []
    [found] = alarms(rated, Money(sold=10_000, paid=10_000 * share // 100 + 1))
    assert found.name == f"{pack}/paid"
    paid = 11_000 * share // 100 + 1
    assert found.found.en == f"{paid} of 11000 {currency} sold this year is paid out ({share}%)."
    [found] = alarms(rated, Money(sold=-1000, paid=5))
    assert "of 0" in found.found.en


def test_points_are_watched_at_what_they_can_be_redeemed_for():
    points = {"id": "b", "type": "points", "kind": "star", "rate": "0.1", "worth": "0.101"}
    plan = of("KR", currency="KRW", components=[{"id": "a", "type": "direct", "rate": "33%"}, points])
    rated = shop.rate(plan, chain("Li"), [sale("Li", 1000)])
    facts = facts_of(rated.context, rated.lines)
    # 100 points are worth 10.1 at most, rounded up.
    assert (facts.period, list(facts.paid)) == (Money(sold=1000, paid=330 + 11), [330 + 11])
    assert alarms(rated, Money(sold=9_000, paid=9_000 * 35 // 100 + 9)) == []
    [found] = alarms(rated, Money(sold=9_000, paid=9_000 * 35 // 100 + 10))
    assert found.name == "KR/paid"


# --- the limit of the US pack

SINCE = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
"""After the order."""


def us(**more: Any) -> Plan:
    components = more.pop("components", [{"id": "a", "type": "unilevel", "levels": ["10%", "5%"]}])
    return of("US", **{"currency": "USD", "components": components, **more})


def rated_us(sales: list[Sold], **more: Any) -> RatedPeriod:
    moved = [one._replace(occurred_at=SINCE.start) for one in sales]
    return shop.rate(us(**more), chain("Ann", "Bob", "Cal"), moved, period=SINCE)


def factor(rated: RatedPeriod) -> Fraction:
    return factor_of(rated.context.plan, facts_of(rated.context, rated.lines), date(2026, 1, 1))


def test_with_80_per_cent_customers_nothing_shrinks():
    sales = [sale("Cal", 800), sale("Cal", 400, sale_class="personal")]  # 200 of the 400 count
    rated = rated_us(sales)
    assert factor(rated) == 1
    assert alarms(rated) == []
    assert shop.paid(rated) == {"Cal": 120, "Bob": 60}


def test_below_80_per_cent_payouts_shrink_to_the_share_that_is_reached():
    # 100 retail and 200 of 900 own use count: 30 % of 1,000; 30/80 of 150.00 is 56.25.
    rated = rated_us([sale("Cal", 100), sale("Cal", 900, sale_class="personal")])
    assert factor(rated) == Fraction(3, 8)
    assert shop.paid(rated) == {"Cal": shop.Decimal("37.5"), "Bob": shop.Decimal("18.75")}
    assert sum(rated.totals().values()) == 5625
    [line, *_] = rated.written()
    assert (line.uncapped_minor, line.amount_minor) == (1000, 375)
    [found] = alarms(rated)
    assert found.name == "US/customers"
    assert found.found.en == (
        "30% of what is paid on is sales to customers or own use up to 200 USD a month; "
        "payouts shrink to 37.5% of what the plan says."
    )


def test_the_parts_sum_exactly_and_points_stay():
    points = {"id": "p", "type": "points", "kind": "star", "rate": "1"}
    components = [{"id": "a", "type": "unilevel", "levels": ["3.33%", "3.33%", "3.33%"]}, points]
    rated = rated_us([sale("Cal", "33.35", sale_class="personal")], components=components)
    assert rated.totals() == {"Cal": 111, "Bob": 111, "Ann": 111}  # 33.35 is within own use
    rated = rated_us([sale("Cal", "1000", sale_class="personal")], components=components)  # 200 / 800
    assert rated.totals() == {"Ann": 832, "Bob": 832, "Cal": 833}
    assert rated.totals("star") == {"Cal": 1000}


def test_points_that_are_worth_money_shrink_too():
    points = {"id": "p", "type": "points", "kind": "star", "rate": "1", "levels": ["50%", "25%"], "worth": "0.01"}
    other = {"id": "q", "type": "points", "kind": "mile", "rate": "1"}
    rated = rated_us([sale("Cal", "1002", sale_class="personal")], components=[points, other])
    assert rated.totals("mile") == {"Cal": 1002}
    # 501 and 250.5 points, and 200 of 1002 are within own use, where 80 % should be.
    assert rated.totals("star") == {"Cal": 125, "Bob": 62}
    assert sum(rated.totals("star").values()) == 752 * 200 * 10 // (1002 * 8)


def test_own_use_is_counted_by_member_period_and_currency():
    own = [sale(name, 200, sale_class="personal") for name in ("Ann", "Bob", "Cal")]
    assert factor(rated_us(own)) == 1
    assert factor(rated_us(own, period="week")) == Fraction(7, 31) / Fraction(4, 5)
    assert factor(rated_us(own, currency="EUR")) == 0
    assert rated_us(own, currency="EUR").totals() == {}
    assert factor(rated_us([sale("Cal", 2400, sale_class="personal")], period="year")) == 1


def test_what_came_back_and_what_is_not_paid_on_does_not_count():
    sales = [sale("Cal", 100), sale("Cal", 900, sale_class="personal", returned="900")]
    assert factor(rated_us(sales)) == 1
    retail = [{"id": "a", "type": "direct", "rate": "10%", "on": {"classes": ["retail"]}}]
    assert factor(rated_us([sale("Cal", 100), sale("Cal", 900, sale_class="personal")], components=retail)) == 1
    assert factor(rated_us([])) == 1


def test_a_period_of_returns_is_not_shrunk():
    rated = rated_us([sale("Cal", -1000, sale_class="personal"), sale("Bob", -5)])
    assert sum(rated.totals().values()) == -15075


def test_before_the_order_nothing_shrinks():
    rated = shop.rate(us(), chain("Ann", "Cal"), [sale("Cal", 1000, sale_class="personal")])
    assert rated.totals() == {"Cal": 10_000, "Ann": 5_000}


def test_money_waits_for_the_close_where_the_law_limits_it():
    points = {"id": "p", "type": "points", "kind": "star", "rate": "1"}
    components = [{"id": "a", "type": "unilevel", "levels": ["10%", "5%"]}, points]
    assert us(components=components).with_sale == {"p"}
    assert of("CN-social", components=components).with_sale == {"a", "p"}


def test_the_limit_cannot_be_overridden():
    [rule] = [rule for rule in load_pack("US").rules if rule.id == "customers"]
    assert not rule.overridable


def test_every_check_is_of_one_kind():
    for pack in PACKS:
        for rule in load_pack(pack).rules:
            assert isinstance(rule.check, Check) != isinstance(rule.check, Watch)


# --- against the obvious way


@settings(max_examples=60, deadline=None)
@given(shop.shops(moves=True), st.sampled_from([["10%", "2%"], ["10%", "2%", "1%"], ["1%"] * 30]))
def test_structures_are_counted_as_one_would_by_hand(grown: tuple[Tree, list[Sold]], levels: list[str]):
    members, sales = grown
    plan = of("CN", components=[{"id": "a", "type": "unilevel", "levels": levels}])
    rated = shop.rate(plan, members, sales)
    [structure] = facts_of(rated.context, rated.lines).structures

    def below(member: str) -> list[str]:
        return [one for one in members if members.sponsor_or_first(one, shop.PERIOD.end) == member]

    def people(member: str) -> int:
        return 1 + sum(people(one) for one in below(member))

    def height(member: str) -> int:
        return 1 + max((height(one) for one in below(member)), default=0)

    counted = dict(zip(structure.members, zip(structure.people, structure.levels, strict=True), strict=True))
    assert counted == {one: (people(one), min(height(one), len(levels))) for one in members}


@settings(max_examples=80, deadline=None)
@given(shop.shops())
def test_the_us_limit_leaves_the_exact_share_of_the_whole(grown: tuple[Tree, list[Sold]]):
    members, sales = grown
    moved = [one._replace(occurred_at=SINCE.start) for one in sales]
    rated = shop.rate(us(), members, moved, period=SINCE)
    free = shop.rate(us(jurisdictions=[]), members, moved, period=SINCE)

    retail, own = Fraction(0), dict.fromkeys(members, Fraction(0))
    for one in moved:
        net = Fraction(one.amount) - Fraction(one.returned)
        if one.sale_class == "retail":
            retail += net
        else:
            own[one.member] += net
    total, good = retail + sum(own.values()), retail + sum(min(one, Fraction(200)) for one in own.values())
    expected = Fraction(1) if good >= total * Fraction(4, 5) else max(good, Fraction(0)) / (total * Fraction(4, 5))
    assert factor(rated) == expected

    before, after = sum(free.totals().values()), sum(rated.totals().values())
    assert after == (int(before * expected) if before > 0 else before)
    for line, whole in zip(rated.written(), free.written(), strict=True):
        assert line.key == whole.key
        assert before <= 0 or abs(line.amount_minor - Fraction(whole.amount_minor * after, before)) < 1
