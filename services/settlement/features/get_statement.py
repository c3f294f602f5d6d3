"""What one member has earned and received in one currency."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.times import from_timestamp
from services.settlement.api.money import read_member_name, show_statement
from services.settlement.views.balances import balances_of
from services.settlement.views.lines import lines_of


def get_statement(reader: Reader, request: pb.GetStatementRequest, call: Call) -> pb.Statement:
    """Lines of the period, `line_count` of them; balances of now. A member without lines has an empty statement."""
    member, currency = read_member_name(request.name, "statements")
    start = from_timestamp(request.start_time, "start_time") if request.HasField("start_time") else None
    end = from_timestamp(request.end_time, "end_time") if request.HasField("end_time") else None
    lines = lines_of(reader, call.programme, currency, member, start, end)
    balances = balances_of(reader, call.programme, currency, member)
    return show_statement(reader, call.programme, currency, balances, lines, len(lines))
