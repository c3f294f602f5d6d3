"""`fenxiao plan`: validate, publish, show."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client

DocumentArgument = Annotated[Path, typer.Argument(metavar="FILE", help=t("YAML or JSON."))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Commission plans."), no_args_is_help=True)
    group.command("validate", help=t("Check a plan document, and publish nothing."))(validate)
    group.command("publish", help=t("Publish a plan version; it never changes afterwards."))(publish)
    group.command("show", help=t("Show a plan version: the one in force, or one by its hash."))(show)
    app.add_typer(group, name="plan")


def validate(
    context: typer.Context,
    file: DocumentArgument,
    offline: Annotated[bool, typer.Option("--offline", help=t("Check here, without a service."))] = False,
) -> None:
    """Print whether a document could be published."""
    session, document = Session.of(context), _read(file)
    found = _check_here(document) if offline else session.run(lambda client: _ask(session, client, document))
    if session.as_json:
        output.print_json(found)
    elif found["valid"]:
        output.facts([(t("version"), found["version"]), (t("hash"), found["hash"])])
        output.say(t("The plan can be published."))
    else:
        output.say(t("The plan cannot be published:"))
        output.table(
            [t("document"), t("reason"), t("problem")],
            [[issue["path"] or "/", issue["reason"], issue["message"]] for issue in found["issues"]],
        )
    if not found["valid"]:
        raise typer.Exit(exits.REFUSED)


def publish(context: typer.Context, file: DocumentArgument) -> None:
    """Publish a document."""
    session, document = Session.of(context), _read(file)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes

        parent = (await session.find_programme(client)).name
        request = commission_pb2.PublishPlanRequest(parent=parent, document=document)
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


async def _ask(session: Session, client: "Client", document: bytes) -> dict[str, Any]:
    from fenxiao.api.commission.v1 import commission_pb2

    parent = (await session.find_programme(client)).name
    request = commission_pb2.ValidatePlanRequest(parent=parent, document=document)
    answer = await client.commission.ValidatePlan(request)
    issues = [{"path": i.path, "reason": i.reason, "message": i.message} for i in answer.issues]
    return {"valid": not issues, "hash": answer.hash, "version": answer.version, "issues": issues}


def _check_here(document: bytes) -> dict[str, Any]:
    from fenxiao.plans import PlanError, plan_hash, read_plan

    try:
        plan = read_plan(document)
    except PlanError as error:
        issues = [{"path": i.path, "reason": i.reason, "message": i.message} for i in error.issues]
        return {"valid": False, "hash": "", "version": "", "issues": issues}
    return {"valid": True, "hash": plan_hash(document), "version": plan.version, "issues": []}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise Refusal("FILE_NOT_FOUND", f"There is no file {file}.", kind=Kind.NOT_FOUND) from None
    except OSError as error:
        raise Refusal("FILE_NOT_READABLE", f"{file} cannot be read: {error.strerror}.") from None


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
