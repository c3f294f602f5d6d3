"""Advances the programme's time, releases what is due and closes a distribution of it."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.money import read_as_of, show_distribution
from services.settlement.domain.distribution import check_turn, check_worth, decide_distribution, decide_shares
from services.settlement.domain.time import decide_advance
from services.settlement.policies.when_due_then_expire import when_due_then_expire
from services.settlement.policies.when_due_then_release import when_due_then_release
from services.settlement.shared.ledger import Ledger, record, stream
from services.settlement.views.assets import asset_of
from services.settlement.views.balances import claimants_of, sums_of
from services.settlement.views.distributions import newest_distribution
from services.settlement.views.lines import plan_hashes_of
from services.settlement.views.times import time_of


def close_distribution(tx: Tx, request: pb.CloseDistributionRequest, call: Call) -> pb.Distribution:
    """All of it, or nothing: a refusal leaves the time where it was."""
    programme, currency, as_of = call.programme, request.currency, read_as_of(request)
    asset = asset_of(tx, programme, currency)
    newest = newest_distribution(tx, programme, currency)
    previous = newest.standing if newest else None
    check_turn(previous)

    time, version = time_of(tx, programme)
    if advanced := decide_advance(time, as_of, call.now):
        record(tx, stream(programme, "time"), advanced, version, call.meta(), call.now)
    when_due_then_release(tx, programme, as_of, call.meta(), call.now)
    when_due_then_expire(tx, programme, as_of, call.meta(), call.now)

    shares = decide_shares(claimants_of(tx, programme, currency))
    check_worth(shares, currency, as_of, sums_of(tx, programme, currency).balances.held)
    plans = plan_hashes_of(tx, programme, currency)
    entries = decide_distribution(programme, asset, previous, as_of, plans, shares)
    Ledger(tx, programme, currency).enter(entries, call.meta(), call.now)

    closed = newest_distribution(tx, programme, currency)
    assert closed is not None
    return show_distribution(tx, programme, closed)
