"""Who earns a line, and on what, for components that pay on the volume of a period."""

from decimal import Decimal

from fenxiao.money import EXACT, plain
from fenxiao.plans.components import Binary, Bounty, Campaign, Differential, Matching, Pool, Stairstep
from fenxiao.plans.components.base import Whose
from fenxiao.plans.components.bounty import Action
from fenxiao.plans.components.pool import PoolShares
from fenxiao.plans.components.stairs import Stairs, StepsBy
from fenxiao.plans.explain.derivation import NOTHING, Earning, Terms, Words, percent
from fenxiao.plans.explain.on_sales import ranked

# --- upward, by volume


def differential(terms: Terms, differential: Differential) -> Earning:
    """Say what a differential pays."""
    if terms.steps[0] == "minimum":
        below = _rate_of(differential, terms.line.level)
        who = Words(
            f"The minimum above somebody with a rate of {below}",
            f"级差最低保障（下级已达 {below}）",
        ).then(_on(terms))
        return Earning(who, _volume_share(terms))
    return _step(terms, differential)


def stairstep(terms: Terms, stairstep: Stairstep) -> Earning:
    """Say what a stair-step breakaway pays."""
    if terms.steps[0] != "override":
        return _step(terms, stairstep)
    number = terms.line.level
    who = Words(
        f"Override of generation {number} on groups that have broken away", f"脱离团队第 {number} 代领导奖"
    ).then(_on(terms))
    return Earning(who, _volume_share(terms))


def _step(terms: Terms, stairs: Stairs) -> Earning:
    number = terms.number_in("steps")
    step, level = stairs.steps[number], terms.line.level
    if stairs.by is StepsBy.RANK:
        reached = Words(f"rank {step.rank!r}", f"职级“{step.rank}”")
    else:
        volume = terms.counted(stairs.volume or stairs.on, step.start)
        reached = Words(f"a group volume from {volume.en}", f"团队业绩满 {volume.zh}")
    who = Words(
        f"Step {number + 1} ({reached.en}), with a rate of {percent(step.rate)}",
        f"第 {number + 1} 级（{reached.zh}），比例 {percent(step.rate)}",
    ).then(_on(terms))
    if not level:
        return Earning(who, _volume_share(terms))
    below, own = _rate_of(stairs, level), percent(step.rate)
    less = Words(f"{own} less the highest rate below, {below}, is ", f"{own} 减去下级最高比例 {below} 为 ")
    rate, base = percent(terms.line.rate), terms.counted(stairs.on)
    return Earning(who, less.then(Words(f"{rate}; {rate} of {base.en}", f"{rate}；{base.zh} 的 {rate} ")))


def _rate_of(stairs: Stairs, steps: int) -> str:
    return percent(stairs.steps[steps - 1].rate if steps else Decimal(0))


def _on(terms: Terms) -> Words:
    """Whose volume it is."""
    other = terms.line.other
    if not other:
        return Words(", on own volume of the period", "，按本期个人业绩")
    return Words(f", on the period's volume that came up through member {other}", f"，按成员 {other} 这条线的本期业绩")


def _volume_share(terms: Terms) -> Words:
    rate, base = percent(terms.line.rate), terms.counted(terms.component.on)
    return Words(f"{rate} of {base.en}", f"{base.zh} 的 {rate} ")


# --- over the period


def matching(terms: Terms, matching: Matching) -> Earning:
    """Say what is matched."""
    level, other, of = terms.line.level, terms.line.other, matching.of
    who = Words(f"Match of level {level} above member {other}", f"成员 {other} 之上第 {level} 层的配比奖")
    rate, base = percent(terms.line.rate), plain(terms.line.base)
    unit = "points" if terms.component.asset else terms.plan.currency
    calculation = Words(
        f"{rate} of the {base} {unit} that the member earned in the period from {', '.join(map(repr, of))}",
        f"该成员本期从{'、'.join(f'“{name}”' for name in of)}所得 {base} {unit} 的 {rate} ",
    )
    return Earning(who, ranked(terms).then(calculation))


