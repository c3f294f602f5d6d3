"""Bad input over the real APIs: each a clear refusal, and nothing half done."""

from typing import Any, cast

import grpc.aio
import pytest

from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.api.traceability.v1 import traceability_pb2
from fenxiao.client import read_credential
from fenxiao.client.client import MESSAGE_LIMIT
from fenxiao.errors import Kind
from libs.localnet import wallets
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork
from libs.localnet.services import SERVICES
from tests.integration.conftest import Refused, World
from tests.support.shop import JOINED, LATER, PLAN, SOLD, STARTS, Shop, new_member, new_sale, stamp
from tests.support.stores import row_counts

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

NEVER = SOLD.replace(year=2999)

# --- members


@pytest.mark.parametrize(
    ("member", "reason", "kind"),
    [
        (new_member("X", "NOBODY"), "UNKNOWN_SPONSOR", Kind.FAILED_PRECONDITION),
        (new_member("X", "X"), "SPONSOR_CYCLE", Kind.INVALID),
        (new_member("X", "NEIGHBOUR"), "UNKNOWN_SPONSOR", Kind.FAILED_PRECONDITION),  # the shop next door's member
        (new_member("LEAF", "ROOT"), "MEMBER_DIFFERS", Kind.EXISTS),
        (new_member("LEAF", "MIDDLE", name="Another Name"), "MEMBER_DIFFERS", Kind.EXISTS),
        (new_member("LEAF", "MIDDLE", joined=SOLD), "MEMBER_DIFFERS", Kind.EXISTS),
        (new_member("", "ROOT"), "INVALID_REFERENCE", Kind.INVALID),
        (new_member("X" * 129, "ROOT"), "INVALID_REFERENCE", Kind.INVALID),
        (new_member("X\nY", "ROOT"), "INVALID_REFERENCE", Kind.INVALID),
        (new_member("X", email="nobody at home"), "INVALID_EMAIL", Kind.INVALID),
        (new_member("X", name="N" * 201), "INVALID_MEMBER_NAME", Kind.INVALID),
        (new_member("X", joined=STARTS.replace(year=2023)), "JOINED_BEFORE_START", Kind.INVALID),
        (new_member("X", joined=NEVER), "JOINED_IN_FUTURE", Kind.INVALID),
        (new_member("X", "LEAF", joined=STARTS), "SPONSOR_JOINED_LATER", Kind.INVALID),
        (new_member("X", wallet="0x1234"), "INVALID_ADDRESS", Kind.INVALID),
        (membership_pb2.NewMember(reference="X"), "TIME_MISSING", Kind.INVALID),
    ],
)
async def test_a_member_that_cannot_be(
    world: World, refused: Refused, member: membership_pb2.NewMember, reason: str, kind: Kind
) -> None:
    async with refused(reason, kind):
        await world.shop.enrol(member)


async def test_no_member_stands_above_itself(world: World, refused: Refused) -> None:
    for sponsor in (world.middle, world.leaf):
        async with refused("SPONSOR_CYCLE", Kind.FAILED_PRECONDITION, "sponsor"):
            await world.shop.move(world.root, sponsor, LATER)
    async with refused("SPONSOR_CYCLE"):
        await world.shop.move(world.leaf, world.leaf, LATER)
    async with refused("BEFORE_JOINING"):
        await world.shop.move(world.leaf, world.root, STARTS)
    async with refused("MEMBER_NOT_FOUND", Kind.NOT_FOUND):
        await world.shop.move(world.leaf, f"{world.shop.parent}/members/nobody", LATER)
    async with refused("OTHER_PROGRAMME", Kind.DENIED):
        await world.shop.move(world.leaf, world.other_member, LATER)


async def test_no_wallet_without_its_owner(world: World, refused: Refused) -> None:
    account, _ = wallets.wallet(22_000)
    _, thief = wallets.wallet(22_001)
    membership = world.shop.client.membership
    challenge = await membership.GetWalletChallenge(
        membership_pb2.GetWalletChallengeRequest(name=world.leaf, account=account)
    )
    for signature, reason in (
        (wallets.sign_message(thief, challenge.message), "WRONG_SIGNER"),
        (b"\x01" * 64, "INVALID_SIGNATURE"),
        (b"", "INVALID_SIGNATURE"),
    ):
        async with refused(reason, Kind.INVALID, "signature"):
            await membership.BindWallet(
                membership_pb2.BindWalletRequest(name=world.leaf, account=account, signature=signature)
            )


