"""Caps: the most that a component, and a plan, pays.

A component's caps apply one after the other, each to what the one before left: by sale, by member, by period, by
volume. The plan's cap applies at the end, to the lines of all components together.

A cap on a sum takes lines in their order, and each brings the sum as far as the cap allows: of a line is due
`min(sum with it, cap) − min(sum before it, cap)`. So no sum of first lines is ever above the cap, and a line below 0
takes back only what the sum then is below the cap: with a cap of 100, lines of 150 and −30 are due 100 and 0, and
another −30 is due −10.

On a sale the cap goes both ways, since a return that names no sale mirrors one; and it applies to the lines as sold,
before anything came back, so that a return takes back its share of what was paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import gcd
from typing import TYPE_CHECKING, Final

from fenxiao.plans.components.base import Caps, ComponentBase, Measure, Sharing, VolumeCap
from fenxiao.plans.periods.columns import LIMIT, Arrays, Column, Frame, kernel, round_div
from fenxiao.plans.periods.lines import LineColumns, Lines
from fenxiao.plans.periods.parts import divide

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context

_NO_CAPS: Final = Caps()


def cap_sale(amounts: Sequence[int], cap: int) -> list[int]:
    """Cap the lines of one sale, as sold: the later ones are cut first. All minor units."""
    capped: list[int] = []
    total = 0
    for amount in amounts:
        before = _within(total, cap)
        total += amount
        capped.append(_within(total, cap) - before)
    return capped


def cap_component(context: "Context", component: ComponentBase, lines: Lines) -> Lines:
    """Apply a component's own caps to its lines."""
    caps = component.caps or _NO_CAPS
    if caps == _NO_CAPS:
        return lines
    written = lines.columns()
    frame, units = context.inputs.frame, context.units(component)
    if caps.sale is not None:
        written = _cap_sales(context, written, _bounded(frame, context.minor_of(caps.sale, units)), units)
    amounts, capped = written.amount, context.zeros(len(written))
    if caps.member is not None:
        _cap_by(capped, amounts, written.earner, _bounded(frame, context.minor_of(caps.member, units)), context.zeros())
        amounts, capped = capped, context.zeros(len(written))
    if caps.period is not None:
        _cap_sum(capped, amounts, _bounded(frame, context.minor_of(caps.period, units)))
        amounts = capped
    if caps.volume is not None:
        (amounts,) = _cap_volume(context, caps.volume, [amounts], units)
    return replace(written, amount=amounts)


def cap_plan(context: "Context", cap: VolumeCap | None, rated: Mapping[str, Lines]) -> dict[str, Lines]:
    """Apply the plan's cap to the lines of all its components that pay money, in the order in which they are listed."""
    if cap is None:
        return dict(rated)
    written = {name: lines.columns() for name, lines in rated.items()}
    written = {name: lines for name, lines in written.items() if not lines.asset}
    capped = _cap_volume(context, cap, [lines.amount for lines in written.values()], context.minor)
    return dict(rated) | {
        name: replace(lines, amount=amounts) for (name, lines), amounts in zip(written.items(), capped, strict=True)
    }


def _cap_volume(context: "Context", cap: VolumeCap, parts: Sequence[Column], units: int) -> list[Column]:
    """Apply a cap by volume to several columns as if they were one."""
    frame, total = context.inputs.frame, context.total(cap.of)
    numerator = int(total.column[0]) * context.rate(cap.share) * units
    most = max(0, numerator // (total.scale * context.plan.rate_scale))
    every = [int(amount) for part in parts for amount in part]
    if cap.by is Sharing.PRIORITY:
        _cap_sum(every, every, most)
    elif sum(every) > most:
        every = divide(most, every)
    ends = 0
    capped: list[Column] = []
    for part in parts:
        capped.append(frame.of(every[ends : ends + len(part)]))
        ends += len(part)
    return capped


def _cap_sales(context: "Context", lines: LineColumns, cap: int, units: int) -> LineColumns:
    sales, frame = context.inputs.sales, context.inputs.frame
    result = context.zeros(len(lines))
    denominator = lines.base_scale * lines.rate_scale
    common = gcd(units, denominator)
    _cap_each_sale(
        result,
        lines.sale,
        lines.base,
        lines.rate,
        lines.uncapped,
        lines.amount,
        units // common,
        denominator // common,
        context.mode,
        sales.returned,
        sales.measures[Measure.AMOUNT].column,
        cap,
        context.zeros(len(sales)),
    )
    kept = [i for i, uncapped in enumerate(lines.uncapped) if uncapped]  # the others were needed up to here only
    columns = (lines.earner, lines.sale, lines.level, lines.other, lines.rule, lines.base, lines.rate, lines.uncapped)
    names = ("earner", "sale", "level", "other", "rule", "base", "rate", "uncapped", "amount")
    return replace(
        lines,
        **{name: frame.of(column[i] for i in kept) for name, column in zip(names, (*columns, result), strict=True)},
    )


def _bounded(frame: Frame, cap: int) -> int:
    """A cap that loops over arrays can compute with; nothing in arrays comes near to the limit."""
    return min(cap, LIMIT) if isinstance(frame, Arrays) else cap


@kernel
def _within(total: int, cap: int) -> int:
    return max(-cap, min(total, cap))


@kernel
def _cap_sum(result: Column, amounts: Column, cap: int) -> None:
    """Cap the sum of all; `result` may be `amounts`."""
    total = 0
    for i in range(len(amounts)):
        before = min(total, cap)
        total += amounts[i]
        result[i] = min(total, cap) - before


@kernel
def _cap_by(result: Column, amounts: Column, group: Column, cap: int, total: Column) -> None:
    """Cap the sum of each group; `total` is zeros, one for each group."""
    for i in range(len(amounts)):
        k = group[i]
        before = min(total[k], cap)
        total[k] += amounts[i]
        result[i] = min(total[k], cap) - before


@kernel
def _cap_each_sale(
    result: Column,
    sale: Column,
    base: Column,
    rate: Column,
    uncapped: Column,
    amount: Column,
    numerator: int,
    denominator: int,
    mode: int,
    returned: Column,
    whole: Column,
    cap: int,
    total: Column,
) -> None:
    """Cap the sum of each sale as sold, then take off what came back; `total` is zeros, one for each sale."""
    for i in range(len(sale)):
        k = sale[i]
        if k < 0:
            result[i] = amount[i]
            continue
        before = _within(total[k], cap)
        total[k] += round_div(base[i] * rate[i] * numerator, denominator, mode)
        due = _within(total[k], cap) - before
        if returned[k] != 0:
            due -= round_div(due * returned[k], whole[k], mode)
        # What a budget has cut already stays cut.
        if amount[i] != uncapped[i] and abs(amount[i]) < abs(due):
            due = amount[i]
        result[i] = due
