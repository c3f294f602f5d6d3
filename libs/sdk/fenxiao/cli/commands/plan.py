"""`fenxiao plan`: publish, show, list, and with the modules beside it all the rest."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import DocumentArgument, read_bytes
from fenxiao.cli.commands import plan_changes, plan_checks, plan_trials
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE = 100
"""Plans in an answer at most: each comes with its document, and all of them must fit into one message."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Commission plans."), no_args_is_help=True)
    plan_checks.add(group)
    group.command("publish", help=t("Publish a plan version; it never changes afterwards."))(publish)
    group.command("show", help=t("Show a plan version: the one in force, or one by its hash."))(show)
    group.command("list", help=t("List plan versions, in the order in which they come into force."))(list_)
    plan_changes.add(group)
    plan_trials.add(group)
    app.add_typer(group, name="plan")


def publish(
    context: typer.Context,
    file: DocumentArgument,
    override: Annotated[
        list[str] | None,
        typer.Option("--override", metavar="RULE", help=t("Publish it although it does not satisfy this rule.")),
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help=t("Who answers for what is overridden."))] = "",
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help=t("Why it is overridden."))] = "",
) -> None:
    """Publish a document."""
    session, document = Session.of(context), read_bytes(file)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        overrides = [commission_pb2.RuleOverride(rule=rule, person=by, reason=because) for rule in override or ()]
        request = commission_pb2.PublishPlanRequest(parent=parent, document=document, overrides=overrides)
        return shapes.plan(await client.commission.PublishPlan(request))

    _print(session, session.run(work))


def show(
    context: typer.Context,
    plan: Annotated[str, typer.Argument(metavar="HASH", help=t("A plan's hash, or `current`."))] = "current",
    raw: Annotated[bool, typer.Option("--document", help=t("Print the document as it was submitted."))] = False,
) -> None:
    """Print a plan version."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        request = commission_pb2.GetPlanRequest(name=f"{parent}/plans/{plan}")
        return shapes.plan(await client.commission.GetPlan(request))

    found = session.run(work)
    if raw and not session.as_json:
        typer.echo(found["document"], nl=not found["document"].endswith("\n"))
        return
    _print(session, found)


def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 100,
) -> None:
    """Print the plan versions of a programme."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListPlansRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
        found: list[dict[str, Any]] = []
        async for page in pages(client.commission.ListPlans, request):
            found += [shapes.listed_plan(plan) for plan in page.plans]
            if limit and len(found) >= limit:
                break
        return found[:limit] if limit else found

    found = session.run(work)
    if session.as_json:
        output.print_json({"plans": found})
        return
    keys = ("version", "currency", "effective_from", "hash")
    output.table(
        [t("version"), t("currency"), t("in force from"), t("hash")],
        [[plan[key] for key in keys] for plan in found],
    )


def _print(session: Session, plan: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(plan)
        return
    output.facts(
        [
            (t("version"), plan["version"]),
            (t("currency"), plan["currency"]),
            (t("in force from"), plan["effective_from"]),
            (t("hash"), plan["hash"]),
        ]
    )
