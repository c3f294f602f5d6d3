"""Lists who has reached a target in a period."""

import re

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.money import parse_decimal
from fenxiao.plans.periods.leaderboard import targets
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.commission.features.get_leaderboard import measured, standing_messages

_PLACE = re.compile(r"[0-9]{1,9}")


def list_targets_reached(
    reader: Reader, request: pb.ListTargetsReachedRequest, call: Call
) -> pb.ListTargetsReachedResponse:
    """Everybody who has as much of a measure, the first place first."""
    wanted = page(request.page_size, request.page_token)
    if wanted.after and not _PLACE.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    least = parse_decimal(request.least, field="least")
    if least < 0:
        raise Refusal("INVALID_TARGET", "A target is not below 0; write a number such as 1000.", field="least")
    found = measured(reader, request.parent, request.by, call)
    reached = targets(found.measures, request.by, least)
    done = int(wanted.after or 0)
    shown = reached[done : done + wanted.size]
    return pb.ListTargetsReachedResponse(
        period=found.period,
        standings=standing_messages(call.programme, found.plan, request.by, shown),
        reached=len(reached),
        next_page_token=wanted.token(str(shown[-1].place)) if done + len(shown) < len(reached) and shown else "",
    )
