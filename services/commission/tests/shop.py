"""A small shop for the tests: Ann sponsors Bob, Bob sponsors Cai; a plan of 8, 4 and 2 %."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.errors import Refusal
from libs.servicekit.testing import Harness
from libs.servicekit.times import to_timestamp

PARENT = "programmes/shop"
START = datetime(2026, 1, 1, tzinfo=UTC)

TAKEN, REPEATED, REFUSED = common_pb2.OUTCOME_TAKEN, common_pb2.OUTCOME_REPEATED, common_pb2.OUTCOME_REFUSED


def day(number: float) -> datetime:
    """A moment so many days after the programme's start."""
    return START + timedelta(days=number)


def document(
    version: str = "1",
    *,
    levels: str = "8%, 4%, 2%",
    effective: datetime = START,
    currency: str = "GBP",
    plan: str = "gifts",
    rounding: str = "half_up",
) -> bytes:
    """A plan document."""
    return f"""
plan: {plan}
version: '{version}'
currency: {currency}
effective_from: {effective.isoformat()}
rounding: {rounding}
jurisdictions: []
return_window: 14
components:
  - id: team
    type: unilevel
    levels: [{levels}]
""".encode()


class Shop:
    """The service, and what membership tells it."""

    def __init__(self, service: Harness) -> None:
        self.service = service
        self.ids: dict[str, str] = {}
        self.heard: list[Any] = []

    async def hear(self, event: Any, programme: str = "shop") -> None:
        """An event arrives from membership."""
        self.heard.append(event)
        await self.service.receive(event, source="membership", programme=programme)

    async def open(self, programme: str = "shop", currency: str = "GBP") -> None:
        """The programme starts."""
        event = membership.ProgrammeCreated(
            programme=programme, currency=currency, time_zone="Europe/London", start_time=to_timestamp(START)
        )
        await self.hear(event, programme)

    async def enrol(self, name: str, sponsor: str = "", joined: datetime = START, programme: str = "shop") -> str:
        """Somebody joins."""
        member = self.ids[name] = str(uuid.uuid4())
        event = membership.MemberEnrolled(
            member=member, sponsor=self.ids[sponsor] if sponsor else "", join_time=to_timestamp(joined)
        )
        await self.hear(event, programme)
        return member

    async def move(self, name: str, sponsor: str, effective: datetime) -> None:
        """Somebody gets another sponsor."""
        member = self.ids[name]
        event = membership.SponsorChanged(
            member=member, sponsor=self.ids[sponsor], effective_time=to_timestamp(effective)
        )
        await self.hear(event)

    async def publish(self, content: bytes | None = None, **fields: Any) -> pb.Plan:
        """A plan version is published."""
        request = pb.PublishPlanRequest(parent=PARENT, document=content or document(**fields))
        return await self.service.command("PublishPlan", request)

    def report(
        self, reference: str, member: str = "cai", amount: str = "100", at: datetime | None = None, **fields: Any
    ) -> pb.Sale:
        """A sale as the merchant reports it."""
        usual: dict[str, Any] = {"kind": pb.SALE_KIND_SALE, "currency": "GBP"}
        return pb.Sale(
            reference=reference,
            member=f"{PARENT}/members/{self.ids.get(member, member)}",
            amount=amount,
            occur_time=to_timestamp(at or day(1)),
            **(usual | fields),
        )

    def giving_back(self, reference: str, original: str = "", **fields: Any) -> pb.Sale:
        """A return as the merchant reports it."""
        at = fields.pop("at", day(2))
        return self.report(reference, at=at, kind=pb.SALE_KIND_RETURN, original_reference=original, **fields)

    async def record(self, sale: pb.Sale) -> pb.Sale:
        """Records one sale or return."""
        return await self.service.command("RecordSale", pb.RecordSaleRequest(parent=PARENT, sale=sale))

    async def refused(self, sale: pb.Sale) -> str:
        """The reason for which one is refused."""
        try:
            await self.record(sale)
        except Refusal as refusal:
            return refusal.reason
        return ""

    async def batch(self, *sales: pb.Sale, validate_only: bool = False) -> list[common_pb2.ItemResult]:
        """Records several."""
        request = pb.BatchRecordSalesRequest(parent=PARENT, sales=sales, validate_only=validate_only)
        return list((await self.service.command("BatchRecordSales", request)).results)

    async def explain(self, sale: str) -> pb.ExplainSaleResponse:
        """Explains a sale."""
        return await self.service.query("ExplainSale", pb.ExplainSaleRequest(parent=PARENT, sale=sale))

    def earned(self, sale: pb.Sale) -> dict[str, int]:
        """Who earns what on a sale, by their names here."""
        names = {member: name for name, member in self.ids.items()}
        return {names[line.member.rpartition("/")[2]]: line.amount_minor for line in sale.lines}

    async def posted(self) -> list[public.PostedLine]:
        """Every line that others have been told of."""
        return [
            line
            for event in await self.service.published()
            if isinstance(event, public.LinesPosted)
            for line in event.lines
        ]
