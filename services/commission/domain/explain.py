"""Why a line is what it is: one sentence in English, one in Chinese."""

from typing import NamedTuple

from fenxiao.money import EXACT, Rounding, format_minor, plain
from fenxiao.plans import Plan, SaleKind, format_instant
from services.commission.domain.events import PostedLine
from services.commission.domain.sales import Sale

_ROUNDED = {
    Rounding.HALF_UP: ("half up", "四舍五入"),
    Rounding.HALF_DOWN: ("half down", "五舍六入"),
    Rounding.HALF_EVEN: ("half to even", "四舍六入五成双"),
    Rounding.DOWN: ("towards zero", "舍去尾数"),
    Rounding.UP: ("away from zero", "进一取整"),
}


class Explanation(NamedTuple):
    """One sentence in each language."""

    en: str
    zh: str


def explain(line: PostedLine, sale: Sale, plan: Plan, original: Sale | None) -> Explanation:
    """Says how a line of a sale or return comes about. `original` is the sale that a return names."""
    if original is not None:
        return _taken_back(line, sale, plan, original)
    en, zh = _earner(line.level)
    currency, percent = sale.report.currency, plain(line.rate.scaleb(2, EXACT)) + "%"
    rounded_en, rounded_zh = _ROUNDED[plan.rounding]
    base, exact = plain(line.base), plain(line.exact_amount)
    is_return = sale.report.kind is SaleKind.RETURN
    why_en = "; the return names no sale, so plan and sponsors are those of its own time" if is_return else ""
    why_zh = "；退货未指明原单，故按退货当时的方案和上下级计算" if is_return else ""
    held_en = "".join(f"; held until {format_instant(c.until)} at least" for c in line.conditions)
    held_zh = "".join(f"；至少保留到 {format_instant(c.until)}" for c in line.conditions)
    return Explanation(
        f"Level {line.level}, {en}: {percent} of {base} {currency} under component {line.component!r} "
        f"is {exact} {currency}, rounded {rounded_en} to {format_minor(line.amount_minor, currency)}"
        f"{why_en}{held_en}.",
        f"第 {line.level} 层（{zh}）：按组件“{line.component}”，{base} {currency} 的 {percent} 为 {exact} {currency}，"
        f"{rounded_zh}得 {format_minor(line.amount_minor, currency, 'zh')}{why_zh}{held_zh}。",
    )


def _taken_back(line: PostedLine, sale: Sale, plan: Plan, original: Sale) -> Explanation:
    en, zh = _earner(line.level)
    currency = original.report.currency
    earned = next(one.amount_minor for one in original.lines if one.id == line.reverses)
    share = f"{plain(EXACT.add(sale.returned_before, sale.report.amount))}/{plain(original.report.amount)}"
    due = line.reversed_before - line.amount_minor
    rounded_en, rounded_zh = _ROUNDED[plan.rounding]

    def money(minor: int, language: str = "en") -> str:
        return format_minor(minor, currency, language)

    return Explanation(
        f"Level {line.level}, {en}: {share} of the sale has come back, and that share of the {money(earned)} earned on "
        f"it is {money(due)}, rounded {rounded_en}; less {money(line.reversed_before)} taken back before, "
        f"{money(-line.amount_minor)} is taken back.",
        f"第 {line.level} 层（{zh}）：原单已退 {share}，原佣金 {money(earned, 'zh')} 按此比例{rounded_zh}为 "
        f"{money(due, 'zh')}，减去此前已扣回的 {money(line.reversed_before, 'zh')}，"
        f"本次扣回 {money(-line.amount_minor, 'zh')}。",
    )


def _earner(level: int) -> tuple[str, str]:
    match level:
        case 0:
            return "the member credited with the sale", "该单所属会员"
        case 1:
            return "that member's sponsor", "其推荐人"
        case _:
            return f"the sponsor {level} levels above", f"其上第 {level} 级推荐人"
