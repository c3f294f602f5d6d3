"""When the vault has paid, exactly what moved is booked from in distribution to paid."""

from fenxiao.api.chain_bridge.v1 import events_pb2
from libs.eventbus import Received
from libs.eventlog import Tx
from services.settlement.domain.assets import check_token, scale_of
from services.settlement.domain.payouts import Batch, Creditor, Transfer, decide_booking
from services.settlement.shared.ledger import Ledger
from services.settlement.views.assets import assets_of
from services.settlement.views.balances import balances_of
from services.settlement.views.entitlements import open_shares
from services.settlement.views.payees import member_of


def when_payouts_made_then_book_paid(tx: Tx, received: Received) -> None:
    """Books one transaction. What does not fit the ledger halts the programme."""
    event = received.event
    assert isinstance(event, events_pb2.PayoutsMade)
    asset = check_token(assets_of(tx, received.programme), event.currency, event.token)
    batch = Batch(
        currency=event.currency,
        number=event.number,
        transaction=event.transaction,
        block=event.block,
        transfers=[
            Transfer(paid.payee.lower(), paid.account, paid.units, paid.cumulative_units) for paid in event.payees
        ],
    )
    creditors = {
        transfer.payee: creditor
        for transfer in batch.transfers
        if (creditor := _creditor(tx, received.programme, event.currency, transfer.payee))
    }
    booked = decide_booking(batch, scale_of(asset.currency, asset.token_decimals), creditors)
    Ledger(tx, received.programme, event.currency).enter([booked], received.cause(), received.occurred_at)


def _creditor(tx: Tx, programme: str, currency: str, payee: str) -> Creditor | None:
    member = member_of(tx, programme, payee)
    if member is None:
        return None
    balances = balances_of(tx, programme, currency, member).balances
    shares = open_shares(tx, programme, currency, payee, balances.paid)
    return Creditor(member, balances.in_distribution, balances.paid, shares)
