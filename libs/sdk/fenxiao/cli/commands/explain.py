"""`fenxiao explain`: why a sale's lines are what they are."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, is_uuid, references_of
from fenxiao.cli.texts import language, t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain", help=t("Explain every line of a sale or return to the cent."))(explain)


def explain(
    context: typer.Context,
    sale: Annotated[str, typer.Argument(metavar="SALE", help=t("The merchant's number of the sale, or the UUID."))],
) -> None:
    """Print a sale and each of its lines with its derivation."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        answer = await _find(client, parent, sale)
        names = {answer.sale.member, *(name for one in answer.derivations for name in (*one.path, one.line.member))}
        members = await references_of(client, parent, names | {one.member for one in answer.returns})
        return {
            "sale": shapes.sale(answer.sale, members),
            "plan": shapes.plan(answer.plan) if answer.HasField("plan") else None,
            "engine_version": answer.engine_version,
            "rounding": answer.rounding,
            "lines": [shapes.derivation(one, members) for one in answer.derivations],
            "returns": [shapes.sale(one, members) for one in answer.returns],
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    _print(found)


async def _find(client: "Client", parent: str, sale: str) -> "commission_pb2.ExplainSaleResponse":
    from fenxiao.api.commission.v1 import commission_pb2

    try:
        return await client.commission.ExplainSale(commission_pb2.ExplainSaleRequest(parent=parent, sale=sale))
    except Refusal as refusal:
        if refusal.kind is not Kind.NOT_FOUND or not is_uuid(sale):
            raise
        name = f"{parent}/sales/{sale.lower()}"
        return await client.commission.ExplainSale(commission_pb2.ExplainSaleRequest(parent=parent, sale=name))


def _print(found: dict[str, Any]) -> None:
    from fenxiao.money import format_minor

    sale = found["sale"]
    output.facts(
        [
            (t(sale["kind"]), f"{sale['sale_id']}  {sale['sale']}"),
            (t("member"), sale["member_id"] or sale["member"]),
            (t("time"), sale["occurred_at"]),
            (t("amount"), f"{sale['amount']} {sale['currency']}"),
        ]
    )
    if found["plan"] is None:
        output.say(t("No plan was in force: nothing is earned."))
        return
    plan = found["plan"]
    output.facts([(t("version"), f"{plan['version']}  {plan['hash']}")])
    explanation = f"explanation_{language()}"
    output.table(
        [t("member"), t("component"), t("level"), t("amount"), t("why")],
        [
            [
                line["member_id"] or line["member"],
                line["component"],
                str(line["level"]),
                format_minor(line["amount"], line["currency"], language()),
                line[explanation],
            ]
            for line in found["lines"]
        ],
        right=[2, 3],
    )
    if found["returns"]:
        output.facts(
            [
                (t("Returns that name it"), f"{one['sale_id']}: {one['amount']} {one['currency']}")
                for one in found["returns"]
            ]
        )
