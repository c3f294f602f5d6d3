"""The members of a scenario's programme, and what they do with their wallets: hand goods over, signed by both sides.

Each signs what he has put together himself, after a look at whether the service means the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from fenxiao.api.membership.v1 import membership_pb2 as membership_pb
from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.client import Client
from fenxiao.client.client import pages
from fenxiao.client.imports import import_members
from fenxiao.proofs.custody import HandedOver, Transfer, went_over
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.signatures import sign_digest
from libs.localnet import binding, wallets
from libs.localnet.home import HomeError
from libs.localnet.scenarios.stage import PAGE_SIZE, Stage, stamp


class Member(NamedTuple):
    """A member and his wallet."""

    name: str
    account: str
    key: bytes

    @property
    def id(self) -> str:
        """The member's UUID."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True)
class Crew:
    """All members, by the merchant's numbers."""

    stage: Stage
    members: Mapping[str, Member]

    @classmethod
    async def enrol(cls, client: Client, stage: Stage) -> "Crew":
        """Import the example's members, and bind a wallet for each by its signature."""
        result = await import_members(client, stage.programme, stage.file("members.csv"))
        if result.refused:
            raise HomeError(f"{result.refused} members were refused; {result.problems[0].message}")
        await binding.bind_wallets(client, stage.parent, _account(stage), lambda _: None)
        return await cls.of(client, stage)

    @classmethod
    async def of(cls, client: Client, stage: Stage) -> "Crew":
        """The members that have been enrolled."""
        request = membership_pb.ListMembersRequest(parent=stage.parent, page_size=PAGE_SIZE)
        found: dict[str, Member] = {}
        async for page in pages(client.membership.ListMembers, request):
            for member in page.members:
                found[member.reference] = Member(member.name, *wallets.wallet(len(found), _account(stage)))
        return cls(stage, found)

    def transfer(
        self, giver: str, taker: str, items: Sequence[str], place: str, until: str, transactions: Sequence[str] = ()
    ) -> Transfer:
        """What two members sign. `place` and items stand in canonical form; `until` is a day."""
        offer = uuid5(NAMESPACE_URL, "/".join((self.stage.programme, giver, taker, *items, until)))
        expires = datetime.fromisoformat(until).replace(tzinfo=UTC)
        return Transfer(
            self.stage.programme,
            str(offer),
            self.members[giver].id,
            self.members[taker].id,
            tuple(map(HandedOver, items)),
            place,
            tuple(transactions),
            int(expires.timestamp()),
        )

    async def offer(self, client: Client, transfer: Transfer) -> pb.CustodyOffer:
        """The giver signs: nothing has moved yet."""
        message = self._message(transfer)
        typed = await client.traceability.GetCustodyTypedData(
            pb.GetCustodyTypedDataRequest(parent=self.stage.parent, transfer=message)
        )
        if typed.transfer_digest != to_hex(transfer.digest()):
            raise HomeError("The network would have the giver sign something else than what he hands over.")
        return await client.traceability.OfferCustody(
            pb.OfferCustodyRequest(
                parent=self.stage.parent, transfer=message, signature=self._signed(transfer.offerer, transfer.digest())
            )
        )

    async def accept(self, client: Client, transfer: Transfer) -> pb.CustodyOffer:
        """The receiver signs the same: custody goes over."""
        signature = self._signed(transfer.receiver, transfer.digest())
        request = pb.AcceptCustodyRequest(name=self._offer(transfer), signature=signature)
        return await client.traceability.AcceptCustody(request)

    async def reject(self, client: Client, transfer: Transfer) -> pb.CustodyOffer:
        """The receiver signs that he does not take it."""
        signature = self._signed(transfer.receiver, transfer.rejection_digest())
        request = pb.RejectCustodyRequest(name=self._offer(transfer), signature=signature)
        return await client.traceability.RejectCustody(request)

    async def hand_over(self, client: Client, transfer: Transfer) -> pb.CustodyOffer:
        """Both sign."""
        await self.offer(client, transfer)
        return await self.accept(client, transfer)

    async def has(self, client: Client, item: str) -> tuple[list[str], list[pb.CustodyOffer]]:
        """Who has an item, as far as both sides have signed, and how it came there."""
        answer = await client.traceability.GetCustody(pb.GetCustodyRequest(parent=self.stage.parent, item=item))
        numbers = {member.name: number for number, member in self.members.items()}
        return [numbers[holding.member] for holding in answer.holdings], [*answer.chain]

    def proves(self, transfer: Transfer, offer: pb.CustodyOffer) -> bool:
        """Whether both signatures are those of the two wallets over what was handed over, as a stranger checks it."""
        giver, taker = self._by_id(transfer.offerer), self._by_id(transfer.receiver)
        return went_over(transfer, giver.account, offer.offerer_signature, taker.account, offer.receiver_signature)

    def _by_id(self, member: str) -> Member:
        return next(one for one in self.members.values() if one.id == member)

    def _signed(self, member: str, digest: bytes) -> bytes:
        return sign_digest(self._by_id(member).key, digest)

    def _offer(self, transfer: Transfer) -> str:
        return f"{self.stage.parent}/custodyOffers/{transfer.offer}"

    def _message(self, transfer: Transfer) -> pb.CustodyTransfer:
        return pb.CustodyTransfer(
            offer=transfer.offer,
            offerer=self._by_id(transfer.offerer).name,
            receiver=self._by_id(transfer.receiver).name,
            items=[pb.CustodyItem(id=item.id) for item in transfer.items],
            place=transfer.place,
            biz_transactions=transfer.biz_transactions,
            expire_time=stamp(datetime.fromtimestamp(transfer.expires, UTC)),
        )


def _account(stage: Stage) -> int:
    return wallets.programme_account(stage.programme)
