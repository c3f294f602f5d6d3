"""`fenxiao asset`: register, show. The token and the vault in which a programme's currency is paid."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.settlement.v1 import settlement_pb2
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("The token and the vault that pay a programme's currency."), no_args_is_help=True)
    group.command("register", help=t("Name the token and the vault that pay; fixed from then on."))(register_)
    group.command("show", help=t("Show the token and the vault that pay."))(show)
    app.add_typer(group, name="asset")


def register_(
    context: typer.Context,
    vault: Annotated[
        str, typer.Option("--vault", help=t("Address of the vault; the network's own if not given."))
    ] = "",
    token: Annotated[
        str, typer.Option("--token", help=t("Address of the token; the network's own if not given."))
    ] = "",
    decimals: Annotated[
        int | None, typer.Option("--decimals", min=0, max=36, help=t("Decimals of the token; given with --token."))
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option("--chain-id", min=1, help=t("Number of the chain; the network's own if not given."))
    ] = None,
) -> None:
    """Register the asset of the programme's currency."""
    session = Session.of(context)
    asset = _asset(session, vault, token, decimals, chain_id)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import settlement_pb2
        from fenxiao.cli import shapes

        programme = await session.find_programme(client)
        asset.currency = programme.currency
        request = settlement_pb2.RegisterAssetRequest(parent=programme.name, asset=asset)
        return shapes.asset(await client.settlement.RegisterAsset(request))

    _print(session, session.run(work))


def show(context: typer.Context) -> None:
    """Print the asset of the programme's currency."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import settlement_pb2
        from fenxiao.cli import shapes

        programme = await session.find_programme(client)
        request = settlement_pb2.GetAssetRequest(name=f"{programme.name}/assets/{programme.currency}")
        return shapes.asset(await client.settlement.GetAsset(request))

    _print(session, session.run(work))


def _asset(
    session: Session, vault: str, token: str, decimals: int | None, chain_id: int | None
) -> "settlement_pb2.Asset":
    """Give what was named, and for the rest what the network says about itself."""
    from fenxiao.api.settlement.v1 import settlement_pb2
    from fenxiao.client import find_home, read_network

    if bool(token) != (decimals is not None):
        # The decimals of one token are wrong for another, and once registered nothing can be mended.
        raise typer.BadParameter("give --token and --decimals together", param_hint="--decimals")
    network = read_network(find_home(session.home))
    asset = settlement_pb2.Asset(
        chain_id=chain_id or network.chain_id,
        vault=vault or network.vault,
        token=token or network.token,
        token_decimals=network.token_decimals if decimals is None else decimals,
    )
    missing = [
        option
        for option, value in (("--chain-id", asset.chain_id), ("--vault", asset.vault), ("--token", asset.token))
        if not value
    ]
    if missing:
        raise Misuse("ASSET_INCOMPLETE", f"The network's file does not say it; give {', '.join(missing)}.")
    return asset


def _print(session: Session, asset: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(asset)
        return
    output.facts(
        [
            (t("currency"), asset["currency"]),
            (t("chain"), str(asset["chain_id"])),
            (t("vault"), asset["vault"]),
            (t("token"), f"{asset['token']} ({asset['token_decimals']})"),
        ]
    )
