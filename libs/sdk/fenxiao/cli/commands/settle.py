"""`fenxiao settle`: closes a distribution and sees it paid."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.blocked import RUNBOOK, next_step
from fenxiao.cli.session import Session, to_stamp
from fenxiao.cli.texts import language, t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fenxiao.api.settlement.v1 import settlement_pb2
    from fenxiao.client import Client

_STATES = {
    "closed": "closed",
    "proposed": "on chain, and not active yet",
    "active": "being paid",
    "paid": "paid",
    "blocked": "blocked",
}


def state_text(state: str) -> str:
    """Give a distribution's state in words."""
    return t(_STATES.get(state, state))


def problem_of(distribution: dict[str, Any]) -> str:
    """Give what is in the way of paying; empty for nothing. What was in the way of one that is paid is past."""
    return "" if distribution["state"] == "paid" else distribution["problem"]


def problem_facts(distribution: dict[str, Any]) -> list[tuple[str, str]]:
    """Give what is in the way of paying and what to do about it, for people."""
    problem = problem_of(distribution)
    return [(t("problem"), problem), (t("what to do"), t(next_step(problem)))] if problem else []


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settle", help=t("Close a distribution as of a moment, and see it paid."))(settle)


def settle(
    context: typer.Context,
    as_of: Annotated[
        str,
        typer.Option("--as-of", help=t("A date in the programme's time zone, or a time with its offset (RFC 3339).")),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("Only show what it would pay."))] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help=t("Do not wait until it is paid."))] = False,
) -> None:
    """Close a distribution and wait until it is paid."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import settlement_pb2
        from fenxiao.cli import shapes
        from fenxiao.cli.periods import read_moment, zone
        from fenxiao.client.streams import await_paid

        programme = await session.find_programme(client)
        moment = to_stamp(read_moment(as_of, zone(programme.time_zone)))
        preview = await client.settlement.PreviewDistribution(
            settlement_pb2.PreviewDistributionRequest(parent=programme.name, currency=programme.currency, as_of=moment)
        )
        shown = _preview(preview)
        if not session.as_json:
            output.say(_in_words(preview))
        if dry_run:
            return {"preview": shown, "distribution": None}
        request = settlement_pb2.CloseDistributionRequest(
            parent=programme.name, currency=programme.currency, as_of=moment
        )
        distribution = await client.settlement.CloseDistribution(request)
        if not no_wait:
            with output.progress(quiet=session.as_json) as advance:
                distribution = await await_paid(client, distribution.name, _reporter(session, advance))
        return {"preview": shown, "distribution": shapes.distribution(distribution)}

    found = session.run(work)
    distribution = found["distribution"]
    if session.as_json:
        output.print_json(found)
    elif distribution is not None:
        _print(distribution)
    if distribution is not None and (problem := problem_of(distribution)):
        message = (
            f"Distribution {distribution['distribution']} is closed and not paid yet: {problem}. {next_step(problem)} "
            f"It is tried again all the time, and goes on when nothing is in the way any more; see {RUNBOOK}."
        )
        raise Refusal("DISTRIBUTION_BLOCKED", message, kind=Kind.FAILED_PRECONDITION)


def _reporter(session: Session, advance: output.Advance) -> "Callable[[settlement_pb2.Distribution], None]":
    """Make what shows how far a distribution has come, and says what is in the way, once for each thing."""
    from fenxiao.cli import shapes

    said = ""

    def report(news: "settlement_pb2.Distribution") -> None:
        nonlocal said
        distribution = shapes.distribution(news)
        advance(state_text(distribution["state"]), news.paid_payees, news.payees)
        problem = problem_of(distribution)
        if problem not in ("", said) and not session.as_json:
            waiting = t("Blocked: {problem}. {step} It is tried again all the time; waiting for {seconds} s.")
            step, seconds = t(next_step(problem)), f"{session.patience:g}"
            output.say(waiting.format(problem=problem, step=step, seconds=seconds))
        said = problem

    return report


def _preview(preview: "settlement_pb2.DistributionPreview") -> dict[str, Any]:
    return {
        "currency": preview.currency,
        "payees": preview.payees,
        "total": preview.total_minor,
        "withheld_members": preview.withheld_members,
        "withheld": preview.withheld_minor,
        "cumulative_units": preview.cumulative_units,
    }


def _in_words(preview: "settlement_pb2.DistributionPreview") -> str:
    from fenxiao.money import format_minor

    text = t("It would pay {amount} to {payees} payees; {withheld} of {members} members wait for a wallet or standing.")
    return text.format(
        amount=format_minor(preview.total_minor, preview.currency, language()),
        payees=f"{preview.payees:,}",
        withheld=format_minor(preview.withheld_minor, preview.currency, language()),
        members=f"{preview.withheld_members:,}",
    )


def _print(distribution: dict[str, Any]) -> None:
    from fenxiao.money import format_minor

    currency = distribution["currency"]
    pairs = [
        (t("distribution"), distribution["distribution"]),
        (t("as of"), distribution["as_of"]),
        (t("state"), state_text(distribution["state"])),
        (t("payees"), f"{distribution['paid_payees']:,} / {distribution['payees']:,}"),
        (
            t("paid"),
            f"{format_minor(distribution['paid'], currency, language())} / "
            f"{format_minor(distribution['total'], currency, language())}",
        ),
        (t("root"), distribution["root"]),
    ]
    output.facts([*pairs, *problem_facts(distribution)])
