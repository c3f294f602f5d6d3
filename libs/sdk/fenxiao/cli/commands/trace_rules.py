"""`fenxiao trace rule`, `alert` and `advance-to`: rules over captured events, and what they have found."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.items import MOMENT_HELP, LimitOption, in_language, read_item, short, stamp
from fenxiao.cli.session import Session, id_of, time_text
from fenxiao.cli.texts import t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE: Final = 100

RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help=t("The rule's id: 1 to 64 of a-z, 0-9 and -."))]


class Severity(StrEnum):
    """How grave what a rule finds is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """Whether an alert holds."""

    RAISED = "raised"
    CLEARED = "cleared"


def add(group: typer.Typer) -> None:
    """Add the commands."""
    rules = typer.Typer(help=t("Rules over events: cold chain, geofences, dwell times, serials."), no_args_is_help=True)
    rules.command("set", help=t("Set a rule, or a new version of it."))(set_)
    rules.command("list", help=t("List the rules in force."))(list_)
    rules.command("show", help=t("Show a rule with its document."))(show)
    rules.command("remove", help=t("Take a rule out of force; its alerts stay."))(remove)
    group.add_typer(rules, name="rule")
    alerts = typer.Typer(help=t("What rules over events have found."), no_args_is_help=True)
    alerts.command("list", help=t("List alerts, in the order in which they were raised."))(list_alerts)
    alerts.command("show", help=t("Show an alert."))(show_alert)
    group.add_typer(alerts, name="alert")
    help_ = t("Say how far time has come: dwell times run out, and offers of custody lapse.")
    group.command("advance-to", help=help_)(advance_to)


def set_(
    context: typer.Context,
    rule: RuleArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("YAML or JSON; see docs/trace-rules.md."))],
) -> None:
    """Set a rule."""
    session, document = Session.of(context), read_bytes(file)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import rules_pb2
        from fenxiao.cli import shapes_trace

        parent = (await session.find_programme(client)).name
        request = rules_pb2.SetTraceRuleRequest(name=f"{parent}/traceRules/{rule}", document=document)
        return shapes_trace.rule(await client.traceability.SetTraceRule(request))

    _print_rule(session, session.run(work))


def list_(context: typer.Context, limit: LimitOption = 0) -> None:
    """Print the rules."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        return await _rules(client, (await session.find_programme(client)).name, limit)

    found = session.run(work)
    if session.as_json:
        output.print_json({"rules": found})
        return
    output.table(
        [t("rule"), t("version"), t("kind"), t("severity"), t("since")],
        [[one["rule"], str(one["version"]), one["kind"], t(one["severity"]), one["set_at"]] for one in found],
        right=[1],
    )


async def _rules(client: "Client", parent: str, limit: int) -> list[dict[str, Any]]:
    from fenxiao.api.traceability.v1 import rules_pb2
    from fenxiao.cli import shapes_trace
    from fenxiao.client.client import listed

    request = rules_pb2.ListTraceRulesRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
    found = listed(client.traceability.ListTraceRules, request, lambda page: page.trace_rules, limit)
    return [shapes_trace.rule(one) async for one in found]


def show(context: typer.Context, rule: RuleArgument) -> None:
    """Print a rule."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        for one in await _rules(client, (await session.find_programme(client)).name, 0):
            if one["rule"] == id_of(rule):
                return one
        message = f"There is no rule {rule[:80]!r} in force; `fenxiao trace rule list` shows which there are."
        raise Refusal("UNKNOWN_RULE", message, kind=Kind.NOT_FOUND)

    _print_rule(session, session.run(work))


def _print_rule(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("rule"), found["rule"]),
            (t("version"), str(found["version"])),
            (t("kind"), found["kind"]),
            (t("severity"), t(found["severity"])),
            (t("since"), found["set_at"]),
        ]
    )
    typer.echo(json.dumps(found["document"], ensure_ascii=False, indent=2))


def remove(context: typer.Context, rule: RuleArgument) -> None:
    """Remove a rule."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import rules_pb2

        parent = (await session.find_programme(client)).name
        name = f"{parent}/traceRules/{rule}"
        await client.traceability.RemoveTraceRule(rules_pb2.RemoveTraceRuleRequest(name=name))
        return {"rule": rule, "removed": True}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
    else:
        output.facts([(t("rule"), rule), (t("state"), t("removed"))])


def list_alerts(
    context: typer.Context,
    rule: Annotated[str, typer.Option("--rule", help=t("Only of this rule."))] = "",
    severity: Annotated[Severity | None, typer.Option("--severity", help=t("Only as grave as this."))] = None,
    state: Annotated[State | None, typer.Option("--state", help=t("Only those in this state."))] = None,
    item: Annotated[str, typer.Option("--item", metavar="ITEM", help=t("Only about this object or lot."))] = "",
    limit: LimitOption = 100,
) -> None:
    """Print alerts."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import rules_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = rules_pb2.ListAlertsRequest(
            parent=parent,
            rule=f"{parent}/traceRules/{rule}" if rule else "",
            severity=severity or "",
            state=rules_pb2.AlertState.Value(f"ALERT_STATE_{state.name if state else 'UNSPECIFIED'}"),
            item=read_item(item),
            page_size=min(limit or _PAGE, _PAGE),
        )
        found = listed(client.traceability.ListAlerts, request, lambda page: page.alerts, limit)
        return [shapes_trace.alert(one) async for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"alerts": found})
        return
    output.table(
        [t("time"), t("severity"), t("rule"), t("state"), t("found"), t("items"), t("alert")],
        [
            [
                one["alert_at"],
                t(one["severity"]),
                one["rule"],
                t(one["state"]),
                in_language(one["found"], one["found_zh"]),
                ", ".join(map(short, one["items"][:3])) + (" …" if len(one["items"]) > 3 else ""),
                one["alert"],
            ]
            for one in found
        ],
    )


def show_alert(
    context: typer.Context,
    alert: Annotated[str, typer.Argument(metavar="ALERT", help=t("The alert's UUID."))],
) -> None:
    """Print an alert."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import rules_pb2
        from fenxiao.cli import shapes_trace

        name = f"{(await session.find_programme(client)).name}/alerts/{id_of(alert).lower()}"
        return shapes_trace.alert(await client.traceability.GetAlert(rules_pb2.GetAlertRequest(name=name)))

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("alert"), found["alert"]),
            (t("state"), t(found["state"])),
            (t("severity"), t(found["severity"])),
            (t("rule"), f"{found['rule']} ({found['rule_version']}, {found['kind']})"),
            (t("time"), found["alert_at"]),
            (t("found"), in_language(found["found"], found["found_zh"])),
            *((t("item"), short(item)) for item in found["items"]),
            *((t("event"), one) for one in found["event_hashes"]),
        ]
    )


def advance_to(context: typer.Context, time: Annotated[str, typer.Argument(metavar="TIME", help=MOMENT_HELP)]) -> None:
    """Advance time."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import rules_pb2
        from fenxiao.cli.periods import zone

        programme = await session.find_programme(client)
        request = rules_pb2.AdvanceToRequest(parent=programme.name, as_of=stamp(time, zone(programme.time_zone)))
        raised = (await client.traceability.AdvanceTo(request)).raised_count
        return {"as_of": time_text(request.as_of), "alerts_raised": raised}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
    else:
        output.facts([(t("the programme's time"), found["as_of"]), (t("alerts raised"), f"{found['alerts_raised']:,}")])
