"""Custody between two members: what both have signed, and nothing else, moves goods."""

import asyncio
import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from coincurve import PrivateKey
from eth_account.messages import encode_typed_data
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.traceability.v1 import custody_pb2 as pb
from fenxiao.api.traceability.v1 import events_pb2, rules_pb2
from fenxiao.errors import Refusal
from fenxiao.proofs.custody import HandedOver, Transfer, went_over
from fenxiao.proofs.hashes import checksum_address, keccak256, to_hex
from libs.servicekit.testing import Harness
from services.traceability.shared.transfers import read_transfer
from services.traceability.tests.conftest import PARENT, Traceability
from services.traceability.wiring import SERVICE

KEYS = {name: keccak256(name.encode()) for name in ("anna", "bo", "chen", "stranger")}
MEMBERS = {name: f"{number}0000000-0000-4000-8000-000000000000" for number, name in enumerate(KEYS, 1)}
SERIAL = "urn:epc:id:sgtin:9521141.012345.1"
LOT = "urn:epc:class:lgtin:9521141.012345.L1"
EXPIRES = 1_800_000_000
_folders = itertools.count()


def wallet(key: bytes) -> str:
    return checksum_address(keccak256(PrivateKey(key).public_key.format(compressed=False)[1:])[-20:])


def sign(digest: bytes, who: str) -> bytes:
    signature = PrivateKey(KEYS[who]).sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType]
    return signature[:64] + bytes([27 + signature[64]])


def name_of(member: str) -> str:
    return f"{PARENT}/members/{MEMBERS[member]}"


def lot(quantity: str, uom: str = "KGM") -> pb.CustodyItem:
    return pb.CustodyItem(id=LOT, quantity=quantity, uom=uom)


def transfer(
    offerer: str = "anna", receiver: str = "bo", /, *items: pb.CustodyItem, **fields: Any
) -> pb.CustodyTransfer:
    given: dict[str, Any] = {
        "offer": str(uuid4()),
        "offerer": name_of(offerer),
        "receiver": name_of(receiver),
        "items": items or [pb.CustodyItem(id=SERIAL)],
        "place": "urn:epc:id:sgln:9521321.00001.0",
        "biz_transactions": ["urn:epcglobal:cbv:bt:9521321000001:PO-1"],
        "expire_time": Timestamp(seconds=EXPIRES),
        **fields,
    }
    return pb.CustodyTransfer(**given)


