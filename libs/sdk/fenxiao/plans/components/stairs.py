"""Steps that members climb by group volume or rank, each with a rate: what differential and stairstep share."""

from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from fenxiao.plans.components.base import Basis, ComponentBase, Strict
from fenxiao.plans.language.fields import Id, Number, Rate, count
from fenxiao.plans.periods.columns import Column, kernel
from fenxiao.plans.periods.inputs import Scaled

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context


class StepsBy(StrEnum):
    """What reaches a step."""

    VOLUME = "volume"
    """Group volume of the period, net of what came back."""
    RANK = "rank"
    """Paid-as rank in the period."""


class Step(Strict):
    """A step and its rate."""

    start: Number | None = None
    """Steps by volume: reached by a group volume of so much, in units of the measure."""
    rank: Id | None = None
    """Steps by rank: reached by this rank, and by higher ones that have no step themselves."""
    rate: Rate


class Stairs(ComponentBase):
    """A component whose members climb steps."""

    by: StepsBy
    steps: Annotated[tuple[Step, ...], *count(1, 64)]
    """From the lowest to the highest; each has a higher rate than the one before it."""
    volume: Basis | None = None
    """What counts as the group volume that reaches steps. Left out: what the rates apply to (`on`, with its share)."""

    @property
    def ladder(self) -> tuple[tuple[str, str], ...]:
        """The ranks of the steps."""
        return tuple((f"/steps/{i}/rank", step.rank) for i, step in enumerate(self.steps) if step.rank is not None)

    @property
    def ranks(self) -> tuple[tuple[str, str], ...]:
        """The ranks that it names."""
        return (*super().ranks, *self.ladder)

    def faults(self) -> list[tuple[str, str, str]]:
        """Steps that lack what reaches them, name something else, or do not ascend."""
        found: list[tuple[str, str, str]] = []
        wanted, other = ("start", "rank") if self.by is StepsBy.VOLUME else ("rank", "start")
        for i, step in enumerate(self.steps):
            if getattr(step, wanted) is None:
                found.append((f"/steps/{i}/{wanted}", "MISSING_FIELD", f"A step by {self.by} needs `{wanted}`."))
            if getattr(step, other) is not None:
                found.append((f"/steps/{i}/{other}", "UNKNOWN_FIELD", f"A step by {self.by} has no `{other}`."))
        if self.by is StepsBy.RANK and self.volume is not None:
            found.append(("/volume", "UNKNOWN_FIELD", "Steps by rank count no volume of their own."))
        for i, (lower, step) in enumerate(pairwise(self.steps), 1):
            if lower.start is not None and step.start is not None and step.start <= lower.start:
                message = "A step must start above the one before it."
                found.append((f"/steps/{i}/start", "STEPS_NOT_ASCENDING", message))
            if step.rate <= lower.rate:
                message = "A step must have a higher rate than the one before it."
                found.append((f"/steps/{i}/rate", "STEPS_NOT_ASCENDING", message))
        return found

    def starts(self, context: "Context", scale: int) -> Column:
        """What reaches each step: volumes in units of 1 / scale, or ranks."""
        if self.by is StepsBy.RANK:
            return context.inputs.frame.of(context.rank_number(step.rank or "") for step in self.steps)
        return context.inputs.frame.of(context.threshold(step.start or Decimal(0), scale) for step in self.steps)

    def reached(self, context: "Context") -> Column:
        """How many steps each member has reached."""
        values = Scaled(context.rank, 1) if self.by is StepsBy.RANK else context.group(self.volume or self.on)
        steps = context.zeros()
        _reach(values.column, self.starts(context, values.scale), steps)
        return steps

    def rates(self, context: "Context") -> list[int]:
        """The rates by the number of steps that are reached, as whole numbers of 1 / `plan.rate_scale`."""
        return [0, *(context.rate(step.rate) for step in self.steps)]


@kernel
def steps_of(value: int, starts: Column) -> int:
    """Count the steps that a value reaches."""
    steps = 0
    while steps < len(starts) and value >= starts[steps]:
        steps += 1
    return steps


@kernel
def _reach(values: Column, starts: Column, steps: Column) -> None:
    for i in range(len(values)):
        steps[i] = steps_of(values[i], starts)


@kernel
def disqualify(steps: Column, qualified: Column, last: int, instead: int) -> None:
    """Put who does not qualify on no step; who has reached the last, on another instead."""
    for i in range(len(steps)):
        if qualified[i] == 0:
            steps[i] = instead if steps[i] == last else 0
