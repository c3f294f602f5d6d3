"""A small shop: a programme of its own in a network, and short words for what a merchant does there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.client import Client
from libs.localnet import wallets
from libs.localnet.network import Endpoints

STARTS = datetime(2024, 1, 1, tzinfo=UTC)
JOINED = datetime(2024, 1, 2, tzinfo=UTC)
SOLD = datetime(2024, 2, 1, 12, tzinfo=UTC)
LATER = datetime(2024, 3, 1, tzinfo=UTC)
"""When every return window of what was sold at `SOLD` has ended."""

PLAN = b"""plan: Small shop
version: "1"
currency: GBP
effective_from: 2024-01-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - id: network
    type: unilevel
    levels: [8%, 4%, 2%]
"""


def stamp(moment: datetime) -> Timestamp:
    """A time as the APIs take it."""
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def new_member(
    reference: str,
    sponsor: str = "",
    *,
    joined: datetime = JOINED,
    name: str = "",
    email: str = "",
    country: str = "",
    wallet: str = "",
) -> membership_pb2.NewMember:
    """A member as the merchant reports it."""
    return membership_pb2.NewMember(
        reference=reference,
        sponsor_reference=sponsor,
        join_time=stamp(joined),
        display_name=name,
        email=email,
        country=country,
        wallet=wallet,
    )


def new_sale(
    reference: str,
    member: str,
    amount: str = "100.00",
    *,
    currency: str = "GBP",
    at: datetime = SOLD,
    returned: bool = False,
    original: str = "",
) -> commission_pb2.Sale:
    """A sale, or a return, as the merchant reports it; `member` is a resource name."""
    return commission_pb2.Sale(
        reference=reference,
        member=member,
        kind=commission_pb2.SALE_KIND_RETURN if returned else commission_pb2.SALE_KIND_SALE,
        occur_time=stamp(at),
        amount=amount,
        currency=currency,
        original_reference=original,
    )


@dataclass(frozen=True)
class Shop:
    """A programme with its plan published and its asset named."""

    client: Client
    programme: str

    @property
    def parent(self) -> str:
        """Its resource name."""
        return f"programmes/{self.programme}"

    @classmethod
    async def open(cls, client: Client, endpoints: Endpoints, programme: str) -> Self:
        """Opens it."""
        shop = cls(client, programme)
        deployment = endpoints.deployment
        await client.membership.CreateProgramme(
            membership_pb2.CreateProgrammeRequest(
                programme_id=programme,
                programme=membership_pb2.Programme(
                    display_name="A shop", currency="GBP", time_zone="Europe/London", start_time=stamp(STARTS)
                ),
            )
        )
        await client.settlement.RegisterAsset(
            settlement_pb2.RegisterAssetRequest(
                parent=shop.parent,
                asset=settlement_pb2.Asset(
                    currency="GBP",
                    chain_id=deployment.chain_id,
                    vault=deployment.vault.address,
                    token=deployment.token.address,
                    token_decimals=deployment.token_decimals,
                ),
            )
        )
        await client.commission.PublishPlan(commission_pb2.PublishPlanRequest(parent=shop.parent, document=PLAN))
        return shop

    async def enrol(self, member: membership_pb2.NewMember) -> str:
        """Takes in a member and gives its resource name."""
        request = membership_pb2.EnrolMemberRequest(parent=self.parent, member=member)
        return (await self.client.membership.EnrolMember(request)).name

    async def record(self, sale: commission_pb2.Sale) -> commission_pb2.Sale:
        """Records a sale or return."""
        request = commission_pb2.RecordSaleRequest(parent=self.parent, sale=sale)
        return await self.client.commission.RecordSale(request)

    async def move(self, member: str, sponsor: str, since: datetime) -> None:
        """Puts a member below another sponsor."""
        request = membership_pb2.ChangeSponsorRequest(name=member, sponsor=sponsor, effective_time=stamp(since))
        await self.client.membership.ChangeSponsor(request)

    async def bind(self, member: str, number: int) -> str:
        """Binds a development wallet and gives its address."""
        account, key = wallets.wallet(number)
        challenge = await self.client.membership.GetWalletChallenge(
            membership_pb2.GetWalletChallengeRequest(name=member, account=account)
        )
        signature = wallets.sign_message(key, challenge.message)
        await self.client.membership.BindWallet(
            membership_pb2.BindWalletRequest(name=member, account=account, signature=signature)
        )
        return account

    async def close(self, as_of: datetime = LATER) -> settlement_pb2.Distribution:
        """Closes a distribution."""
        return await self.client.settlement.CloseDistribution(
            settlement_pb2.CloseDistributionRequest(parent=self.parent, currency="GBP", as_of=stamp(as_of))
        )

    async def totals(self) -> settlement_pb2.Totals:
        """Sums over the programme, as far as this client's other calls have come."""
        request = settlement_pb2.GetTotalsRequest(parent=self.parent, currency="GBP")
        return await self.client.settlement.GetTotals(request)

    async def caught_up(self) -> None:
        """Waits until every service has seen all that this client has done."""
        await self.client.commission.ListSales(commission_pb2.ListSalesRequest(parent=self.parent, page_size=1))
        await self.totals()
        await self.client.chain_bridge.ListTransactions(chain_bridge_pb2.ListTransactionsRequest(parent=self.parent))
