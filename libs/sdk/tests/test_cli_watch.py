"""`fenxiao alarm` and `leaderboard`, and alarms where periods are shown: what is asked, and what is seen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.commission.v1.text_pb2 import Text
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app
from libs.sdk.tests.serving import serving

PARENT = "programmes/gifts"
ALARM, ANN = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(2))
MEMBER = f"{PARENT}/members/{ANN}"
JANUARY, OPEN = f"{PARENT}/periods/2026-01-01", f"{PARENT}/periods/open"
FOUND = Text(en="30 people on 3 levels.", zh="30 人、3 级。")
PERIOD = pb.Period(name=JANUARY, state=pb.PERIOD_STATE_CLOSED, currency="GBP")


def an_alarm(**fields: Any) -> pb.Alarm:
    usual: dict[str, Any] = {"name": f"{PARENT}/alarms/{ALARM}", "period": JANUARY, "raised_by": JANUARY}
    return pb.Alarm(
        state=pb.ALARM_STATE_OPEN,
        rule="CN/structure",
        severity="alarm",
        member=MEMBER,
        found=FOUND,
        law=Text(en="Who leads so many is prosecuted.", zh="应当追究刑事责任。"),
        satisfied_by=Text(en="ask a lawyer.", zh="请律师审查。"),
        source=Text(en="Opinions, part 7", zh="意见第七条"),
        **(usual | fields),
    )


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
        self.closed = False

    def ListAlarms(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return pb.ListAlarmsResponse(alarms=[an_alarm()])

    def GetLeaderboard(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return pb.Leaderboard(period=PERIOD, by=request.by, standings=[self._standing()])

    def ListTargetsReached(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        return pb.ListTargetsReachedResponse(period=PERIOD, standings=[self._standing()], reached=1234)

    def _standing(self) -> pb.Standing:
        return pb.Standing(place=1, member=MEMBER, value="2", rank="gold")

    def GetPeriod(self, request: Any, context: Any) -> Any:
        if request.name == OPEN and self.closed:
            later = pb.Period(name=f"{PARENT}/periods/2026-02-01", state=pb.PERIOD_STATE_OPEN, currency="GBP")
            later.end_time.FromJsonString("2026-03-01T00:00:00Z")
            return later
        return PERIOD

    def ClosePeriod(self, request: Any, context: Any) -> Any:
        self.closed = True
        return PERIOD

    def ListRatings(self, request: Any, context: Any) -> Any:
        return pb.ListRatingsResponse(ratings=[pb.Rating(member=MEMBER, currency="GBP")])

    def EstimatePeriod(self, request: Any, context: Any) -> Any:
        would = an_alarm(name="", raised_by="")
        return pb.EstimatePeriodResponse(period=PERIOD, alarms=[would], alarms_in_all=1)


@pytest.fixture(autouse=True)
def commission(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Commission]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Commission
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), commission=served):
        yield served


SHAPE = {
    "alarm": ALARM,
    "period": "2026-01-01",
    "raised_by": "2026-01-01",
    "cleared_by": "",
    "state": "open",
    "rule": "CN/structure",
    "severity": "alarm",
    "member": ANN,
    "member_id": "ann",
    "found": "30 people on 3 levels.",
    "found_zh": "30 人、3 级。",
    "law": "Who leads so many is prosecuted.",
    "law_zh": "应当追究刑事责任。",
    "satisfied_by": "ask a lawyer.",
    "satisfied_by_zh": "请律师审查。",
    "source": "Opinions, part 7",
    "source_zh": "意见第七条",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert app.run(arguments) == 0
    return capsys.readouterr().out


def test_alarms_are_listed(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "alarm", "list", "--period", "2026-01-01", "--state", "cleared", "--limit", "7", "--json")
    assert json.loads(found) == {"alarms": [SHAPE]}
    wanted = pb.ListAlarmsRequest(parent=PARENT, period=JANUARY, state=pb.ALARM_STATE_CLEARED, page_size=7)
    assert commission.asked == [wanted]


def test_people_read_alarms_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "alarm", "list")
    assert "30 people on 3 levels." in shown
    assert "CN/structure: Who leads so many is prosecuted. To satisfy it: ask a lawyer. (Opinions, part 7)" in shown
    shown = run(capsys, "alarm", "list", "--lang", "zh")
    assert "CN/structure：应当追究刑事责任。合规做法：请律师审查。（依据：意见第七条）" in shown
    assert all(word in shown for word in ("规则", "期间", "状态", "发现", "30 人、3 级。"))


def test_closing_a_period_says_what_it_has_raised(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "period", "close", "--as-of", "2026-02-01", "--json"))
    assert ([one["period"] for one in found["periods"]], found["alarms"]) == (["2026-01-01"], [SHAPE])
    assert [request.raised_by for request in commission.asked] == [JANUARY]
    commission.closed = False
    assert "30 people on 3 levels." in run(capsys, "period", "close", "--as-of", "2026-02-01")


def test_a_period_is_shown_with_its_alarms(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "period", "show", "2026-01-01", "--json"))["alarms"] == [SHAPE]
    assert [request.period for request in commission.asked] == [JANUARY]
    assert "30 people on 3 levels." in run(capsys, "period", "show", "2026-01-01")


def test_an_estimate_says_what_would_be_raised(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "period", "estimate", "--json"))
    assert (found["alarms"], found["alarms_in_all"]) == ([{**SHAPE, "alarm": "", "raised_by": ""}], 1)
    assert app.run(["period", "estimate"]) == 0
    shown = capsys.readouterr()
    assert "30 people on 3 levels." in shown.out
    assert "its close would raise as it stands: 1" in shown.err


def test_a_leaderboard_has_its_stable_form(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "leaderboard", "--by", "rank", "--top", "5", "--json"))
    standing = {"place": 1, "member": ANN, "member_id": "ann", "value": "2", "rank": "gold"}
    assert found.pop("period")["period"] == "2026-01-01"
    assert found == {"by": "rank", "target": None, "reached": None, "standings": [standing]}
    assert commission.asked == [pb.GetLeaderboardRequest(parent=OPEN, by="rank", top=5)]


def test_people_see_who_comes_first(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "leaderboard", "--period", "2026-01-01", "--lang", "zh")
    assert all(word in shown for word in ("名次", "成员", "数值", "职级", "计量方式", "ann", "gold"))
    assert commission.asked == [pb.GetLeaderboardRequest(parent=JANUARY, by="gv", top=20)]


def test_a_target_says_how_many_have_reached_it(commission: Commission, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, "leaderboard", "--by", "pv", "--target", "100.5", "--json"))
    assert (found["target"], found["reached"], len(found["standings"])) == ("100.5", 1234, 1)
    assert commission.asked == [pb.ListTargetsReachedRequest(parent=OPEN, by="pv", least="100.5", page_size=20)]
    assert "1,234" in run(capsys, "leaderboard", "--target", "100.5")
