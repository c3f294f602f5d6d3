"""Watching the rules while the network runs: what closings raise, keep and clear."""

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.errors import Refusal
from fenxiao.verify.export import Export
from fenxiao.verify.facts import unpack
from services.commission.policies import when_period_sealed_then_rate as policy
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MARCH, close, finish
from services.commission.tests.test_verified import exported, faults

HALF = "[{id: team, type: unilevel, levels: [50%]}]"
TEAM = "[{id: team, type: unilevel, levels: [8%, 4%, 2%]}]"


def plan(pack: str, components: str, effective: str = "2026-01-01", currency: str = "GBP") -> bytes:
    """A plan that must satisfy a pack."""
    return f"""
plan: gifts
version: '{effective}'
currency: {currency}
effective_from: {effective}T00:00:00Z
rounding: half_up
jurisdictions: [{pack}]
return_window: 14
components: {components}
""".encode()


async def publish(shop: Shop, document: bytes, *overridden: str) -> None:
    """Publishes a plan that somebody answers for."""
    overrides = [
        pb.RuleOverride(rule=rule, person="Li Wei", reason="A lawyer has looked at it.") for rule in overridden
    ]
    request = pb.PublishPlanRequest(parent=PARENT, document=document, overrides=overrides)
    await shop.service.command("PublishPlan", request)


@pytest.fixture
async def half(bare: Shop) -> Shop:
    """Pays half of all sales, where the law allows 40 % in a year."""
    await publish(bare, plan("VN", HALF), "VN/share")
    return bare


async def alarms(shop: Shop, **fields: Any) -> list[tuple[str, str, str, str]]:
    """Rule, period, the closing that raised it, and the one that cleared it."""
    answer = await shop.service.query("ListAlarms", pb.ListAlarmsRequest(parent=PARENT, **fields))
    return [(one.rule, *(name[-10:] for name in (one.period, one.raised_by, one.cleared_by))) for one in answer.alarms]


async def estimated(shop: Shop) -> list[pb.Alarm]:
    return list((await shop.service.query("EstimatePeriod", pb.EstimatePeriodRequest(parent=PARENT))).alarms)


async def raised(shop: Shop) -> list[public.AlarmRaised]:
    return [event for event in await shop.service.published() if isinstance(event, public.AlarmRaised)]


# --- China: structures


async def test_cn_alarms_from_30_people_on_3_paid_levels_on(bare: Shop) -> None:
    await publish(bare, plan("CN", TEAM), "CN/team-pay")
    for number in range(29 - 3):  # beside Ann, Bob and Cai
        await bare.enrol(f"m{number}", "bob" if number % 2 else "ann")
    await close(bare, JANUARY)
    assert await alarms(bare) == []
    assert await estimated(bare) == []
    await bare.enrol("the 30th", "cai", joined=day(33))
    (so_far,) = await estimated(bare)
    assert await alarms(bare) == []  # what is estimated is not raised
    await close(bare, FEBRUARY)
    assert await alarms(bare) == [("CN/structure", FEBRUARY, FEBRUARY, "")]
    (event,) = await raised(bare)
    assert (event.member, event.severity) == (bare.ids["ann"], "alarm")
    assert "30 people on 3 paid levels" in event.found.en
    assert "30 人" in event.found.zh
    assert "公通字" in event.source.zh
    assert (so_far.name, so_far.found, so_far.rule) == ("", event.found, "CN/structure")
    await close(bare, MARCH)  # it still holds: an alarm of its own for each period
    assert [period for _, period, _, _ in await alarms(bare)] == [FEBRUARY, MARCH]


async def test_30_people_on_two_levels_are_no_such_structure(bare: Shop) -> None:
    two = "[{id: team, type: unilevel, levels: [8%, 4%]}]"
    await publish(bare, plan("CN", two), "CN/team-pay")
    for number in range(40):
        await bare.enrol(f"m{number}", "cai")
    await close(bare, JANUARY)
    assert await alarms(bare) == []


