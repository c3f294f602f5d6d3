"""The sentence on a line: who earns, rate and base, rounding, returns, caps, what was posted before, the hold."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from fenxiao.money import plain
from fenxiao.plans.components.base import Caps, VolumeCap
from fenxiao.plans.explain.derivation import NOTHING, Derivation, Terms, Words, percent
from fenxiao.plans.explain.earning import earning
from fenxiao.plans.language.document import Node, read_document
from fenxiao.plans.language.instants import format_instant
from fenxiao.plans.language.model import Plan


class TakenBack(NamedTuple):
    """What a return that names its sale takes back of a line of the sale."""

    sold: Decimal
    """The amount of the sale."""
    returned: Decimal
    """How much of it has come back, this return included."""
    earned_minor: int
    """What was posted with the sale."""
    before_minor: int
    """What earlier returns took back of it, at least 0."""
    taken_minor: int
    """What this one takes back, above 0."""


def explain(plan: Plan, told: Derivation) -> Words:
    """Say how a line comes about."""
    terms = Terms(plan, told)
    line, due = terms.line, told.line.amount_minor
    if told.posted_before and not (due or line.rate or line.base):
        return _gone(terms)
    said = earning(terms)
    name = line.component
    if said.given is not None:
        counted = Words(f" under component {name!r}, {said.given.en}", f"按组件“{name}”，{said.given.zh}")
    else:
        exact, rounded, mode = plain(line.exact_amount), terms.paid(terms.rounded), terms.rounding
        counted = Words(
            f" {said.calculation.en} under component {name!r} is {exact} {terms.unit.en}, "
            f"rounded {mode.en} to {rounded.en}",
            f"按组件“{name}”，{said.calculation.zh}为 {exact} {terms.unit.zh}，{mode.zh}得 {rounded.zh}",
        )
    return said.who.then(
        Words(":", "："),
        counted,
        _own_time(told),
        NOTHING if said.given is not None else _came_back(terms),
        _capped(terms),
        _posted(terms),
        _held(terms),
        Words(".", "。"),
    )


def explain_taken_back(plan: Plan, told: Derivation, taken: TakenBack) -> Words:
    """Say how much a return that names its sale takes back. `told` is the sale's line."""
    terms = Terms(plan, told)
    who, mode = earning(terms).who, terms.rounding
    share = f"{plain(taken.returned)}/{plain(taken.sold)}"
    earned, before, now = (terms.paid(n) for n in (taken.earned_minor, taken.before_minor, taken.taken_minor))
    due = terms.paid(taken.before_minor + taken.taken_minor)
    return Words(
        f"{who.en}: {share} of the sale has come back, and that share of the {earned.en} earned on it is {due.en}, "
        f"rounded {mode.en}; less {before.en} taken back before, {now.en} is taken back.",
        f"{who.zh}：原单已退 {share}，原佣金 {earned.zh} 按此比例{mode.zh}为 {due.zh}，"
        f"减去此前已扣回的 {before.zh}，本次扣回 {now.zh}。",
    )


def explain_correction(plan: Plan, told: Derivation, corrects: str) -> Words:
    """Say what a correction is. `corrects` is the disputed line."""
    terms = Terms(plan, told)
    amount, name = told.line.amount_minor, told.line.component
    money = terms.paid(abs(amount))
    what = Words("posted in addition", "补记") if amount > 0 else Words("taken back", "扣回")
    return Words(
        f"A dispute about line {corrects} under component {name!r} was upheld: {money.en} is {what.en}",
        f"对明细 {corrects}（组件“{name}”）的异议成立，{what.zh} {money.zh}",
    ).then(_held(terms), Words(".", "。"))


def rule_texts(document: bytes, rules: set[str]) -> dict[str, str]:
    """What stands in a plan document at JSON pointers: as JSON, every scalar as it was written."""
    tree = read_document(document)
    return {rule: json.dumps(_at(tree, rule), ensure_ascii=False) for rule in rules}


def _at(tree: Node, rule: str) -> Node:
    node = tree
    for part in rule.split("/")[1:]:
        if isinstance(node, dict):
            node = node.get(part, "")
        elif isinstance(node, list):
            node = node[int(part)]
    return node


