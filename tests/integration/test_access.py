"""Who may do what: credentials that prove nothing, and credentials that are for something else."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import grpc.aio
import jwt
import pytest

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.api.traceability.v1 import traceability_pb2
from fenxiao.client import Client
from fenxiao.credentials import ANY_SCOPE, generate_issuer, issue, load_issuer
from fenxiao.errors import Kind
from libs.localnet.home import Home
from libs.localnet.network import LocalNetwork
from tests.integration.conftest import Refused, World
from tests.support.shop import JOINED, LATER, PLAN, Shop, new_member, new_sale, stamp

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


FIVE_MINUTES = timedelta(minutes=5)


def credential(
    home: Home,
    *,
    programme: str = "strict-shop",
    role: str = "operator",
    scopes: tuple[str, ...] = (ANY_SCOPE,),
    ttl: timedelta = FIVE_MINUTES,
) -> str:
    issuer = load_issuer(home.keys)
    return issue(
        issuer.private_pem, issuer.kid, subject="somebody", programme=programme, role=role, scopes=scopes, ttl=ttl
    )


def with_token(network: LocalNetwork, token: str) -> Client:
    return Client(network.endpoints.services, token=token)


def other_half(token: str, **claims: object) -> str:
    """The same credential with other claims under the old signature."""
    head, body, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | claims
    forged = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return f"{head}.{forged}.{signature}"


def forged_by_another_key(home: Home, tmp_path: Path) -> str:
    """Signed by a key of the forger's own, under the name of ours."""
    stranger = generate_issuer(tmp_path)
    kid = load_issuer(home.keys).kid
    return issue(
        stranger.private_pem, kid, subject="s", programme="*", role="operator", scopes=["*"], ttl=timedelta(hours=1)
    )


def signed_by_our_public_key(home: Home) -> str:
    """The old trick: what is public taken for a shared secret."""
    claims = jwt.decode(credential(home), options={"verify_signature": False})
    key = json.loads(home.jwks.read_text())["keys"][0]
    return jwt.encode(claims, key["x"] * 2, algorithm="HS256", headers={"kid": key["kid"]})


