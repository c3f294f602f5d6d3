"""`fenxiao dispute`: what is asked of the service, and what people and programs see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app
from libs.sdk.tests.serving import serving

PARENT = "programmes/gifts"
DISPUTE, LINE, ANN = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(3))
NAME, MEMBER = f"{PARENT}/disputes/{DISPUTE}", f"{PARENT}/members/{ANN}"


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="UTC")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry(reference="ann", name=MEMBER)
        return membership_pb2.ResolveMembersResponse(members=[entry])


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.points = ""

    def _done(self, request: Any, **more: Any) -> pb.Dispute:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            assert request.request_id
            request.request_id = ""
        self.asked.append(request)
        usual: dict[str, Any] = {"state": pb.DISPUTE_STATE_OPEN, "opened_by": "shop", "points": self.points}
        currency = "" if self.points else "GBP"
        return pb.Dispute(name=NAME, line=LINE, member=MEMBER, currency=currency, **(usual | more))

    def OpenDispute(self, request: Any, context: Any) -> Any:
        return self._done(request)

    def AnswerDispute(self, request: Any, context: Any) -> Any:
        return self._done(request, state=pb.DISPUTE_STATE_ANSWERED)

    def ResolveDispute(self, request: Any, context: Any) -> Any:
        return self._done(request, state=pb.DISPUTE_STATE_UPHELD, correction_minor=request.correction_minor)

    def GetDispute(self, request: Any, context: Any) -> Any:
        return self._done(request, reason="Too little.")

    def ListDisputes(self, request: Any, context: Any) -> Any:
        return pb.ListDisputesResponse(disputes=[self._done(request)])


@pytest.fixture(autouse=True)
def commission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Commission]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Commission
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), commission=served):
        yield served


def test_a_dispute_is_opened_for_a_member(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["dispute", "open", LINE, "--member", "ann", "--reason", "Too little.", "--json"]) == 0
    assert commission.asked == [pb.OpenDisputeRequest(parent=PARENT, line=LINE, member=MEMBER, reason="Too little.")]
    found = json.loads(capsys.readouterr().out)
    assert (found["dispute"], found["line"], found["member"], found["member_id"]) == (DISPUTE, LINE, ANN, "ann")
    assert (found["state"], found["correction"], found["answered_at"], found["reason"]) == ("open", 0, None, "")


def test_it_is_answered(commission: Commission) -> None:
    assert app.run(["dispute", "answer", DISPUTE.upper(), "--text", "We look."]) == 0
    assert commission.asked == [pb.AnswerDisputeRequest(name=NAME, answer="We look.")]


@pytest.mark.parametrize(
    ("arguments", "outcome", "minor"),
    [
        (["--correct", "1.5"], pb.DISPUTE_OUTCOME_UPHELD, 150),
        (["--correct", "-1.50"], pb.DISPUTE_OUTCOME_UPHELD, -150),
        (["--correct=-0.01"], pb.DISPUTE_OUTCOME_UPHELD, -1),
        (["--reject"], pb.DISPUTE_OUTCOME_REJECTED, 0),
    ],
)
def test_it_is_resolved(commission: Commission, arguments: list[str], outcome: Any, minor: int) -> None:
    assert app.run(["dispute", "resolve", DISPUTE, "--why", "So.", *arguments]) == 0
    request = pb.ResolveDisputeRequest(name=NAME, outcome=outcome, correction_minor=minor, why="So.")
    # What a correction is counted in, the dispute says.
    assert commission.asked == [*([pb.GetDisputeRequest(name=NAME)] if minor else []), request]


def test_a_correction_of_points_is_in_whole_points(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    commission.points = "star"
    assert app.run(["dispute", "resolve", DISPUTE, "--why", "So.", "--correct", "-1500"]) == 0
    assert commission.asked[-1].correction_minor == -1500
    assert "-1,500 points (star)" in capsys.readouterr().out
    assert app.run(["dispute", "resolve", DISPUTE, "--why", "So.", "--correct", "1.5"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [([], 2), (["--correct", "1", "--reject"], 2), (["--correct", "0.001"], 1), (["--correct", "much"], 1)],
)
def test_an_end_that_is_none_is_refused_here(commission: Commission, arguments: list[str], code: int) -> None:
    assert app.run(["dispute", "resolve", DISPUTE, "--why", "So.", *arguments]) == code
    assert not [one for one in commission.asked if isinstance(one, pb.ResolveDisputeRequest)]


def test_disputes_are_listed(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--member", "ann", "--line", LINE, "--state", "answered", "--limit", "7"]
    assert app.run(["dispute", "list", *arguments, "--lang", "zh"]) == 0
    request = pb.ListDisputesRequest(
        parent=PARENT, member=MEMBER, line=LINE, state=pb.DISPUTE_STATE_ANSWERED, page_size=7
    )
    assert commission.asked == [request]
    text = capsys.readouterr().out
    for part in ("异议", DISPUTE, "ann", "进行中"):
        assert part in text


def test_what_was_said_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["dispute", "show", DISPUTE]) == 0
    assert "Too little." in capsys.readouterr().out