# --- Vietnam: payouts of a year


async def test_the_year_is_added_up_over_its_periods(half: Shop) -> None:
    await publish(half, plan("VN", "[{id: team, type: unilevel, levels: [10%]}]", "2026-02-01"))
    await half.record(half.report("s1", "cai", "100"))
    await close(half, JANUARY)
    assert await alarms(half) == [("VN/paid", JANUARY, JANUARY, "")]
    await half.record(half.report("s2", "cai", "30", at=day(33)))
    await close(half, FEBRUARY)  # 53 of 130 in the year, although only 3 of 30 in the month
    assert await alarms(half) == [("VN/paid", JANUARY, JANUARY, ""), ("VN/paid", FEBRUARY, FEBRUARY, "")]
    assert (await raised(half))[1].found.en == "53.00 of 130.00 GBP sold this year is paid out (40.8%)."
    await half.record(half.report("s3", "cai", "20", at=day(62)))
    await close(half, MARCH)  # 55 of 150
    assert len(await alarms(half)) == 2


async def test_a_period_rated_again_raises_the_same_once_and_clears_what_holds_no_longer(half: Shop) -> None:
    await half.record(half.report("s1", "cai", "100"))
    await close(half, JANUARY)
    await half.record(half.report("late", "cai", "40", at=day(3)))
    await close(half, FEBRUARY)
    # January pays 70 of 140 now: that is the same finding. February has a year of its own to look at: the same one.
    assert [(rule, period) for rule, period, _, _ in await alarms(half)] == [
        ("VN/paid", JANUARY),
        ("VN/paid", FEBRUARY),
    ]
    await half.record(half.giving_back("r1", "s1", amount="100", at=day(62)))
    await half.record(half.giving_back("r2", "late", amount="40", at=day(62)))
    await close(half, MARCH)
    assert await alarms(half) == [("VN/paid", JANUARY, JANUARY, MARCH), ("VN/paid", FEBRUARY, FEBRUARY, MARCH)]
    await half.record(half.report("later", "cai", "10", at=day(4)))
    await close(half, "2026-04-01")  # found again: another alarm
    assert (await alarms(half, state=pb.ALARM_STATE_OPEN))[0] == ("VN/paid", JANUARY, "2026-04-01", "")
    assert len({event.alarm for event in await raised(half)}) == 6


async def test_alarms_are_listed_by_period_closing_and_state(half: Shop) -> None:
    await half.record(half.report("s1", "cai", "100"))
    for month in (JANUARY, FEBRUARY, MARCH):
        await close(half, month)
    await half.record(half.giving_back("r1", "s1", amount="100", at=day(90)))
    await close(half, "2026-04-01")
    every = await alarms(half)
    assert [period for _, period, _, _ in every] == [JANUARY, FEBRUARY, MARCH]
    assert await alarms(half, state=pb.ALARM_STATE_CLEARED) == every
    assert await alarms(half, state=pb.ALARM_STATE_OPEN) == []
    assert await alarms(half, period=f"{PARENT}/periods/{FEBRUARY}") == every[1:2]
    assert await alarms(half, raised_by=f"{PARENT}/periods/{MARCH}") == every[2:]
    first = await half.service.query("ListAlarms", pb.ListAlarmsRequest(parent=PARENT, page_size=2))
    assert [one.period[-10:] for one in first.alarms] == [JANUARY, FEBRUARY]
    assert await alarms(half, page_size=2, page_token=first.next_page_token) == every[2:]
    for field, wrong, reason in (
        ("period", f"{PARENT}/periods/2026-01-02", "UNKNOWN_PERIOD"),
        ("raised_by", "programmes/other/periods/2026-01-01", "OTHER_PROGRAMME"),
        ("page_token", "MXg", "INVALID_PAGE_TOKEN"),
    ):
        with pytest.raises(Refusal) as refusal:
            await alarms(half, **{field: wrong})
        assert refusal.value.reason == reason


