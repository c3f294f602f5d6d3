"""What a member has of each kind of points."""

from typing import Final

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.times import to_timestamp
from services.settlement.api.points import MEMBER, read_name, show_points
from services.settlement.views.lots import next_expiry, open_lots
from services.settlement.views.points import points_of_member
from services.settlement.views.times import time_of

LOTS_SHOWN: Final = 500
"""Lots of one kind at most: an answer stays of a size that goes through."""


def get_points(reader: Reader, request: pb.GetPointsRequest, call: Call) -> pb.MemberPoints:
    """Balances, lots and what expires next; nothing for a member who never had any."""
    programme = call.programme
    member = read_name(MEMBER, programme, request.name, "name")
    time, _ = time_of(reader, programme)
    answer = pb.MemberPoints(as_of=None if time is None else to_timestamp(time))
    for found in points_of_member(reader, programme, member):
        lots = open_lots(reader, programme, found.points, member, LOTS_SHOWN)
        expiry = next_expiry(reader, programme, found.points, member)
        answer.points.append(show_points(programme, found, lots, expiry))
    return answer
