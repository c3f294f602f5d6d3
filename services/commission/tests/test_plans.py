"""Plan versions: published once, in force by time."""

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.errors import Refusal
from libs.servicekit.times import to_timestamp
from services.commission.tests.shop import PARENT, Shop, day, document


async def test_a_published_plan_is_told_with_its_document(bare: Shop) -> None:
    plan = await bare.publish()
    (told,) = await bare.service.published()
    assert isinstance(told, public.PlanPublished)
    assert (told.hash, told.version, told.document) == (plan.hash, "1", document())
    assert plan.name == f"{PARENT}/plans/{plan.hash}"


async def test_the_same_document_again_gives_the_same_answer(bare: Shop) -> None:
    first = await bare.publish()
    assert await bare.publish() == first
    assert await bare.publish(b"# A comment is not content.\n" + document()) == first
    assert len(await bare.service.recorded()) == 1
    # Also when sales have been rated by it.
    await bare.record(bare.report("s1"))
    assert await bare.publish() == first


async def test_a_bad_document_is_refused_and_nothing_recorded(bare: Shop) -> None:
    with pytest.raises(Refusal, match="INVALID_PLAN"):
        await bare.publish(b"plan: gifts")
    with pytest.raises(Refusal, match="WRONG_CURRENCY"):
        await bare.publish(currency="USD")
    assert await bare.service.recorded() == []


async def test_a_version_never_changes(shop: Shop) -> None:
    with pytest.raises(Refusal, match="VERSION_EXISTS"):
        await shop.publish(version="1", levels="9%", effective=day(10))


async def test_only_one_version_is_in_force_at_a_moment(shop: Shop) -> None:
    with pytest.raises(Refusal, match="VERSIONS_OVERLAP"):
        await shop.publish(version="2", levels="9%")
    with pytest.raises(Refusal, match="VERSIONS_OVERLAP"):
        await shop.publish(version="1", plan="another", levels="9%")


async def test_a_sale_is_rated_under_the_version_of_its_time_however_late_it_comes(bare: Shop) -> None:
    await bare.publish(version="1", levels="1%", effective=day(5))
    await bare.publish(version="3", levels="3%", effective=day(15))
    await bare.publish(version="2", levels="2%", effective=day(10))
    earned = {
        moment: bare.earned(await bare.record(bare.report(f"s{moment}", at=day(moment)))).get("cai")
        for moment in (20, 4.999, 14.999, 5, 10, 9.999, 15)
    }
    assert earned == {4.999: None, 5: 100, 9.999: 100, 10: 200, 14.999: 200, 15: 300, 20: 300}


async def test_what_has_been_rated_stays_rated(shop: Shop) -> None:
    await shop.record(shop.report("s1", at=day(10)))
    for effective in (day(10), day(9)):
        with pytest.raises(Refusal, match="SALES_ALREADY_RATED"):
            await shop.publish(version="2", levels="9%", effective=effective)
    await shop.publish(version="3", levels="3%", effective=day(11))
    await shop.record(shop.report("s2", at=day(20)))
    # Between two versions only the sales in that span matter.
    await shop.publish(version="2", levels="2%", effective=day(10.5))
    assert shop.earned(await shop.record(shop.report("s3", at=day(10.7)))) == {"cai": 200}


async def test_sales_before_any_plan_earn_nothing_and_stay_so(bare: Shop) -> None:
    sale = await bare.record(bare.report("s1", at=day(3)))
    assert (sale.plan, list(sale.lines)) == ("", [])
    with pytest.raises(Refusal, match="SALES_ALREADY_RATED"):
        await bare.publish(effective=day(3))
    await bare.publish(effective=day(4))
    assert not (await bare.explain("s1")).derivations


async def test_a_return_that_names_its_sale_holds_no_version_up(shop: Shop) -> None:
    await shop.record(shop.report("s1", at=day(1)))
    await shop.record(shop.giving_back("r1", "s1", at=day(12), amount="1"))
    await shop.publish(version="2", levels="9%", effective=day(11))
    await shop.record(shop.giving_back("r2", at=day(30), amount="1"))
    with pytest.raises(Refusal, match="SALES_ALREADY_RATED"):
        await shop.publish(version="3", levels="9%", effective=day(30))


