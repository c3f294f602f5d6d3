"""What an explanation is made from, and the words for amounts that all explanations share."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any, Final, NamedTuple, cast

from fenxiao.money import EXACT, Rounding, format_minor, minor_digits, plain, round_units
from fenxiao.plans.components.base import Basis, ComponentBase, Measure
from fenxiao.plans.language.model import Plan
from fenxiao.plans.language.waits import NO_WAITS, Waits
from fenxiao.plans.periods.lines import PeriodLine

_ROUNDED: Final = {
    Rounding.HALF_UP: ("half up", "四舍五入"),
    Rounding.HALF_DOWN: ("half down", "五舍六入"),
    Rounding.HALF_EVEN: ("half to even", "四舍六入五成双"),
    Rounding.DOWN: ("towards zero", "舍去尾数"),
    Rounding.UP: ("away from zero", "进一取整"),
}


class Words(NamedTuple):
    """A text in each language."""

    en: str
    zh: str

    def then(self, *others: "Words") -> "Words":
        """Put other texts behind it."""
        every = (self, *others)
        # A full-width bracket brings its own space.
        return Words("".join(one.en for one in every), "".join(one.zh for one in every).replace("） ", "）"))


NOTHING: Final = Words("", "")


class Earning(NamedTuple):
    """The parts of a sentence."""

    who: Words
    """Who earns, as the rule sees it."""
    calculation: Words
    """Rate and base, as the subject of "… is 12.5 GBP"."""
    given: Words | None = None
    """In place of the calculation and its rounding, where the amount is none of base times rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A line with all that its explanation needs."""

    line: PeriodLine
    """As it is due now; neither base nor rate nor amount where nothing is due any more."""
    posted_before: int = 0
    """What earlier closings have posted of it, in minor units."""
    above: int | None = None
    """How many members above the seller the earner stands; None where that is not known."""
    is_return: bool = False
    """Earned on a return that names no sale."""
    hold_until: datetime | None = None
    waits: Waits = NO_WAITS
    """What it waits for beside that time."""
    estimate: bool = False
    """The period is not closed."""


class Terms:
    """A line and the part of the plan that it follows from."""

    def __init__(self, plan: Plan, told: Derivation) -> None:
        self.plan, self.told, self.line = plan, told, told.line
        found = next(one for one in plan.components if one.id == self.line.component)
        self.component: ComponentBase = found
        self.place = f"/components/{plan.components.index(found)}"

    @property
    def steps(self) -> list[str]:
        """The rule's place within the component."""
        return self.line.rule.removeprefix(self.place).split("/")[1:]

    def part(self, rule: str) -> Any:
        """What of the plan stands at a JSON pointer."""
        return reduce(_step, rule.split("/")[1:], self.plan)

    def number_in(self, name: str) -> int:
        """The number that stands behind a name in the rule's place: 2 in `/steps/2` behind `steps`."""
        steps = self.steps
        return int(steps[steps.index(name) + 1])

    # --- amounts

    @property
    def digits(self) -> int:
        """Decimals of what is paid."""
        return 0 if self.component.asset else minor_digits(self.plan.currency)

    @property
    def unit(self) -> Words:
        """What an exact amount counts."""
        return Words("points", "积分") if self.component.asset else Words(self.plan.currency, self.plan.currency)

    @property
    def rounded(self) -> int:
        """The exact amount in whole minor units."""
        return round_units(self.line.exact_amount, self.digits, self.plan.rounding, self.unit.en)

    @property
    def rounding(self) -> Words:
        """How it is rounded."""
        return Words(*_ROUNDED[self.plan.rounding])

    def paid(self, minor: int) -> Words:
        """An amount of what is paid."""
        if self.component.asset:
            return Words(f"{minor:,} points ({self.component.asset})", f"{minor:,} 积分（{self.component.asset}）")
        return Words(*(format_minor(minor, self.plan.currency, language) for language in ("en", "zh")))

    def price(self, value: Decimal) -> Words:
        """Something that the plan names in units of what is paid."""
        return Words(f"{plain(value)} {self.unit.en}", f"{plain(value)} {self.unit.zh}")

    def counted(self, basis: Basis, value: Decimal | None = None) -> Words:
        """A base (the line's, if none is given), in the unit of its measure, and the share of it that is payable."""
        number = plain(self.line.base if value is None else value)
        text = Words(*(template.format(number, currency=self.plan.currency) for template in _MEASURES[basis.measure]))
        if basis.share == 1:
            return text
        share, (en, zh) = percent(basis.share), _NAMES[basis.measure]
        return text.then(Words(f" ({share} of the {en})", f"（{zh}的 {share}）"))


_MEASURES: Final = {
    Measure.AMOUNT: ("{} {currency}", "{} {currency}"),
    Measure.MARGIN: ("{} {currency} of margin", "毛利 {} {currency}"),
    Measure.POINTS: ("{} CV", "{} CV"),
    Measure.QUANTITY: ("{} units", "{} 件"),
}
_NAMES: Final = {
    Measure.AMOUNT: ("amount", "金额"),
    Measure.MARGIN: ("margin", "毛利"),
    Measure.POINTS: ("CV", "CV"),
    Measure.QUANTITY: ("quantity", "数量"),
}


def percent(share: Decimal) -> str:
    """A share as a percentage."""
    return plain(share.scaleb(2, EXACT)) + "%"


def _step(part: Any, name: str) -> Any:
    return cast("tuple[Any, ...]", part)[int(name)] if isinstance(part, tuple) else getattr(part, name)
