"""`fenxiao rank`: what is asked of the service, and what people and programs see."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app
from libs.sdk.tests.serving import serving

PARENT = "programmes/gifts"
ANN = "00000000-0000-4000-8000-000000000001"
MEMBER = f"{PARENT}/members/{ANN}"


def stamp(*date: int) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime(*date, tzinfo=UTC))  # type: ignore[arg-type, misc]
    return found


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name=PARENT, currency="CNY", time_zone="Asia/Shanghai")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry(reference="ann", name=MEMBER)
        known = not request.references or "ann" in request.references
        return membership_pb2.ResolveMembersResponse(members=[entry] if known else [])


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def _asked(self, request: Any) -> None:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            assert request.request_id
            request.request_id = ""
        self.asked.append(request)

    def _grant(self, end: Timestamp | None = None) -> pb.RankGrant:
        return pb.RankGrant(
            member=MEMBER,
            rank="gold",
            effective_time=stamp(2026, 1, 1),
            end_time=end,
            granted_by="shop",
            record_time=stamp(2026, 1, 2),
        )

    def GrantRank(self, request: Any, context: Any) -> Any:
        self._asked(request)
        return self._grant()

    def WithdrawRankGrant(self, request: Any, context: Any) -> Any:
        self._asked(request)
        return self._grant(request.effective_time)

    def ListRankGrants(self, request: Any, context: Any) -> Any:
        self._asked(request)
        return pb.ListRankGrantsResponse(grants=[self._grant()])

    def BatchGrantRanks(self, request: Any, context: Any) -> Any:
        self._asked(request)
        refused = common_pb2.ItemResult(
            outcome=common_pb2.OUTCOME_REFUSED,
            problem=common_pb2.Problem(reason="UNKNOWN_RANK", message="No plan has it.", field="rank"),
        )
        taken = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN, name=MEMBER)
        return pb.BatchGrantRanksResponse(results=[taken if one.rank == "gold" else refused for one in request.grants])


@pytest.fixture(autouse=True)
def commission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Commission]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Commission
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), commission=served):
        yield served


def test_a_rank_is_granted_from_a_day_of_the_programmes_calendar(
    commission: Commission, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["rank", "grant", "ann", "gold", "--since", "2026-01-01", "--json"]) == 0
    grant = pb.RankGrant(member=MEMBER, rank="gold", effective_time=stamp(2025, 12, 31, 16))
    assert commission.asked == [pb.GrantRankRequest(parent=PARENT, grant=grant)]
    assert json.loads(capsys.readouterr().out) == {
        "member": ANN,
        "member_id": "ann",
        "rank": "gold",
        "since": "2026-01-01T00:00:00Z",
        "until": None,
        "granted_by": "shop",
        "granted_at": "2026-01-02T00:00:00Z",
    }


def test_it_may_end(commission: Commission) -> None:
    arguments = ["--since", "2026-01-01T00:00:00Z", "--until", "2026-04-01T00:00:00Z"]
    assert app.run(["rank", "grant", "ann", "gold", *arguments]) == 0
    grant = pb.RankGrant(member=MEMBER, rank="gold", effective_time=stamp(2026, 1, 1), end_time=stamp(2026, 4, 1))
    assert commission.asked == [pb.GrantRankRequest(parent=PARENT, grant=grant)]


def test_it_is_withdrawn(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["rank", "withdraw", "ann", "--since", "2026-03-01T00:00:00Z"]) == 0
    request = pb.WithdrawRankGrantRequest(parent=PARENT, member=MEMBER, effective_time=stamp(2026, 3, 1))
    assert commission.asked == [request]
    assert "2026-03-01T00:00:00Z" in capsys.readouterr().out


def test_ranks_are_listed(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["rank", "list", "--member", "ann", "--limit", "7", "--lang", "zh"]) == 0
    assert commission.asked == [pb.ListRankGrantsRequest(parent=PARENT, member=MEMBER, page_size=7)]
    text = capsys.readouterr().out
    for part in ("职级", "授予人", "ann", "gold", "2026-01-01T00:00:00Z"):
        assert part in text
    assert app.run(["rank", "list", "--json"]) == 0
    assert [one["rank"] for one in json.loads(capsys.readouterr().out)["grants"]] == ["gold"]


def test_ranks_of_a_file_are_granted_line_by_line(
    commission: Commission, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ranks.csv"
    file.write_text(
        "member_id,rank,since,until\n"
        "ann,gold,2026-01-01T00:00:00Z,\n"
        "ann,gold,2026-02-01T00:00:00Z,2026-03-01T00:00:00Z\n"
        "ann,bronze,2026-01-01T00:00:00Z,\n"
        "bob,gold,2026-01-01T00:00:00Z,\n"
        "ann,gold,yesterday,\n"
    )
    rejects = tmp_path / "rejects.csv"
    assert app.run(["rank", "grant", "--file", str(file), "--rejects", str(rejects), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["taken"], found["repeated"], found["refused"]) == ("ranks", 2, 0, 3)
    assert [(one["line"], one["reason"]) for one in found["problems"]] == [
        (4, "UNKNOWN_RANK"),
        (5, "UNKNOWN_MEMBER"),
        (6, "INVALID_TIME"),
    ]
    assert len(rejects.read_text().splitlines()) == 4
    (request,) = commission.asked
    assert [(one.member, one.HasField("end_time")) for one in request.grants] == [
        (MEMBER, False),
        (MEMBER, True),
        (MEMBER, False),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["ann"],
        ["ann", "gold"],
        ["ann", "gold", "--since", "2026-01-01", "--file", "x.csv"],
        ["ann", "gold", "--since", "2026-01-01", "--rejects", "x.csv"],
        ["--since", "2026-01-01", "--file", "x.csv"],
    ],
)
def test_either_one_or_a_file(commission: Commission, arguments: list[str]) -> None:
    assert app.run(["rank", "grant", *arguments]) == 2
    assert commission.asked == []
