"""Why a posted line is what it is. The sentences stand in `fenxiao.plans.explain`."""

from fenxiao.money import EXACT
from fenxiao.plans import Plan, SaleKind
from fenxiao.plans.explain import Derivation, TakenBack, Words, explain, explain_correction, explain_taken_back
from fenxiao.plans.periods.lines import PeriodLine
from services.commission.domain.conditions import hold_until, waits_of
from services.commission.domain.events import PostedLine
from services.commission.domain.sales import Sale


def explain_of_sale(line: PostedLine, sale: Sale, plan: Plan, original: Sale | None) -> Words:
    """Say how a line of a sale or return comes about. `original` is the sale that a return names."""
    if original is None:
        is_return = sale.report.kind is SaleKind.RETURN
        return explain(plan, _derivation(line, sale.path_of(line), 0, is_return=is_return))
    earned = next(one for one in original.lines if one.id == line.reverses)
    taken = TakenBack(
        sold=original.report.amount,
        returned=EXACT.add(sale.returned_before, sale.report.amount),
        earned_minor=earned.amount_minor,
        before_minor=line.reversed_before,
        taken_minor=-line.amount_minor,
    )
    return explain_taken_back(plan, _derivation(earned, original.path_of(earned), 0), taken)


def explain_of_period(line: PostedLine, path: tuple[str, ...], posted_before: int, plan: Plan) -> Words:
    """The same for a line of a closing. `posted_before` is what earlier closings had posted of it."""
    return explain(plan, _derivation(line, path, posted_before))


def explain_of_dispute(line: PostedLine, corrects: str, plan: Plan) -> Words:
    """The same for a correction of a line."""
    return explain_correction(plan, _derivation(line, (), 0), corrects)


def _derivation(line: PostedLine, path: tuple[str, ...], posted_before: int, *, is_return: bool = False) -> Derivation:
    due = line.amount_minor + posted_before
    return Derivation(
        line=PeriodLine(
            component=line.component,
            member=line.member,
            sale=line.sale,
            level=line.level,
            other=line.other,
            rule=line.rule,
            rate=line.rate,
            base=line.base,
            exact_amount=line.exact_amount,
            uncapped_minor=due if line.uncapped_minor is None else line.uncapped_minor,
            amount_minor=due,
        ),
        posted_before=posted_before,
        above=len(path) - 1 if path else None,
        is_return=is_return,
        hold_until=hold_until(line),
        waits=waits_of(line),
    )
