"""The statements of all members who have lines, in the order of their ids."""

from typing import Final

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.settlement.api.money import checked_currency, show_statement
from services.settlement.views.balances import balances_after
from services.settlement.views.lines import lines_of

LINES_IN_A_PAGE: Final = 5000
"""A page with lines ends earlier than asked for once it holds as many: an answer stays of a size that goes through."""


def list_statements(reader: Reader, request: pb.ListStatementsRequest, call: Call) -> pb.ListStatementsResponse:
    """A page of them, at least one if there is one."""
    currency = checked_currency(request.currency)
    wanted = page(request.page_size, request.page_token)
    answer = pb.ListStatementsResponse()
    rows = balances_after(reader, call.programme, currency, wanted.after, wanted.size + 1)
    count = 0
    for row in rows:
        count += row.lines if request.with_lines else 0
        if len(answer.statements) == wanted.size or (answer.statements and count > LINES_IN_A_PAGE):
            answer.next_page_token = wanted.token(answer.statements[-1].member)
            break
        lines = lines_of(reader, call.programme, currency, row.member) if request.with_lines else []
        answer.statements.append(show_statement(reader, call.programme, currency, row, lines, row.lines))
    return answer
