"""Who members are: what membership and commission told of identities, countries and granted ranks, word by word."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.plans import Plan
from fenxiao.plans.periods.inputs import Person
from fenxiao.plans.periods.people import Checked, Known, Word, people_of
from fenxiao.verify.report import Check

MEANING = "identity checks go forward, countries were said to be disclosed, and a granted rank changes no sealed period"


class People:
    """What was told, in the order of the stores."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._checks: list[Word[Checked | None]] = []
        self._countries: list[Word[str]] = []
        self._ranks: list[Word[str]] = []
        self._enrolled: dict[str, int] = {}
        self._checked: dict[str, datetime] = {}
        """When the newest word on each member's identity begins to count."""
        self._disclosing = False
        self._sealed_until: datetime | None = None

    def told_by_membership(self, event_id: str, position: int, data: Any) -> None:
        """Takes the next of membership's events, of whatever type."""
        match data:
            case membership.MemberEnrolled():
                self._enrolled.setdefault(data.member, position)
            case membership.CountriesDisclosed():
                self._disclosing = True
            case membership.CountryDisclosed():
                self._check.that(self._disclosing, f"event {event_id}: the programme does not disclose countries")
                self._countries.append(Word(data.member, _moment(data.effective_time), position, data.country))
            case membership.IdentityChecked():
                at = _moment(data.check_time)
                until = _moment(data.expire_time) if data.HasField("expire_time") else None
                self._identity(event_id, Word(data.member, at, position, Checked(at, until)))
            case membership.IdentityCheckWithdrawn():
                self._identity(event_id, Word(data.member, _moment(data.effective_time), position, None))
            case _:
                pass

    def told_by_commission(self, event_id: str, position: int, data: Any) -> None:
        """Takes the next of commission's events, of whatever type; membership's come first."""
        match data:
            case commission.PeriodSealed():
                self._sealed_until = _moment(data.end_time)
            case commission.RankGranted():
                self._rank(event_id, Word(data.member, _moment(data.effective_time), position, data.rank))
            case commission.RankGrantWithdrawn():
                self._rank(event_id, Word(data.member, _moment(data.effective_time), position, ""))
            case _:
                pass

    def check_plan(self, name: str, plan: Plan) -> None:
        """A plan that asks for countries is of a programme that discloses them."""
        asked = any(one.qualify is not None and one.qualify.countries is not None for one in plan.components)
        self._check.that(self._disclosing or not asked, f"plan {name} asks for countries, which nobody disclosed")

    def as_known(self, plan: Plan, end: datetime, known: int, newest: int, own_cut: int) -> dict[str, Person]:
        """Who they are in the period that ends then, as known at two positions of membership and at one's own cut."""
        late = {member for member, position in self._enrolled.items() if known < position <= newest}
        far = Known(known, newest, late)
        return people_of(plan, end, far, self._checks, self._countries, self._ranks, own_cut)

    def _identity(self, event_id: str, word: Word[Checked | None]) -> None:
        before = self._checked.get(word.member)
        self._check.that(before is None or before <= word.since, f"event {event_id}: lies before what is known")
        self._checked[word.member] = word.since if before is None else max(before, word.since)
        self._checks.append(word)

    def _rank(self, event_id: str, word: Word[str]) -> None:
        sealed = self._sealed_until
        self._check.that(word.member in self._enrolled, f"event {event_id}: the rank of who was never enrolled")
        self._check.that(
            sealed is None or word.since >= sealed, f"event {event_id}: changes a rank within a period sealed before"
        )
        self._ranks.append(word)


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
