"""`fenxiao custody`: goods go from one member to another once both have signed the same."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.commands import custody_offer
from fenxiao.cli.commands.custody_offer import KeyFileOption, OfferArgument, SignatureOption
from fenxiao.cli.items import ItemArgument, LimitOption, amount, read_item, short
from fenxiao.cli.session import Session, find_member, id_of, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.proofs.custody import Transfer

_PAGE: Final = 100


class State(StrEnum):
    """How far an offer is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Custody of goods between two members, signed by both."), no_args_is_help=True)
    custody_offer.add(group)
    group.command("accept", help=t("Accept what was offered: custody goes over."))(accept)
    group.command("reject", help=t("Reject what was offered."))(reject)
    group.command("withdraw", help=t("Take an offer back."))(withdraw)
    group.command("show", help=t("Show an offer with its signatures."))(show)
    group.command("list", help=t("List offers, in the order in which they were made."))(list_)
    group.command("holders", help=t("Show who has something, and by which signed hand-overs."))(holders)
    app.add_typer(group, name="custody")


def accept(
    context: typer.Context, offer: OfferArgument, key_file: KeyFileOption = None, signature: SignatureOption = ""
) -> None:
    """Accept an offer."""
    from fenxiao.api.traceability.v1 import custody_pb2 as pb

    def send(client: "Client", name: str, signed: bytes) -> Any:
        return client.traceability.AcceptCustody(pb.AcceptCustodyRequest(name=name, signature=signed))

    _answer(context, offer, key_file, signature, lambda transfer: transfer.digest(), send)


def reject(
    context: typer.Context, offer: OfferArgument, key_file: KeyFileOption = None, signature: SignatureOption = ""
) -> None:
    """Reject an offer."""
    from fenxiao.api.traceability.v1 import custody_pb2 as pb

    def send(client: "Client", name: str, signed: bytes) -> Any:
        return client.traceability.RejectCustody(pb.RejectCustodyRequest(name=name, signature=signed))

    _answer(context, offer, key_file, signature, lambda transfer: transfer.rejection_digest(), send)


def withdraw(
    context: typer.Context, offer: OfferArgument, key_file: KeyFileOption = None, signature: SignatureOption = ""
) -> None:
    """Withdraw an offer."""
    from fenxiao.api.traceability.v1 import custody_pb2 as pb

    def send(client: "Client", name: str, signed: bytes) -> Any:
        return client.traceability.WithdrawCustodyOffer(pb.WithdrawCustodyOfferRequest(name=name, signature=signed))

    _answer(context, offer, key_file, signature, lambda transfer: transfer.withdrawal_digest(), send)


def _answer(
    context: typer.Context,
    offer: str,
    key_file: Path | None,
    signature: str,
    digest: "Callable[[Transfer], bytes]",
    send: "Callable[[Client, str, bytes], Any]",
) -> None:
    session = Session.of(context)
    custody_offer.require_signer(key_file, signature)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import custody_pb2 as pb
        from fenxiao.cli.custody_signing import as_signed, require_same, signature_for

        parent = (await session.find_programme(client)).name
        name = f"{parent}/custodyOffers/{id_of(offer).lower()}"
        offered = await client.traceability.GetCustodyOffer(pb.GetCustodyOfferRequest(name=name))
        transfer = as_signed(id_of(parent), offered.transfer)
        require_same(transfer, offered.digest)
        signed = signature_for(digest(transfer), key_file, signature)
        return await custody_offer.shaped(client, parent, await send(client, name, signed))

    custody_offer.print_offer(session, session.run(work))


def show(context: typer.Context, offer: OfferArgument) -> None:
    """Print an offer."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import custody_pb2 as pb

        parent = (await session.find_programme(client)).name
        request = pb.GetCustodyOfferRequest(name=f"{parent}/custodyOffers/{id_of(offer).lower()}")
        return await custody_offer.shaped(client, parent, await client.traceability.GetCustodyOffer(request))

    custody_offer.print_offer(session, session.run(work))


def list_(
    context: typer.Context,
    member: Annotated[
        str, typer.Option("--member", metavar="MEMBER", help=t("Only with this member on one of the sides."))
    ] = "",
    state: Annotated[State | None, typer.Option("--state", help=t("Only those in this state."))] = None,
    limit: LimitOption = 100,
) -> None:
    """Print offers."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import custody_pb2 as pb
        from fenxiao.cli import shapes_custody
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = pb.ListCustodyOffersRequest(
            parent=parent,
            member=(await find_member(client, parent, member))[0] if member else "",
            state=pb.CustodyState.Value(f"CUSTODY_STATE_{state.name if state else 'UNSPECIFIED'}"),
            page_size=min(limit or _PAGE, _PAGE),
        )
        offers = listed(client.traceability.ListCustodyOffers, request, lambda page: page.custody_offers, limit)
        found = [one async for one in offers]
        members = await references_of(client, parent, shapes_custody.members_in(found))
        return [shapes_custody.offer(one, members) for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"offers": found})
    else:
        _print_offers(found)


def _print_offers(found: list[dict[str, Any]]) -> None:
    output.table(
        [t("offered"), t("from"), t("to"), t("items"), t("state"), t("answered"), t("offer")],
        [
            [
                one["offered_at"],
                one["offerer_id"] or one["offerer"],
                one["receiver_id"] or one["receiver"],
                custody_offer.items_text(one["items"][:3]) + (" …" if len(one["items"]) > 3 else ""),
                custody_offer.state_text(one["state"]),
                one["answered_at"] or "",
                one["offer"],
            ]
            for one in found
        ],
    )


def holders(context: typer.Context, item: ItemArgument, limit: LimitOption = 100) -> None:
    """Print who has it."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import custody_pb2 as pb
        from fenxiao.cli import shapes_custody
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = pb.GetCustodyRequest(parent=parent, item=read_item(item), page_size=min(limit or _PAGE, _PAGE))
        chain: list[pb.CustodyOffer] = []
        holdings: list[pb.CustodyHolding] = []
        async for page in pages(client.traceability.GetCustody, request):
            chain += page.chain
            holdings = [*page.holdings]  # each page has all of them
            if limit and len(chain) >= limit:
                break
        chain = chain[: limit or None]
        names = shapes_custody.members_in(chain) | {one.member for one in holdings}
        members = await references_of(client, parent, names)
        return {
            "item": read_item(item),
            "holders": [shapes_custody.holding(one, members) for one in holdings],
            "chain": [shapes_custody.offer(one, members) for one in chain],
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    if not found["holders"]:
        output.say(t("No signed hand-over names it; `fenxiao trace locate` says what events know of it."))
        return
    output.table(
        [t("item"), t("member"), t("quantity")],
        [
            [short(found["item"]), one["member_id"] or one["member"], amount(one["quantity"], one["uom"])]
            for one in found["holders"]
        ],
        right=[2],
    )
    _print_offers(found["chain"])
