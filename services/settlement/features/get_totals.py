"""Sums over a whole programme."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.settlement.api.money import checked_currency
from services.settlement.views.balances import sums_of


def get_totals(reader: Reader, request: pb.GetTotalsRequest, call: Call) -> pb.Totals:
    """In one currency; members are those who have lines."""
    currency = checked_currency(request.currency)
    sums = sums_of(reader, call.programme, currency)
    balances = sums.balances
    return pb.Totals(
        currency=currency,
        members=sums.members,
        lines=sums.lines,
        accrued_minor=balances.accrued,
        clawed_back_minor=balances.clawed_back,
        held_minor=balances.held,
        payable_minor=balances.payable,
        in_distribution_minor=balances.in_distribution,
        paid_minor=balances.paid,
        debt_minor=balances.debt,
        debtors=sums.debtors,
        paid_members=sums.paid_members,
    )
