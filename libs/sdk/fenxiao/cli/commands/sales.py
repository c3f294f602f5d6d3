"""`fenxiao sales`: import, list."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.commands.importing import AllOrNothing, FileArgument, Rejects, import_file
from fenxiao.cli.session import Session, find_member, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Sales and returns."), no_args_is_help=True)
    group.command("import", help=t("Import sales and returns from CSV or Parquet."))(import_)
    group.command("list", help=t("List sales and returns."))(list_)
    app.add_typer(group, name="sales")


def import_(
    context: typer.Context, file: FileArgument, all_or_nothing: AllOrNothing = False, rejects: Rejects = None
) -> None:
    """Import sales and returns."""
    from fenxiao.client.imports import import_sales

    import_file(Session.of(context), import_sales, file, rejects=rejects, all_or_nothing=all_or_nothing)


def list_(
    context: typer.Context,
    member: Annotated[str, typer.Option("--member", help=t("The merchant's number of the member, or the UUID."))] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 100,
) -> None:
    """Print sales and returns."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListSalesRequest(parent=parent, page_size=min(limit or 1000, 1000))
        if member:
            request.member, _ = await find_member(client, parent, member)
        found: list[commission_pb2.Sale] = []
        async for page in pages(client.commission.ListSales, request):
            found += page.sales
            if limit and len(found) >= limit:
                break
        shown = found[:limit] if limit else found
        members = await references_of(client, parent, {sale.member for sale in shown})
        return [shapes.sale(sale, members) for sale in shown]

    found = session.run(work)
    if session.as_json:
        output.print_json({"sales": found})
        return
    output.table(
        [t("sale"), t("kind"), t("time"), t("member"), t("amount"), t("currency")],
        [
            [s["sale_id"], t(s["kind"]), s["occurred_at"], s["member_id"] or s["member"], s["amount"], s["currency"]]
            for s in found
        ],
        right=[4],
    )
