"""Places follow from the programme's rule, or were free when somebody asked for them: each is decided again."""

from contextlib import suppress
from datetime import UTC
from typing import Any

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.membership.v1 import placement_pb2
from fenxiao.errors import Refusal
from fenxiao.plans import Plan, Tree
from fenxiao.plans.trees.placement import Place, Placed, PlacementRules, PlacementTree
from fenxiao.plans.trees.placing import Told, Wish, choose, earliest, tree_as_known
from fenxiao.verify.report import Check

MEANING = "every place was free below who stood there before, and is the rule's unless another was asked for"

_SPILLS = {
    placement_pb2.SPILL_BALANCED: "balanced",
    placement_pb2.SPILL_WEAKER: "weaker",
    placement_pb2.SPILL_LEFT: "left",
    placement_pb2.SPILL_RIGHT: "right",
}
_RULE, _LEG = placement_pb2.PLACEMENT_CHOICE_RULE, placement_pb2.PLACEMENT_CHOICE_LEG
_PARENT = placement_pb2.PLACEMENT_CHOICE_PARENT


class Placements:
    """The placement tree as membership told of it, event by event."""

    def __init__(self, check: Check) -> None:
        self.rules: PlacementRules | None = None
        self._check = check
        self._tree = PlacementTree(2)
        self._sponsors = Tree()
        """As known at the event that is looked at."""
        self._enrolled: dict[str, int] = {}
        self._told: list[Told] = []
        self._expected = ""
        """Who was just enrolled below somebody who is placed, and must be placed with it."""

    def add(self, event_id: str, position: int, data: Any) -> None:
        """Takes the next of membership's events, of whatever type."""
        joining, self._expected = self._expected, ""
        if joining and not (isinstance(data, membership.MemberPlaced) and data.member == joining):
            self._check.that(False, f"{joining} was enrolled below who is placed, and not placed with it")
        with suppress(Refusal):  # what contradicts itself in the tree of sponsors is reported there
            match data:
                case membership.PlacementRuleSet():
                    self._set_rules(event_id, data)
                case membership.MemberEnrolled():
                    self._sponsors.enrol(data.member, data.sponsor or None, data.join_time.ToDatetime(UTC))
                    self._enrolled[data.member] = position
                    if self.rules is not None and (not data.sponsor or data.sponsor in self._tree):
                        self._expected = data.member
                case membership.SponsorChanged():
                    self._sponsors.change_sponsor(data.member, data.sponsor, data.effective_time.ToDatetime(UTC))
                case membership.MemberPlaced():
                    problem = self._place(position, data, with_enrolment=data.member == joining)
                    self._check.that(not problem, f"event {event_id}: {problem}")
                case _:
                    pass

    def finish(self) -> None:
        """Says that there are no more."""
        if self._expected:
            self._check.that(False, f"{self._expected} was enrolled below who is placed, and not placed with it")

    def check_plan(self, name: str, plan: Plan) -> None:
        """A plan that pays along a placement tree names the programme's."""
        if any(component.widths is not None for component in plan.components):
            self._check.that(plan.placement == self.rules, f"plan {name} names another placement tree")

    def as_known(self, cut: int, newest: int) -> PlacementTree | None:
        """A tree of its own, as known at a position; who was enrolled later, up to `newest`, where that put him."""
        return None if self.rules is None else tree_as_known(self.rules.width, self._told, cut, newest)

    def _set_rules(self, event_id: str, event: membership.PlacementRuleSet) -> None:
        try:
            rules = PlacementRules.of(event.width, _SPILLS.get(event.spill, ""))
        except Refusal as refusal:
            self._check.that(False, f"event {event_id}: {refusal}")
            return
        if self._check.that(self.rules is None, f"event {event_id}: the placement rule was set before"):
            self.rules, self._tree = rules, PlacementTree(rules.width)

    def _place(self, position: int, event: membership.MemberPlaced, *, with_enrolment: bool) -> str:
        """Give what is wrong with it; empty for nothing."""
        enrolled, since = self._enrolled.get(event.member), event.effective_time.ToDatetime(UTC)
        if self.rules is None or enrolled is None:
            return "who is no member, or in a programme without a placement rule, cannot be placed"
        if event.choice not in {_RULE, _LEG, _PARENT}:
            return f"nobody says whose choice the place of {event.member} was"
        joined = self._sponsors.joined_at(event.member)
        spot = Place(event.parent, event.leg) if event.parent else None
        try:
            wanted = self._wanted(event, spot)
            first = earliest(self._tree, spot, joined)
            self._tree.put(event.member, spot, since)
        except Refusal as refusal:
            return str(refusal)
        self._told.append(Told(Placed(event.member, event.parent or None, event.leg, since), position, enrolled))
        if wanted != spot or (spot is None and event.leg != -1):
            return f"{event.member} stands at {spot}, and belongs at {wanted}"
        if since < first or (with_enrolment and since != first):
            return f"{event.member} has a place since {since}, and could have it from {first} on"
        return ""

    def _wanted(self, event: membership.MemberPlaced, spot: Place | None) -> Place | None:
        """The place that it should be."""
        assert self.rules is not None, "there are rules where somebody is placed"
        if event.choice == _PARENT and spot is not None:
            return spot
        sponsor = self._sponsors.sponsor_or_first(event.member, event.effective_time.ToDatetime(UTC))
        wish = Wish(leg=event.leg) if event.choice == _LEG else Wish()
        return choose(self._tree, self.rules.spill, sponsor, wish)
