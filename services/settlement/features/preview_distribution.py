"""What a distribution as of a moment would pay. Changes nothing."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from services.settlement.api.money import read_as_of
from services.settlement.domain.assets import scale_of
from services.settlement.domain.distribution import decide_shares
from services.settlement.domain.time import decide_advance
from services.settlement.views.assets import asset_of
from services.settlement.views.balances import claimants_of, debts_of
from services.settlement.views.lines import ripe_of
from services.settlement.views.times import time_of


def preview_distribution(reader: Reader, request: pb.PreviewDistributionRequest, call: Call) -> pb.DistributionPreview:
    """Decides as `close_distribution` does, with what would be released by then counted in."""
    programme, currency, as_of = call.programme, request.currency, read_as_of(request)
    asset = asset_of(reader, programme, currency)
    time, _ = time_of(reader, programme)
    decide_advance(time, as_of, call.now)
    due = {member: ripe.due for member, ripe in ripe_of(reader, programme, currency, as_of).items()}
    debts = debts_of(reader, programme, currency)
    shares = decide_shares(
        claimant._replace(
            payable=claimant.payable + max(0, due.get(claimant.member, 0) - debts.get(claimant.member, 0))
        )
        for claimant in claimants_of(reader, programme, currency)
    )
    scale = scale_of(currency, asset.token_decimals)
    return pb.DistributionPreview(
        currency=currency,
        payees=shares.due_payees,
        total_minor=shares.due_minor,
        withheld_members=shares.withheld_members,
        withheld_minor=shares.withheld_minor,
        cumulative_units=str(shares.cumulative_minor * scale),
    )
