"""`fenxiao recall preview`: all that is affected by what is wrong with something, and who has how much of it."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from fenxiao.cli import output
from fenxiao.cli.items import (
    ItemArgument,
    LimitOption,
    SinceOption,
    UntilOption,
    amount,
    named,
    public_names,
    read_item,
    short,
    stamp,
)
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import goods_pb2
    from fenxiao.cli.shapes_recall import Holders
    from fenxiao.client import Client


def preview(
    context: typer.Context,
    item: ItemArgument,
    since: SinceOption = "",
    until: UntilOption = "",
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help=t("Write all that is affected to this CSV file."))
    ] = None,
    proofs: Annotated[
        bool, typer.Option("--proofs", help=t("Give for each the chain of events that leads to it."))
    ] = False,
    limit: LimitOption = 50,
) -> None:
    """Print what is affected."""
    session = Session.of(context)

    async def work(client: "Client") -> None:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli.periods import zone

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        request = pb.RecallRequest(
            parent=programme.name,
            epc=read_item(item),
            since=stamp(since, where),
            until=stamp(until, where),
            with_proofs=proofs,
        )
        if csv is not None:
            request.format = pb.RECALL_FORMAT_CSV
            total = await _write_csv(client, request, csv)
            if session.as_json:
                output.print_json({"file": str(csv), "total": _total(total)})
            else:
                typer.echo(t("{count} items written to {file}").format(count=f"{total.item_count:,}", file=csv))
        elif session.as_json:
            await _print_json(client, request)
        else:
            await _print(client, request, await public_names(client, programme.name), limit)

    session.run(work)


async def _write_csv(client: "Client", request: "goods_pb2.RecallRequest", path: Path) -> "goods_pb2.RecallTotal":
    from fenxiao.client.streams import answers

    file: BinaryIO | None = None
    try:
        async for part in answers(client, client.traceability.Recall, request):
            file = file or path.open("wb")  # not before there is something: what is refused leaves the file alone
            file.write(part.csv)
            if part.HasField("total"):
                return part.total
    except OSError as error:
        raise Refusal("FILE_NOT_WRITABLE", f"{path} cannot be written: {error.strerror}.") from None
    finally:
        if file:
            file.close()
    raise AssertionError("a recall ends with its totals")


async def _print_json(client: "Client", request: "goods_pb2.RecallRequest") -> None:
    from fenxiao.cli import shapes_recall
    from fenxiao.client.streams import answers

    lists, holders, total = output.JsonLists("items"), shapes_recall.Holders(), None
    async for part in answers(client, client.traceability.Recall, request):
        holders.add(part.items)
        for one in part.items:
            lists.add("items", json.dumps(shapes_recall.recalled_item(one), ensure_ascii=False))
        total = part.total
    assert total is not None
    lists.end(holders=[*holders.rows()], total=_total(total))


def _total(total: "goods_pb2.RecallTotal") -> dict[str, Any]:
    return {"items": total.item_count, "holders": total.holder_count, "complete": total.complete}


async def _print(client: "Client", request: "goods_pb2.RecallRequest", names: dict[str, str], limit: int) -> None:
    from fenxiao.cli import shapes_recall
    from fenxiao.client.streams import answers

    shown: list[goods_pb2.RecalledItem] = []
    holders, count = shapes_recall.Holders(), 0
    async for part in answers(client, client.traceability.Recall, request):
        holders.add(part.items)
        shown += part.items[: limit - len(shown)] if limit else part.items
        count += len(part.items)
    _print_holders(holders, names)
    output.table(
        [t("item"), t("quantity"), t("holder"), t("place"), t("disposition")],
        [
            [
                named(one.epc, names),
                amount(one.quantity, one.uom) if one.active else "",
                named(one.holder, names),
                t("in transit") if one.in_transit else named(one.place, names),
                one.disposition if one.active else t("no longer there"),
            ]
            for one in shown
        ],
        right=[1],
    )
    if request.with_proofs:
        for one in shown:
            typer.echo(short(one.epc))
            for step in one.proof:
                typer.echo(f"  {short(step.source)} → {short(step.target)}  {step.event_hash}")
    if count > len(shown):
        output.say(t("… and {left} more; --limit 0 shows all of them").format(left=f"{count - len(shown):,}"))


def _print_holders(holders: "Holders", names: dict[str, str]) -> None:
    output.table(
        [t("holder"), t("product"), t("items"), t("quantity")],
        [
            [
                named(one["holder"], names) or t("not known"),
                named(one["product"], names),
                f"{one['items']:,}",
                amount(one["quantity"], one["uom"]),
            ]
            for one in holders.rows()
        ],
        right=[2, 3],
    )
