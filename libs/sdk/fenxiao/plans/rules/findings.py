"""Checking a plan before it is published, and watching the network that runs it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from fenxiao.errors import Kind, Refusal
from fenxiao.plans.language.issues import PlanError, PlanIssue
from fenxiao.plans.rules.checks import Check, Found
from fenxiao.plans.rules.pack import Pack, Rule, Severity, packs_of, rules_of
from fenxiao.plans.rules.texts import Text
from fenxiao.plans.rules.watching import Facts, Watch

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision that a plan is published although it does not satisfy a rule; recorded with the plan."""

    rule: str
    """The rule with its pack, such as `CN/team-pay`."""
    person: str
    """Who answers for it, by name."""
    reason: str

    def __post_init__(self) -> None:
        if not self.person.strip() or not self.reason.strip():
            message = f"Say who overrides {self.rule[:64]!r}, by name, and why."
            raise Refusal("INCOMPLETE_OVERRIDE", message, field="overrides")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a plan, or the network that runs it, does not satisfy."""

    pack: str
    rule: str
    place: str
    """JSON pointer into the plan; empty where it is about the network."""
    severity: Severity
    found: Text
    """What stands there."""
    law: Text
    """What the law says."""
    satisfied_by: Text
    source: Text
    """Act and article."""
    overridable: bool = True
    override: Override | None = None
    """Who has overridden it and why, if anybody has."""
    about: str = ""
    """The member whom it is about, if it is about one."""

    @property
    def name(self) -> str:
        """The rule with its pack, as overrides name it."""
        return f"{self.pack}/{self.rule}"

    @property
    def refuses(self) -> bool:
        """Whether the plan cannot be published for it."""
        return self.severity is Severity.REFUSE and self.override is None

    def message(self, language: str = "en") -> str:
        """Say what is wrong, which rule says so, and what would satisfy it."""
        found, law, cure, source = (
            text.given(language) for text in (self.found, self.law, self.satisfied_by, self.source)
        )
        if language.startswith("zh"):
            return f"{found}规则 {self.name}：{law}合规做法：{cure}（依据：{source}）"
        return f"{found} Rule {self.name}: {law} To satisfy it: {cure} ({source})"


def check_plan(
    plan: "Plan",
    packs: Iterable[Pack] | None = None,
    overrides: Sequence[Override] = (),
    *,
    today: date | None = None,
) -> list[Finding]:
    """Find every rule that a plan does not satisfy, in the order of its packs.

    Without `packs`, those that the plan names and the one for everywhere. With `today`, rules that begin later than
    that and than the plan are left out; without, every rule that is known counts. Raises `Refusal` for an override of
    a rule that allows none, or that nothing was found against.
    """
    found: dict[tuple[str, str, str], Finding] = {}
    for pack, rule in _rules(packs_of(plan) if packs is None else packs):
        if isinstance(rule.check, Check) and rule.holds(plan.effective_from.date(), today):
            for one in rule.check.look(plan):
                found.setdefault((pack.pack, rule.id, one.place), _finding(pack, rule, one))
    return _overridden(list(found.values()), overrides)


def watch(packs: Iterable[Pack], facts: Facts, day: date) -> list[Finding]:
    """Find every rule that a network does not satisfy in a period; `day` is the period's first."""
    found: dict[tuple[str, str, str], Finding] = {}
    for pack, rule in _rules(packs):
        if isinstance(rule.check, Watch) and rule.holds_on(day):
            for one in rule.check.watch(facts):
                found.setdefault((pack.pack, rule.id, one.about), _finding(pack, rule, one))
    return list(found.values())


def refuse(findings: Iterable[Finding]) -> None:
    """Raise `PlanError` with every finding that keeps the plan from being published, if there is one."""
    issues = [PlanIssue(one.place, "AGAINST_THE_RULES", one.message()) for one in findings if one.refuses]
    if issues:
        raise PlanError(issues)


def _rules(packs: Iterable[Pack]) -> Iterator[tuple[Pack, Rule]]:
    return (rule for pack in packs for rule in rules_of(pack))


def _finding(pack: Pack, rule: Rule, found: Found) -> Finding:
    return Finding(
        pack=pack.pack,
        rule=rule.id,
        place=found.place,
        severity=rule.severity,
        found=Text.model_construct(en=found.en, zh=found.zh),
        law=rule.law,
        satisfied_by=rule.satisfied_by,
        source=Text.model_construct(en=pack.source(rule), zh=pack.source(rule, "zh")),
        overridable=rule.overridable,
        about=found.about,
    )


def _overridden(findings: list[Finding], overrides: Sequence[Override]) -> list[Finding]:
    by_rule: dict[str, Override] = {}
    refusing = {one.name: one.overridable for one in findings if one.severity is Severity.REFUSE}
    for override in overrides:
        name = override.rule[:64]
        if override.rule not in refusing:
            message = f"Rule {name!r} refuses nothing in this plan; there is nothing to override."
            raise Refusal("NOTHING_TO_OVERRIDE", message, field="overrides")
        if not refusing[override.rule]:
            message = f"Rule {name!r} cannot be overridden; change the plan."
            raise Refusal("RULE_WITHOUT_OVERRIDE", message, field="overrides", kind=Kind.FAILED_PRECONDITION)
        if override.rule in by_rule:
            raise Refusal("REPEATED_OVERRIDE", f"Rule {name!r} is overridden twice.", field="overrides")
        by_rule[override.rule] = override
    return [replace(one, override=by_rule.get(one.name)) for one in findings]
