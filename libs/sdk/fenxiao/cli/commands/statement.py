"""`fenxiao statement`: what members have earned and received."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, find_member, id_of, references_of
from fenxiao.cli.texts import language, t

if TYPE_CHECKING:
    from fenxiao.client import Client

_SUMS = ("accrued", "clawed_back", "net", "held", "payable", "in_distribution", "paid", "debt")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("statement", help=t("Show what members have earned and received."))(statement)


def statement(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ] = "",
    period: Annotated[
        str, typer.Option("--period", help=t("A month (2010-12), a year, or FROM/TO (TO not included)."))
    ] = "",
) -> None:
    """Print a member's statement, or the sums of all members."""
    session = Session.of(context)
    found = session.run(lambda client: _read(session, client, member, period))
    if session.as_json:
        output.print_json(found)
    elif member:
        _print_one(found["statements"][0])
    else:
        _print_all(found["statements"])


async def _read(session: Session, client: "Client", member: str, period: str) -> dict[str, Any]:
    from fenxiao.api.settlement.v1 import settlement_pb2
    from fenxiao.cli import shapes
    from fenxiao.cli.periods import read_period, zone
    from fenxiao.client.client import pages
    from fenxiao.plans.language.instants import format_instant

    programme = await session.find_programme(client)
    currency = programme.currency
    span = read_period(period, zone(programme.time_zone)) if period else None
    if member:
        name, reference = await find_member(client, programme.name, member)
        request = settlement_pb2.GetStatementRequest(name=f"{name}/statements/{currency}")
        messages, references = [await client.settlement.GetStatement(request)], {name: reference}
    else:
        # People see sums of all; programs get every line as well.
        listing = settlement_pb2.ListStatementsRequest(
            parent=programme.name, currency=currency, page_size=500, with_lines=session.as_json
        )
        messages = [s async for page in pages(client.settlement.ListStatements, listing) for s in page.statements]
        references = await references_of(client, programme.name, {shapes.member_of(message) for message in messages})
    statements = [shapes.statement(message, references) for message in messages]
    if span:
        first, last = (int(moment.timestamp() * 1_000_000) for moment in span)
        for message, shown in zip(messages, statements, strict=True):
            shown["lines"] = [
                line
                for line, source in zip(shown["lines"], message.lines, strict=True)
                if first <= source.occur_time.ToMicroseconds() < last
            ]
    return {
        "programme": id_of(programme.name),
        "currency": currency,
        "from": format_instant(span[0]) if span else None,
        "to": format_instant(span[1]) if span else None,
        "statements": statements,
    }


def _money(statement: dict[str, Any], key: str) -> str:
    from fenxiao.money import format_minor

    return format_minor(statement[key], statement["currency"], language())


def _print_one(statement: dict[str, Any]) -> None:
    from fenxiao.money import format_minor

    output.facts(
        [
            (t("member"), f"{statement['member_id']}  {statement['member']}"),
            *((t(key.replace("_", " ")), _money(statement, key)) for key in _SUMS),
        ]
    )
    output.table(
        [t("time"), t("component"), t("level"), t("rate"), t("base"), t("amount"), t("held"), t("waits for")],
        [
            [
                line["occurred_at"],
                line["component"],
                str(line["level"]),
                line["rate"],
                line["base"],
                format_minor(line["amount"], statement["currency"], language()),
                format_minor(line["held"], statement["currency"], language()) if line["held"] else "",
                ", ".join(_waits(statement, line)),
            ]
            for line in statement["lines"]
        ],
        right=[2, 3, 4, 5, 6],
    )


def _waits(statement: dict[str, Any], line: dict[str, Any]) -> Iterator[str]:
    from fenxiao.money import format_minor

    for wait in line["waits_for"]:
        match wait:
            case "return_window":
                yield line["hold_until"]
            case "identity":
                yield t("an identity check")
            case "delivery":
                yield t("the delivery")
            case "threshold":
                least = format_minor(line["threshold"], statement["currency"], language())
                yield t("{least} payable").format(least=least)
            case _:
                yield wait


def _print_all(statements: list[dict[str, Any]]) -> None:
    output.table(
        [t("member"), *(t(key.replace("_", " ")) for key in _SUMS)],
        [[s["member_id"] or s["member"], *(_money(s, key) for key in _SUMS)] for s in statements],
        right=range(1, len(_SUMS) + 1),
    )
