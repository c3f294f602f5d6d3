"""The Merkle log: every public event once, in an order for ever, proved to who keeps no more than the log's key."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.traceability.v1 import events_pb2 as traceability
from fenxiao.errors import Refusal
from fenxiao.proofs.checkpoints import LogKey, verify_checkpoint
from fenxiao.proofs.log_entries import entry_hash, payload_commitment
from fenxiao.proofs.log_tree import LogTree, verify_consistency, verify_inclusion
from libs.eventlog import Reader
from libs.servicekit import SettingsError
from libs.servicekit.testing import Harness
from services.chain_bridge.adapters.log_key import LogSigner
from services.chain_bridge.domain.log import CheckpointMade, LeavesSequenced
from services.chain_bridge.policies.when_log_grown_then_checkpoint import make_checkpoint
from services.chain_bridge.tests.world import account, log_settings
from services.chain_bridge.views.log import log_tree
from services.chain_bridge.wiring import SERVICE

ENROLLED = membership.MemberEnrolled.DESCRIPTOR.full_name
PARENT = "programmes/shop"


@pytest_asyncio.fixture
async def service(keystore: Path, tmp_path: Path) -> AsyncIterator[Harness]:
    async with Harness(
        SERVICE,
        tmp_path,
        rpc_url="http://127.0.0.1:1",
        vault_address=account(1000),
        keystore_file=str(keystore / "keystore.json"),
        keystore_password_file=str(keystore / "password"),
        **log_settings(keystore),
    ) as service:
        yield service


async def enrol(service: Harness, count: int) -> list[uuid.UUID]:
    return [
        await service.receive(membership.MemberEnrolled(member=str(n)), source="membership", programme="shop")
        for n in range(count)
    ]


async def checkpoint(service: Harness) -> int:
    signer = service.running.use(LogSigner)
    return await service.log.write(lambda tx: make_checkpoint(tx, signer))


async def prove(service: Harness, *events: uuid.UUID, size: int = 0) -> Any:
    request = pb.ProveInclusionRequest(parent=PARENT, events=map(str, events), size=size)
    return await service.query("ProveInclusion", request)


def enrolled_leaf(event: uuid.UUID, n: int) -> bytes:
    payload = membership.MemberEnrolled(member=str(n)).SerializeToString()
    return entry_hash(str(event), ENROLLED, "shop", payload_commitment(payload))


async def test_a_stranger_verifies_an_event_with_the_logs_key_alone(service: Harness) -> None:
    events = await enrol(service, 5)
    assert await checkpoint(service) == 5
    answer = await prove(service, *events)
    key = LogKey.parse(answer.checkpoint.log_key)
    said = verify_checkpoint(answer.checkpoint.note, key)
    assert (said.origin, said.size, said.root) == ("log.test", 5, answer.checkpoint.root)
    assert said.root == LogTree(enrolled_leaf(event, n) for n, event in enumerate(events)).root()
    for n, inclusion in enumerate(answer.inclusions):
        leaf = enrolled_leaf(events[n], n)
        assert verify_inclusion(leaf, inclusion.index, said.size, list(inclusion.hashes), said.root)
        assert not verify_inclusion(enrolled_leaf(events[n], 9), n, said.size, list(inclusion.hashes), said.root)


async def test_an_event_that_commits_to_its_fields_stands_by_that(service: Harness) -> None:
    captured = traceability.TraceEventCaptured(commitment_root=b"\x05" * 32, commitment_size=9)
    event = await service.receive(captured, source="traceability", programme="shop")
    plain = await service.receive(traceability.TraceEventCaptured(), source="traceability", programme="shop")
    tree = await service.log.read(log_tree)
    name = traceability.TraceEventCaptured.DESCRIPTOR.full_name
    leaves = [
        entry_hash(str(event), name, "shop", b"\x05" * 32),
        entry_hash(str(plain), name, "shop", payload_commitment(b"")),
    ]
    assert tree.root() == LogTree(leaves).root()


async def test_the_log_only_grows(service: Harness) -> None:
    sizes = list[int]()
    roots = list[bytes]()
    for count in (1, 2, 5):
        await enrol(service, count)
        sizes.append(await checkpoint(service))
        answer = await service.query("GetCheckpoint", pb.GetCheckpointRequest(), programme="shop")
        roots.append(answer.root)
    assert sizes == [1, 3, 8]
    for old in range(3):
        request = pb.ProveConsistencyRequest(old_size=sizes[old])
        proof = await service.query("ProveConsistency", request, programme="shop")
        assert proof.new_size == 8
        assert verify_consistency(sizes[old], 8, list(proof.hashes), roots[old], roots[2])


async def test_what_stands_behind_a_checkpoint_is_missing_there(service: Harness) -> None:
    (first,) = await enrol(service, 1)
    await checkpoint(service)
    (second,) = await enrol(service, 1)
    unknown = uuid.uuid4()
    answer = await prove(service, second, first, unknown)
    assert [one.event for one in answer.inclusions] == [str(first)]
    assert list(answer.missing) == [str(second), str(unknown)]
    await checkpoint(service)
    assert [one.event for one in (await prove(service, second)).inclusions] == [str(second)]
    assert list((await prove(service, second, size=1)).missing) == [str(second)]


async def test_a_log_that_has_not_grown_says_nothing_new(service: Harness) -> None:
    assert await checkpoint(service) == 0
    await enrol(service, 1)
    assert await checkpoint(service) == 1
    assert await checkpoint(service) == 0
    kinds: list[Any] = [type(one.event) for one in await service.recorded()]
    assert kinds == [LeavesSequenced, CheckpointMade]


async def test_rebuilt_from_its_events_it_is_the_same(service: Harness) -> None:
    events = await enrol(service, 11)
    await checkpoint(service)

    def rows(reader: Reader) -> list[Any]:
        return [
            sorted(reader.all(f"SELECT * FROM {table}"))
            for table in ("view_log_nodes", "view_log_entries", "view_log_size", "view_log_checkpoints")
        ]

    before, proved = await service.log.read(rows), await prove(service, *events)
    await service.log.rebuild()
    assert await service.log.read(rows) == before
    assert await prove(service, *events) == proved


@pytest.mark.parametrize(
    ("method", "request_", "reason"),
    [
        ("GetCheckpoint", pb.GetCheckpointRequest(), "NO_CHECKPOINT"),
        ("GetCheckpoint", pb.GetCheckpointRequest(size=7), "NO_CHECKPOINT"),
        ("GetCheckpoint", pb.GetCheckpointRequest(size=-1), "INVALID_LOG_SIZE"),
        ("ProveInclusion", pb.ProveInclusionRequest(parent=PARENT), "INVALID_EVENTS"),
        ("ProveInclusion", pb.ProveInclusionRequest(parent=PARENT, events=["x"] * 1001), "INVALID_EVENTS"),
        ("ProveConsistency", pb.ProveConsistencyRequest(old_size=1, new_size=2), "NOT_IN_LOG"),
        ("ProveConsistency", pb.ProveConsistencyRequest(old_size=-1, new_size=2), "NOT_IN_LOG"),
    ],
)
async def test_what_it_cannot_answer(service: Harness, method: str, request_: Any, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        await service.query(method, request_, programme="shop")
    assert refused.value.reason == reason


async def test_an_id_that_is_none(service: Harness) -> None:
    await enrol(service, 1)
    await checkpoint(service)
    with pytest.raises(Refusal, match="no event's id"):
        await service.query("ProveInclusion", pb.ProveInclusionRequest(parent=PARENT, events=["x"]))


@pytest.mark.parametrize("wrong", [{"log_key_file": "/nowhere"}, {"checkpoint_seconds": "soon"}])
def test_settings(keystore: Path, tmp_path: Path, wrong: dict[str, str]) -> None:
    settings = {
        "rpc_url": "http://127.0.0.1:1",
        "vault_address": account(1000),
        "keystore_file": str(keystore / "keystore.json"),
        "keystore_password_file": str(keystore / "password"),
        **log_settings(keystore),
    }
    with pytest.raises(SettingsError):
        Harness(SERVICE, tmp_path, **{**settings, **wrong})
