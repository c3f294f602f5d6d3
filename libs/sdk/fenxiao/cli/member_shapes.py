"""Programmes and members in the stable JSON of the command line (docs/cli.md)."""

from collections.abc import Mapping
from typing import Any

from fenxiao.api.membership.v1 import membership_pb2, placement_pb2
from fenxiao.cli.session import id_of, time_text


def programme(message: membership_pb2.Programme) -> dict[str, Any]:
    """Give a programme."""
    return {
        "programme": id_of(message.name),
        "name": message.display_name,
        "currency": message.currency,
        "time_zone": message.time_zone,
        "start": time_text(message.start_time),
        "placement": {
            "width": message.placement.width,
            "spill": placement_pb2.Spill.Name(message.placement.spill).removeprefix("SPILL_").lower(),
        }
        if message.HasField("placement")
        else None,
        "countries_disclosed": message.countries_disclosed,
    }


def member(message: membership_pb2.Member, members: Mapping[str, str]) -> dict[str, Any]:
    """Give a member; `members` are the merchant's numbers of sponsor and parent by resource name."""
    return {
        "member": id_of(message.name),
        "member_id": message.reference,
        "sponsor": id_of(message.sponsor),
        "sponsor_id": members.get(message.sponsor, ""),
        "joined_at": time_text(message.join_time),
        "name": message.display_name,
        "email": message.email,
        "country": message.country,
        "wallet": message.wallet.account,
        "wallet_proven": message.wallet.proven,
        "state": membership_pb2.MemberState.Name(message.state).removeprefix("MEMBER_STATE_").lower(),
        "payee": message.payee,
        "place": _place(message.place, members) if message.HasField("place") else None,
        "verified_at": time_text(message.identity_check_time) if message.HasField("identity_check_time") else None,
        "verified_until": time_text(message.identity_expire_time) if message.HasField("identity_expire_time") else None,
    }


def _place(place: placement_pb2.Place, members: Mapping[str, str]) -> dict[str, Any]:
    return {
        "parent": id_of(place.parent),
        "parent_id": members.get(place.parent, ""),
        "leg": place.leg,
        "since": time_text(place.effective_time),
        "choice": placement_pb2.PlacementChoice.Name(place.choice).removeprefix("PLACEMENT_CHOICE_").lower(),
    }


def placement_node(
    message: membership_pb2.ListPlacementsResponse.Placement, members: Mapping[str, str], level: int, children: int
) -> dict[str, Any]:
    """Give a member in the placement tree."""
    return {
        "member": id_of(message.name),
        "member_id": message.reference,
        **_place(message.place, members),
        "level": level,
        "children": children,
    }


def node(message: membership_pb2.GetTreeResponse.Node) -> dict[str, Any]:
    """Give a member in the tree."""
    return {
        "member": id_of(message.name),
        "member_id": message.reference,
        "sponsor": id_of(message.sponsor),
        "level": message.level,
        "children": message.children,
    }
