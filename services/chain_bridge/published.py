"""Domain events as others see them."""

from fenxiao.api.chain_bridge.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from services.chain_bridge.domain import events as domain
from services.chain_bridge.domain.intents import purpose_of_root


def root_proposed(recorded: Recorded[domain.RootProposed]) -> list[pb.RootProposed]:
    """The root is on chain."""
    event = recorded.event
    return [
        pb.RootProposed(
            currency=event.currency,
            number=event.number,
            root=event.root,
            transaction=event.transaction,
            block=event.block,
            active_at=event.active_at,
            gas_used=event.gas_used,
        )
    ]


def payouts_made(recorded: Recorded[domain.PayoutsMade]) -> list[pb.PayoutsMade]:
    """The vault has paid."""
    event = recorded.event
    return [
        pb.PayoutsMade(
            currency=event.currency,
            token=event.token,
            number=event.number,
            transaction=event.transaction,
            block=event.block,
            gas_used=event.gas_used,
            payees=[
                pb.PaidPayee(
                    payee=payment.payee,
                    account=payment.account,
                    units=str(payment.units),
                    cumulative_units=str(payment.cumulative_units),
                )
                for payment in event.payments
            ],
        )
    ]


def payout_failed(recorded: Recorded[domain.PayoutFailed]) -> list[pb.PayoutFailed]:
    """One payee could not be paid."""
    event = recorded.event
    return [
        pb.PayoutFailed(
            currency=event.currency,
            number=event.number,
            payee=event.payee,
            account=event.account,
            transaction=event.transaction,
            reason=event.reason,
        )
    ]


def distribution_blocked(
    recorded: Recorded[domain.DistributionBlocked | domain.RootVetoed],
) -> list[pb.DistributionBlocked]:
    """The bridge cannot go on, or must not: a guardian has said no to the root."""
    event = recorded.event
    if isinstance(event, domain.RootVetoed):
        purpose = purpose_of_root(event.currency, event.number)
        reason = f"a guardian has vetoed the root {event.root} in {event.transaction}"
    else:
        purpose, reason = event.purpose, event.reason
    return [pb.DistributionBlocked(currency=event.currency, number=event.number, purpose=purpose, reason=reason)]