def unsigned(home: Home) -> str:
    claims = jwt.decode(credential(home), options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none", headers={"kid": load_issuer(home.keys).kid})


FORGERIES: dict[str, tuple[Callable[[Home, Path], str], str]] = {
    "none": (lambda home, path: "", "NO_CREDENTIAL"),
    "rubbish": (lambda home, path: "rubbish", "CREDENTIAL_INVALID"),
    "another key": (forged_by_another_key, "CREDENTIAL_INVALID"),
    "no signature": (lambda home, path: unsigned(home), "CREDENTIAL_INVALID"),
    "another algorithm": (lambda home, path: signed_by_our_public_key(home), "CREDENTIAL_INVALID"),
    "changed claims": (lambda home, path: other_half(credential(home), programme="*"), "CREDENTIAL_INVALID"),
    "prolonged": (lambda home, path: other_half(credential(home), exp=2**40), "CREDENTIAL_INVALID"),
    "expired": (lambda home, path: credential(home, ttl=timedelta(seconds=-1)), "CREDENTIAL_EXPIRED"),
}


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_credential_that_proves_nothing(
    network: LocalNetwork, home: Home, world: World, refused: Refused, tmp_path: Path, how: str
) -> None:
    make, reason = FORGERIES[how]
    async with with_token(network, make(home, tmp_path)) as client:
        shop = Shop(client, world.shop.programme)
        async with refused(reason, Kind.DENIED):
            await shop.enrol(new_member("X"))
        async with refused(reason, Kind.DENIED):
            await shop.record(new_sale("X", world.leaf))
        async with refused(reason, Kind.DENIED):
            await shop.close()
        async with refused(reason, Kind.DENIED):
            await client.chain_bridge.GetChainStatus(chain_bridge_pb2.GetChainStatusRequest(parent=shop.parent))
        async with refused(reason, Kind.DENIED):
            await client.traceability.Capture(traceability_pb2.CaptureRequest(parent=shop.parent, document=b"{}"))
        async with refused(reason, Kind.DENIED):
            async for _ in client.events("commission").TailEvents(events_pb2.TailEventsRequest(parent=shop.parent)):
                pass
        # Health is open to everybody.
        await client.check_health("membership")


async def test_who_is_unknown_and_who_is_not_allowed_are_told_apart(
    network: LocalNetwork, home: Home, world: World
) -> None:
    codes: list[grpc.StatusCode] = []
    for token in ("rubbish", credential(home, scopes=("sales.read",))):
        async with grpc.aio.insecure_channel(network.endpoints.services["membership"]) as channel:
            call: Any = cast("Any", channel).unary_unary("/fenxiao.api.membership.v1.MembershipService/GetMember")
            request = membership_pb2.GetMemberRequest(name=world.leaf).SerializeToString()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(request, metadata=grpc.aio.Metadata(("authorization", f"Bearer {token}")), timeout=20)
            codes.append(caught.value.code())
    assert codes == [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED]


async def test_a_scope_is_needed_for_everything_but_its_own(
    network: LocalNetwork, home: Home, world: World, refused: Refused
) -> None:
    async with with_token(network, credential(home, scopes=("members.read",))) as client:
        shop = Shop(client, world.shop.programme)
        assert (await client.membership.GetMember(membership_pb2.GetMemberRequest(name=world.leaf))).reference == "LEAF"
        async with refused("SCOPE_MISSING", Kind.DENIED):
            await shop.enrol(new_member("X"))
        async with refused("SCOPE_MISSING", Kind.DENIED):
            await shop.record(new_sale("X", world.leaf))
        async with refused("SCOPE_MISSING", Kind.DENIED):
            await shop.totals()
        async with refused("SCOPE_MISSING", Kind.DENIED):
            await client.events("membership").ListEvents(events_pb2.ListEventsRequest(parent=shop.parent))


async def test_only_an_operator_opens_a_programme(
    network: LocalNetwork, home: Home, world: World, refused: Refused
) -> None:
    for role, programme, reason in (
        ("merchant", "*", "OPERATORS_ONLY"),
        ("operator", "next-door", "OTHER_PROGRAMME"),
    ):
        token = credential(home, role=role, programme=programme)
        async with with_token(network, token) as client, refused(reason, Kind.DENIED):
            await Shop.open(client, network.endpoints, "brand-new-shop")


async def test_another_programmes_data_is_out_of_reach(
    network: LocalNetwork, home: Home, world: World, refused: Refused
) -> None:
    theirs = world.other.parent
    statement = f"{world.other_member}/statements/GBP"
    async with with_token(network, credential(home)) as client:
        attempts = [
            lambda: client.membership.GetMember(membership_pb2.GetMemberRequest(name=world.other_member)),
            lambda: client.membership.ListMembers(membership_pb2.ListMembersRequest(parent=theirs)),
            lambda: client.membership.GetTree(membership_pb2.GetTreeRequest(parent=theirs)),
            lambda: client.membership.GetProgramme(membership_pb2.GetProgrammeRequest(name=theirs)),
            lambda: client.membership.ResolveMembers(
                membership_pb2.ResolveMembersRequest(parent=theirs, references=["NEIGHBOUR"])
            ),
            lambda: client.membership.ResolveMembers(
                membership_pb2.ResolveMembersRequest(parent=world.shop.parent, names=[world.other_member])
            ),
            lambda: client.membership.GetTree(
                membership_pb2.GetTreeRequest(parent=world.shop.parent, root=world.other_member)
            ),
            lambda: Shop(client, world.other.programme).enrol(new_member("X")),
            lambda: Shop(client, world.other.programme).record(new_sale("X", world.other_member)),
            lambda: Shop(client, world.other.programme).totals(),
            lambda: Shop(client, world.other.programme).close(LATER),
            lambda: client.membership.ChangeSponsor(
                membership_pb2.ChangeSponsorRequest(
                    name=world.other_member, sponsor=world.leaf, effective_time=stamp(JOINED)
                )
            ),
            lambda: client.membership.SuspendMember(membership_pb2.SuspendMemberRequest(name=world.other_member)),
            lambda: client.commission.GetSale(commission_pb2.GetSaleRequest(name=world.other_sale)),
            lambda: client.commission.ListSales(commission_pb2.ListSalesRequest(parent=theirs)),
            lambda: client.commission.ListSales(
                commission_pb2.ListSalesRequest(parent=world.shop.parent, member=world.other_member)
            ),
            lambda: client.commission.ExplainSale(
                commission_pb2.ExplainSaleRequest(parent=world.shop.parent, sale=world.other_sale)
            ),
            lambda: client.commission.PublishPlan(commission_pb2.PublishPlanRequest(parent=theirs, document=PLAN)),
            lambda: client.settlement.GetStatement(settlement_pb2.GetStatementRequest(name=statement)),
            lambda: client.settlement.ListStatements(
                settlement_pb2.ListStatementsRequest(parent=theirs, currency="GBP")
            ),
            lambda: client.chain_bridge.ListTransactions(chain_bridge_pb2.ListTransactionsRequest(parent=theirs)),
            lambda: client.traceability.Capture(traceability_pb2.CaptureRequest(parent=theirs, document=b"{}")),
            lambda: client.traceability.GetPath(traceability_pb2.GetPathRequest(parent=theirs, epc="urn:x:y")),
            *(
                lambda service=service: client.events(service).ListEvents(events_pb2.ListEventsRequest(parent=theirs))
                for service in network.endpoints.services
            ),
        ]
        for attempt in attempts:
            async with refused("OTHER_PROGRAMME", Kind.DENIED):
                await attempt()
        for stream in (
            client.events("commission").TailEvents(events_pb2.TailEventsRequest(parent=theirs)),
            client.settlement.WatchDistribution(
                settlement_pb2.WatchDistributionRequest(name=f"{theirs}/distributions/GBP-1")
            ),
        ):
            async with refused("OTHER_PROGRAMME", Kind.DENIED):
                async for _ in stream:
                    pass


async def test_another_programmes_things_under_ones_own_name_are_not_there(
    network: LocalNetwork, home: Home, world: World, refused: Refused
) -> None:
    def mine(name: str) -> str:
        return name.replace(world.other.parent, world.shop.parent)

    async with with_token(network, credential(home)) as client:
        async with refused("MEMBER_NOT_FOUND", Kind.NOT_FOUND):
            await client.membership.GetMember(membership_pb2.GetMemberRequest(name=mine(world.other_member)))
        async with refused("UNKNOWN_SALE", Kind.NOT_FOUND):
            await client.commission.GetSale(commission_pb2.GetSaleRequest(name=mine(world.other_sale)))
        async with refused("UNKNOWN_SALE", Kind.NOT_FOUND):
            await client.commission.ExplainSale(
                commission_pb2.ExplainSaleRequest(parent=world.shop.parent, sale="THEIR-SALE")
            )
        found = await client.membership.ResolveMembers(
            membership_pb2.ResolveMembersRequest(parent=world.shop.parent, references=["NEIGHBOUR", "LEAF"])
        )
        assert [entry.reference for entry in found.members] == ["LEAF"]
        listed = await client.membership.ListProgrammes(membership_pb2.ListProgrammesRequest())
        assert [programme.name for programme in listed.programmes] == [world.shop.parent]


async def test_events_are_those_of_the_programme_alone(network: LocalNetwork, home: Home, world: World) -> None:
    async with with_token(network, credential(home)) as client:
        for service in network.endpoints.services:
            request = events_pb2.ListEventsRequest(parent=world.shop.parent, page_size=1000)
            events = (await client.events(service).ListEvents(request)).events
            assert {event.programme for event in events} <= {world.shop.programme}
            assert world.other_member.rpartition("/")[2].encode() not in b"".join(e.data.value for e in events)


async def test_a_consistency_token_of_ones_own_making(network: LocalNetwork, home: Home, world: World) -> None:
    async with grpc.aio.insecure_channel(network.endpoints.services["commission"]) as channel:
        call: Any = cast("Any", channel).unary_unary("/fenxiao.api.commission.v1.CommissionService/ListSales")
        request = commission_pb2.ListSalesRequest(parent=world.shop.parent).SerializeToString()
        for token in ("rubbish", "W10=", "eyJtZW1iZXJzaGlwIjoxfQ==", "eyJtZW1iZXJzaGlwIjoiYSJ9"):
            metadata = grpc.aio.Metadata(
                ("authorization", f"Bearer {credential(home)}"), ("fenxiao-consistency-token", token)
            )
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(request, metadata=metadata, timeout=20)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT, token
