"""A programme: one merchant's distribution scheme, with the currency it pays in and the calendar it keeps."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

from fenxiao.errors import Kind, Refusal
from fenxiao.money import minor_digits
from fenxiao.plans.trees.placement import PlacementRules
from services.membership.domain.events import PlacementRuleSet, ProgrammeCreated

NAME_LIMIT = 200
CLOCK_TOLERANCE = timedelta(days=1)
"""How far ahead something may be that is reported: the merchant's clock and calendar are not ours."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that exists, or is to be created."""

    id: str
    display_name: str
    currency: str
    time_zone: str
    start_time: datetime
    placement: PlacementRules | None = None
    """None where nobody is placed."""
    discloses_countries: bool = False


def decide_create(existing: Programme | None, wanted: Programme) -> list[ProgrammeCreated | PlacementRuleSet]:
    """Opens a programme. Currency, time zone and start stay for ever: everything is computed on them."""
    if not _ID.fullmatch(wanted.id):
        raise Refusal(
            "INVALID_PROGRAMME_ID",
            "a programme's id is 3 to 40 of a-z, 0-9 and -, and neither begins nor ends with -",
            field="programme_id",
        )
    if existing is not None:
        raise Refusal("PROGRAMME_EXISTS", f"there is a programme {wanted.id} already", kind=Kind.EXISTS)
    if not 1 <= len(wanted.display_name) <= NAME_LIMIT or not wanted.display_name.isprintable():
        raise Refusal(
            "INVALID_DISPLAY_NAME",
            f"a programme needs a display name of 1 to {NAME_LIMIT} printable characters",
            field="programme.display_name",
        )
    minor_digits(wanted.currency)
    if wanted.time_zone not in _time_zones():
        raise Refusal(
            "UNKNOWN_TIME_ZONE",
            f"{wanted.time_zone[:60]!r} is not an IANA time zone; use a name such as Europe/London",
            field="programme.time_zone",
        )
    created = ProgrammeCreated(
        programme=wanted.id,
        display_name=wanted.display_name,
        currency=wanted.currency,
        time_zone=wanted.time_zone,
        start_time=wanted.start_time,
    )
    return [created, *(_rule_set(wanted.placement) if wanted.placement else [])]


def decide_set_rule(programme: Programme, rules: PlacementRules) -> list[PlacementRuleSet]:
    """Gives a programme its placement tree. For ever: plans are published for a tree of this width."""
    if programme.placement == rules:
        return []
    if programme.placement is not None:
        raise Refusal(
            "PLACEMENT_RULE_FIXED",
            f"the programme's placement tree has a width of {programme.placement.width} and spills "
            f"{programme.placement.spill}, for good; open another programme for another one",
            field="placement",
            kind=Kind.FAILED_PRECONDITION,
        )
    return _rule_set(rules)


def _rule_set(rules: PlacementRules) -> list[PlacementRuleSet]:
    return [PlacementRuleSet(width=rules.width, spill=rules.spill)]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
