"""`fenxiao points`, `reward` and `advance`: what is asked of the service, and what people and programs see."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.api.settlement.v1 import settlement_pb2_grpc
from fenxiao.cli import app
from libs.sdk.tests.serving import serving

PARENT = "programmes/gifts"
REDEMPTION, ANN = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(2))
MEMBER, NAME = f"{PARENT}/members/{ANN}", f"{PARENT}/redemptions/{REDEMPTION}"


def at(*date: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(*date, tzinfo=UTC))  # pyright: ignore[reportArgumentType] # year, month, day
    return stamp


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="Europe/Berlin")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry(reference="ann", name=MEMBER)
        return membership_pb2.ResolveMembersResponse(members=[entry])


class Settlement(settlement_pb2_grpc.SettlementServiceServicer):
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def _ask(self, request: Any) -> None:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            assert request.request_id
            request.request_id = ""
        self.asked.append(request)

    def _points(self, **more: Any) -> pb.Points:
        return pb.Points(
            name=f"{MEMBER}/points/star", member=ANN, points="star", accrued=1500, available=1400, expired=100, **more
        )

    def GetPoints(self, request: Any, context: Any) -> Any:
        self._ask(request)
        lot = pb.PointsLot(line="l1", earn_time=at(2026, 1, 5), expire_time=at(2027, 1, 5), available=1400)
        points = self._points(lots=[lot], next_expire_time=at(2027, 1, 5), next_expire_points=1400)
        return pb.MemberPoints(points=[points], as_of=at(2026, 2, 1))

    def ListPoints(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return pb.ListPointsResponse(points=[self._points()])

    def _redemption(self, request: Any, state: Any, **more: Any) -> pb.Redemption:
        self._ask(request)
        return pb.Redemption(
            name=NAME,
            member=ANN,
            reward=f"{PARENT}/rewards/cash",
            version=2,
            quantity=3,
            points="star",
            amount=1200,
            state=state,
            **more,
        )

    def RedeemPoints(self, request: Any, context: Any) -> Any:
        money = pb.RewardMoney(currency="GBP", amount_minor=600)
        return self._redemption(request, pb.REDEMPTION_STATE_CREDITED, money=money)

    def FulfilRedemption(self, request: Any, context: Any) -> Any:
        return self._redemption(request, pb.REDEMPTION_STATE_FULFILLED)

    def CancelRedemption(self, request: Any, context: Any) -> Any:
        return self._redemption(request, pb.REDEMPTION_STATE_CANCELLED)

    def ListRedemptions(self, request: Any, context: Any) -> Any:
        return pb.ListRedemptionsResponse(redemptions=[self._redemption(request, pb.REDEMPTION_STATE_OPEN)])

    def DefineReward(self, request: Any, context: Any) -> Any:
        self._ask(request)
        reward = pb.Reward()
        reward.CopyFrom(request.reward)
        reward.name, reward.version = f"{PARENT}/rewards/{request.reward_id}", 1
        return reward

    def WithdrawReward(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return pb.Reward(name=request.name, version=1, points="star", price_points=10, withdrawn=True)

    def ListRewards(self, request: Any, context: Any) -> Any:
        self._ask(request)
        mug = pb.Reward(
            name=f"{PARENT}/rewards/mug",
            points="star",
            price_points=1000,
            title_en="A mug",
            title_zh="马克杯",
            stock=7,
            redeemed=2,
        )
        return pb.ListRewardsResponse(rewards=[mug])

    def AdvanceTime(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return pb.ProgrammeTime(name=f"{PARENT}/time", as_of=request.as_of)


@pytest.fixture(autouse=True)
def settlement(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settlement]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Settlement
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), settlement=served):
        yield served


def test_a_members_points_are_shown(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["points", "show", "ann", "--json"]) == 0
    assert settlement.asked == [pb.GetPointsRequest(name=MEMBER)]
    found = json.loads(capsys.readouterr().out)
    (star,) = found["points"]
    assert (found["as_of"], star["member_id"], star["available"]) == ("2026-02-01T00:00:00Z", "ann", 1400)
    assert star["next_expiry"] == {"at": "2027-01-05T00:00:00Z", "points": 1400}
    assert star["lots"][0]["hold_until"] is None
    assert app.run(["points", "show", "ann", "--lang", "zh"]) == 0
    text = capsys.readouterr().out
    for part in ("ann", "star", "1,400", "可用", "最近失效"):
        assert part in text


def test_all_members_points_are_listed(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["points", "list", "--kind", "star", "--limit", "5"]) == 0
    assert settlement.asked == [pb.ListPointsRequest(parent=PARENT, points="star", page_size=5)]
    assert "1,500" in capsys.readouterr().out


def test_points_are_redeemed(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["points", "redeem", "ann", "cash", "--quantity", "3", "--version", "2"]) == 0
    assert settlement.asked == [
        pb.RedeemPointsRequest(parent=PARENT, member=MEMBER, reward=f"{PARENT}/rewards/cash", quantity=3, version=2)
    ]
    text = capsys.readouterr().out
    for part in ("1,200 points (star)", "6.00 GBP", "credited"):
        assert part in text


def test_redemptions_end_and_are_listed(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["points", "fulfil", REDEMPTION.upper()]) == 0
    assert app.run(["points", "cancel", REDEMPTION]) == 0
    assert app.run(["points", "redemptions", "--member", "ann", "--state", "open", "--lang", "zh"]) == 0
    assert settlement.asked == [
        pb.FulfilRedemptionRequest(name=NAME),
        pb.CancelRedemptionRequest(name=NAME),
        pb.ListRedemptionsRequest(parent=PARENT, member=MEMBER, state=pb.REDEMPTION_STATE_OPEN, page_size=100),
    ]
    assert "1,200 积分（star）" in capsys.readouterr().out


def test_a_reward_is_defined(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    titles = ["--title-en", "Cash", "--title-zh", "现金"]
    window = ["--from", "2026-01-01", "--to", "2026-07-01T00:00:00Z"]
    asked = ["reward", "define", "cash", "--points", "star", "--price", "400", *titles, "--stock", "9", *window]
    assert app.run([*asked, "--money", "2.50", "--json"]) == 0
    reward = pb.Reward(
        points="star",
        price_points=400,
        title_en="Cash",
        title_zh="现金",
        stock=9,
        start_time=at(2025, 12, 31, 23),
        end_time=at(2026, 7, 1),
        money=pb.RewardMoney(currency="GBP", amount_minor=250),
    )
    assert settlement.asked == [pb.DefineRewardRequest(parent=PARENT, reward_id="cash", reward=reward)]
    found = json.loads(capsys.readouterr().out)
    assert (found["reward"], found["stock"], found["money"]) == ("cash", 9, {"currency": "GBP", "amount": 250})
    assert app.run([*asked, "--money", "2.505"]) == 1
    assert app.run([*asked, "--money", "much"]) == 1


def test_rewards_are_listed_and_withdrawn(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["reward", "list", "--withdrawn", "--lang", "zh"]) == 0
    text = capsys.readouterr().out
    for part in ("马克杯", "1,000 积分（star）", "5 / 7", "实物", "可兑换"):
        assert part in text
    assert app.run(["reward", "withdraw", "mug"]) == 0
    assert settlement.asked == [
        pb.ListRewardsRequest(parent=PARENT, with_withdrawn=True, page_size=500),
        pb.WithdrawRewardRequest(name=f"{PARENT}/rewards/mug"),
    ]


def test_time_is_advanced(settlement: Settlement, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["advance", "--as-of", "2026-02-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"as_of": "2026-01-31T23:00:00Z"}
    assert settlement.asked == [pb.AdvanceTimeRequest(parent=PARENT, as_of=at(2026, 1, 31, 23))]