async def test_plans_are_found_by_hash_and_by_time(bare: Shop) -> None:
    async def get(which: str, at: float | None = None) -> pb.Plan:
        as_of = None if at is None else to_timestamp(day(at))
        return await bare.service.query("GetPlan", pb.GetPlanRequest(name=f"{PARENT}/plans/{which}", as_of=as_of))

    with pytest.raises(Refusal, match="NO_PLAN_IN_FORCE"):
        await get("current")
    plans = [await bare.publish(version=str(n), levels=f"{n}%", effective=day(n)) for n in (3, 1, 2)]
    by_version = {plan.version: plan for plan in plans}
    assert await get(plans[0].hash) == plans[0]
    assert await get("current") == by_version["3"]
    assert await get("current", 1.5) == by_version["1"]
    with pytest.raises(Refusal, match="NO_PLAN_IN_FORCE"):
        await get("current", 0.5)
    with pytest.raises(Refusal, match="UNKNOWN_PLAN"):
        await get("0" * 64)
    found: list[str] = []
    token = ""
    for _ in range(3):
        request = pb.ListPlansRequest(parent=PARENT, page_size=1, page_token=token)
        answer = await bare.service.query("ListPlans", request)
        found += [plan.version for plan in answer.plans]
        token = answer.next_page_token
    assert (found, token) == (["1", "2", "3"], "")
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await bare.service.query("ListPlans", pb.ListPlansRequest(parent=PARENT, page_token="MXg"))


async def test_validating_says_everything_that_is_wrong_and_where(bare: Shop) -> None:
    async def validate(content: bytes) -> pb.ValidatePlanResponse:
        return await bare.service.query("ValidatePlan", pb.ValidatePlanRequest(parent=PARENT, document=content))

    good = await validate(document(version="7"))
    assert (list(good.issues), good.version) == ([], "7")
    assert good.hash == (await bare.publish(version="7")).hash
    bad = await validate(document(levels="8%, 0.04, 101%").replace(b"return_window: 14\n", b""))
    assert {issue.path for issue in bad.issues} == {
        "/components/0/levels/1",
        "/components/0/levels/2",
        "/return_window",
    }
    assert (bad.hash, bad.version) == ("", "")


async def test_plans_of_two_programmes_do_not_meet(bare: Shop) -> None:
    await bare.open("rival")
    await bare.publish()
    request = pb.PublishPlanRequest(parent="programmes/rival", document=document())
    rival = await bare.service.command("PublishPlan", request)
    assert rival.name.startswith("programmes/rival/plans/")
    assert len(await bare.service.recorded()) == 2


async def test_a_rule_is_overridden_by_somebody_for_a_reason_and_both_are_recorded(bare: Shop) -> None:
    content = document().replace(b"jurisdictions: []", b"jurisdictions: [CN]")

    async def publish(*overrides: pb.RuleOverride) -> pb.Plan:
        request = pb.PublishPlanRequest(parent=PARENT, document=content, overrides=overrides)
        return await bare.service.command("PublishPlan", request)

    with pytest.raises(Refusal, match="CN/team-pay"):
        await publish()
    with pytest.raises(Refusal, match="INCOMPLETE_OVERRIDE"):
        await publish(pb.RuleOverride(rule="CN/team-pay", person="Li Ming"))
    with pytest.raises(Refusal, match="OVERRIDE_TOO_LONG"):
        await publish(pb.RuleOverride(rule="CN/team-pay", person="Li Ming", reason="x" * 1_001))
    assert await bare.service.recorded() == []
    await publish(pb.RuleOverride(rule="CN/team-pay", person="Li Ming", reason="advice of 2026-01-02"))
    (recorded,) = await bare.service.recorded()
    (override,) = recorded.event.overrides
    assert (override.rule, override.person, override.reason) == ("CN/team-pay", "Li Ming", "advice of 2026-01-02")
    (public,) = await bare.service.published()
    assert list(public.overridden_rules) == ["CN/team-pay"]
    assert b"Li Ming" not in public.SerializeToString()
