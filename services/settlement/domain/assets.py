"""The asset in which a currency is paid: chain, vault, token; and what one minor unit is in token units."""

from collections.abc import Iterable
from typing import Final

from fenxiao.errors import Kind, Refusal
from fenxiao.money import minor_digits
from fenxiao.proofs.hashes import checksum_address, parse_address, programme_key
from fenxiao.proofs.payout_tree import PayoutScope
from services.settlement.domain.errors import DoesNotFit
from services.settlement.domain.events import AssetRegistered

MAX_EXTRA_DECIMALS: Final = 19
"""The vault counts in uint128: 2^63 minor units of 10^19 token units each still fit."""

MAX_CHAIN_ID: Final = 2**63 - 1
_NOBODY: Final = bytes(20)


def scale_of(currency: str, token_decimals: int) -> int:
    """Token units in one minor unit of the currency."""
    return 10 ** (token_decimals - minor_digits(currency))


def scope_of(asset: AssetRegistered, programme: str) -> PayoutScope:
    """What all leaves of the programme's payout trees in this asset share."""
    return PayoutScope(asset.chain_id, parse_address(asset.vault), programme_key(programme), parse_address(asset.token))


def to_minor(units: str, scale: int) -> int:
    """Token units from the chain as minor units. Raises `DoesNotFit` for what is no whole number of them."""
    if not (units.isascii() and units.isdigit()):
        raise DoesNotFit(f"{units[:80]!r} is not a number of token units")
    minor, rest = divmod(int(units), scale)
    if rest:
        raise DoesNotFit(f"{units} token units are not a whole number of minor units of {scale} each")
    return minor


def check_token(known: Iterable[AssetRegistered], currency: str, token: str) -> AssetRegistered:
    """The asset of a currency, if this is its token. Raises `DoesNotFit`."""
    for asset in known:
        if asset.currency == currency and asset.token.lower() == token.lower():
            return asset
    raise DoesNotFit(f"{currency[:12]} is paid in the token {token[:80]} on chain, but no such asset is registered")


def decide_registration(known: Iterable[AssetRegistered], wanted: AssetRegistered) -> AssetRegistered | None:
    """Register a programme's asset; None if exactly this is registered already.

    It is fixed then: what is entitled and paid is counted by vault and token. For the same reason two currencies of a
    programme cannot share a token.
    """
    checked = _checked(wanted)
    for asset in known:
        if asset == checked:
            return None
        if asset.currency == checked.currency:
            message = f"{asset.currency} is paid in the token {asset.token} by the vault {asset.vault}; that is fixed."
            raise Refusal("ASSET_FIXED", message, kind=Kind.EXISTS)
        if (asset.chain_id, asset.vault, asset.token) == (checked.chain_id, checked.vault, checked.token):
            message = f"The token pays {asset.currency} already; a token can pay one currency of a programme only."
            raise Refusal("TOKEN_TAKEN", message, field="asset.token", kind=Kind.EXISTS)
    return checked


def _checked(wanted: AssetRegistered) -> AssetRegistered:
    digits = minor_digits(wanted.currency)
    if not 0 < wanted.chain_id <= MAX_CHAIN_ID:
        message = "A chain has a number above 0; ask your node with eth_chainId."
        raise Refusal("INVALID_CHAIN_ID", message, field="asset.chain_id")
    vault = parse_address(wanted.vault, field="asset.vault")
    token = parse_address(wanted.token, field="asset.token")
    if _NOBODY in (vault, token) or vault == token:
        message = "Vault and token are two contracts, and neither is the zero address."
        raise Refusal("INVALID_ADDRESS", message, field="asset.vault" if vault == _NOBODY else "asset.token")
    if not digits <= wanted.token_decimals <= digits + MAX_EXTRA_DECIMALS:
        message = (
            f"{wanted.currency} has {digits} decimals; a token for it has {digits} to {digits + MAX_EXTRA_DECIMALS}."
        )
        raise Refusal("INVALID_DECIMALS", message, field="asset.token_decimals")
    return wanted.model_copy(update={"vault": checksum_address(vault), "token": checksum_address(token)})
