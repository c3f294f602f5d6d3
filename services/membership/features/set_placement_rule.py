"""Gives a programme its placement tree."""

from dataclasses import replace

from fenxiao.api.membership.v1 import membership_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.membership.api import PROGRAMME, placement_rules, programme_message
from services.membership.domain.programme import decide_set_rule
from services.membership.features.shared import load_programme, programme_stream


def set_placement_rule(tx: Tx, request: pb.SetPlacementRuleRequest, call: Call) -> pb.Programme:
    """Once and for all: the same rule again changes nothing, another is refused."""
    parse_name(PROGRAMME, request.name)
    programme = load_programme(tx, call)
    rules = placement_rules(request.placement)
    stream = programme_stream(programme.id)
    events = decide_set_rule(programme, rules)
    tx.append(stream, events, after=len(tx.load(stream)), meta=call.meta(), occurred_at=call.now)
    return programme_message(replace(programme, placement=rules))
