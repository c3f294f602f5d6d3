"""Rule packs: what a law asks of a plan and of the network that runs it, as data.

A pack is a file in `packs/`, named as plans name it in `jurisdictions`. What a rule looks at is one of a small, fixed
set of checks (`checks.py`, `watching.py`) with the numbers of that law; no pack holds code. A pack states what its
authors read in the sources that it cites. It is no legal advice.
"""

from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from fenxiao.plans.components.base import Strict
from fenxiao.plans.language.document import read_document
from fenxiao.plans.language.fields import Id, Name, YesNo, count
from fenxiao.plans.rules.checks import PlanCheck
from fenxiao.plans.rules.texts import Text
from fenxiao.plans.rules.watching import NetworkCheck
from fenxiao.proofs.jcs import canonical_json

if TYPE_CHECKING:
    from fenxiao.plans.language.model import Plan

EVERYWHERE = "everywhere"
"""The pack that every plan must satisfy, whatever it names."""

_FOLDER = Path(__file__).parent / "packs"


@cache
def pack_names() -> frozenset[str]:
    """Name the packs that a plan can name."""
    return frozenset(file.stem for file in _FOLDER.glob("*.yaml")) - {EVERYWHERE}


def _named(name: str) -> str:
    if name not in pack_names() and name != EVERYWHERE:
        raise PydanticCustomError("UNKNOWN_PACK", "A pack is named as its file is.")
    return name


class Severity(StrEnum):
    """What follows when a rule is not kept."""

    REFUSE = "refuse"
    """The plan is not published, unless a named person overrides the rule and says why."""
    ALARM = "alarm"
    """It is shown, and somebody has to look."""


class Source(Strict):
    """Where a rule stands in the law."""

    id: Id
    title: Text
    article: Name
    """Article, section or paragraph."""
    where: Name
    """Where it can be read."""
    in_force: date
    """Since when."""
    note: Text | None = None
    """What could not be verified, and what else to know."""


class Rule(Strict):
    """One rule."""

    id: Id
    check: Annotated[PlanCheck | NetworkCheck, Field(discriminator="check")]
    """What is looked at, and the numbers."""
    law: Text
    """What the law says, in one sentence."""
    satisfied_by: Text
    """What would satisfy it."""
    severity: Severity
    sources: Annotated[tuple[Id, ...], *count(1, 8)]
    effective_from: date
    """Since when the rule holds."""
    effective_to: date | None = None
    """The first day on which it no longer holds."""
    overridable: YesNo = True
    """Whether a named person may override it."""

    def holds(self, since: date, today: date | None = None) -> bool:
        """Whether it binds a plan that is in force from a day on, as of today; with no today, all known rules do."""
        begun = today is None or self.effective_from <= max(since, today)
        return begun and (self.effective_to is None or since < self.effective_to)

    def holds_on(self, day: date) -> bool:
        """Whether it is law on a day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


class Pack(Strict):
    """The rules of one jurisdiction, or of one way to trade in it."""

    pack: Annotated[str, AfterValidator(_named)]
    """Its name, as plans write it."""
    name: Text
    about: Text
    """What it covers, and what it leaves to a lawyer."""
    sources: Annotated[tuple[Source, ...], *count(1, 32)]
    also: Annotated[tuple[str, ...], *count(1, 32)] | None = None
    """Rules of other packs that belong here too, such as `CN/recruiting`."""
    rules: Annotated[tuple[Rule, ...], *count(0, 64)]

    def source(self, rule: Rule, language: str = "en") -> str:
        """Cite where a rule stands."""
        cited = [source for source in self.sources if source.id in rule.sources]
        return "; ".join(f"{source.title.given(language)}, {source.article}" for source in cited)


@cache
def load_pack(name: str) -> Pack:
    """Read a pack; `name` is one of `pack_names()`, or `EVERYWHERE`."""
    document = (_FOLDER / f"{name}.yaml").read_bytes()
    return Pack.model_validate_json(canonical_json(read_document(document)))


def packs_of(plan: "Plan") -> list[Pack]:
    """The packs that a plan must satisfy: the one for everywhere, and those that it names."""
    return [load_pack(name) for name in dict.fromkeys((EVERYWHERE, *plan.jurisdictions))]


def rules_of(pack: Pack) -> list[tuple[Pack, Rule]]:
    """List the rules of a pack, those that it takes from others included, each with the pack that it stands in."""
    found = [(pack, rule) for rule in pack.rules]
    for reference in pack.also or ():
        name, _, rule_id = reference.partition("/")
        other = load_pack(name)
        found.append((other, next(rule for rule in other.rules if rule.id == rule_id)))
    return found