class Custody:
    """The calls, signed by whom it should be unless another is named."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness

    async def enrol(self) -> None:
        for name in ("anna", "bo", "chen"):
            await self.tell(membership.MemberEnrolled(member=MEMBERS[name]))
            await self.bind(name, wallet(KEYS[name]))

    async def tell(self, event: Any) -> None:
        await self.harness.receive(event, source="membership", programme="olives")

    async def bind(self, name: str, account: str) -> None:
        await self.tell(membership.WalletBound(member=MEMBERS[name], account=account))

    async def offer(self, message: pb.CustodyTransfer, by: str = "", **fields: Any) -> pb.CustodyOffer:
        who = by or next(name for name in MEMBERS if name_of(name) == message.offerer)
        signature = sign(read_transfer("olives", message).digest(), who)
        given: dict[str, Any] = {"signature": signature, **fields}
        request = pb.OfferCustodyRequest(parent=PARENT, transfer=message, **given)
        return await self.harness.command("OfferCustody", request)

    def request(self, kind: str, offer: pb.CustodyOffer, by: str = "") -> tuple[str, Any]:
        made = read_transfer("olives", offer.transfer)
        digest = {"Accept": made.digest, "Reject": made.rejection_digest, "Withdraw": made.withdrawal_digest}[kind]()
        side = offer.transfer.offerer if kind == "Withdraw" else offer.transfer.receiver
        signature = sign(digest, by or next(name for name in MEMBERS if name_of(name) == side))
        method = "WithdrawCustodyOffer" if kind == "Withdraw" else f"{kind}Custody"
        return method, getattr(pb, f"{method}Request")(name=offer.name, signature=signature)

    async def answer(self, kind: str, offer: pb.CustodyOffer, by: str = "") -> pb.CustodyOffer:
        return await self.harness.command(*self.request(kind, offer, by))

    async def move(self, message: pb.CustodyTransfer) -> pb.CustodyOffer:
        return await self.answer("Accept", await self.offer(message))

    async def who_has(self, item: str = SERIAL) -> list[tuple[str, str, str]]:
        answer = await self.harness.query("GetCustody", pb.GetCustodyRequest(parent=PARENT, item=item))
        by_id = {name_of(name): name for name in MEMBERS}
        return sorted((by_id[one.member], one.quantity, one.uom) for one in answer.holdings)

    async def until(self, moment: int) -> None:
        request = rules_pb2.AdvanceToRequest(parent=PARENT, as_of=Timestamp(seconds=moment))
        await self.harness.command("AdvanceTo", request)


@pytest.fixture
async def custody(trace: Traceability) -> Custody:
    made = Custody(trace.harness)
    await made.enrol()
    return made


async def test_both_sign_the_same_and_custody_goes_over(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    assert (offer.state, offer.offerer_account) == (pb.CUSTODY_STATE_OFFERED, wallet(KEYS["anna"]))
    assert await custody.who_has() == []  # one signature moves nothing
    accepted = await custody.answer("Accept", offer)
    assert accepted.state == pb.CUSTODY_STATE_ACCEPTED
    assert await custody.who_has() == [("bo", "", "")]
    assert await custody.who_has("https://shop.example/01/09521141123454/21/1") == [("bo", "", "")]
    # A stranger follows it from what was published.
    first, last = await custody.harness.published()
    assert isinstance(first, events_pb2.CustodyOffered)
    assert isinstance(last, events_pb2.CustodyAccepted)
    made = Transfer(
        "olives", first.offer, first.offerer, first.receiver,
        tuple(HandedOver(one.id, one.quantity, one.uom) for one in first.items),
        first.place, tuple(first.biz_transactions), first.expire_time.seconds,
    )  # fmt: skip
    assert to_hex(made.digest()) == first.digest == last.digest
    signatures = first.account, first.signature, last.receiver_account, last.receiver_signature
    assert went_over(made, *signatures)
    assert not went_over(made._replace(place=""), *signatures)


async def test_typed_data_is_what_wallets_sign(custody: Custody) -> None:
    request = pb.GetCustodyTypedDataRequest(parent=PARENT, transfer=transfer("anna", "bo", lot("5.50")))
    answer = await custody.harness.query("GetCustodyTypedData", request)
    for text, digest in (
        (answer.transfer_json, answer.transfer_digest),
        (answer.rejection_json, answer.rejection_digest),
        (answer.withdrawal_json, answer.withdrawal_digest),
    ):
        data = json.loads(text)
        if "expires" in data["message"]:
            data["message"]["expires"] = int(data["message"]["expires"])
        signable = encode_typed_data(full_message=data)  # pyright: ignore[reportUnknownMemberType]
        assert to_hex(keccak256(b"\x19\x01" + signable.header + signable.body)) == digest
    assert await custody.harness.recorded() == []


async def test_rejected_and_withdrawn_move_nothing(custody: Custody) -> None:
    rejected = await custody.answer("Reject", await custody.offer(transfer()))
    withdrawn = await custody.answer("Withdraw", await custody.offer(transfer()))
    assert (rejected.state, withdrawn.state) == (pb.CUSTODY_STATE_REJECTED, pb.CUSTODY_STATE_WITHDRAWN)
    assert await custody.who_has() == []
    kinds = [type(one).__name__ for one in await custody.harness.published()]
    assert kinds == ["CustodyOffered", "CustodyRejected", "CustodyOffered", "CustodyOfferWithdrawn"]
    for kind in ("Accept", "Reject", "Withdraw"):
        for offer in (rejected, withdrawn):
            with pytest.raises(Refusal, match="CUSTODY_OFFER_NOT_OPEN"):
                await custody.answer(kind, offer)


@pytest.mark.parametrize("kind", ["Accept", "Reject", "Withdraw"])
async def test_only_the_bound_wallet_of_the_right_side_signs(custody: Custody, kind: str) -> None:
    offer = await custody.offer(transfer())
    wrong = "bo" if kind == "Withdraw" else "anna"
    for by in (wrong, "chen", "stranger"):
        with pytest.raises(Refusal, match="WRONG_SIGNER"):
            await custody.answer(kind, offer, by)
    assert len(await custody.harness.recorded()) == 1


async def test_a_signature_says_one_thing(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    for method, other in itertools.permutations(("Accept", "Reject"), 2):
        _, request = custody.request(other, offer)
        called, asked = custody.request(method, offer)
        asked.signature = request.signature
        with pytest.raises(Refusal, match="WRONG_SIGNER"):
            await custody.harness.command(called, asked)
    # Nor does one offer's count for another.
    second = await custody.offer(transfer("anna", "bo", lot("1")))
    _, asked = custody.request("Accept", offer)
    asked.name = second.name
    with pytest.raises(Refusal, match="WRONG_SIGNER"):
        await custody.harness.command("AcceptCustody", asked)


async def test_the_wallet_bound_at_that_time_counts(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    await custody.bind("bo", wallet(KEYS["chen"]))
    with pytest.raises(Refusal, match="WRONG_SIGNER"):
        await custody.answer("Accept", offer, "bo")
    # The offerer's signature stays what it was when it was made.
    await custody.bind("anna", wallet(KEYS["stranger"]))
    assert (await custody.answer("Accept", offer, "chen")).state == pb.CUSTODY_STATE_ACCEPTED


async def test_suspended_members_hand_over_nothing(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    for name in ("anna", "bo"):
        await custody.tell(membership.MemberSuspended(member=MEMBERS[name]))
        with pytest.raises(Refusal, match="MEMBER_SUSPENDED"):
            await custody.answer("Accept", offer)
        with pytest.raises(Refusal, match="MEMBER_SUSPENDED"):
            await custody.offer(transfer("anna", "bo", lot("1")))
        await custody.tell(membership.MemberReinstated(member=MEMBERS[name]))
    await custody.answer("Accept", offer)


async def test_only_the_holder_offers_an_object(custody: Custody) -> None:
    await custody.move(transfer())
    for offerer, receiver in (("anna", "chen"), ("chen", "anna")):
        with pytest.raises(Refusal, match="NOT_IN_CUSTODY"):
            await custody.offer(transfer(offerer, receiver))
    await custody.move(transfer("bo", "chen"))
    request = pb.GetCustodyRequest(parent=PARENT, item=SERIAL, page_size=1)
    answer = await custody.harness.query("GetCustody", request)
    request.page_token = answer.next_page_token
    rest = await custody.harness.query("GetCustody", request)
    chain = [*answer.chain, *rest.chain]
    assert [one.transfer.receiver for one in chain] == [name_of("bo"), name_of("chen")]
    assert rest.next_page_token == ""


async def test_an_object_is_offered_once_at_a_time(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    for offerer, receiver in (("anna", "chen"), ("chen", "bo")):
        with pytest.raises(Refusal, match="ALREADY_OFFERED"):
            await custody.offer(transfer(offerer, receiver))
    await custody.answer("Reject", offer)
    await custody.offer(transfer("anna", "chen"))


async def test_lots_are_handed_over_in_amounts(custody: Custody) -> None:
    await custody.move(transfer("anna", "bo", lot("10")))
    await custody.move(transfer("anna", "bo", lot("5.5")))
    first = await custody.offer(transfer("bo", "chen", lot("9")))
    with pytest.raises(Refusal, match=r"has 6\.5 KGM"):
        await custody.offer(transfer("bo", "chen", lot("7")))
    second = await custody.offer(transfer("bo", "chen", lot("6.5")))
    for refused in (transfer("chen", "bo", lot("1")), transfer("bo", "chen", lot("1", "LTR"))):
        with pytest.raises(Refusal, match="NOT_IN_CUSTODY"):
            await custody.offer(refused)
    await custody.answer("Accept", first)
    await custody.answer("Reject", second)
    assert await custody.who_has(LOT) == [("bo", "6.5", "KGM"), ("chen", "9", "KGM")]


async def test_two_who_call_themselves_the_origin(custody: Custody) -> None:
    offers = [await custody.offer(transfer(one, "bo", lot("5"))) for one in ("anna", "chen")]
    await custody.answer("Accept", offers[0])
    with pytest.raises(Refusal, match="NOT_IN_CUSTODY"):
        await custody.answer("Accept", offers[1])
    assert await custody.who_has(LOT) == [("bo", "5", "KGM")]


async def test_an_offer_lapses_when_its_time_has_come(custody: Custody) -> None:
    offer = await custody.offer(transfer())
    await custody.until(EXPIRES - 1)
    assert await states(custody, pb.CUSTODY_STATE_OFFERED) == [offer.name]
    await custody.until(EXPIRES)
    for kind in ("Accept", "Reject", "Withdraw"):
        with pytest.raises(Refusal, match="CUSTODY_OFFER_NOT_OPEN"):
            await custody.answer(kind, offer)
    assert await states(custody, pb.CUSTODY_STATE_OFFERED) == []
    assert await states(custody, pb.CUSTODY_STATE_EXPIRED) == [offer.name]
    with pytest.raises(Refusal, match="ALREADY_EXPIRED"):
        await custody.offer(transfer())
    await custody.offer(transfer(expire_time=Timestamp(seconds=EXPIRES + 1)))


async def states(custody: Custody, state: pb.CustodyState.ValueType, **fields: Any) -> list[str]:
    request = pb.ListCustodyOffersRequest(parent=PARENT, state=state, **fields)
    answer = await custody.harness.query("ListCustodyOffers", request)
    return [one.name for one in answer.custody_offers]


async def test_listed(custody: Custody) -> None:
    offers = [await custody.offer(transfer("anna", to, lot("1"))) for to in ("bo", "chen", "bo")]
    assert await states(custody, pb.CUSTODY_STATE_UNSPECIFIED) == [one.name for one in offers]
    assert await states(custody, pb.CUSTODY_STATE_OFFERED, member=name_of("chen")) == [offers[1].name]
    request = pb.ListCustodyOffersRequest(parent=PARENT, page_size=2)
    first = await custody.harness.query("ListCustodyOffers", request)
    request.page_token = first.next_page_token
    second = await custody.harness.query("ListCustodyOffers", request)
    assert [one.name for one in (*first.custody_offers, *second.custody_offers)] == [one.name for one in offers]
    shown = await custody.harness.query("GetCustodyOffer", pb.GetCustodyOfferRequest(name=offers[0].name))
    assert shown == offers[0]


@pytest.mark.parametrize("answers", [("Accept", "Withdraw"), ("Reject", "Accept"), ("Accept", "Accept")])
async def test_two_answers_at_once_are_decided_once(custody: Custody, answers: tuple[str, str]) -> None:
    offer = await custody.offer(transfer())
    results = await asyncio.gather(*(custody.answer(kind, offer) for kind in answers), return_exceptions=True)
    refused = [one for one in results if isinstance(one, Refusal)]
    assert [one.reason for one in refused] == ["CUSTODY_OFFER_NOT_OPEN"]
    assert len(await custody.harness.recorded()) == 2


async def test_an_offer_again_is_the_same(custody: Custody) -> None:
    message = transfer()
    assert await custody.offer(message) == await custody.offer(message)
    assert len(await custody.harness.recorded()) == 1
    message.place = ""
    with pytest.raises(Refusal, match="OFFER_ID_USED"):
        await custody.offer(message)


async def test_views_are_the_same_when_rebuilt(custody: Custody) -> None:
    await custody.move(transfer("anna", "bo", lot("10"), pb.CustodyItem(id=SERIAL)))
    await custody.move(transfer("bo", "chen", lot("4")))
    before = await custody.who_has(LOT), await custody.who_has()
    await custody.harness.log.rebuild()
    assert (await custody.who_has(LOT), await custody.who_has()) == before


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"offer": ""}, "INVALID_OFFER_ID"),
        ({"offer": "0" * 32}, "INVALID_OFFER_ID"),
        ({"offer": "x" * 36}, "INVALID_OFFER_ID"),
        ({"items": []}, "INVALID_ITEMS"),
        ({"items": [pb.CustodyItem(id=SERIAL)] * 2}, "INVALID_ITEMS"),
        ({"items": [pb.CustodyItem(id=f"urn:x:{n}") for n in range(1001)]}, "INVALID_ITEMS"),
        ({"items": [pb.CustodyItem(id=SERIAL, quantity="1")]}, "INVALID_ITEMS"),
        ({"items": [pb.CustodyItem(id=LOT)]}, "INVALID_ITEMS"),
        ({"items": [pb.CustodyItem(id="https://id.gs1.org/01/09521141123454", quantity="1")]}, "INVALID_ITEMS"),
        ({"items": [lot("1", "kilograms")]}, "INVALID_ITEMS"),
        ({"items": [lot("0")]}, "INVALID_AMOUNT"),
        ({"items": [lot("-1")]}, "INVALID_AMOUNT"),
        ({"items": [lot("1e5")]}, "INVALID_AMOUNT"),
        ({"items": [pb.CustodyItem(id="box 7")]}, "INVALID_URI"),
        ({"place": "the shop"}, "INVALID_URI"),
        ({"biz_transactions": ["PO 1"]}, "INVALID_URI"),
        ({"biz_transactions": ["urn:x:1", "urn:x:1"]}, "INVALID_BIZ_TRANSACTIONS"),
        ({"biz_transactions": [f"urn:x:{n}" for n in range(101)]}, "INVALID_BIZ_TRANSACTIONS"),
        ({"expire_time": None}, "INVALID_TIME"),
        ({"expire_time": Timestamp(seconds=EXPIRES, nanos=1)}, "INVALID_TIME"),
        ({"expire_time": Timestamp(seconds=2**60)}, "INVALID_TIME"),
        ({"offerer": "anna"}, "INVALID_NAME"),
        ({"receiver": "programmes/other/members/1"}, "OTHER_PROGRAMME"),
    ],
)
async def test_bad_transfers(custody: Custody, fields: dict[str, Any], reason: str) -> None:
    request = pb.OfferCustodyRequest(parent=PARENT, transfer=transfer(**fields), signature=b"\1" * 65)
    with pytest.raises(Refusal) as caught:
        await custody.harness.command("OfferCustody", request)
    assert caught.value.reason == reason
    assert await custody.harness.recorded() == []


async def test_other_refusals(custody: Custody) -> None:
    for signature in (b"", b"\1" * 64, b"\xff" * 65):
        with pytest.raises(Refusal, match="INVALID_SIGNATURE"):
            await custody.offer(transfer(), signature=signature)
    with pytest.raises(Refusal, match="WRONG_SIGNER"):
        await custody.offer(transfer(), by="bo")
    with pytest.raises(Refusal, match="SAME_MEMBER"):
        await custody.offer(transfer("anna", "anna"))
    with pytest.raises(Refusal, match="UNKNOWN_MEMBER"):
        await custody.offer(transfer("anna", "stranger"))
    await custody.tell(membership.MemberEnrolled(member=MEMBERS["stranger"]))
    with pytest.raises(Refusal, match="NO_WALLET"):
        await custody.offer(transfer("anna", "stranger"))
    unknown = pb.GetCustodyOfferRequest(name=f"{PARENT}/custodyOffers/{uuid4()}")
    with pytest.raises(Refusal, match="UNKNOWN_CUSTODY_OFFER"):
        await custody.harness.query("GetCustodyOffer", unknown)
    with pytest.raises(Refusal, match="INVALID_EPC"):
        await custody.who_has("box 7")
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await states(custody, pb.CUSTODY_STATE_UNSPECIFIED, page_token="MWE")
    assert await custody.harness.recorded() == []


# --- against a plain reference

PEOPLE = ("anna", "bo", "chen")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["object", "lot"]), st.permutations(PEOPLE), st.integers(1, 3),
            st.sampled_from(["Accept", "Accept", "Reject", "Withdraw", ""]), st.integers(0, 2),
        ),
        max_size=12,
    )
)  # fmt: skip
async def test_what_is_held_is_what_was_handed_over(tmp_path: Path, steps: list[Any]) -> None:
    """Each step offers something and answers an offer that may be older; the reference counts the accepted ones."""
    folder = tmp_path / str(next(_folders))
    folder.mkdir()
    moved: list[tuple[str, str, str, int]] = []
    waiting: list[tuple[tuple[str, str, str, int], pb.CustodyOffer]] = []

    def held(who: str) -> int:
        got = sum(n for kind, _, to, n in moved if kind == "lot" and to == who)
        return got - sum(n for kind, by, _, n in moved if kind == "lot" and by == who)

    def can(kind: str, who: str, amount: int, others: list[Any]) -> bool:
        before = [one for one in moved if one[0] == kind]
        if kind == "object":
            return not any(one[0] == "object" for one, _ in others) and (not before or before[-1][2] == who)
        promised = sum(one[3] for one, _ in others if one[:2] == ("lot", who))
        return not before or before[0][1] == who or amount <= held(who) - promised

    async with Harness(SERVICE, folder) as harness:
        custody = Custody(harness)
        await custody.enrol()
        for kind, (by, to, _), amount, answer, which in steps:
            item = pb.CustodyItem(id=SERIAL) if kind == "object" else lot(str(amount))
            allowed = can(kind, by, amount, waiting)
            (offer,) = await asyncio.gather(custody.offer(transfer(by, to, item)), return_exceptions=True)
            assert isinstance(offer, pb.CustodyOffer if allowed else Refusal)
            if isinstance(offer, pb.CustodyOffer):
                waiting.append(((kind, by, to, amount), offer))
            if answer and waiting:
                said, offer = waiting.pop(which % len(waiting))
                allowed = answer != "Accept" or can(said[0], said[1], said[3], [])
                (answered,) = await asyncio.gather(custody.answer(answer, offer), return_exceptions=True)
                assert isinstance(answered, pb.CustodyOffer if allowed else Refusal)
                if not allowed:
                    waiting.append((said, offer))
                elif answer == "Accept":
                    moved.append(said)
        objects = [one for one in moved if one[0] == "object"]
        assert await custody.who_has() == ([(objects[-1][2], "", "")] if objects else [])
        origin = next((one[1] for one in moved if one[0] == "lot"), "")
        kept = {name: Decimal(quantity) for name, quantity, _ in await custody.who_has(LOT)}
        for name in PEOPLE:
            if name != origin:
                assert kept.get(name, 0) == held(name)
