"""`fenxiao members challenge` and `members bind`: a wallet is paid once its owner has signed for it."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.commands.importing import Rejects, import_file
from fenxiao.cli.session import Session, find_member, id_of
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client

_MEMBER_HELP = t("The merchant's number of the member, or the UUID.")
_ACCOUNT_HELP = t("Address of the wallet.")


def register(group: typer.Typer) -> None:
    """Add the commands to those of the members."""
    group.command("challenge", help=t("Print the text that a wallet's owner signs to be paid there."))(challenge)
    group.command("bind", help=t("Bind a wallet by its owner's signature, or those of a file."))(bind)


def challenge(
    context: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_MEMBER_HELP)],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_ACCOUNT_HELP)],
) -> None:
    """Print the exact text to sign as a personal message (EIP-191)."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.proofs.hashes import checksum_address, parse_address

        address = checksum_address(parse_address(account))
        parent = (await session.find_programme(client)).name
        name, reference = await find_member(client, parent, member)
        request = membership_pb2.GetWalletChallengeRequest(name=name, account=address)
        text = (await client.membership.GetWalletChallenge(request)).message
        return {"member": id_of(name), "member_id": reference, "account": address, "message": text}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    # Each byte counts in what is signed: a file or a pipe gets the text and no line end behind it.
    sys.stdout.write(found["message"] + ("\n" if sys.stdout.isatty() else ""))


def bind(
    context: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help=_MEMBER_HELP)] = "",
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_ACCOUNT_HELP)] = "",
    signature: Annotated[
        str, typer.Argument(metavar="SIGNATURE", help=t("What the owner signed: 0x and 130 hex digits."))
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help=t("CSV or Parquet: member_id, account, signature.")),
    ] = None,
    rejects: Rejects = None,
) -> None:
    """Bind one wallet, or those of a file."""
    session = Session.of(context)
    if file is not None and not member:
        from fenxiao.client.imports import bind_wallets

        import_file(session, bind_wallets, file, rejects=rejects)
    elif file is None and signature and rejects is None:
        _bind_one(session, member, account, signature)
    else:
        raise typer.BadParameter(
            "give MEMBER ACCOUNT SIGNATURE, or --file FILE (with --rejects, if you like)", param_hint="SIGNATURE"
        )


def _bind_one(session: Session, member: str, account: str, signature: str) -> None:
    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.common.v1 import common_pb2
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.client.lines import new_wallet

        item = new_wallet({"account": account, "signature": signature})
        parent = (await session.find_programme(client)).name
        item.name, reference = await find_member(client, parent, member)
        # A batch of one, since its answer says whether the wallet was bound before.
        request = membership_pb2.BatchBindWalletsRequest(parent=parent, wallets=[item])
        (result,) = (await client.membership.BatchBindWallets(request)).results
        if result.outcome == common_pb2.OUTCOME_REFUSED:
            raise Refusal(result.problem.reason, result.problem.message, field=result.problem.field)
        repeated = result.outcome == common_pb2.OUTCOME_REPEATED
        return {"member": id_of(item.name), "member_id": reference, "account": item.account, "repeated": repeated}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("member"), f"{found['member_id']}  {found['member']}"),
            (t("wallet"), f"{found['account']} ({t('proven')})"),
        ]
    )
    if found["repeated"]:
        output.say(t("Nothing changed: the wallet was bound before."))