# --- sales


@pytest.mark.parametrize(
    "amount",
    ["-5.00", "0", "0.00", "-0", "1e5", "1,000.00", "1.000,00", "NaN", "Infinity", "", " 5", "5.", ".5", "007", "٥",
     "0.0000000001", "1" * 19, "1" * 100_000],
)  # fmt: skip
async def test_amounts_that_are_none(world: World, refused: Refused, amount: str) -> None:
    async with refused("INVALID_AMOUNT", Kind.INVALID, "amount"):
        await world.shop.record(new_sale("X", world.leaf, amount))


@pytest.mark.parametrize("currency", ["USD", "EUR", "gbp", "", "XXX", "POUNDS STERLING"])
async def test_a_currency_that_the_programme_does_not_keep(world: World, refused: Refused, currency: str) -> None:
    async with refused("WRONG_CURRENCY", Kind.INVALID, "currency"):
        await world.shop.record(new_sale("X", world.leaf, currency=currency))


async def test_sales_that_cannot_have_happened(world: World, refused: Refused) -> None:
    nobody = f"{world.shop.parent}/members/00000000-0000-4000-8000-000000000000"
    for sale, reason in (
        (new_sale("X", nobody), "UNKNOWN_MEMBER"),
        (new_sale("X", world.leaf, "999999999999999999"), "AMOUNT_TOO_LARGE"),
        (new_sale("X", world.leaf, at=STARTS.replace(year=2023)), "BEFORE_PROGRAMME"),
        (new_sale("X", world.leaf, at=STARTS), "SALE_BEFORE_MEMBER"),
        (new_sale("X", world.leaf, at=NEVER), "IN_THE_FUTURE"),
        (new_sale("X", world.leaf, original="SALE"), "ORIGINAL_OF_SALE"),
        (new_sale("", world.leaf), "INVALID_REFERENCE"),
        (new_sale("X", ""), "INVALID_NAME"),
        (new_sale("SALE", world.leaf, "100.01"), "SALE_DIFFERS"),
        (new_sale("SALE", world.middle, "100.00"), "SALE_DIFFERS"),
        (new_sale("X", world.other_member), "OTHER_PROGRAMME"),
        (new_sale("X", world.other_member.replace(world.other.parent, world.shop.parent)), "UNKNOWN_MEMBER"),
    ):
        async with refused(reason):
            await world.shop.record(sale)


async def test_a_return_brings_back_no_more_than_is_left(world: World, refused: Refused) -> None:
    def back(amount: str, *, member: str = "", original: str = "SALE", reference: str = "X") -> commission_pb2.Sale:
        return new_sale(reference, member or world.leaf, amount, returned=True, original=original, at=LATER)

    # 40.00 of 100.00 came back before.
    for sale, reason in (
        (back("100.01"), "RETURN_EXCEEDS_SALE"),
        (back("60.01"), "RETURN_EXCEEDS_SALE"),
        (back("60.000000001"), "RETURN_EXCEEDS_SALE"),
        (back("1.00", original="NO-SUCH-SALE"), "UNKNOWN_SALE"),
        (back("1.00", original="THEIR-SALE"), "UNKNOWN_SALE"),
        (back("1.00", original="RETURN"), "ORIGINAL_IS_RETURN"),
        (back("1.00", member=world.middle), "RETURN_OF_OTHER_MEMBER"),
    ):
        async with refused(reason):
            await world.shop.record(sale)
    early = back("1.00")
    early.occur_time.CopyFrom(stamp(JOINED))
    async with refused("RETURN_BEFORE_SALE"):
        await world.shop.record(early)


