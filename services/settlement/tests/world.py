"""Settlement with a plain picture of the services around it, on a real store."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from libs.servicekit.testing import Harness
from services.settlement.domain.accounts import Balances
from services.settlement.tests.given import ASSET, GBP, PARENT, PROGRAMME, close_request, payouts_made


class World:
    """Drives one service."""

    def __init__(self, service: Harness) -> None:
        self.service = service

    async def register(self) -> pb.Asset:
        asset = pb.Asset(
            currency=ASSET.currency,
            chain_id=ASSET.chain_id,
            vault=ASSET.vault,
            token=ASSET.token,
            token_decimals=ASSET.token_decimals,
        )
        return await self.service.command("RegisterAsset", pb.RegisterAssetRequest(parent=PARENT, asset=asset))

    async def hears(self, *events: Message) -> None:
        sources = {
            commission: "commission",
            membership: "membership",
            traceability: "traceability",
            chain: "chain_bridge",
        }
        for event in events:
            source = next(name for module, name in sources.items() if type(event).__module__ == module.__name__)
            await self.service.receive(event, source=source, programme=PROGRAMME)

    async def close(self, number: int, **keywords: str) -> pb.Distribution:
        return await self.service.command("CloseDistribution", close_request(number, **keywords))

    async def propose(self, distribution: pb.Distribution, active_at: int = 1) -> None:
        await self.hears(
            chain.RootProposed(
                currency=GBP,
                number=distribution.number,
                root=distribution.root,
                transaction="0xroot",
                block=3,
                active_at=active_at,
            )
        )

    async def pay(self, *payments: tuple[str, int, int], number: int = 1) -> None:
        await self.hears(payouts_made(payments, number))

    async def distribution(self, number: int = 1) -> pb.Distribution:
        request = pb.GetDistributionRequest(name=f"{PARENT}/distributions/GBP-{number}")
        return await self.service.query("GetDistribution", request)

    async def statement(self, member: str, **period: Any) -> pb.Statement:
        request = pb.GetStatementRequest(name=f"{PARENT}/members/{member}/statements/GBP", **period)
        return await self.service.query("GetStatement", request)

    async def balances(self, member: str) -> Balances:
        return balances_in(await self.statement(member))

    async def totals(self) -> pb.Totals:
        return await self.service.query("GetTotals", pb.GetTotalsRequest(parent=PARENT, currency=GBP))

    async def entitlement(self, member: str) -> pb.Entitlement:
        request = pb.GetEntitlementRequest(name=f"{PARENT}/members/{member}/entitlements/GBP")
        return await self.service.query("GetEntitlement", request)

    async def preview(self, number: int) -> pb.DistributionPreview:
        closing = close_request(number)
        request = pb.PreviewDistributionRequest(parent=PARENT, currency=GBP, as_of=closing.as_of)
        return await self.service.query("PreviewDistribution", request)

    async def listed(self, number: int) -> list[settlement.EntitlementEntry]:
        return [
            entry
            for message in await self.service.published()
            if isinstance(message, settlement.EntitlementsListed) and message.number == number
            for entry in message.entries
        ]

    async def tables(self, names: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of views, in any order."""
        return await self.service.log.read(
            lambda reader: {name: sorted(reader.all(f"SELECT * FROM {name}"), key=repr) for name in names}
        )


def balances_in(statement: pb.Statement) -> Balances:
    return Balances(
        accrued=statement.accrued_minor,
        clawed_back=statement.clawed_back_minor,
        held=statement.held_minor,
        payable=statement.payable_minor,
        in_distribution=statement.in_distribution_minor,
        paid=statement.paid_minor,
        debt=statement.debt_minor,
    )
