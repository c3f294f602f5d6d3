"""Names the token and the vault in which a programme's currency is paid."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from libs.eventlog import Tx
from libs.servicekit import Call
from services.settlement.api.money import show_asset
from services.settlement.domain.assets import decide_registration
from services.settlement.domain.events import AssetRegistered
from services.settlement.shared.ledger import record, stream
from services.settlement.views.assets import asset_of, assets_of


def register_asset(tx: Tx, request: pb.RegisterAssetRequest, call: Call) -> pb.Asset:
    """Registers it once; a second time only with the same content."""
    asset = request.asset
    wanted = AssetRegistered(
        currency=asset.currency,
        chain_id=asset.chain_id,
        vault=asset.vault,
        token=asset.token,
        token_decimals=asset.token_decimals,
    )
    if fact := decide_registration(assets_of(tx, call.programme), wanted):
        record(tx, stream(call.programme, "asset", fact.currency), fact, 0, call.meta(), call.now)
    return show_asset(call.programme, asset_of(tx, call.programme, wanted.currency))