# --- the United States: what is paid shrinks


async def test_us_says_that_payouts_shrink(bare: Shop) -> None:
    await publish(bare, plan("US", TEAM))
    await bare.record(bare.report("s1", "cai", "60"))
    await bare.record(bare.report("s2", "cai", "40", sale_class=pb.SALE_CLASS_PERSONAL))
    period = await close(bare, JANUARY)
    # The limit of own use is in dollars, and this is paid in pounds: 60 of 100 count, and 60 / 80 of 14.00 is paid.
    assert period.posted_minor == 1050
    (event,) = await raised(bare)
    assert event.rule == "US/customers"
    assert "payouts shrink to 75% of what the plan says" in event.found.en


# --- what a closing that is cut off leaves, and what is rebuilt


async def test_a_closing_that_was_cut_off_raises_nothing_twice(bare: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(
        bare, plan("CN, VN", "[{id: team, type: unilevel, levels: [41%, 4%, 2%]}]"), "CN/team-pay", "VN/share"
    )
    for root in ("x", "y"):
        await bare.enrol(root)
        for number in range(30):
            await bare.enrol(f"{root}{number}", root if number < 2 else f"{root}{number - 2}")
    await bare.record(bare.report("s1", "x29", "100"))
    monkeypatch.setattr("services.commission.domain.alarms.IN_AN_EVENT", 1)
    monkeypatch.setattr(policy, "_AT_ONCE", 1)
    await bare.service.command("ClosePeriod", pb.ClosePeriodRequest(parent=PARENT, period=JANUARY))
    real = policy.append
    for stop in range(2, 9):
        calls = 0

        def fail(*args: Any, stop: int = stop, **kwargs: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise RuntimeError(f"the process dies for the {stop}th time")
            real(*args, **kwargs)

        monkeypatch.setattr(policy, "append", fail)
        try:
            await finish(bare)
        except RuntimeError:
            continue
        break
    monkeypatch.setattr(policy, "append", real)
    await finish(bare)
    found = [(event.rule, event.member) for event in await raised(bare)]
    assert sorted(found) == sorted([("CN/structure", bare.ids["x"]), ("CN/structure", bare.ids["y"]), ("VN/paid", "")])
    assert len(await alarms(bare)) == 3
    assert faults(await exported(bare)) == {}


async def test_views_rebuilt_equal_the_live_ones(half: Shop) -> None:
    await half.record(half.report("s1", "cai", "100"))
    await close(half, JANUARY)
    await half.record(half.giving_back("r1", "s1", amount="60", at=day(40)))
    await close(half, FEBRUARY)

    async def tables() -> list[list[tuple[Any, ...]]]:
        return await half.service.log.read(
            lambda reader: [
                sorted(reader.all(f"SELECT * FROM view_{table}"), key=str) for table in ("alarms", "period_money")
            ]
        )

    before = await tables()
    assert [len(rows) for rows in before] == [2, 3]
    await half.service.log.rebuild()
    assert await tables() == before


# --- whatever happens, the alarms that stand are those that should


@pytest.mark.parametrize("seed", range(8))
async def test_alarms_that_stand_are_those_of_all_that_is_known(half: Shop, seed: int) -> None:
    chance, months = random.Random(seed), [f"2026-{month:02}-01" for month in range(1, 6)]
    await publish(half, plan("VN", "[{id: team, type: unilevel, levels: [30%]}]", "2026-02-01"))
    left: dict[str, tuple[int, int]] = {}
    net = [0] * len(months)
    for closing, month in enumerate(months):
        for number in range(chance.randint(0, 4)):
            at = chance.randint(0, closing)
            when = datetime(2026, at + 1, chance.randint(2, 27), tzinfo=UTC)
            if left and chance.random() < 0.4:
                name = chance.choice(sorted(left))
                of, pence = left.pop(name)
                back = datetime(2026, closing + 1, 28, tzinfo=UTC)
                await half.record(half.giving_back(f"r{name}", name, amount=str(Decimal(pence) / 100), at=back))
                net[of] -= pence
                continue
            name, pence = f"{month}-{number}", chance.randint(1, 500) * 100
            await half.record(half.report(name, "cai", str(Decimal(pence) / 100), at=when))
            left[name] = (at, pence)
            net[at] += pence
        await close(half, month)
        paid = [amount * (50 if i == 0 else 30) // 100 for i, amount in enumerate(net)]
        wanted = [
            months[i]
            for i in range(closing + 1)
            if sum(paid[: i + 1]) > 0 and sum(paid[: i + 1]) * 100 > 40 * sum(net[: i + 1])
        ]
        standing = await alarms(half, state=pb.ALARM_STATE_OPEN)
        assert sorted(period for _, period, _, _ in standing) == wanted
    assert faults(await exported(half)) == {}


# --- a stranger finds the same


@pytest.fixture
async def export(half: Shop) -> Export:
    """Alarms that are raised, kept and cleared."""
    await half.record(half.report("s1", "cai", "100"))
    await close(half, JANUARY)
    await half.record(half.report("late", "cai", "40", at=day(3)))
    await close(half, FEBRUARY)
    await half.record(half.giving_back("r1", "s1", amount="100", at=day(62)))
    await half.record(half.giving_back("r2", "late", amount="40", at=day(62)))
    await close(half, MARCH)
    return await exported(half)


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == {}
    names = [type(unpack(event)).__name__ for event in export.events["commission"]]
    assert [names.count(name) for name in ("AlarmRaised", "AlarmCleared", "PeriodWatched")] == [2, 2, 6]


@pytest.mark.parametrize("which", range(2))
@pytest.mark.parametrize("cls", [public.AlarmRaised, public.AlarmCleared, public.PeriodWatched])
def test_what_is_kept_quiet_shows(export: Export, cls: type[Any], which: int) -> None:
    tampered = copy.deepcopy(export)
    events = tampered.events["commission"]
    events.remove([event for event in events if isinstance(unpack(event), cls)][which])
    assert set(faults(tampered)) == {"alarms"}


def name_another(data: Any) -> bool:
    if not isinstance(data, public.AlarmRaised):
        return False
    data.member = "0b0f7a7e-7a53-4b47-a54e-2a60e1b54a11"
    return True


def make_light_of_it(data: Any) -> bool:
    if not isinstance(data, public.AlarmRaised):
        return False
    data.found.zh = data.found.zh.replace("50", "40")
    return True


def lower_the_severity(data: Any) -> bool:
    if not isinstance(data, public.AlarmRaised):
        return False
    data.severity = "hint"
    return True


def pay_less(data: Any) -> bool:
    if not isinstance(data, public.PeriodWatched):
        return False
    data.paid_minor -= 1
    return True


def clear_another(data: Any) -> bool:
    if not isinstance(data, public.AlarmCleared):
        return False
    data.alarm = "0b0f7a7e-7a53-4b47-a54e-2a60e1b54a11"
    return True


def say_it_of_another_period(data: Any) -> bool:
    if not isinstance(data, public.AlarmRaised):
        return False
    data.period_start.seconds += 86_400 * 300
    return True


@pytest.mark.parametrize(
    "change", [name_another, make_light_of_it, lower_the_severity, pay_less, clear_another, say_it_of_another_period]
)
def test_any_change_shows(export: Export, change: Callable[[Any], bool]) -> None:
    tampered = copy.deepcopy(export)
    for event in tampered.events["commission"]:
        data = unpack(event)
        if change(data):
            event.data.Pack(data)
            break
    else:
        pytest.fail("nothing was changed")
    assert "alarms" in faults(tampered)
