"""`fenxiao custody offer` and `typed-data`: what is handed over, to be signed here or by a wallet."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import amount, short
from fenxiao.cli.session import Session, find_member, id_of, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import custody_pb2
    from fenxiao.client import Client
    from fenxiao.proofs.custody import Transfer

OfferArgument = Annotated[str, typer.Argument(metavar="OFFER", help=t("The offer's UUID."))]
KeyFileOption = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help=t("The wallet's private key: 64 hex digits, for your eyes only.")),
]
SignatureOption = Annotated[
    str, typer.Option("--signature", metavar="HEX", help=t("What a wallet signed: 0x and 130 hex digits."))
]
_Offerer = Annotated[str, typer.Option("--from", metavar="MEMBER", help=t("Who hands it over."))]
_Receiver = Annotated[str, typer.Option("--to", metavar="MEMBER", help=t("Who is to take it over."))]
_Items = Annotated[
    list[str] | None,
    typer.Option(
        "--item",
        metavar="ITEM[=AMOUNT]",
        help=t("What is handed over; of a lot so much: =12 or =200:KGM. Repeatable."),
    ),
]
_Place = Annotated[str, typer.Option("--place", metavar="PLACE", help=t("Where it is handed over."))]
_Transactions = Annotated[
    list[str] | None,
    typer.Option("--transaction", metavar="URI", help=t("Business transaction that it belongs to; may be repeated.")),
]
_Expires = Annotated[
    str, typer.Option("--expires", metavar="TIME", help=t("Until when the offer stands: a date or a time."))
]
_OfferId = Annotated[str, typer.Option("--offer", metavar="UUID", help=t("The offer's UUID; a new one if left out."))]


class Answer(StrEnum):
    """What is signed about an offer."""

    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"


def add(group: typer.Typer) -> None:
    """Add the commands."""
    help_ = t("Print what a wallet signs (EIP-712) to offer goods, or to answer an offer.")
    group.command("typed-data", help=help_)(typed_data)
    group.command("offer", help=t("Offer custody of goods to another member; alone it moves nothing."))(offer)


def typed_data(  # a transfer has as many properties
    context: typer.Context,
    answered: Annotated[str, typer.Argument(metavar="[OFFER]", help=t("The offer that is answered."))] = "",
    answer: Annotated[
        Answer | None, typer.Option("--answer", help=t("How OFFER is answered: accept, reject or withdraw."))
    ] = None,
    offerer: _Offerer = "",
    receiver: _Receiver = "",
    items: _Items = None,
    place: _Place = "",
    transactions: _Transactions = None,
    expires: _Expires = "",
    offer: _OfferId = "",
) -> None:
    """Print typed data for `eth_signTypedData_v4`."""
    session = Session.of(context)
    if bool(answered) != (answer is not None) or (answered and (offerer or receiver)):
        raise Misuse("WRONG_USAGE", "Give --from, --to and what is handed over; or OFFER with --answer.")

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.proofs.hashes import to_hex

        if answer is not None:
            transfer = await _offered(client, session, answered)
        else:
            asked = (offerer, receiver, items, place, transactions, expires, offer)
            transfer, _ = await _new(client, session, *asked)
        match answer:
            case Answer.REJECT:
                digest, data = transfer.rejection_digest(), transfer.rejection_typed_data()
            case Answer.WITHDRAW:
                digest, data = transfer.withdrawal_digest(), transfer.withdrawal_typed_data()
            case _:
                digest, data = transfer.digest(), transfer.typed_data()
        return {"offer": transfer.offer, "digest": to_hex(digest), "typed_data": data}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
    else:
        typer.echo(json.dumps(found["typed_data"], ensure_ascii=False, indent=2))


def offer(  # a transfer has as many properties
    context: typer.Context,
    offerer: _Offerer = "",
    receiver: _Receiver = "",
    items: _Items = None,
    place: _Place = "",
    transactions: _Transactions = None,
    expires: _Expires = "",
    offer: _OfferId = "",
    data: Annotated[
        Path | None,
        typer.Option("--typed-data", metavar="FILE", help=t("What a wallet has signed, as `typed-data` printed it.")),
    ] = None,
    key_file: KeyFileOption = None,
    signature: SignatureOption = "",
) -> None:
    """Offer goods."""
    session = Session.of(context)
    if (data is not None) == bool(offerer or receiver or items):
        raise Misuse("WRONG_USAGE", "Give --from, --to and what is handed over; or --typed-data, which says it all.")
    require_signer(key_file, signature)
    if signature and data is None:
        raise Misuse("WRONG_USAGE", "Give --typed-data too: a signature holds for that one transfer.")

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import custody_pb2 as pb
        from fenxiao.cli.custody_signing import checked, signature_for, signed_transfer

        if data is not None:
            parent = (await session.find_programme(client)).name
            message = signed_transfer(data, parent)
            transfer = await checked(client, parent, message)
        else:
            asked = (offerer, receiver, items, place, transactions, expires, offer)
            transfer, message = await _new(client, session, *asked)
            parent = f"programmes/{transfer.programme}"
        signed = signature_for(transfer.digest(), key_file, signature)
        request = pb.OfferCustodyRequest(parent=parent, transfer=message, signature=signed)
        return await shaped(client, parent, await client.traceability.OfferCustody(request))

    print_offer(session, session.run(work))


async def _new(
    client: "Client",
    session: Session,
    offerer: str,
    receiver: str,
    items: list[str] | None,
    place: str,
    transactions: list[str] | None,
    expires: str,
    offer: str,
) -> "tuple[Transfer, custody_pb2.CustodyTransfer]":
    """Give what the options describe: as it is signed, and as it is sent."""
    from fenxiao.cli.custody_signing import checked, new_transfer
    from fenxiao.cli.periods import read_moment, zone

    if not (offerer and receiver and expires):
        raise Misuse("WRONG_USAGE", "Give --from, --to and --expires, and what is handed over.")
    programme = await session.find_programme(client)
    message = new_transfer(
        (await find_member(client, programme.name, offerer))[0],
        (await find_member(client, programme.name, receiver))[0],
        items or (),
        place=place,
        biz_transactions=transactions or (),
        expires=read_moment(expires, zone(programme.time_zone)),
        offer=offer,
    )
    return await checked(client, programme.name, message), message


async def _offered(client: "Client", session: Session, offer: str) -> "Transfer":
    from fenxiao.api.traceability.v1 import custody_pb2 as pb
    from fenxiao.cli.custody_signing import as_signed, require_same

    parent = (await session.find_programme(client)).name
    request = pb.GetCustodyOfferRequest(name=f"{parent}/custodyOffers/{id_of(offer).lower()}")
    found = await client.traceability.GetCustodyOffer(request)
    transfer = as_signed(id_of(parent), found.transfer)
    require_same(transfer, found.digest)
    return transfer


def require_signer(key_file: Path | None, signature: str) -> None:
    """Refuse a command that says nothing of who signs, or two things."""
    if (key_file is None) == (not signature):
        raise Misuse("WRONG_USAGE", "Give --key-file, or the --signature that a wallet made over the typed data.")


async def shaped(client: "Client", parent: str, message: "custody_pb2.CustodyOffer") -> dict[str, Any]:
    """Give an offer in its stable JSON."""
    from fenxiao.cli import shapes_custody

    return shapes_custody.offer(message, await references_of(client, parent, shapes_custody.members_in([message])))


def items_text(items: list[dict[str, str]]) -> str:
    """Give what is handed over in short."""
    return ", ".join(f"{short(one['item'])} {amount(one['quantity'], one['uom'])}".strip() for one in items)


def state_text(state: str) -> str:
    """Give how far an offer is, for people."""
    return t(f"offer {state}" if state in ("rejected", "withdrawn", "expired") else state)


def print_offer(session: Session, found: dict[str, Any]) -> None:
    """Print an offer."""
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("offer"), found["offer"]),
            (t("state"), state_text(found["state"])),
            (t("from"), f"{found['offerer_id'] or found['offerer']}  {found['offerer_account']}".strip()),
            (t("to"), f"{found['receiver_id'] or found['receiver']}  {found['receiver_account']}".strip()),
            *((t("item"), items_text([one])) for one in found["items"]),
            (t("place"), short(found["place"])),
            *((t("transaction"), one) for one in found["biz_transactions"]),
            (t("stands until"), found["expires_at"]),
            (t("offered"), found["offered_at"]),
            (t("answered"), found["answered_at"] or ""),
            (t("digest"), found["digest"]),
        ]
    )
