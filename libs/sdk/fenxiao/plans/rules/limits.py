"""Limits that the law puts on what a period pays: the last cap, after all that the plan says.

Only rules that say so limit (`CustomersAtLeast`); the one that holds on the period's first day counts, so that a period
rated again years later comes to the same. Such a rule can't be overridden: what it does follows from the plan, which
names the pack, and from the sales.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from fenxiao.plans.periods.parts import divide
from fenxiao.plans.rules.facts import facts_of
from fenxiao.plans.rules.pack import Rule, packs_of, rules_of
from fenxiao.plans.rules.watching import CustomersAtLeast, Facts

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines


def limits(plan: "Plan") -> list[tuple[Rule, CustomersAtLeast]]:
    """The rules of a plan's packs that limit what a period pays, whenever they hold.

    A plan that has one posts at the close. So a pack that had none never gets one: published plans would post otherwise
    from then on. It takes a pack of another name.
    """
    rules = (rule for pack in packs_of(plan) for _, rule in rules_of(pack))
    return [(rule, rule.check) for rule in rules if isinstance(rule.check, CustomersAtLeast)]


def factor_of(plan: "Plan", facts: Facts, day: date) -> Fraction:
    """What the plan's rule packs leave of its payouts on a day: 1, or less."""
    return min((limit.factor(facts) for rule, limit in limits(plan) if rule.holds_on(day)), default=Fraction(1))


def limited(context: "Context", lines: "Mapping[str, Lines]") -> "dict[str, Lines]":
    """Shrink the lines of a period to what the plan's rule packs allow; points that are worth no money stay.

    All lines of an asset together are multiplied with the factor and rounded down to minor units, or whole points; the
    parts sum to that exactly (largest remainder, in the order of the lines), those below 0 included.
    """
    found = dict(lines)
    if not context.plan.limited:
        return found
    factor = factor_of(context.plan, facts_of(context, lines), context.inputs.period.start.date())
    if factor == 1:
        return found
    assets: dict[str, list[str]] = {}
    for one in context.plan.components:
        if one.pays_money:
            assets.setdefault(one.asset, []).append(one.id)
    for names in assets.values():
        columns = {name: lines[name].columns() for name in names}
        amounts = [int(amount) for rated in columns.values() for amount in rated.amount]
        if sum(amounts) > 0:
            parts = iter(divide(sum(amounts) * factor.numerator // factor.denominator, amounts))
            for name, rated in columns.items():
                left = context.inputs.frame.of([next(parts) for _ in range(len(rated))])
                found[name] = replace(rated, amount=left)
    return found
