"""The asset in which a currency is paid."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.names import parse_name
from services.settlement.api.money import show_asset
from services.settlement.views.assets import asset_of


def get_asset(reader: Reader, request: pb.GetAssetRequest, call: Call) -> pb.Asset:
    """By name."""
    currency = parse_name("programmes/{programme}/assets/{currency}", request.name)["currency"]
    return show_asset(call.programme, asset_of(reader, call.programme, currency))
