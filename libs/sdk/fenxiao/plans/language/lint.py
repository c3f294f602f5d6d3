"""Hints: what a plan may do and its author perhaps does not mean. None of them keeps a plan from being published."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from pydantic import BaseModel

from fenxiao.money import EXACT, plain
from fenxiao.plans.components import Pool
from fenxiao.plans.components.base import Caps, ComponentBase
from fenxiao.plans.components.tiers import Tiers
from fenxiao.plans.components.unilevel import ByLevels
from fenxiao.plans.components.window import Windowed
from fenxiao.plans.language.worst import Bound, worst_case

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan
    from fenxiao.plans.language.ranks import Rank

_HIGH: Final = Decimal("0.6")
"""Of sales; few plans that pay more leave enough for the goods."""

_PAID: Final = ("rate", "flat", "per_unit", "pay", "reward", "budget", "share")
"""Fields of components that are paid out."""


class Hint(NamedTuple):
    """Something that an author should look at."""

    place: str
    """JSON pointer."""
    code: str
    """UPPER_SNAKE_CASE, stable, for programs."""
    en: str
    zh: str

    def message(self, language: str = "en") -> str:
        """Give the sentence in a language: Chinese for `zh` and its kin, else English."""
        return self.zh if language.startswith("zh") else self.en


def lint(plan: "Plan") -> list[Hint]:
    """Look for what a plan perhaps does not mean, in the order of the document's parts."""
    return [hint for look in _LOOKS for hint in look(plan)]


def _unchecked(plan: "Plan") -> Iterator[Hint]:
    if not plan.jurisdictions:
        en = "No law is named, so only what holds everywhere is checked; name the rule packs of where you sell."
        yield Hint(
            "/jurisdictions", "NO_JURISDICTION", en, "没有选择法规包，只检查通用规则；请选择销售所在地的法规包。"
        )


def _at_once(plan: "Plan") -> Iterator[Hint]:
    for i, one in enumerate(plan.components):
        days = plan.return_window if one.release.days is None else one.release.days
        if not days and not one.release.delivered:
            place = "/return_window" if one.release.days is None else f"/components/{i}/release/days"
            en = f"Lines of {one.id!r} are released at once; what comes back later becomes a debt of who was paid."
            zh = f"“{one.id}”的报酬立即发放；之后若有退货，将成为已取酬者的欠款。"
            yield Hint(place, "RELEASED_AT_ONCE", en, zh)


def _bounds(plan: "Plan") -> Iterator[Hint]:
    worst = worst_case(plan)
    if worst.share is None:
        for part in worst.parts:
            if part.bound is Bound.NOTHING:
                en = f"Nothing bounds {part.component!r} as a share of sales; a cap in the amount sold would."
                zh = f"“{part.component}”占销售额的比例没有上限；请为其或整个计划设置按销售额计算的上限。"
                yield Hint(part.place, "NO_BOUND", en, zh)
    elif worst.share > _HIGH:
        share = f"{plain(worst.share.scaleb(2, EXACT))}%"
        place = "/cap" if worst.capped else "/components"
        en = f"It may pay up to {share} of a sale; see whether enough is left for the goods."
        yield Hint(place, "WORST_CASE_HIGH", en, f"最多可能支付一笔销售的 {share}；请确认余额足以支付货款及成本。")
    if plan.cap and not worst.capped and worst.share is not None:
        en = "All components together never pay so much; the cap has no effect."
        yield Hint("/cap", "CAP_WITHOUT_EFFECT", en, "所有组件合计也达不到该上限，上限不起作用。")


