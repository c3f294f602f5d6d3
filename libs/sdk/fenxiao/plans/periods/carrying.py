"""What a period hands on, as the next one takes it: under another version of the plan, too."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fenxiao.plans.periods.ranking import RANKS, renumber

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan
    from fenxiao.plans.periods.context import Carry


def taken_over(carried: "Carry", before: "Plan", plan: "Plan") -> "Carry":
    """Give what a plan carries in of what another version has carried out: that of components which both have.

    Under the same id a new version may have a component of another type, to which the figures would mean nothing.
    """
    if before is plan:
        return carried
    types = {one.id: one.type for one in before.components}
    kept = {one.id for one in plan.components if types.get(one.id) == one.type} | {RANKS}
    found: dict[str, Mapping[int, tuple[int, ...]]] = {name: rows for name, rows in carried.items() if name in kept}
    if RANKS in found and before.ranks != plan.ranks:
        found[RANKS] = renumber(found[RANKS], before, plan)
    return found
