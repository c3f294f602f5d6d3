"""`fenxiao plan validate`, `lint` and `schema`."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.arguments import DocumentArgument, read_bytes
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session
from fenxiao.cli.texts import language, t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.plans import Plan, PlanIssue


def add(group: typer.Typer) -> None:
    """Add the commands to the group `plan`."""
    group.command("validate", help=t("Check a plan document, and publish nothing."))(validate)
    group.command("lint", help=t("Check a plan document, and give hints on what is odd or dear about it."))(lint)
    group.command("schema", help=t("Print the JSON schema of plan documents."))(schema)


def validate(
    context: typer.Context,
    file: DocumentArgument,
    offline: Annotated[bool, typer.Option("--offline", help=t("Check here, without a service."))] = False,
) -> None:
    """Print whether a document could be published, everything that is in the way, and the most that it pays."""
    session, document = Session.of(context), read_bytes(file)
    found = _check_here(document)
    if not offline:
        try:
            found |= session.run(lambda client: _ask(session, client, document))
        except Refusal as refusal:
            if refusal.reason != "NO_NETWORK":
                raise
            output.say(t("There is no network here: checked on this machine only."))
    _show(session, found)


def lint(context: typer.Context, file: DocumentArgument) -> None:
    """Print what `validate --offline` prints, and hints."""
    session, document = Session.of(context), read_bytes(file)
    _show(session, {**_check_here(document), "hints": _hints(document)})


def schema() -> None:
    """Print the JSON schema of plan documents."""
    from fenxiao.plans import plan_schema

    output.print_json(plan_schema())


def _show(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
    else:
        _print(found)
    if not found["valid"]:
        raise typer.Exit(exits.REFUSED)


async def _ask(session: Session, client: "Client", document: bytes) -> dict[str, Any]:
    """Ask the service, whose word counts."""
    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.plans import PlanIssue

    parent = (await session.find_programme(client)).name
    request = commission_pb2.ValidatePlanRequest(parent=parent, document=document)
    answer = await client.commission.ValidatePlan(request)
    issues = _located(document, [PlanIssue(i.path, i.reason, i.message) for i in answer.issues])
    return {"valid": not issues, "hash": answer.hash, "version": answer.version, "issues": issues}


def _check_here(document: bytes) -> dict[str, Any]:
    from fenxiao.plans import PlanError, plan_hash, read_plan
    from fenxiao.plans.rules import check_plan, refuse

    nothing: dict[str, Any] = {"valid": False, "hash": "", "version": "", "worst_case": None, "findings": []}
    try:
        plan = read_plan(document)
    except PlanError as error:
        return {**nothing, "issues": _located(document, error.issues)}
    findings = check_plan(plan)
    shown = {
        "worst_case": _worst(plan),
        "findings": [
            {
                "rule": one.name,
                "severity": one.severity.value,
                "path": one.place,
                "overridable": one.overridable,
                "message": one.message(),
                "message_zh": one.message("zh"),
            }
            for one in findings
        ],
    }
    try:
        refuse(findings)
    except PlanError as error:
        return {**nothing, **shown, "issues": _located(document, error.issues)}
    return {**nothing, **shown, "valid": True, "hash": plan_hash(document), "version": plan.version, "issues": []}


def _hints(document: bytes) -> list[dict[str, Any]]:
    from fenxiao.plans import PlanError, PlanIssue, read_plan
    from fenxiao.plans.language.lint import lint as look

    try:
        hints = look(read_plan(document))
    except PlanError:
        return []
    located = _located(document, [PlanIssue(hint.place, hint.code, hint.en) for hint in hints])
    return [{**one, "message_zh": hint.zh} for one, hint in zip(located, hints, strict=True)]


def _located(document: bytes, issues: "Sequence[PlanIssue]") -> list[dict[str, Any]]:
    from fenxiao.plans.language.places import locate

    return [
        {
            "path": issue.path,
            "reason": issue.reason,
            "message": issue.message,
            "line": spot.line if spot else 0,
            "column": spot.column if spot else 0,
        }
        for issue, spot in locate(document, issues)
    ]


def _worst(plan: "Plan") -> dict[str, Any]:
    from fenxiao.money import plain
    from fenxiao.plans.language.worst import worst_case

    def text(share: Decimal | None) -> str:
        return "" if share is None else plain(share)

    worst = worst_case(plan)
    return {
        "share": text(worst.share),
        "known": text(worst.known),
        "capped": worst.capped,
        "components": [
            {"component": part.component, "share": text(part.share), "bound": part.bound.value} for part in worst.parts
        ],
    }


# --- for people


def _print(found: dict[str, Any]) -> None:
    worst = found["worst_case"]
    facts = [(t("version"), found["version"]), (t("hash"), found["hash"])] if found["valid"] else []
    if worst is not None:
        facts.append((t("worst case"), _percent(worst["share"])))
    output.facts(facts)
    if found["valid"]:
        output.say(t("The plan can be published."))
    else:
        output.say(t("The plan cannot be published:"))
        _table([(one, _issue_text(one, found["findings"])) for one in found["issues"]], t("problem"))
    alarms = [one for one in found["findings"] if one["severity"] != "refuse"]
    if alarms:
        _table([({"line": 0, "column": 0, "reason": one["rule"], **one}, _said(one)) for one in alarms], t("alarm"))
    if found.get("hints"):
        _table([(one, _said(one)) for one in found["hints"]], t("hint"))


def _table(rows: Iterable[tuple[dict[str, Any], str]], head: str) -> None:
    output.table(
        [t("place"), t("line"), t("reason"), head],
        [
            [one["path"] or "/", f"{one['line']}:{one['column']}" if one["line"] else "", one["reason"], text]
            for one, text in rows
        ],
        right=[1],
    )


def _said(one: dict[str, Any]) -> str:
    return one["message_zh"] if language() == "zh" else one["message"]


def _issue_text(issue: dict[str, Any], findings: Iterable[dict[str, Any]]) -> str:
    """Give what is wrong, in the language spoken; what rules say is so in both."""
    for one in findings:
        if one["message"] == issue["message"]:
            return _said(one)
    return refusal_text(issue["reason"], issue["message"])


def _percent(share: str) -> str:
    from fenxiao.money import plain

    return f"{plain(Decimal(share).scaleb(2))} %" if share else t("nothing bounds it")
