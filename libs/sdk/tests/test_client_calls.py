import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any as PackedAny
from google.rpc import code_pb2, error_details_pb2, status_pb2

from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.client import Client, Consistency
from fenxiao.client.client import pages
from fenxiao.errors import Kind, Refusal

Step = Callable[[Any, Any], Any]


class Scripted(membership_pb2_grpc.MembershipServiceServicer):
    """Answers each call with the next step of the script, the last step for ever."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[Any] = []
        self.metadata: list[dict[str, Any]] = []

    async def _answer(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return await step(request, context)

    async def GetProgramme(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return await self._answer(request, context)

    async def CreateProgramme(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return await self._answer(request, context)

    async def ListMembers(self, request: Any, context: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return await self._answer(request, context)


def answers(message: Any, token: str = "") -> Step:
    async def step(_: Any, context: Any) -> Any:
        if token:
            context.set_trailing_metadata((("fenxiao-consistency-token", token),))
        return message

    return step


def fails(code: grpc.StatusCode, text: str = "", *details: Any) -> Step:
    async def step(_: Any, context: Any) -> Any:
        packed: list[PackedAny] = []
        for detail in details:
            one = PackedAny()
            one.Pack(detail)
            packed.append(one)
        status = status_pb2.Status(code=code_pb2.Code.Value(code.name), message=text, details=packed)
        metadata = (("grpc-status-details-bin", status.SerializeToString()),) if details else ()
        await context.abort(code, text, metadata)

    return step


def says_nothing() -> Step:
    async def step(_: Any, __: Any) -> Any:
        await asyncio.sleep(60)

    return step


@asynccontextmanager
async def serving(*steps: Step, port: int = 0, **options: Any) -> AsyncGenerator[tuple[Client, Scripted, int]]:
    service = Scripted(*steps)  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only
    server = grpc.aio.server()
    options.setdefault("patience", 5.0)
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(service, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        async with Client({"membership": f"127.0.0.1:{port}"}, **options) as client:
            yield client, service, port
    finally:
        await server.stop(None)


PROGRAMME = membership_pb2.Programme(name="programmes/gifts", currency="GBP")
GET = membership_pb2.GetProgrammeRequest(name="programmes/gifts")


async def test_a_call_carries_credential_and_everything_seen() -> None:
    token = base64.urlsafe_b64encode(json.dumps({"membership": "abc:7"}).encode()).decode()
    async with serving(answers(PROGRAMME, token), answers(PROGRAMME), token="secret") as (client, service, _):
        assert await client.membership.GetProgramme(GET) == PROGRAMME
        assert "fenxiao-consistency-token" not in service.metadata[0]
        await client.membership.GetProgramme(GET)
        assert service.metadata[1]["authorization"] == "Bearer secret"
        assert json.loads(base64.urlsafe_b64decode(service.metadata[1]["fenxiao-consistency-token"])) == {
            "membership": "abc:7"
        }


async def test_what_was_seen_is_kept_for_the_next_run(tmp_path: Path) -> None:
    token = base64.urlsafe_b64encode(json.dumps({"membership": "abc:7"}).encode()).decode()
    file = tmp_path / "consistency.json"
    async with serving(answers(PROGRAMME, token), consistency=Consistency(file)) as (client, _, _):
        await client.membership.GetProgramme(GET)
    assert Consistency(file).position("membership") == "abc:7"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, Kind.INVALID),
        (grpc.StatusCode.NOT_FOUND, Kind.NOT_FOUND),
        (grpc.StatusCode.ALREADY_EXISTS, Kind.EXISTS),
        (grpc.StatusCode.FAILED_PRECONDITION, Kind.FAILED_PRECONDITION),
        (grpc.StatusCode.ABORTED, Kind.ABORTED),
        (grpc.StatusCode.PERMISSION_DENIED, Kind.DENIED),
        (grpc.StatusCode.UNAUTHENTICATED, Kind.DENIED),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Kind.EXHAUSTED),
    ],
)
async def test_a_refusal_comes_as_the_service_raised_it(code: grpc.StatusCode, kind: Kind) -> None:
    info = error_details_pb2.ErrorInfo(reason="WRONG_CURRENCY", domain="fenxiao")
    violation = error_details_pb2.BadRequest.FieldViolation(field="currency")
    bad = error_details_pb2.BadRequest(field_violations=[violation])
    async with serving(fails(code, "Use GBP.", info, bad)) as (client, service, _):
        with pytest.raises(Refusal) as caught:
            await client.membership.GetProgramme(GET)
    refusal = caught.value
    assert (refusal.reason, refusal.message, refusal.field, refusal.kind) == (
        "WRONG_CURRENCY",
        "Use GBP.",
        "currency",
        kind,
    )
    assert len(service.requests) == 1


async def test_a_failure_of_the_service_is_no_stack_trace() -> None:
    async with serving(fails(grpc.StatusCode.INTERNAL, "reference 4711")) as (client, _, _):
        with pytest.raises(Refusal, match="reference 4711") as caught:
            await client.membership.GetProgramme(GET)
    assert caught.value.reason == "INTERNAL_ERROR"


async def test_foreign_details_are_not_taken_for_ours() -> None:
    info = error_details_pb2.ErrorInfo(reason="QUOTA", domain="example.org")
    async with serving(fails(grpc.StatusCode.INTERNAL, "proxy", info)) as (client, _, _):
        with pytest.raises(Refusal) as caught:
            await client.membership.GetProgramme(GET)
    assert caught.value.reason == "INTERNAL_ERROR"


async def test_a_command_is_repeated_as_the_same_request() -> None:
    unavailable = fails(grpc.StatusCode.UNAVAILABLE, "going down")
    async with serving(unavailable, unavailable, answers(PROGRAMME)) as (client, service, _):
        request = membership_pb2.CreateProgrammeRequest(programme_id="gifts")
        assert await client.membership.CreateProgramme(request) == PROGRAMME
    ids = [request.request_id for request in service.requests]
    assert len(ids) == 3
    assert ids[0]
    assert len(set(ids)) == 1
    assert request.request_id == "", "the caller's message stays as it was"


async def test_the_callers_request_id_is_kept() -> None:
    async with serving(answers(PROGRAMME)) as (client, service, _):
        await client.membership.CreateProgramme(
            membership_pb2.CreateProgrammeRequest(programme_id="gifts", request_id="mine")
        )
    assert service.requests[0].request_id == "mine"


async def test_a_view_that_is_behind_and_too_many_calls_are_waited_for() -> None:
    behind = error_details_pb2.ErrorInfo(reason="VIEW_BEHIND", domain="fenxiao")
    many = error_details_pb2.ErrorInfo(reason="TOO_MANY_CALLS", domain="fenxiao")
    steps = (
        fails(grpc.StatusCode.UNAVAILABLE, "", behind),
        fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "", many),
        answers(PROGRAMME),
    )
    async with serving(*steps) as (client, service, _):
        assert await client.membership.GetProgramme(GET) == PROGRAMME
        assert len(service.requests) == 3


async def test_a_call_that_gets_no_answer_is_made_again() -> None:
    async with serving(says_nothing(), answers(PROGRAMME), deadline=0.3) as (client, service, _):
        assert await client.membership.GetProgramme(GET) == PROGRAMME
        assert len(service.requests) == 2


async def test_patience_ends() -> None:
    async with serving(fails(grpc.StatusCode.UNAVAILABLE, "down"), patience=0.2) as (client, service, _):
        with pytest.raises(Refusal) as caught:
            await client.membership.GetProgramme(GET)
        assert len(service.requests) > 1
    assert (caught.value.reason, caught.value.kind) == ("NOT_REACHABLE", Kind.UNAVAILABLE)


async def test_a_service_that_is_not_there_is_named() -> None:
    async with serving(answers(PROGRAMME)) as (_, _, port):
        pass
    async with Client({"membership": f"127.0.0.1:{port}"}, patience=0.2) as client:
        with pytest.raises(Refusal, match=f"membership does not answer at 127.0.0.1:{port}"):
            await client.membership.GetProgramme(GET)
        with pytest.raises(Refusal) as caught:
            client.events("insights")
    assert caught.value.reason == "NO_SUCH_SERVICE"


async def test_a_service_that_comes_back_is_found_again() -> None:
    async with serving(answers(PROGRAMME)) as (_, _, port):
        pass
    async with Client({"membership": f"127.0.0.1:{port}"}, patience=20.0) as client:
        call = asyncio.ensure_future(client.membership.GetProgramme(GET))
        await asyncio.sleep(0.5)
        assert not call.done()
        async with serving(answers(PROGRAMME), port=port):
            assert await call == PROGRAMME


async def test_a_message_that_is_too_large_is_refused_clearly() -> None:
    async with serving(answers(PROGRAMME)) as (client, _, _):
        programme = membership_pb2.Programme(display_name="x" * 5_000_000)
        with pytest.raises(Refusal) as caught:
            await client.membership.CreateProgramme(membership_pb2.CreateProgrammeRequest(programme=programme))
    assert caught.value.reason == "MESSAGE_TOO_LARGE"


async def test_pages_are_followed() -> None:
    def page(name: str, token: str) -> Step:
        member = membership_pb2.Member(name=name)
        return answers(membership_pb2.ListMembersResponse(members=[member], next_page_token=token))

    async with serving(page("a", "t1"), page("b", "t2"), page("c", "")) as (client, service, _):
        request = membership_pb2.ListMembersRequest(parent="programmes/gifts")
        found = [
            member.name async for answer in pages(client.membership.ListMembers, request) for member in answer.members
        ]
    assert found == ["a", "b", "c"]
    assert [request.page_token for request in service.requests] == ["", "t1", "t2"]
    assert request.page_token == ""
