"""Rewards: what points can be redeemed for."""

from fenxiao.api.settlement.v1 import points_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.settlement.api.points import show_reward
from services.settlement.views.rewards import rewards_after


def list_rewards(reader: Reader, request: pb.ListRewardsRequest, call: Call) -> pb.ListRewardsResponse:
    """A page of them, the newest version of each; those that are withdrawn on demand."""
    wanted = page(request.page_size, request.page_token)
    offers = rewards_after(
        reader, call.programme, request.points, wanted.after, wanted.size + 1, withdrawn=request.with_withdrawn
    )
    shown = offers[: wanted.size]
    return pb.ListRewardsResponse(
        rewards=[show_reward(call.programme, offer) for offer in shown],
        next_page_token=wanted.token(shown[-1].reward.reward) if len(offers) > len(shown) else "",
    )
