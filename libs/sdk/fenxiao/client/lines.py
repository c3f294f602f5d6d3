"""Lines of import files as API messages. What is wrong with the text is refused here, the rest by the services."""

import re
from collections.abc import Mapping
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import commission_pb2, goods_pb2
from fenxiao.api.membership.v1 import membership_pb2, placement_pb2
from fenxiao.client.rows import Columns
from fenxiao.errors import Refusal
from fenxiao.plans.language.instants import parse_instant
from fenxiao.proofs.hashes import checksum_address, parse_address

GOODS_COLUMNS: Final = ("product", "category", "channel", "quantity", "margin", "points")
"""What was sold. Empty: not reported."""
MEMBER_COLUMNS: Final = Columns(
    required=("member_id", "sponsor_id", "joined_at"),
    optional=("name", "email", "country", "wallet", "placement_id", "leg", "verified_at", "verified_until"),
    tried=("rank",),
)
SALE_COLUMNS: Final = Columns(
    required=("sale_id", "member_id", "kind", "occurred_at", "amount", "currency"),
    optional=("original_sale_id", "sale_class", *GOODS_COLUMNS, "biz_transactions"),
)
WALLET_COLUMNS: Final = Columns(required=("member_id", "account", "signature"))
IDENTITY_COLUMNS: Final = Columns(required=("member_id", "verified_at"), optional=("verified_until", "check_reference"))
PLACEMENT_COLUMNS: Final = Columns(required=("member_id", "since"), optional=("placement_id", "leg"))
RANK_COLUMNS: Final = Columns(required=("member_id", "rank", "since"), optional=("until",))

_LEGS: Final = {"left": 0, "l": 0, "right": 1, "r": 1}
_SIGNATURE: Final = re.compile(r"0x(?:[0-9A-Fa-f]{2}){65}")
_KINDS: Final = {"sale": commission_pb2.SALE_KIND_SALE, "return": commission_pb2.SALE_KIND_RETURN}
_CLASSES: Final = {
    "": commission_pb2.SALE_CLASS_UNSPECIFIED,
    "retail": commission_pb2.SALE_CLASS_RETAIL,
    "personal": commission_pb2.SALE_CLASS_PERSONAL,
}


def timestamp(text: str, field: str) -> Timestamp:
    """Read RFC 3339 with its offset."""
    moment = parse_instant(text, field=field)
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def optional_timestamp(values: Mapping[str, str], field: str) -> Timestamp | None:
    """The same of a column that may be empty or not be there."""
    text = values.get(field, "")
    return timestamp(text, field) if text else None


def new_member(values: Mapping[str, str]) -> membership_pb2.NewMember:
    """Give a line of the members' file as a message."""
    return membership_pb2.NewMember(
        reference=values["member_id"],
        sponsor_reference=values["sponsor_id"],
        join_time=timestamp(values["joined_at"], "joined_at"),
        display_name=values.get("name", ""),
        email=values.get("email", ""),
        country=values.get("country", ""),
        wallet=values.get("wallet", ""),
        placement=_wish(values.get("placement_id", ""), read_leg(values.get("leg", ""))),
        identity_check_time=optional_timestamp(values, "verified_at"),
        identity_expire_time=optional_timestamp(values, "verified_until"),
    )


def new_sale(values: Mapping[str, str]) -> commission_pb2.Sale:
    """Give a line of the sales' file as a message, the member still by the merchant's number."""
    kind, sale_class = _KINDS.get(values["kind"]), _CLASSES.get(values.get("sale_class", ""))
    if kind is None:
        raise Refusal("INVALID_KIND", f"{values['kind'][:40]!r} is not a kind; write sale or return.", field="kind")
    if sale_class is None:
        message = f"{values['sale_class'][:40]!r} is not a class of sales; write retail or personal, or leave it empty."
        raise Refusal("INVALID_SALE_CLASS", message, field="sale_class")
    goods = {name: values[name] for name in GOODS_COLUMNS if values.get(name)}
    return commission_pb2.Sale(
        reference=values["sale_id"],
        member=values["member_id"],
        kind=kind,
        occur_time=timestamp(values["occurred_at"], "occurred_at"),
        amount=values["amount"],
        currency=values["currency"],
        original_reference=values.get("original_sale_id", ""),
        sale_class=sale_class,
        goods=goods_pb2.Goods(**goods) if goods else None,
        biz_transactions=values.get("biz_transactions", "").split(),
    )


def new_wallet(values: Mapping[str, str]) -> membership_pb2.BatchBindWalletsRequest.Item:
    """Give a line of the wallets' file as a message, the member still missing."""
    return membership_pb2.BatchBindWalletsRequest.Item(
        account=checksum_address(parse_address(values["account"])), signature=read_signature(values["signature"])
    )


def new_rank_grant(values: Mapping[str, str]) -> commission_pb2.RankGrant:
    """Give a line of a file of ranks as a message, the member still by the merchant's number."""
    until = values.get("until", "")
    return commission_pb2.RankGrant(
        member=values["member_id"],
        rank=values["rank"],
        effective_time=timestamp(values["since"], "since"),
        end_time=timestamp(until, "until") if until else None,
    )


def new_identity_check(values: Mapping[str, str]) -> membership_pb2.BatchRecordIdentityChecksRequest.Item:
    """Give a line of a file of identity checks as a message, the member still missing."""
    return membership_pb2.BatchRecordIdentityChecksRequest.Item(
        check_time=timestamp(values["verified_at"], "verified_at"),
        expire_time=optional_timestamp(values, "verified_until"),
        reference=values.get("check_reference", ""),
    )


def new_placement(values: Mapping[str, str]) -> membership_pb2.BatchPlaceMembersRequest.Item:
    """Give a line of a file of places as a message, the member still missing."""
    return membership_pb2.BatchPlaceMembersRequest.Item(
        effective_time=timestamp(values["since"], "since"),
        placement=_wish(values.get("placement_id", ""), read_leg(values.get("leg", ""))),
    )


def read_leg(text: str) -> int | None:
    """Read a leg of the placement tree: left, right, or its number from 0 on the left; none where nothing is said."""
    if not text:
        return None
    if (leg := _LEGS.get(text.lower())) is not None:
        return leg
    if text.isascii() and text.isdecimal() and len(text) < 4:
        return int(text)
    message = f"{text[:40]!r} is not a leg; write left or right, or its number from 0 on the left."
    raise Refusal("INVALID_LEG", message, field="leg")


def _wish(parent: str, leg: int | None) -> placement_pb2.PlacementWish | None:
    if not parent and leg is None:
        return None
    wish = placement_pb2.PlacementWish(leg=leg)
    if parent:
        wish.parent_reference = parent
    return wish


def read_signature(text: str) -> bytes:
    """Read the 65 bytes r, s, v that a wallet gives for a personal message."""
    if not _SIGNATURE.fullmatch(text):
        message = "A signature is 0x and 130 hex digits: r, s and v, as a wallet gives them for a personal message."
        raise Refusal("INVALID_SIGNATURE", message, field="signature")
    return bytes.fromhex(text[2:])
