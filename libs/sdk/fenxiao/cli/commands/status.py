"""`fenxiao status`: whether the network works, and where the money stands."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Any

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.commands.settle import problem_facts, state_text
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import language, t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.membership.v1 import membership_pb2
    from fenxiao.client import Client

_PATIENCE = 2.0
"""Seconds: to say that something does not answer is what this command is for."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", help=t("Show whether the network works, and where the money stands."))(status)


def status(context: typer.Context) -> None:
    """Print what answers, and the sums of each programme."""
    session = Session.of(context)
    found = session.run(lambda client: _read(session, client), patience=min(session.patience, _PATIENCE))
    if session.as_json:
        output.print_json(found)
    else:
        _print(found)
    if not all(service["serving"] for service in found["services"]):
        raise typer.Exit(exits.UNREACHABLE)


async def _read(session: Session, client: "Client") -> dict[str, Any]:
    import asyncio

    async def ask(service: str) -> dict[str, Any]:
        try:
            await client.check_health(service)
        except Refusal as refusal:
            serving, problem = False, _said(session, refusal)
        else:
            serving, problem = True, ""
        return {"service": service, "address": client.services[service], "serving": serving, "problem": problem}

    services = list(await asyncio.gather(*(ask(service) for service in client.services)))
    serving = {service["service"] for service in services if service["serving"]}
    programmes = [
        await _programme(session, client, one, serving) for one in await _programmes(session, client, serving)
    ]
    return {"services": services, "programmes": programmes}


async def _programmes(session: Session, client: "Client", serving: set[str]) -> "list[membership_pb2.Programme]":
    from fenxiao.api.membership.v1 import membership_pb2

    if "membership" not in serving:
        return []
    if session.programme:
        return [await session.find_programme(client)]
    return list(
        (await client.membership.ListProgrammes(membership_pb2.ListProgrammesRequest(page_size=100))).programmes
    )


async def _programme(
    session: Session, client: "Client", programme: "membership_pb2.Programme", serving: set[str]
) -> dict[str, Any]:
    from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
    from fenxiao.api.settlement.v1 import settlement_pb2
    from fenxiao.cli import member_shapes, shapes

    found: dict[str, Any] = {**member_shapes.programme(programme), "totals": None, "distributions": [], "chain": None}
    parent, currency = programme.name, programme.currency
    if "settlement" in serving:
        totals = settlement_pb2.GetTotalsRequest(parent=parent, currency=currency)
        found["totals"] = shapes.totals(await client.settlement.GetTotals(totals))
        listing = settlement_pb2.ListDistributionsRequest(parent=parent, page_size=10)
        answer = await client.settlement.ListDistributions(listing)
        found["distributions"] = [shapes.distribution(one) for one in answer.distributions]
    if "chain_bridge" in serving:
        try:
            chain = await client.chain_bridge.GetChainStatus(chain_bridge_pb2.GetChainStatusRequest(parent=parent))
        except Refusal as refusal:
            if refusal.kind is Kind.DENIED:
                raise
            found["chain"] = {"problem": _said(session, refusal)}
        else:
            found["chain"] = {
                "chain_id": chain.chain_id,
                "head_block": chain.head_block,
                "final_block": chain.final_block,
                "head_age_ms": chain.head_age_ms,
                "vault": chain.vault,
                "sender": chain.sender,
                "sender_balance_wei": chain.sender_balance_wei,
                "open_intents": chain.open_intents,
                "parked_intents": chain.parked_intents,
                "problem": "",
            }
    return found


def _said(session: Session, refusal: Refusal) -> str:
    """Give what is wrong: to programs always in the same language."""
    return refusal.message if session.as_json else refusal_text(refusal.reason, refusal.message)


def _print(found: dict[str, Any]) -> None:
    from fenxiao.money import format_minor

    output.table(
        [t("service"), t("address"), t("answers"), t("problem")],
        [[s["service"], s["address"], t("yes") if s["serving"] else t("no"), s["problem"]] for s in found["services"]],
    )
    for programme in found["programmes"]:
        pairs = [(t("programme"), f"{id_of(programme['programme'])}  {programme['name']}")]
        totals = programme["totals"]
        if totals:
            keys = ("accrued", "clawed_back", "held", "payable", "in_distribution", "paid", "debt")
            pairs.append((t("members with lines"), f"{totals['members']:,}"))
            pairs.append((t("lines"), f"{totals['lines']:,}"))
            pairs += [
                (t(key.replace("_", " ")), format_minor(totals[key], totals["currency"], language())) for key in keys
            ]
        for one in programme["distributions"]:
            pairs.append((t("distribution"), f"{one['distribution']}: {state_text(one['state'])}"))
            pairs += problem_facts(one)
        chain = programme["chain"]
        if chain:
            place = chain["problem"] or f"{chain['chain_id']}, {chain['head_block']:,} ({chain['final_block']:,})"
            pairs.append((t("chain"), place))
        output.facts(pairs)
