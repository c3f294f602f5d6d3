"""What others see of settlement's facts. Amounts on chain are in token units."""

from fenxiao.api.settlement.v1 import events_pb2 as pb
from libs.eventlog import Recorded
from libs.servicekit.times import to_timestamp
from services.settlement.domain.deliveries import DeliveryForgotten, DeliveryRemembered
from services.settlement.domain.events import (
    AdvancedTo,
    AssetRegistered,
    DistributionClosed,
    EntitlementsListed,
    IdentityRemembered,
    IdentityWithdrawn,
    LinesHeld,
    PayoutsBooked,
)


def asset_registered(recorded: Recorded[AssetRegistered]) -> list[pb.AssetRegistered]:
    """The bridge watches this vault and token from now on."""
    asset = recorded.event
    return [
        pb.AssetRegistered(
            currency=asset.currency,
            chain_id=asset.chain_id,
            vault=asset.vault,
            token=asset.token,
            token_decimals=asset.token_decimals,
        )
    ]


def advanced_to(recorded: Recorded[AdvancedTo]) -> list[pb.AdvancedTo]:
    """The programme's time."""
    return [pb.AdvancedTo(as_of=to_timestamp(recorded.event.as_of))]


def identity_remembered(recorded: Recorded[IdentityRemembered]) -> list[pb.IdentityRemembered]:
    """From here on the check counts for what is released."""
    fact = recorded.event
    expires = None if fact.expires_at is None else to_timestamp(fact.expires_at)
    return [pb.IdentityRemembered(member=fact.member, check_time=to_timestamp(fact.checked_at), expire_time=expires)]


def identity_withdrawn(recorded: Recorded[IdentityWithdrawn]) -> list[pb.IdentityWithdrawn]:
    """From here on the withdrawal does."""
    fact = recorded.event
    return [pb.IdentityWithdrawn(member=fact.member, effective_time=to_timestamp(fact.effective_from))]


def delivery_remembered(recorded: Recorded[DeliveryRemembered]) -> list[pb.DeliveryRemembered]:
    """From here on the delivery counts for what is released."""
    fact = recorded.event
    return [
        pb.DeliveryRemembered(
            delivery=fact.delivery,
            biz_transactions=fact.biz_transactions,
            delivery_time=to_timestamp(fact.delivered_at),
        )
    ]


def delivery_forgotten(recorded: Recorded[DeliveryForgotten]) -> list[pb.DeliveryForgotten]:
    """From here on it does not."""
    return [pb.DeliveryForgotten(delivery=recorded.event.delivery)]


def lines_held(recorded: Recorded[LinesHeld]) -> list[pb.LinesHeld]:
    """Lines are in the ledger."""
    entry = recorded.event
    return [pb.LinesHeld(source=entry.source, currency=entry.currency, lines=[line.line for line in entry.lines])]


def entitlements_listed(recorded: Recorded[EntitlementsListed]) -> list[pb.EntitlementsListed]:
    """A part of a distribution's tree."""
    entry = recorded.event
    return [
        pb.EntitlementsListed(
            currency=entry.currency,
            number=entry.number,
            part=entry.part,
            entries=[
                pb.EntitlementEntry(
                    member=entitlement.member,
                    payee=entitlement.payee,
                    account=entitlement.account,
                    cumulative_units=str(entitlement.cumulative_minor * entry.scale),
                    due_units=str(entitlement.due_minor * entry.scale),
                )
                for entitlement in entry.entries
            ],
        )
    ]


def distribution_closed(recorded: Recorded[DistributionClosed]) -> list[pb.DistributionClosed]:
    """What the bridge puts on chain; `payees` is the number of entitlements listed."""
    closed = recorded.event
    return [
        pb.DistributionClosed(
            currency=closed.currency,
            number=closed.number,
            as_of=to_timestamp(closed.as_of),
            chain_id=closed.chain_id,
            vault=closed.vault,
            token=closed.token,
            programme_key=closed.programme_key,
            root=closed.root,
            previous_root=closed.previous_root,
            data_hash=closed.data_hash,
            plan_hashes=closed.plan_hashes,
            parts=closed.parts,
            payees=closed.payees,
            cumulative_units=str(closed.cumulative_minor * closed.scale),
            due_units=str(closed.due_minor * closed.scale),
        )
    ]


def payouts_booked(recorded: Recorded[PayoutsBooked]) -> list[pb.PayoutsBooked]:
    """What the chain has paid is in the ledger."""
    booked = recorded.event
    return [
        pb.PayoutsBooked(
            currency=booked.currency,
            number=booked.number,
            transaction=booked.transaction,
            payees=len(booked.payments),
            total_minor=sum(payment.amount_minor for payment in booked.payments),
        )
    ]