async def test_in_a_batch_the_good_ones_go_in_and_each_bad_one_says_why(world: World) -> None:
    shop = world.shop
    request = commission_pb2.BatchRecordSalesRequest(
        parent=shop.parent,
        sales=[
            new_sale("BATCH-1", world.leaf, "10.00"),
            new_sale("BATCH-2", world.leaf, "-10.00"),
            new_sale("BATCH-3", world.leaf, "10.01", returned=True, original="BATCH-1"),
            new_sale("BATCH-4", world.leaf, "10.00", returned=True, original="BATCH-1"),
            new_sale("BATCH-1", world.leaf, "10.00"),
            new_sale("BATCH-1", world.leaf, "11.00"),
            new_sale("BATCH-5", world.leaf, "0.01", returned=True, original="BATCH-1"),
        ],
    )
    request.validate_only = True
    checked = (await shop.client.commission.BatchRecordSales(request)).results
    request.validate_only = False
    done = (await shop.client.commission.BatchRecordSales(request)).results
    taken, repeated, out = common_pb2.OUTCOME_TAKEN, common_pb2.OUTCOME_REPEATED, common_pb2.OUTCOME_REFUSED
    for results in (checked, done):
        assert [result.outcome for result in results] == [taken, out, out, taken, repeated, out, out]
        assert [result.problem.reason for result in results if result.outcome == out] == [
            "INVALID_AMOUNT",
            "RETURN_EXCEEDS_SALE",
            "SALE_DIFFERS",
            "RETURN_EXCEEDS_SALE",
        ]


async def test_a_batch_has_its_limit(world: World, refused: Refused) -> None:
    members = [new_member(f"X-{n}") for n in range(501)]
    async with refused("BATCH_TOO_LARGE"):
        await world.shop.client.membership.BatchEnrolMembers(
            membership_pb2.BatchEnrolMembersRequest(parent=world.shop.parent, members=members)
        )


# --- plans, distributions, traced goods


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "INVALID_PLAN"),
        (b"\xff\xfe\x00", "INVALID_PLAN"),
        (b"plan: [", "INVALID_PLAN"),
        (PLAN.replace(b"8%", b"-8%"), "INVALID_PLAN"),
        (PLAN.replace(b"half_up", b"as_you_like"), "INVALID_PLAN"),
        (PLAN.replace(b"unilevel", b"pyramid"), "INVALID_PLAN"),
        (PLAN.replace(b"8%", b"9%"), "VERSIONS_OVERLAP"),
        (PLAN.replace(b"GBP", b"USD"), "WRONG_CURRENCY"),
        (PLAN.replace(b"2024-01-01", b"2024-01-15").replace(b'"1"', b'"2"'), "SALES_ALREADY_RATED"),
        (b"a: &a [x,x]\n" * 10 + b"plan: *a", "INVALID_PLAN"),
    ],
)
async def test_plans_that_cannot_be_published(world: World, refused: Refused, document: bytes, reason: str) -> None:
    async with refused(reason):
        await world.shop.client.commission.PublishPlan(
            commission_pb2.PublishPlanRequest(parent=world.shop.parent, document=document)
        )


async def test_distributions_that_cannot_be_closed(world: World, refused: Refused) -> None:
    shop = world.shop
    async with refused("AS_OF_IN_FUTURE"):
        await shop.close(NEVER)
    async with refused("NOTHING_TO_PAY", Kind.FAILED_PRECONDITION):
        await shop.close()  # nobody here has a proven wallet
    async with refused("AS_OF_MISSING"):
        await shop.client.settlement.CloseDistribution(
            settlement_pb2.CloseDistributionRequest(parent=shop.parent, currency="GBP")
        )
    for currency in ("USD", "POUNDS"):
        async with refused("ASSET_NOT_REGISTERED"):
            await shop.client.settlement.CloseDistribution(
                settlement_pb2.CloseDistributionRequest(parent=shop.parent, currency=currency, as_of=stamp(LATER))
            )
    async with refused("UNKNOWN_DISTRIBUTION", Kind.NOT_FOUND):
        await shop.client.settlement.GetDistribution(
            settlement_pb2.GetDistributionRequest(name=f"{shop.parent}/distributions/GBP-7")
        )


async def test_a_document_of_traced_goods_that_is_none(world: World, refused: Refused) -> None:
    for document, reason in (
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b"\xff\xfe", "NOT_UTF8"),
        (b"7", "WRONG_TYPE"),
        (b'{"type":"EPCISDocument"}', "MISSING_FIELD"),
    ):
        async with refused(reason):
            await world.shop.client.traceability.Capture(
                traceability_pb2.CaptureRequest(parent=world.shop.parent, document=document)
            )


# --- the same request twice, oversized ones, and rubbish


