"""Rules as documents: what each may say."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from fenxiao.epcis import Names, Vocabulary, canonical_text, is_uri
from fenxiao.errors import Refusal
from fenxiao.plans.language.document import MAX_BYTES, read_document
from fenxiao.plans.language.issues import PlanError
from services.traceability.domain.units import to_base

_DURATION: Final = re.compile(r"([0-9]{1,9}) ?(s|min|h|d)")
_SECONDS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_NO_NAMES: Final = Names()


def _duration(text: object) -> object:
    if isinstance(text, int):
        return text
    match = _DURATION.fullmatch(str(text).strip())
    if match is None:
        raise ValueError("a duration is a number with s, min, h or d, such as 30 min")
    return int(match[1]) * _SECONDS[match[2]] * 1_000_000


def _identifier(text: object) -> str:
    if not isinstance(text, str) or len(text) > 2000 or not is_uri(text):
        raise ValueError("an identifier is a URI, such as https://id.gs1.org/01/09521141123454")
    return canonical_text(text, _NO_NAMES)


def _step(text: object) -> str:
    return Vocabulary.BIZ_STEP.word(canonical_text(str(text), _NO_NAMES))


def _measurement(text: object) -> str:
    return Vocabulary.MEASUREMENT.word(canonical_text(str(text), _NO_NAMES))


Duration = Annotated[int, BeforeValidator(_duration), Field(ge=0, le=10**17)]
"""Microseconds; written as `30 min`."""
Identifier = Annotated[str, BeforeValidator(_identifier)]
Step = Annotated[str, BeforeValidator(_step), Field(min_length=1, max_length=500)]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Kilometres = Annotated[float, Field(gt=0, le=20_100, allow_inf_nan=False)]
Point = tuple[Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)], Degrees]
Severity = Literal["info", "warning", "critical"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Applies(_Part):
    """To what a rule applies; what is left out does not restrict it."""

    products: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    """Trade items, lots or serial numbers: an item is one of them, or belongs to one by its identifier."""
    places: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    steps: tuple[Step, ...] = Field(default=(), max_length=100)


class _Rule(_Part):
    severity: Severity = "warning"
    applies: Applies = Applies()


class Bound(_Part):
    """A limit in a unit."""

    value: Annotated[Decimal, Field(ge=Decimal("-1e18"), le=Decimal("1e18"), max_digits=40)]
    uom: Annotated[str, Field(pattern=r"[A-Z0-9]{2,3}", max_length=3)]


class SensorRule(_Rule):
    """A measurement stays within limits (cold chain); it may leave them for some time in a row."""

    kind: Literal["sensor"]
    measured: Annotated[str, BeforeValidator(_measurement), Field(min_length=1, max_length=500)]
    min: Bound | None = None
    max: Bound | None = None
    tolerated: Duration = 0

    @model_validator(mode="after")
    def _limits(self) -> "SensorRule":
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min and self.max:
            low, high = to_base(self.min.value, self.min.uom), to_base(self.max.value, self.max.uom)
            if low[0] != high[0] or low[1] > high[1]:
                raise ValueError("min and max have units of one kind, and min is not above max")
        return self


class Circle(_Part):
    """Everything within some distance of a point."""

    centre: Point
    radius_km: Kilometres


class Polygon(_Part):
    """Everything between some corners (latitude, longitude), which does not cross the date line."""

    corners: tuple[Point, ...] = Field(min_length=3, max_length=1000)


Area = Circle | Polygon


class GeofenceRule(_Rule):
    """Events happen where they may, and not where they may not."""

    kind: Literal["geofence"]
    allowed_places: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    allowed_areas: tuple[Area, ...] = Field(default=(), max_length=100)
    forbidden_places: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    forbidden_areas: tuple[Area, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _some(self) -> "GeofenceRule":
        if not (self.allowed_places or self.allowed_areas or self.forbidden_places or self.forbidden_areas):
            raise ValueError("give at least one place or area that is allowed or forbidden")
        return self


class DwellRule(_Rule):
    """An item does not stay longer than some time at one of some places, or in one of some steps."""

    kind: Literal["dwell"]
    at: tuple[Identifier, ...] = Field(default=(), max_length=1000)
    in_steps: tuple[Step, ...] = Field(default=(), max_length=100)
    longest: Duration

    @model_validator(mode="after")
    def _one(self) -> "DwellRule":
        if bool(self.at) == bool(self.in_steps):
            raise ValueError("give either places (at) or steps (in_steps)")
        return self


class TravelRule(_Rule):
    """One object is not seen at two places faster than it can travel."""

    kind: Literal["travel"]
    fastest_kmh: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] | None = None
    """Between places with coordinates."""
    slack_km: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 1.0
    """So near, two places are one."""
    within: Duration | None = None
    """Between any two places: as short a time as this is too short."""
    coordinates: dict[Identifier, Point] = Field(default={}, max_length=1000)
    """Of places whose events bring none."""

    @model_validator(mode="after")
    def _one(self) -> "TravelRule":
        if self.fastest_kmh is None and self.within is None:
            raise ValueError("give fastest_kmh, within or both")
        return self


class SerialsRule(_Rule):
    """A serial number is commissioned once, and not seen after it was destroyed or sold to a consumer."""

    kind: Literal["serials"]
    commissioned_twice: bool = True
    seen_after_end: bool = True


Rule = SensorRule | GeofenceRule | DwellRule | TravelRule | SerialsRule
_ADAPTER: TypeAdapter[Rule] = TypeAdapter(Annotated[Rule, Field(discriminator="kind")])


def read_rule(document: bytes) -> Rule:
    """Read a rule: JSON or YAML. Raises `Refusal` INVALID_RULE."""
    if len(document) > MAX_BYTES:
        raise _invalid([f"a rule has at most {MAX_BYTES:,} bytes"])
    try:
        fields = read_document(document)
    except PlanError as error:
        syntax = [issue.message for issue in error.issues if issue.reason != "NOT_A_MAPPING"]
        raise _invalid(syntax or ["a rule is a mapping of fields, such as kind: sensor"]) from None
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise _invalid(f"{'.'.join(map(str, one['loc'])) or 'rule'}: {one['msg']}" for one in found) from None


def stored_rule(document: str) -> Rule:
    """A rule as it was stored."""
    return _ADAPTER.validate_json(document)


def _invalid(problems: Iterable[str]) -> Refusal:
    shown = list(problems)
    more = f" (and {len(shown) - 3} more)" if len(shown) > 3 else ""
    return Refusal("INVALID_RULE", f"The rule cannot be taken: {'; '.join(shown[:3])}{more}", field="document")
