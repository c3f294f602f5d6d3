"""`fenxiao recall`: goods called back, openly; what that affects stands in `recall_preview.py`."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.commands import recall_bundle, recall_preview
from fenxiao.cli.items import ItemArgument, LimitOption, SinceOption, UntilOption, read_item, short, stamp
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE: Final = 100
_PAGE_OF_ITEMS: Final = 1000

RecallArgument = Annotated[str, typer.Argument(metavar="RECALL", help=t("The recall's UUID."))]


class Reason(StrEnum):
    """Why goods are recalled."""

    SAFETY = "safety"
    QUALITY = "quality"
    LABELLING = "labelling"
    COUNTERFEIT = "counterfeit"
    REGULATION = "regulation"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Recalls: from a lot to everybody who has something of it."), no_args_is_help=True)
    help_ = t("Show all that is affected, and who has how much; nothing is recorded.")
    group.command("preview", help=help_)(recall_preview.preview)
    help_ = t("Write what is affected to a file that anybody can verify, with the proofs of the events behind it.")
    group.command("bundle", help=help_)(recall_bundle.bundle)
    group.command("verify", help=t("Verify such a file without any server."))(recall_bundle.verify)
    group.command("open", help=t("Recall goods: what is affected now is written down and made public."))(open_)
    group.command("close", help=t("End a recall."))(close)
    group.command("show", help=t("Show a recall, and what it has named."))(show)
    group.command("list", help=t("List recalls, the newest first."))(list_)
    app.add_typer(group, name="recall")


def open_(
    context: typer.Context,
    item: ItemArgument,
    reason: Annotated[Reason, typer.Option("--reason", help=t("Why it is recalled."))],
    since: SinceOption = "",
    until: UntilOption = "",
) -> None:
    """Open a recall."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_recall
        from fenxiao.cli.periods import zone

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        request = pb.OpenRecallRequest(
            parent=programme.name,
            epc=read_item(item),
            reason=pb.RecallReason.Value(f"RECALL_REASON_{reason.name}"),
            since=stamp(since, where),
            until=stamp(until, where),
        )
        return shapes_recall.recall(await client.traceability.OpenRecall(request))

    _show(session, session.run(work))


def close(context: typer.Context, recall: RecallArgument) -> None:
    """Close a recall."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_recall

        name = f"{(await session.find_programme(client)).name}/recalls/{id_of(recall).lower()}"
        return shapes_recall.recall(await client.traceability.CloseRecall(pb.CloseRecallRequest(name=name)))

    _show(session, session.run(work))


def show(
    context: typer.Context,
    recall: RecallArgument,
    items: Annotated[bool, typer.Option("--items", help=t("With all that it named when it was opened."))] = False,
) -> None:
    """Print a recall."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_recall
        from fenxiao.client.client import listed

        name = f"{(await session.find_programme(client)).name}/recalls/{id_of(recall).lower()}"
        found = shapes_recall.recall(await client.traceability.GetRecall(pb.GetRecallRequest(name=name)))
        if items:
            request = pb.ListRecalledItemsRequest(parent=name, page_size=_PAGE_OF_ITEMS)
            affected = listed(client.traceability.ListRecalledItems, request, lambda page: page.items, 0)
            found["named"] = [one async for one in affected]
        return found

    _show(session, session.run(work))


def list_(
    context: typer.Context,
    item: Annotated[
        str, typer.Option("--item", metavar="ITEM", help=t("Only those that name this object or lot as affected."))
    ] = "",
    open_only: Annotated[bool, typer.Option("--open", help=t("Only those that are open."))] = False,
    limit: LimitOption = 100,
) -> None:
    """Print recalls."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli import shapes_recall
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = pb.ListRecallsRequest(
            parent=parent, epc=read_item(item), open_only=open_only, page_size=min(limit or _PAGE, _PAGE)
        )
        found = listed(client.traceability.ListRecalls, request, lambda page: page.recalls, limit)
        return [shapes_recall.recall(one) async for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"recalls": found})
        return
    output.table(
        [t("recalled at"), t("ended at"), t("reason"), t("item"), t("items"), t("recall")],
        [
            [
                one["opened_at"],
                one["closed_at"] or "",
                t(one["reason"]),
                short(one["item"]),
                f"{one['items']:,}",
                one["recall"],
            ]
            for one in found
        ],
        right=[4],
    )


def _show(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("recall"), found["recall"]),
            (t("state"), t(found["state"])),
            (t("item"), short(found["item"])),
            (t("reason"), t(found["reason"])),
            (t("recalled at"), found["opened_at"]),
            (t("ended at"), found["closed_at"] or ""),
            (t("items"), f"{found['items']:,}"),
        ]
    )
    for one in found.get("named", ()):
        typer.echo(short(one))