async def test_a_repeated_request_gets_the_first_answer_and_another_content_is_refused(
    world: World, refused: Refused, home: Home
) -> None:
    shop = world.shop
    request = commission_pb2.RecordSaleRequest(
        parent=shop.parent, sale=new_sale("ONCE", world.leaf, "5.00"), request_id="the-same-id"
    )
    first = await shop.client.commission.RecordSale(request)
    await world.shop.caught_up()
    before = row_counts(home, SERVICES)
    assert await shop.client.commission.RecordSale(request) == first
    assert row_counts(home, SERVICES) == before
    request.sale.amount = "6.00"
    async with refused("REQUEST_ID_REUSED", Kind.EXISTS, "request_id"):
        await shop.client.commission.RecordSale(request)


async def test_an_oversized_message_is_refused_on_both_sides(
    world: World, refused: Refused, network: LocalNetwork, home: Home
) -> None:
    member = new_member("X", name="N" * MESSAGE_LIMIT)
    async with refused("MESSAGE_TOO_LARGE", Kind.EXHAUSTED):
        await world.shop.enrol(member)
    # Whoever does not use our client meets the service's own limit.
    await world.shop.caught_up()
    before = row_counts(home, SERVICES)
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(network.endpoints.services["membership"], options=options) as channel:
        stub = membership_pb2_grpc.MembershipServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.EnrolMember(
                membership_pb2.EnrolMemberRequest(parent=world.shop.parent, member=member),
                metadata=grpc.aio.Metadata(("authorization", f"Bearer {read_credential(home.root)}")),
                timeout=20,
            )
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert row_counts(home, SERVICES) == before
    assert (await world.shop.client.membership.GetMember(membership_pb2.GetMemberRequest(name=world.root))).reference


async def test_rubbish_on_the_wire_harms_nobody(world: World, network: LocalNetwork, home: Home) -> None:
    await world.shop.caught_up()
    before = row_counts(home, SERVICES)
    token = grpc.aio.Metadata(("authorization", f"Bearer {read_credential(home.root)}"))
    for service, address in network.endpoints.services.items():
        name = "".join(word.capitalize() for word in service.split("_"))
        async with grpc.aio.insecure_channel(address) as channel:
            for call, data, code in (
                ("NoSuchMethod", b"", grpc.StatusCode.UNIMPLEMENTED),
                (_CALL[service], b"\xff" * 100, grpc.StatusCode.INVALID_ARGUMENT),
            ):
                unary: Any = cast("Any", channel).unary_unary(f"/fenxiao.api.{service}.v1.{name}Service/{call}")
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await unary(data, metadata=token, timeout=20)
                assert caught.value.code() == code
                assert "google.protobuf" not in str(caught.value.details())
        await world.shop.client.check_health(service)
    assert row_counts(home, SERVICES) == before


_CALL = {
    "membership": "EnrolMember",
    "commission": "RecordSale",
    "settlement": "CloseDistribution",
    "chain_bridge": "ListTransactions",
    "traceability": "Capture",
}


@pytest.mark.parametrize("token", ["!", "AAAA", "YQ==", "1234567890" * 100])
async def test_a_page_token_of_ones_own_making(world: World, refused: Refused, token: str) -> None:
    request = membership_pb2.ListMembersRequest(parent=world.shop.parent, page_token=token)
    async with refused("INVALID_PAGE_TOKEN", Kind.INVALID, "page_token"):
        await world.shop.client.membership.ListMembers(request)


@pytest.mark.parametrize(
    "name", ["", "programmes/", "strict-shop", "programmes/Strict-Shop/members/x", "programmes/../x"]
)
async def test_names_that_are_none(world: World, refused: Refused, name: str) -> None:
    async with refused("INVALID_NAME", Kind.INVALID):
        await world.shop.client.membership.GetMember(membership_pb2.GetMemberRequest(name=name))


async def test_a_programme_that_is_not_there(world: World, refused: Refused) -> None:
    nowhere = Shop(world.shop.client, "no-such-shop")
    async with refused("PROGRAMME_NOT_FOUND", Kind.NOT_FOUND):
        await nowhere.enrol(new_member("X"))
    async with refused("UNKNOWN_PROGRAMME", Kind.NOT_FOUND):
        await nowhere.record(new_sale("X", f"{nowhere.parent}/members/00000000-0000-4000-8000-000000000000"))
    async with refused("ASSET_NOT_REGISTERED"):
        await nowhere.close()