def _ranks(plan: "Plan") -> Iterator[Hint]:
    unreachable = _unreachable(plan)
    used = {name for one in plan.components for _, name in one.ranks}
    used |= {below.rank for rank in plan.ranks for below in rank.below or () if below.rank and below.rank != rank.id}
    for i, rank in enumerate(plan.ranks):
        place = f"/ranks/{i}"
        if rank.id in unreachable:
            yield Hint(
                place, "RANK_OUT_OF_REACH", f"Nobody can reach rank {rank.id!r}.", f"无人能达到级别“{rank.id}”。"
            )
        elif not _asks(rank):
            en = f"Rank {rank.id!r} asks for nothing; only those have it to whom it is given."
            yield Hint(place, "RANK_ONLY_GIVEN", en, f"级别“{rank.id}”没有任何条件，只有被授予者才有。")
        if rank.id not in used:
            en = f"Nothing in the plan depends on rank {rank.id!r}."
            yield Hint(place, "RANK_WITHOUT_EFFECT", en, f"计划中没有任何规则用到级别“{rank.id}”。")
    for i, (lower, rank) in enumerate(pairwise(plan.ranks), 1):
        for field in ("personal_volume", "sales", "group_volume"):
            if 0 < getattr(rank, field) < getattr(lower, field):
                en = f"Rank {rank.id!r} asks for less here than {lower.id!r}, which is lower."
                zh = f"级别“{rank.id}”在此处的要求低于比它低的级别“{lower.id}”。"
                yield Hint(f"/ranks/{i}/{field}", "THRESHOLDS_DESCEND", en, zh)


def _components(plan: "Plan") -> Iterator[Hint]:
    unreachable = _unreachable(plan)
    for i, one in enumerate(plan.components):
        place = f"/components/{i}"
        yield from _zeros(one, place)
        if one.qualify and one.qualify.rank in unreachable:
            en = f"{one.id!r} pays nobody: no one can reach rank {one.qualify.rank!r}."
            zh = f"“{one.id}”不会付给任何人：无人能达到级别“{one.qualify.rank}”。"
            yield Hint(f"{place}/qualify/rank", "NEVER_PAYS", en, zh)
        if isinstance(one, Windowed) and one.end <= plan.effective_from:
            en = f"The window of {one.id!r} ends before the plan comes into force."
            yield Hint(f"{place}/end", "NEVER_PAYS", en, f"“{one.id}”的活动期在计划生效前已结束。")
        if getattr(one, "compression", False) and one.qualify is None:
            en = f"Everybody qualifies for {one.id!r}, so compression passes nobody over."
            zh = f"“{one.id}”没有资格条件，人人合格，压缩不起作用。"
            yield Hint(f"{place}/compression", "COMPRESSION_WITHOUT_EFFECT", en, zh)
        if isinstance(one, Pool) and (one.caps is None or one.caps.member is None):
            en = f"One member alone may get all of pool {one.id!r}; a cap by `member` would prevent that."
            zh = f"奖池“{one.id}”可能全部归一人所有；可设置每人上限（caps.member）。"
            yield Hint(place, "ONE_MAY_TAKE_ALL", en, zh)
        held = plan.return_window if one.release.days is None else one.release.days
        if one.lasts is not None and one.lasts <= held:
            en = f"The points of {one.id!r} are lost after {one.lasts} days, and held for {held}: nobody spends them."
            zh = f"“{one.id}”的积分冻结 {held} 天，却在 {one.lasts} 天后失效，无人能够使用。"
            yield Hint(f"{place}/expires_after", "NEVER_PAYS", en, zh)
        yield from _orders(one, place)


