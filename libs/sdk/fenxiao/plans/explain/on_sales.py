"""Who earns a line, and on what, for components that pay on single sales."""

from typing import Final, cast

from fenxiao.money import plain
from fenxiao.plans.components import Direct, Generation, Matrix, Points
from fenxiao.plans.components.base import Selection
from fenxiao.plans.components.tiers import TierMode
from fenxiao.plans.components.unilevel import ByLevels
from fenxiao.plans.explain.derivation import NOTHING, Earning, Terms, Words, percent


def direct(terms: Terms, direct: Direct) -> Earning:
    """Say what the member credited earns."""
    if direct.tiers is None:
        return Earning(_level(terms), _priced(terms))
    number = terms.number_in("steps")
    start = plain(direct.tiers.steps[number].start)
    rate, volume = percent(terms.line.rate), terms.counted(direct.on)
    if direct.tiers.mode is TierMode.MARGINAL:
        calculation = Words(
            f"{rate} of the {volume.en} that lie in tier {number + 1} (from {start})",
            f"第 {number + 1} 档（自 {start} 起）内的 {volume.zh} 的 {rate} ",
        )
    else:
        calculation = Words(
            f"tier {number + 1} (from {start}) is reached, and {rate} of all {volume.en}",
            f"达到第 {number + 1} 档（自 {start} 起），全部 {volume.zh} 的 {rate} ",
        )
    return Earning(Words("Own net volume of the period", "本期个人净业绩"), calculation)


def by_levels(terms: Terms, _component: ByLevels) -> Earning:
    """Say what unilevel and matrix pay."""
    return Earning(_level(terms), _priced(terms))


def points(terms: Terms, points: Points) -> Earning:
    """Say what is earned in points."""
    share = NOTHING
    if points.levels is not None:
        part = percent(points.levels[terms.line.level])
        share = Words(f" ({part} of the points)", f"（全部积分的 {part}）")
    rate = terms.price(terms.line.rate)
    if terms.steps[-1] == "flat":
        sales = plain(terms.line.base)
        calculation = Words(f"{sales} sale at {rate.en} each{share.en}", f"{sales} 笔销售，每笔 {rate.zh}{share.zh}，")
    else:
        base = terms.counted(points.on)
        calculation = Words(f"{base.en} at {rate.en} each{share.en}", f"{base.zh}，每单位 {rate.zh}{share.zh}，")
    return Earning(_level(terms), _special(terms).then(calculation))


def generation(terms: Terms, generation: Generation) -> Earning:
    """Say what generations are paid."""
    number, rank = terms.line.level, generation.rank
    who = Words(
        f"Generation {number} of those ranked {rank!r} or higher above the seller",
        f"第 {number} 代（上级中职级达到“{rank}”者）",
    )
    return Earning(who, _priced(terms))


def _level(terms: Terms) -> Words:
    level, above = terms.line.level, terms.told.above
    compressed = isinstance(terms.component, ByLevels) and terms.component.compression
    if isinstance(terms.component, Matrix) and level:
        en, zh = _placed(above or level)
    else:
        en, zh = _earner(level if above is None else above)
    if compressed and level and above is None:
        en, zh = "counting only those who qualify", "只计符合条件者"
    elif compressed and above is not None and above > level:
        en += f"; {above - level} in between who do not qualify are passed over"
        zh += f"，其间 {above - level} 位不符合条件，已略过"
    return Words(f"Level {level}, {en}", f"第 {level} 层（{zh}）")


def _earner(level: int) -> tuple[str, str]:
    match level:
        case 0:
            return "the member credited with the sale", "该单所属成员"
        case 1:
            return "that member's sponsor", "其推荐人"
        case _:
            return f"the sponsor {level} levels above", f"其上第 {level} 级推荐人"


def _placed(above: int) -> tuple[str, str]:
    if above == 1:
        return "the member directly above in the placement tree", "其直接安置上级"
    return f"the member {above} levels above in the placement tree", f"其上第 {above} 级安置上级"


def _priced(terms: Terms) -> Words:
    """A price of one sale: a share of it, or money for the sale or for each unit."""
    match terms.steps[-1]:
        case "flat":
            price = _times(terms, ("sale", "笔销售", "每笔"))
        case "per_unit":
            price = _times(terms, ("units", "件", "每件"))
        case _:
            price = _share(terms)
    return _special(terms).then(ranked(terms), price)


def _share(terms: Terms) -> Words:
    rate, base = percent(terms.line.rate), terms.counted(terms.component.on)
    return Words(f"{rate} of {base.en}", f"{base.zh} 的 {rate} ")


def _times(terms: Terms, what: tuple[str, str, str]) -> Words:
    base, price, (en, zh, each) = plain(terms.line.base), terms.price(terms.line.rate), what
    return Words(f"{base} {en} at {price.en} each", f"{base} {zh}，{each} {price.zh}，")


def _special(terms: Terms) -> Words:
    """Which special entry holds, if one does."""
    if "special" not in terms.steps:
        return NOTHING
    number = terms.number_in("special")
    selection = cast("Selection", terms.part(f"{terms.place}/special/{number}"))
    criteria = [(name, getattr(selection, name)) for name in _CRITERIA]
    named = [(_CRITERIA[name], ", ".join(map(str, values[:5]))) for name, values in criteria if values]
    en = ", ".join(f"{words.en} {values}" for words, values in named)
    zh = "，".join(f"{words.zh} {values}" for words, values in named)
    return Words(
        f"special entry {number + 1} ({en}) is the most specific for this sale: ",
        f"第 {number + 1} 条特例（{zh}）最具体，优先适用：",
    )


_CRITERIA: Final = {
    "products": Words("product", "产品"),
    "categories": Words("category", "类别"),
    "channels": Words("channel", "渠道"),
    "classes": Words("class", "销售类型"),
}


def ranked(terms: Terms) -> Words:
    """Whose rates hold, if they are those of a rank."""
    if "by_rank" not in terms.steps:
        return NOTHING
    rank = terms.part(terms.line.rule.rpartition("/by_rank/")[0] + f"/by_rank/{terms.number_in('by_rank')}").rank
    return Words(f"by the rates of rank {rank!r}, ", f"按职级“{rank}”的比例，")
