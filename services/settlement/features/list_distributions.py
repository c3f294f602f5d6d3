"""The distributions of a programme, by currency and number."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.settlement.api.money import show_distribution
from services.settlement.views.distributions import distributions_after


def list_distributions(
    reader: Reader, request: pb.ListDistributionsRequest, call: Call
) -> pb.ListDistributionsResponse:
    """A page of them."""
    wanted = page(request.page_size, request.page_token)
    currency, _, number = wanted.after.partition("-")
    if wanted.after and not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this method gave out", field="page_token")
    rows = distributions_after(reader, call.programme, currency, int(number or 0), wanted.size + 1)
    answer = pb.ListDistributionsResponse(
        distributions=[show_distribution(reader, call.programme, row) for row in rows[: wanted.size]]
    )
    if len(rows) > wanted.size:
        last = rows[wanted.size - 1]
        answer.next_page_token = wanted.token(f"{last.currency}-{last.number}")
    return answer
