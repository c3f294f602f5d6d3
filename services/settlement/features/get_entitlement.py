"""What a payee needs to collect from the vault without us."""

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Kind, Refusal
from fenxiao.proofs.hashes import parse_hash, programme_key, to_hex
from libs.eventlog import Reader
from libs.servicekit import Call
from services.settlement.api.money import read_member_name
from services.settlement.domain.assets import scale_of
from services.settlement.domain.distribution import payout_tree
from services.settlement.shared.trees import Trees
from services.settlement.views.assets import asset_of
from services.settlement.views.distributions import newest_active, newest_distribution
from services.settlement.views.entitlements import entitlements_at, payout_at
from services.settlement.views.payees import payee_of


def get_entitlement(reader: Reader, request: pb.GetEntitlementRequest, call: Call) -> pb.Entitlement:
    """By the newest distribution that the vault pays by; if the payee stands in none of these, by the newest closed."""
    programme = call.programme
    member, currency = read_member_name(request.name, "entitlements")
    asset = asset_of(reader, programme, currency)
    payee = payee_of(reader, programme, member).payee
    newest = newest_distribution(reader, programme, currency)
    candidates = (newest_active(reader, programme, currency, int(call.now.timestamp())), newest.number if newest else 0)
    for number in candidates:
        if payee and (found := payout_at(reader, programme, currency, payee, number)):
            break
    else:
        message = "Nothing of the member's has gone into a distribution yet; see the statement for what is held."
        raise Refusal("NOT_ENTITLED", message, field="name", kind=Kind.NOT_FOUND)
    account, cumulative = found
    tree = call.use(Trees).get(
        (programme, currency, number),
        lambda: payout_tree(programme, asset, entitlements_at(reader, programme, currency, number)),
    )
    return pb.Entitlement(
        name=request.name,
        chain_id=asset.chain_id,
        vault=asset.vault,
        token=asset.token,
        programme_key=to_hex(programme_key(programme)),
        payee=payee,
        account=account,
        cumulative_units=str(cumulative * scale_of(currency, asset.token_decimals)),
        proof=[to_hex(sibling) for sibling in tree.proof(parse_hash(payee))],
        root=to_hex(tree.root),
        distribution_number=number,
    )
