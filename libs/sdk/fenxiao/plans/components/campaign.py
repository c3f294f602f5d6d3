"""Campaign: rewards for the volume of a whole window: to all who reach a target, or to the first of a ranking."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fenxiao.money import EXACT, Rounding
from fenxiao.plans.components.base import Basis, Whose
from fenxiao.plans.components.window import Budget, Windowed
from fenxiao.plans.language.fields import Number, count
from fenxiao.plans.periods.columns import MODES, Column, add_at, kernel, roll_up, round_div

if TYPE_CHECKING:
    from fenxiao.plans.periods.context import Context
    from fenxiao.plans.periods.lines import Lines

_UNIT: Final = 10**9
"""Volumes are carried in billionths of the measure, before `on.share`: finer than any that is reported."""


class Campaign(Windowed):
    """Pays for volume over the window (`on`, returns taken off), at the close of the period in which it ends.

    Names either `reward`, for everybody who reaches the `target`, or `places`, for the first of those who do: the
    highest volume is first, of equals who joined first. Who does not qualify in the last period is not placed, and
    whose volume is not above 0 has reached nothing. The budget is paid out in the same order, the highest volume first.
    """

    type: Literal["campaign"]
    """Told apart from other components by this."""
    whose: Whose = Whose.PERSONAL
    """Whose sales make up the volume."""
    target: Number = Decimal(0)
    """At least so much volume, in units of the measure."""
    reward: Number | None = None
    """To everybody who reaches the target, in units of the currency. Needs a budget."""
    places: Annotated[tuple[Number, ...], *count(1, 1000)] | None = None
    """To the first, the second and so on, in units of the currency."""
    budget: Number | None = None
    """To all together, in units of the currency; the last one gets what is left."""

    @property
    def pays_below(self) -> bool:
        """Whether anybody earns from it on what others sell."""
        return self.whose is Whose.GROUP

    @property
    def depth_paid(self) -> int | None:
        """How many levels may earn from it on one sale."""
        return None if self.whose is Whose.GROUP else 1

    def faults(self) -> list[tuple[str, str, str]]:
        """An empty window; both or neither of `reward` and `places`; a reward for nothing, or without end."""
        found = [*super().faults(), *self.cap_of_no_sale()]
        if (self.reward is None) == (self.places is None):
            found.append(("", "NOT_EXACTLY_ONE", "Name exactly one of reward and places."))
        if self.reward is not None and not self.target:
            found.append(("/target", "MISSING_FIELD", "A reward needs the target that is to be reached."))
        if self.reward is not None and self.budget is None:
            found.append(("/budget", "MISSING_FIELD", "A reward to everybody needs a budget."))
        return found

    def rate_period(self, context: "Context") -> "Lines":
        """Who is rewarded, the highest volume first; the level of a place is its number. Carries (volume)."""
        writer = context.writer(self, _UNIT)
        if not self.is_open(context):
            return writer.lines(context.inputs.frame)
        volumes = self._volumes(context)
        if not self.ends(context):
            context.carry_out[self.id] = {i: (volume,) for i, volume in enumerate(volumes) if volume}
            return writer.lines(context.inputs.frame)
        budget = Budget(None if self.budget is None else context.minor_of(self.budget))
        for i, member in enumerate(self._ranking(context, volumes)):
            if self.places is not None and i >= len(self.places):
                break
            reward, rule = (self.places[i], f"/places/{i}") if self.places else (self.reward, "/reward")
            base, rate = self.scaled(reward or Decimal(0)), context.plan.rate_scale
            due = context.to_minor(base, rate, _UNIT)
            level = i + 1 if self.places else 0
            writer.add(
                member,
                budget.take(due),
                uncapped=due,
                rule=context.place(self, rule),
                base=base,
                rate=rate,
                level=level,
            )
        return writer.lines(context.inputs.frame)

    def _ranking(self, context: "Context", volumes: list[int]) -> list[int]:
        """Who has reached the target and qualifies, the highest volume first, of equals who joined first."""
        digits = max(0, -int(self.on.share.normalize(EXACT).as_tuple().exponent))
        share = int(self.on.share.scaleb(digits, EXACT))
        least = context.threshold(self.target, _UNIT * 10**digits)
        qualified = context.qualified(self)
        reached = (i for i, v in enumerate(volumes) if qualified[i] and v * share >= max(least, 1))
        return sorted(reached, key=lambda i: (-volumes[i], i))

    def _volumes(self, context: "Context") -> list[int]:
        """The volume of each member in the window so far."""
        carried = context.carried.get(self.id, {})
        values, total = context.net(_whole(self.on)), context.zeros()
        counted = context.zeros(len(context.inputs.sales))
        _multiply(counted, values.column, self.inside(context))
        for segment in context.inputs.segments:
            part = context.zeros()
            add_at(part, context.inputs.sales.member, counted, segment.first, segment.last)
            if self.whose is Whose.GROUP:
                tree = segment.tree
                roll_up(part, tree.parent, tree.order)
            _add(total, part)
        return [
            carried.get(i, (0,))[0] + round_div(int(volume) * _UNIT, values.scale, MODES[Rounding.HALF_UP])
            for i, volume in enumerate(total)
        ]


def _whole(basis: Basis) -> Basis:
    return basis.model_copy(update={"share": Decimal(1)})


@kernel
def _multiply(result: Column, values: Column, factors: Column) -> None:
    for i in range(len(values)):
        result[i] = values[i] * factors[i]


@kernel
def _add(total: Column, part: Column) -> None:
    for i in range(len(total)):
        total[i] += part[i]
