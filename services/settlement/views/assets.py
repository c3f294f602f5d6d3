"""The asset in which each currency of a programme is paid."""

from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader, Recorded, Tx, View
from services.settlement.domain.events import AssetRegistered

_COLUMNS = "currency, chain_id, vault, token, token_decimals"


def assets_of(reader: Reader, programme: str) -> list[AssetRegistered]:
    """Every asset of a programme."""
    rows = reader.all(f"SELECT {_COLUMNS} FROM view_assets WHERE programme=?", (programme,))  # noqa: S608 # our own columns
    return [_asset(*row) for row in rows]


def asset_of(reader: Reader, programme: str, currency: str) -> AssetRegistered:
    """The asset of a currency. Raises `Refusal` ASSET_NOT_REGISTERED."""
    sql = f"SELECT {_COLUMNS} FROM view_assets WHERE programme=? AND currency=?"  # noqa: S608 # our own columns
    row = reader.one(sql, (programme, currency))
    if row is None:
        message = (
            f"The programme pays nothing in {currency[:12]!r} yet; register the asset (chain, vault, token) first: "
            "`fenxiao asset register` does it."
        )
        raise Refusal("ASSET_NOT_REGISTERED", message, field="currency", kind=Kind.NOT_FOUND)
    return _asset(*row)


def _asset(currency: str, chain_id: int, vault: str, token: str, token_decimals: int) -> AssetRegistered:
    return AssetRegistered(
        currency=currency, chain_id=chain_id, vault=vault, token=token, token_decimals=token_decimals
    )


def _registered(tx: Tx, recorded: Recorded[AssetRegistered]) -> None:
    asset = recorded.event
    tx.run(
        "INSERT INTO view_assets VALUES (?, ?, ?, ?, ?, ?)",
        (recorded.meta.programme, asset.currency, asset.chain_id, asset.vault, asset.token, asset.token_decimals),
    )


ASSETS = View(
    name="assets",
    ddl=[
        "CREATE TABLE IF NOT EXISTS view_assets ("
        "programme TEXT NOT NULL, currency TEXT NOT NULL, chain_id BIGINT NOT NULL, vault TEXT NOT NULL,"
        " token TEXT NOT NULL, token_decimals BIGINT NOT NULL, PRIMARY KEY (programme, currency))"
    ],
    own={AssetRegistered: _registered},
)