def _gone(terms: Terms) -> Words:
    before, name = terms.paid(terms.told.posted_before), terms.line.component
    return Words(
        f"Nothing is due by this rule of component {name!r} any more, after what was reported later; the {before.en} "
        "posted before is taken back.",
        f"后续上报的销售或退货使组件“{name}”的这一项不再应得；收回此前已记入的 {before.zh}。",
    )


def _own_time(told: Derivation) -> Words:
    if not told.is_return:
        return NOTHING
    return Words(
        "; the return names no sale, so plan and sponsors are those of its own time",
        "；退货未指明原单，故按退货当时的方案和上下级计算",
    )


def _came_back(terms: Terms) -> Words:
    """What is left of a line on a sale of which something has come back."""
    left = terms.line.uncapped_minor
    if left == terms.rounded:
        return NOTHING
    lost, text = terms.paid(terms.rounded - left), terms.paid(left)
    return Words(
        f"; for the share of the sale that has come back {lost.en} is taken off, which leaves {text.en}",
        f"；按已退货的比例减去 {lost.zh}，剩 {text.zh}",
    )


def _capped(terms: Terms) -> Words:
    due = terms.line.amount_minor
    if due == terms.line.uncapped_minor:
        return NOTHING
    caps, text = list(_caps(terms)), terms.paid(due)
    en, zh = ", ".join(cap.en for cap in caps), "、".join(cap.zh for cap in caps)
    return Words(f"; capped ({en}), of which {text.en} is left", f"；受上限（{zh}）限制，为 {text.zh}")


def _caps(terms: Terms) -> Iterator[Words]:
    """Everything that may have cut a line, in the order in which it does."""
    budget = getattr(terms.component, "budget", None)
    if budget is not None:
        most = terms.price(budget)
        yield Words(f"a budget of {most.en}", f"预算 {most.zh}")
    caps = terms.component.caps or Caps()
    for value, en, zh in (
        (caps.sale, "a sale", "每单"),
        (caps.member, "a member and period", "每人每期"),
        (caps.period, "a period", "每期合计"),
    ):
        if value is not None:
            most = terms.price(value)
            yield Words(f"{most.en} {en}", f"{zh} {most.zh}")
    if caps.volume is not None:
        yield _of_volume(caps.volume, "this component", "本组件")
    if terms.component.asset:
        return
    if terms.plan.cap is not None:
        yield _of_volume(terms.plan.cap, "the whole plan", "整个方案")
    if terms.plan.limited:
        packs = ", ".join(terms.plan.jurisdictions)
        yield Words(f"the law: {packs}", f"法规限制：{packs}")


def _of_volume(cap: VolumeCap, en: str, zh: str) -> Words:
    share = percent(cap.share)
    return Words(f"{share} of the period's volume for {en}", f"{zh}不超过本期业绩的 {share}")


def _posted(terms: Terms) -> Words:
    told, due = terms.told, terms.line.amount_minor
    if not told.posted_before:
        return NOTHING
    before, now = terms.paid(told.posted_before), terms.paid(due - told.posted_before)
    return Words(
        f"; {before.en} was posted before, so {now.en} is posted now",
        f"；此前已记入 {before.zh}，本次记入 {now.zh}",
    )


def _held(terms: Terms) -> Words:
    told = terms.told
    if told.estimate:
        return Words("; an estimate, since the period is not closed", "；为估算，期间尚未关闭")
    held: list[Words] = []
    if told.hold_until is not None:
        until = format_instant(told.hold_until)
        held.append(Words(f" until {until} at least", f"至少冻结到 {until}"))
    if told.waits.identity:
        held.append(Words(" until the member's identity is checked", "须完成成员身份核验"))
    if told.waits.delivered:
        held.append(Words(" until the goods have been delivered", "须货物送达"))
    if told.waits.threshold_minor:
        least = terms.paid(told.waits.threshold_minor)
        held.append(Words(f" until {least.en} is payable", f"应付余额须达到 {least.zh}"))
    if not held:
        return NOTHING
    return Words("; held" + " and".join(one.en for one in held), "；" + "，".join(one.zh for one in held))
