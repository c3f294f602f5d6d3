"""Who sees what of events, and what of them is sealed: a document for each programme.

Rules stand in order, and the first one that matches counts. Those under `events` say who sees an event at all, those
under `fields` who sees what of it. The last of each matches everything, so that nothing is left open.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from fenxiao.epcis import Names, Vocabulary, canonical_text
from fenxiao.epcis.fields import CONTEXT, EventField, field_name
from fenxiao.errors import Refusal
from fenxiao.plans.language.document import MAX_BYTES, read_document
from fenxiao.plans.language.issues import PlanError
from services.traceability.domain.events import VisibilitySet
from services.traceability.domain.facts import MEMBERS, Facts

_NO_NAMES: Final = Names()
_ALWAYS: Final = frozenset({"type", "eventTime", "eventTimeZoneOffset", "action", CONTEXT})
"""Who sees an event sees these: without them it is none."""
_SEALABLE: Final = "certificationInfo"
_LOT: Final = "}lotNumber"
"""ILMD by which serial numbers belong to lots: traced, so never sealed."""


class Audience(StrEnum):
    """What a caller is to an event."""

    PUBLIC = "public"
    """Anybody, and whoever is more."""
    PARTY = "party"
    """One whom the event names as source, destination or place, or who has reported it."""
    ADJACENT = "adjacent"
    """A party of the event before or behind it of one of its items: one step up or down."""
    PROGRAMME = "programme"
    REGULATOR = "regulator"


_REGULATOR: Final = "regulator"


class Caller(NamedTuple):
    """Who asks."""

    audience: Audience
    """`PARTY`: what he is to an event follows from what it says."""
    name: str = ""
    """The subject of his credential."""
    parties: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, role: str, parties: tuple[str, ...]) -> Self:
        """Who has a credential."""
        if parties:
            return cls(Audience.PARTY, name, parties)
        return cls(Audience.REGULATOR if role == _REGULATOR else Audience.PROGRAMME, name)


ANYBODY: Final = Caller(Audience.PUBLIC)


class Seal(StrEnum):
    """Under whose key a field lies."""

    NONE = "none"
    OWNER = "owner"
    """Of who owns or has the goods by the event, or else of who has reported it."""
    ITEM = "item"
    """Of all its items together: if one of their keys is destroyed, the field cannot be read any more."""


def _step(text: object) -> str:
    return Vocabulary.BIZ_STEP.word(canonical_text(str(text), _NO_NAMES))


def _disposition(text: object) -> str:
    return Vocabulary.DISPOSITION.word(canonical_text(str(text), _NO_NAMES))


def _measurement(text: object) -> str:
    return Vocabulary.MEASUREMENT.word(canonical_text(str(text), _NO_NAMES))


def _name(text: object) -> str:
    name = str(text)
    first = name.split("/", maxsplit=1)[0]
    if name != "*" and not name.startswith("{") and first not in MEMBERS:
        raise ValueError(f"{name[:80]} is no member of an event; a field of one's own is {{namespace}}name")
    if name in _ALWAYS:
        raise ValueError(f"{name} is seen by all who see the event; say under events who that is")
    return name


Word = Annotated[str, Field(min_length=1, max_length=500)]
_Readers = Annotated[tuple[Audience, ...], Field(min_length=1, max_length=5)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Part):
    """Events to which a rule applies; what is left out does not restrict it."""

    types: tuple[Word, ...] = Field(default=(), max_length=10)
    steps: tuple[Annotated[Word, BeforeValidator(_step)], ...] = Field(default=(), max_length=100)
    dispositions: tuple[Annotated[Word, BeforeValidator(_disposition)], ...] = Field(default=(), max_length=100)

    def holds(self, facts: Facts) -> bool:
        """Whether an event is one of them."""
        asked = ((self.types, facts.kind), (self.steps, facts.biz_step), (self.dispositions, facts.disposition))
        return all(not wanted or said in wanted for wanted, said in asked)

    @property
    def always(self) -> bool:
        """Whether every event is."""
        return not (self.types or self.steps or self.dispositions)


class EventRule(_Part):
    """Who sees some events."""

    when: When = When()
    readers: _Readers


class FieldRule(_Part):
    """Who sees some fields, and whether they are sealed."""

    fields: tuple[Annotated[Word, BeforeValidator(_name)], ...] = Field(min_length=1, max_length=200)
    """Members of the standard, `{namespace}name`, or what stands below them with a slash; `*` at the end: all."""
    when: When = When()
    measured: tuple[Annotated[Word, BeforeValidator(_measurement)], ...] = Field(default=(), max_length=100)
    """Sensor reports of these types only."""
    readers: _Readers
    seal: Seal = Seal.NONE

    @model_validator(mode="after")
    def _sealed(self) -> "FieldRule":
        for name in self.fields if self.seal is not Seal.NONE else ():
            if not name.startswith(("{", "ilmd/", _SEALABLE)):
                raise ValueError(
                    f"{name} cannot be sealed: views, traces and rules need it;"
                    f" fields of one's own, ilmd/… and {_SEALABLE} can"
                )
            if name.endswith(_LOT):
                raise ValueError(f"{name} cannot be sealed: by it serial numbers are traced to their lot")
        if self.measured and self.seal is not Seal.NONE:
            raise ValueError("what is measured cannot be sealed")
        return self

    def names(self, name: str) -> bool:
        """Whether it speaks of a field."""
        return any(one == name or name.startswith(one[:-1] if one.endswith("*") else f"{one}/") for one in self.fields)


class Policy(_Part):
    """Who sees what."""

    events: tuple[EventRule, ...] = Field(default=(EventRule(readers=tuple(Audience)),), min_length=1, max_length=100)
    fields: tuple[FieldRule, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _closed(self) -> "Policy":
        if not self.events[-1].when.always:
            raise ValueError("the last rule under events has no `when`, so that every event has a rule")
        last = self.fields[-1]
        if "*" not in last.fields or not last.when.always or last.measured:
            raise ValueError(
                "the last rule under fields is for `*`, without conditions, so that every field has a rule"
            )
        return self

    @property
    def seals(self) -> bool:
        """Whether anything is sealed."""
        return any(rule.seal is not Seal.NONE for rule in self.fields)

    def shows_all(self, audiences: frozenset[Audience]) -> bool:
        """Whether some audiences see everything of every event."""
        return all(not audiences.isdisjoint(rule.readers) for rule in (*self.events, *self.fields))

    def shows(self, facts: Facts, audiences: frozenset[Audience]) -> bool:
        """Whether they see an event at all."""
        return not audiences.isdisjoint(next(rule for rule in self.events if rule.when.holds(facts)).readers)

    def rule_of(self, rules: Sequence[FieldRule], name: str, field: EventField, names: Names) -> FieldRule:
        """The first of some rules that speaks of a field."""
        return next(
            rule
            for rule in rules
            if rule.names(name) and (not rule.measured or _measures(field.value, names) in rule.measured)
        )

    def visible(
        self, fields: Iterable[EventField], names: Names, facts: Facts, audiences: frozenset[Audience]
    ) -> list[EventField]:
        """What they see of an event that they see."""
        rules = [rule for rule in self.fields if rule.when.holds(facts)]
        shown: list[EventField] = []
        for field in fields:
            name = field_name(field.place, names)
            rule = None if name in _ALWAYS else self.rule_of(rules, name, field, names)
            if rule is None or not audiences.isdisjoint(rule.readers):
                shown.append(field)
        return shown

    def sealed(self, fields: Iterable[EventField], names: Names, facts: Facts) -> list[tuple[EventField, Seal]]:
        """What of an event is sealed, and under whose key."""
        rules = [rule for rule in self.fields if rule.when.holds(facts)]
        found: list[tuple[EventField, Seal]] = []
        for field in fields:
            name = field_name(field.place, names)
            if (
                name in _ALWAYS or name.endswith(_LOT) or field.value is None
            ):  # a rule for all of `ilmd/` spares the lot
                continue
            seal = self.rule_of(rules, name, field, names).seal
            if seal is not Seal.NONE:
                found.append((field, seal))
        return found


def _measures(value: object, names: Names) -> str:
    kind = value.get("type") if isinstance(value, dict) else None  # pyright: ignore
    return Vocabulary.MEASUREMENT.word(canonical_text(kind, names)) if isinstance(kind, str) else ""


_EVERYBODY: Final = tuple(Audience)
_INSIDE: Final = (Audience.PARTY, Audience.ADJACENT, Audience.PROGRAMME, Audience.REGULATOR)
_PUBLIC: Final = (
    "bizStep", "disposition", "persistentDisposition", "readPoint/id", "bizLocation/id", "certificationInfo",
    "epcList", "parentID", "transformationID", "childEPCs", "inputEPCList", "outputEPCList", "quantityList/epcClass",
    "childQuantityList/epcClass", "inputQuantityList/epcClass", "outputQuantityList/epcClass",
    "ilmd/{urn:epcglobal:cbv:mda:}*", "ilmd/{https://ref.gs1.org/cbv/mda/}*", "ilmd/{https://gs1.org/voc/}*",
)  # fmt: skip

DEFAULT: Final = Policy(
    fields=(
        FieldRule(fields=_PUBLIC, readers=_EVERYBODY),
        FieldRule(fields=("sensorElementList/sensorReport",), measured=("Temperature",), readers=_EVERYBODY),
        FieldRule(fields=("*",), readers=_INSIDE),
    )
)
"""Where a programme has set nothing. Everybody sees what somebody who scans an item wants to know: steps, places,
times, certificates, temperatures, what GS1 has a name for, and the identifiers of goods. Amounts, business
transactions, parties and partners' own fields are for those whom they concern. Nothing is sealed."""


