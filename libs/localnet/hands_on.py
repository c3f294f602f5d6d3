"""`fenxiao fund` and `fenxiao wallets`: what stands in for a merchant's money and for the members' own wallets.

Both work beside the process that runs the network: they find it by its home, and speak to its services and its chain.
"""

import asyncio
from typing import Any

from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.cli import output
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import language, t
from fenxiao.client import Client, find_home
from fenxiao.errors import Kind, Refusal
from fenxiao.money import format_minor, minor_digits, parse_amount
from libs.localnet import chain
from libs.localnet.binding import Bound, bind_wallets
from libs.localnet.home import Home
from libs.localnet.wallets import programme_account


def fund(session: Session, amount: str) -> None:
    """Make test money and put it into the vault for the programme."""
    rpc, deployment = _chain(session)

    async def work(client: Client) -> dict[str, Any]:
        programme = await session.find_programme(client)
        minor = _minor(amount, programme.currency)
        asset = await client.settlement.GetAsset(
            settlement_pb2.GetAssetRequest(name=f"{programme.name}/assets/{programme.currency}")
        )
        if (asset.vault, asset.token) != (deployment.vault.address, deployment.token.address):
            message = f"The programme is paid in the token {asset.token}; only this network's own can be made here."
            raise Refusal("OTHER_ASSET", message, kind=Kind.FAILED_PRECONDITION)
        units = minor * 10 ** (asset.token_decimals - minor_digits(programme.currency))
        transaction = await asyncio.to_thread(_fund, rpc, deployment, id_of(programme.name), units)
        return {
            "programme": id_of(programme.name),
            "currency": programme.currency,
            "amount": minor,
            "units": str(units),
            "vault": asset.vault,
            "transaction": transaction,
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("programme"), found["programme"]),
            (t("put into the vault"), format_minor(found["amount"], found["currency"], language())),
            (t("transaction"), found["transaction"]),
        ]
    )


def wallets(session: Session) -> None:
    """Bind a development wallet to each member who has no proven one."""
    _chain(session)  # only where the network is one of this machine
    with output.progress(quiet=session.as_json) as advance:

        async def work(client: Client) -> tuple[membership_pb2.Programme, Bound]:
            programme = await session.find_programme(client)
            account = programme_account(id_of(programme.name))
            found = await bind_wallets(
                client, programme.name, account, lambda done: advance(f"{t('Binding')} {done:,}", 0, 0)
            )
            return programme, found

        programme, found = session.run(work)
    if session.as_json:
        output.print_json({"programme": id_of(programme.name), "bound": found.bound, "kept": found.kept})
        return
    output.facts([(t("bound"), f"{found.bound:,}"), (t("kept"), f"{found.kept:,}")])
    if found.bound:
        output.say(t("Everybody knows the keys of these wallets: they are good for trying out only."))
    elif found.kept:
        output.say(t("Nothing changed: every member has a proven wallet."))
    else:
        output.say(t("There are no members yet; `fenxiao members import` brings them."))


def _minor(amount: str, currency: str) -> int:
    digits = minor_digits(currency)
    minor = parse_amount(amount).scaleb(digits)
    if minor != minor.to_integral_value():
        raise Refusal("INVALID_AMOUNT", f"{currency} has {digits} digits after the point.", field="amount")
    return int(minor)


def _chain(session: Session) -> tuple[chain.Rpc, chain.Deployment]:
    """Find the chain of the network that runs here. One that is not running may have left its port to another's."""
    home = Home.at(find_home(session.home))
    known, deployment = home.read_network(), chain.Deployment.read(home.contracts_file)
    if known is None or deployment is None or not home.in_use():
        message = f"No network is running in {home.root} on this machine; `fenxiao up` starts it."
        raise Refusal("NOT_RUNNING", message, kind=Kind.UNAVAILABLE)
    return chain.Rpc(known["rpc_url"]), deployment


def _fund(rpc: chain.Rpc, deployment: chain.Deployment, programme: str, units: int) -> str:
    try:
        return chain.fund(rpc, deployment, programme=programme, amount=units)
    except chain.ChainError as error:
        raise Refusal("CHAIN_REFUSED", f"The chain did not take it: {error}.", kind=Kind.ABORTED) from None
    except OSError as error:
        message = f"The chain does not answer ({error}); `fenxiao doctor` says what is wrong."
        raise Refusal("CHAIN_NOT_REACHABLE", message, kind=Kind.UNAVAILABLE) from None