def pool(terms: Terms, pool: Pool) -> Earning:
    """Say what a pool gives."""
    who = Words(f"Pool of {percent(pool.share)} of the period's volume", f"分红池（本期业绩的 {percent(pool.share)}）")
    match pool.by:
        case PoolShares.EQUAL:
            by = Words("in equal shares", "均分")
        case PoolShares.VOLUME:
            whose = pool.volume.whose if pool.volume else Whose.PERSONAL
            by = {
                Whose.PERSONAL: Words("by personal volume", "按个人业绩分配"),
                Whose.GROUP: Words("by group volume", "按团队业绩分配"),
            }[whose]
        case PoolShares.RANK:
            by = Words("by the shares of ranks", "按职级份额分配")
    size = terms.paid(int(terms.line.base.scaleb(terms.digits, EXACT)))
    due = terms.paid(terms.line.uncapped_minor)
    part = percent(terms.line.rate)
    given = Words(
        f"the pool of {size.en} is divided {by.en}; a part of {part} of it, rounded down, comes to {due.en} once what "
        "rounding leaves over has gone to those who lost most by it",
        f"分红池 {size.zh} {by.zh}；占 {part}，先舍去尾数，剩余部分按最小单位逐个补给舍去最多者，得 {due.zh}",
    )
    return Earning(who, NOTHING, given)


def binary(terms: Terms, binary: Binary) -> Earning:
    """Say what pairs of legs pay."""
    who = Words("Volume matched on both legs of the placement tree", "安置左右两区的对碰业绩")
    if binary.pay is not None and binary.unit is not None:
        unit, pairs, pay = terms.counted(binary.on, binary.unit), plain(terms.line.base), terms.price(binary.pay)
        ratio = binary.ratio
        calculation = Words(
            f"{pairs} pairs of {unit.en} ({ratio}) at {pay.en} each",
            f"{pairs} 对（每对 {unit.zh}，{ratio}），每对 {pay.zh}，",
        )
        return Earning(who, calculation)
    rate, matched = percent(terms.line.rate), terms.counted(binary.on)
    units = NOTHING
    if binary.unit is not None:
        unit = terms.counted(binary.on, binary.unit)
        units = Words(f", in pairs of {unit.en} ({binary.ratio})", f"（按每对 {unit.zh}，{binary.ratio}）")
    calculation = Words(f"{rate} of the {matched.en} matched{units.en}", f"对碰{units.zh} {matched.zh} 的 {rate} ")
    return Earning(who, calculation)


def bounty(terms: Terms, bounty: Bounty) -> Earning:
    """Say what is rewarded."""
    newcomers = Words(" of a new member", "（限新成员）") if bounty.newcomers else NOTHING
    match bounty.action:
        case Action.FIRST_SALE:
            who = Words("First sale in the window", "活动期内首单")
        case Action.SALE:
            every = bounty.every or 1
            who = (
                Words("A sale in the window", "活动期内的销售")
                if every == 1
                else Words(f"Every {every} sales in the window", f"活动期内每 {every} 单")
            )
        case Action.REFERRED_FIRST_SALE:
            who = Words("First sale in the window of a member sponsored", "所推荐成员在活动期内首单")
        case Action.RANK:
            who = Words(f"Rank {bounty.rank!r} reached for the first time", f"首次达到职级“{bounty.rank}”")
    return Earning(who.then(newcomers), _reward(terms))


def campaign(terms: Terms, campaign: Campaign) -> Earning:
    """Say what a window's volume is rewarded with."""
    whose = {Whose.PERSONAL: Words("personal", "个人"), Whose.GROUP: Words("group", "团队")}[campaign.whose]
    if campaign.places is not None:
        who = Words(
            f"Place {terms.line.level} by {whose.en} volume in the window",
            f"活动期{whose.zh}业绩第 {terms.line.level} 名",
        )
    else:
        target = terms.counted(campaign.on, campaign.target)
        who = Words(
            f"Target of {target.en} {whose.en} volume reached in the window",
            f"活动期{whose.zh}业绩达到目标 {target.zh}",
        )
    return Earning(who, _reward(terms))


def _reward(terms: Terms) -> Words:
    reward = terms.price(terms.line.base)
    return Words(f"the reward of {reward.en}", f"奖励 {reward.zh}，")