def read_policy(document: bytes) -> Policy:
    """Read a policy: JSON or YAML. Raises `Refusal` INVALID_VISIBILITY."""
    if len(document) > MAX_BYTES:
        raise _invalid([f"a policy has at most {MAX_BYTES:,} bytes"])
    try:
        fields = read_document(document)
    except PlanError as error:
        syntax = [issue.message for issue in error.issues if issue.reason != "NOT_A_MAPPING"]
        raise _invalid(syntax or ["a policy is a mapping of events and fields"]) from None
    try:
        return Policy.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise _invalid(f"{'.'.join(map(str, one['loc'])) or 'policy'}: {one['msg']}" for one in found) from None


@lru_cache(maxsize=1000)
def stored_policy(document: str) -> Policy:
    """A policy as it was stored."""
    return Policy.model_validate_json(document)


def _invalid(problems: Iterable[str]) -> Refusal:
    shown = list(problems)
    more = f" (and {len(shown) - 3} more)" if len(shown) > 3 else ""
    return Refusal("INVALID_VISIBILITY", f"The policy cannot be taken: {'; '.join(shown[:3])}{more}", field="document")


def decide_set(policy: Policy, known: Sequence[VisibilitySet]) -> list[VisibilitySet]:
    """Set a policy; the same document again changes nothing."""
    document = policy.model_dump_json()
    if known and known[-1].document == document:
        return []
    return [VisibilitySet(version=len(known) + 1, document=document)]
