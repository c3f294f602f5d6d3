"""What the tests have in common: names, times, and public events as other services send them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from fenxiao.proofs.hashes import checksum_address, keccak256, to_hex
from libs.servicekit.times import to_timestamp
from services.settlement.domain.events import AssetRegistered

PROGRAMME = "shop"
PARENT = f"programmes/{PROGRAMME}"
GBP = "GBP"
PLAN = "0x" + "ab" * 32
VAULT = checksum_address(bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"))
TOKEN = checksum_address(bytes.fromhex("e7f1725e7734ce288f8367e1bb143e90bb3f0512"))
ASSET = AssetRegistered(currency=GBP, chain_id=31337, vault=VAULT, token=TOKEN, token_decimals=18)
SCALE = 10**16
"""Token units in a penny, with 18 decimals."""
START = datetime(2011, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """A time."""
    return START + timedelta(days=number)


def payee(member: str) -> str:
    """The member on chain."""
    return to_hex(keccak256(f"payee of {member}".encode()))


def account(member: str, wallet: int = 0) -> str:
    """The address of a member's wallet."""
    return checksum_address(keccak256(f"wallet {wallet} of {member}".encode())[-20:])


def line(  # what a line can have
    name: str,
    member: str,
    amount: int,
    until: datetime | None = None,
    reverses: str = "",
    *,
    identity: bool = False,
    threshold: int = 0,
    delivered: Iterable[str] = (),
) -> commission.PostedLine:
    """A posted line; without `until`, `identity`, `threshold` and `delivered` it has no condition."""
    conditions: list[commission.Condition] = []
    if until:
        window = commission.Condition.ReturnWindow(until=to_timestamp(until))
        conditions.append(commission.Condition(return_window=window))
    if identity:
        conditions.append(commission.Condition(identity=commission.Condition.Identity()))
    if awaited := list(delivered):
        delivery = commission.Condition.Delivered(biz_transactions=awaited)
        conditions.append(commission.Condition(delivered=delivery))
    if threshold:
        least = commission.Condition.Threshold(least_minor=threshold)
        conditions.append(commission.Condition(threshold=least))
    return commission.PostedLine(
        line=name,
        member=member,
        component="direct",
        level=0,
        rate="0.08",
        base="1.25",
        amount_minor=amount,
        conditions=conditions,
        reverses=reverses,
    )


def posted(
    *lines: commission.PostedLine, source: str = "s1", at: datetime = START, currency: str = GBP
) -> commission.LinesPosted:
    """Lines posted together."""
    return commission.LinesPosted(
        source=source,
        currency=currency,
        occur_time=to_timestamp(at),
        plan_hash=PLAN,
        engine_version="1",
        lines=lines,
    )


def wallet_bound(member: str, wallet: int = 0) -> membership.WalletBound:
    """The member's wallet is proved."""
    return membership.WalletBound(member=member, payee=payee(member), account=account(member, wallet))


def identity_checked(member: str, since: int, until: int | None = None) -> membership.IdentityChecked:
    """The member's identity is checked; days."""
    expires = None if until is None else to_timestamp(day(until))
    return membership.IdentityChecked(member=member, check_time=to_timestamp(day(since)), expire_time=expires)


def identity_withdrawn(member: str, since: int) -> membership.IdentityCheckWithdrawn:
    """It is not any more."""
    return membership.IdentityCheckWithdrawn(member=member, effective_time=to_timestamp(day(since)))


def goods_delivered(delivery: str, since: int, *transactions: str) -> traceability.Delivered:
    """Goods have been delivered on a day."""
    at = to_timestamp(day(since))
    return traceability.Delivered(delivery=delivery, biz_transactions=transactions, delivery_time=at)


def delivery_withdrawn(delivery: str, *transactions: str) -> traceability.DeliveryWithdrawn:
    """They have not."""
    return traceability.DeliveryWithdrawn(delivery=delivery, biz_transactions=transactions)


def payouts_made(
    payments: Iterable[tuple[str, int, int]], number: int = 1, transaction: str = "0xpay"
) -> chain.PayoutsMade:
    """The vault has paid: (member, minor units, cumulative minor units after it)."""
    return chain.PayoutsMade(
        currency=GBP,
        token=TOKEN,
        number=number,
        transaction=transaction,
        block=7,
        gas_used=21000,
        payees=[
            chain.PaidPayee(
                payee=payee(member),
                account=account(member),
                units=str(amount * SCALE),
                cumulative_units=str(cumulative * SCALE),
            )
            for member, amount, cumulative in payments
        ],
    )


def close_request(number: int, currency: str = GBP, request_id: str = "") -> pb.CloseDistributionRequest:
    """Close as of a day."""
    return pb.CloseDistributionRequest(
        parent=PARENT, currency=currency, as_of=to_timestamp(day(number)), request_id=request_id
    )