def _orders(one: ComponentBase, place: str) -> Iterator[Hint]:
    """Rates that fall where one would expect them to rise."""
    tiers = getattr(one, "tiers", None)
    if isinstance(tiers, Tiers):
        for k, (lower, tier) in enumerate(pairwise(tiers.steps), 1):
            if tier.rate < lower.rate:
                en, zh = "A higher tier has a lower rate than the one before it.", "较高档次的比率低于前一档。"
                yield Hint(f"{place}/tiers/steps/{k}/rate", "RATES_DESCEND", en, zh)
    if isinstance(one, ByLevels):
        tables = [one.levels, *(table.levels for table in one.by_rank or ())]
        for k, (lower, table) in enumerate(pairwise(tables)):
            for level, rate in enumerate(lower):
                if (table[level] if level < len(table) else Decimal(0)) < rate:
                    en = f"A higher rank earns less on level {level} than a lower one."
                    spot = f"{place}/by_rank/{k}/levels" + (f"/{level}" if level < len(table) else "")
                    yield Hint(spot, "RATES_DESCEND", en, f"第 {level} 级上，较高级别所得少于较低级别。")
                    break
    places = cast("tuple[Decimal, ...]", getattr(one, "places", None) or ())
    for k, (better, worse) in enumerate(pairwise(places), 1):
        if worse > better:
            en, zh = "A later place is worth more than the one before it.", "名次靠后的奖励高于靠前的。"
            yield Hint(f"{place}/places/{k}", "RATES_DESCEND", en, zh)


def _zeros(one: ComponentBase, place: str) -> Iterator[Hint]:
    """What pays nothing, and lists of rates that end in nothing."""
    nothing = "It is 0, so nothing is paid by it.", "该值为 0，不会有任何支付。"
    zero = [name for name in _PAID if getattr(one, name, None) == 0]
    for name in zero:
        yield Hint(f"{place}/{name}", "NEVER_PAYS", *nothing)
    if not one.on.share:
        yield Hint(f"{place}/on/share", "NEVER_PAYS", *nothing)
    elif not zero and not one.asset and one.worst_case == 0:
        en, zh = (
            f"All rates of {one.id!r} are 0, so nothing is paid by it.",
            f"“{one.id}”的比率全部为 0，不会有任何支付。",
        )
        yield Hint(place, "NEVER_PAYS", en, zh)
    if one.caps is not None:
        yield from _zero_caps(one.caps, f"{place}/caps")
    yield from _trailing_zeros(one, place)


def _trailing_zeros(part: object, place: str) -> Iterator[Hint]:
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _trailing_zeros(getattr(part, name), f"{place}/{name}")
    elif isinstance(part, tuple):
        items = cast("tuple[object, ...]", part)
        if len(items) > 1 and items[-1] == 0 and any(items):
            en, zh = "The last is 0 and pays nobody; leave it out.", "最后一项为 0，不付给任何人，可以删去。"
            yield Hint(f"{place}/{len(items) - 1}", "ENDS_IN_ZERO", en, zh)
        for k, item in enumerate(items):
            yield from _trailing_zeros(item, f"{place}/{k}")


def _zero_caps(caps: Caps, place: str) -> Iterator[Hint]:
    zero = [name for name in ("sale", "member", "period") if getattr(caps, name) == 0]
    if caps.volume is not None and not caps.volume.share * caps.volume.of.share:
        zero.append("volume/share")
    for name in zero:
        yield Hint(f"{place}/{name}", "NEVER_PAYS", "A cap of 0 leaves nothing.", "上限为 0，不会有任何支付。")


def _unreachable(plan: "Plan") -> set[str]:
    """Ranks that ask for volume where nothing counts, or for members of such ranks."""
    found: set[str] = set()
    for rank in plan.ranks:
        volume = (
            rank.personal_volume or rank.group_volume or any(legs.count and legs.volume for legs in rank.legs or ())
        )
        below = any(one.count and one.rank in found for one in rank.below or ())
        if below or (volume and not plan.volume.share):
            found.add(rank.id)
    return found


def _asks(rank: "Rank") -> bool:
    volume = rank.personal_volume or rank.sales or rank.group_volume
    counted = any(legs.count for legs in rank.legs or ()) or any(below.count for below in rank.below or ())
    return bool(volume or counted)


_LOOKS: Final[tuple[Callable[["Plan"], Iterator[Hint]], ...]] = (_unchecked, _at_once, _ranks, _components, _bounds)
