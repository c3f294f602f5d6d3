"""`fenxiao dispute`: open, answer, resolve, list, show."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, find_member, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client

_PAGE = 500


class State(StrEnum):
    """How far a dispute is."""

    OPEN = "open"
    ANSWERED = "answered"
    UPHELD = "upheld"
    REJECTED = "rejected"


DisputeArgument = Annotated[str, typer.Argument(metavar="DISPUTE", help=t("The dispute's UUID."))]
_ACCRUAL = t("The UUID of a line, as statements and `explain` show it.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Disputes about posted lines."), no_args_is_help=True)
    group.command("open", help=t("Dispute a line on behalf of its member."))(open_)
    group.command("answer", help=t("Answer a dispute."))(answer)
    group.command("resolve", help=t("End a dispute; a correction is posted as a new line."))(resolve)
    group.command("list", help=t("List disputes, in the order in which they were opened."))(list_)
    group.command("show", help=t("Show a dispute with what was said."))(show)
    app.add_typer(group, name="dispute")


def open_(
    context: typer.Context,
    accrual: Annotated[str, typer.Argument(metavar="ACCRUAL", help=_ACCRUAL)],
    member: Annotated[
        str, typer.Option("--member", metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ],
    reason: Annotated[str, typer.Option("--reason", help=t("What is wrong with it; stored encrypted."))],
) -> None:
    """Open a dispute."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        who, _ = await find_member(client, parent, member)
        request = commission_pb2.OpenDisputeRequest(parent=parent, line=accrual, member=who, reason=reason)
        return await _shown(client, parent, await client.commission.OpenDispute(request))

    _print(session, session.run(work))


def answer(
    context: typer.Context,
    dispute: DisputeArgument,
    text: Annotated[str, typer.Option("--text", help=t("The answer; stored encrypted."))],
) -> None:
    """Answer a dispute."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        request = commission_pb2.AnswerDisputeRequest(name=_name(parent, dispute), answer=text)
        return await _shown(client, parent, await client.commission.AnswerDispute(request))

    _print(session, session.run(work))


def resolve(
    context: typer.Context,
    dispute: DisputeArgument,
    why: Annotated[str, typer.Option("--why", help=t("Why it ends so; stored encrypted."))],
    correction: Annotated[
        str,
        typer.Option(
            "--correct",
            metavar="AMOUNT",
            help=t("Uphold it and correct by so much: 1.50 in addition, -1.50 taken back."),
        ),
    ] = "",
    reject: Annotated[bool, typer.Option("--reject", help=t("Reject it; nothing is corrected."))] = False,
) -> None:
    """End a dispute."""
    from fenxiao.cli.exits import Misuse

    session = Session.of(context)
    if bool(correction) == reject:
        raise Misuse("WRONG_USAGE", "Say either --correct AMOUNT or --reject.")

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2

        name = _name((await session.find_programme(client)).name, dispute)
        outcome = commission_pb2.DISPUTE_OUTCOME_REJECTED if reject else commission_pb2.DISPUTE_OUTCOME_UPHELD
        request = commission_pb2.ResolveDisputeRequest(
            name=name,
            outcome=outcome,
            why=why,
        )
        if correction:
            about = await client.commission.GetDispute(commission_pb2.GetDisputeRequest(name=name))
            request.correction_minor = _minor(correction, about.currency)
        parent = name.partition("/disputes/")[0]
        return await _shown(client, parent, await client.commission.ResolveDispute(request))

    _print(session, session.run(work))


def list_(
    context: typer.Context,
    member: Annotated[
        str, typer.Option("--member", metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ] = "",
    accrual: Annotated[str, typer.Option("--line", metavar="ACCRUAL", help=_ACCRUAL)] = "",
    state: Annotated[State | None, typer.Option("--state", help=t("Only those in this state."))] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 100,
) -> None:
    """Print disputes."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListDisputesRequest(
            parent=parent,
            member=(await find_member(client, parent, member))[0] if member else "",
            line=accrual,
            page_size=min(limit or _PAGE, _PAGE),
        )
        if state is not None:
            request.state = commission_pb2.DisputeState.Value(f"DISPUTE_STATE_{state.name}")
        found: list[commission_pb2.Dispute] = []
        async for page in pages(client.commission.ListDisputes, request):
            found += page.disputes
            if limit and len(found) >= limit:
                break
        found = found[: limit or None]
        members = await references_of(client, parent, {one.member for one in found})
        return [shapes.dispute(one, members) for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"disputes": found})
        return
    output.table(
        [t("dispute"), t("line"), t("member"), t("state"), t("opened"), t("correction")],
        [
            [
                one["dispute"],
                one["line"],
                one["member_id"] or one["member"],
                t(one["state"]),
                one["opened_at"],
                _money(one),
            ]
            for one in found
        ],
        right=[5],
    )


def show(context: typer.Context, dispute: DisputeArgument) -> None:
    """Print a dispute with what was said."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2

        parent = (await session.find_programme(client)).name
        request = commission_pb2.GetDisputeRequest(name=_name(parent, dispute))
        return await _shown(client, parent, await client.commission.GetDispute(request))

    _print(session, session.run(work))


async def _shown(client: "Client", parent: str, message: "commission_pb2.Dispute") -> dict[str, Any]:
    from fenxiao.cli import shapes

    return shapes.dispute(message, await references_of(client, parent, {message.member}))


def _name(parent: str, dispute: str) -> str:
    return f"{parent}/disputes/{dispute.rpartition('/')[2].lower()}"


def _minor(text: str, currency: str) -> int:
    """Read an amount of the currency (none: of points), with a sign, as minor units."""
    from fenxiao.errors import Refusal
    from fenxiao.money import EXACT, minor_digits, parse_decimal

    digits = minor_digits(currency) if currency else 0
    minor = parse_decimal(text, field="correct").scaleb(digits, EXACT)
    if minor != minor.to_integral_value():
        unit = f"{currency} has not" if currency else "points have not"
        message = f"{text[:40]!r} has more than {digits} digits after the point, which {unit}."
        raise Refusal("INVALID_AMOUNT", message, field="correct")
    return int(minor)


def _money(found: dict[str, Any]) -> str:
    from fenxiao.cli.amounts import amount_text

    return amount_text(found["correction"], found["currency"], found["points"]) if found["correction"] else ""


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    facts: Sequence[tuple[str, str]] = [
        (t("dispute"), found["dispute"]),
        (t("state"), t(found["state"])),
        (t("line"), found["line"]),
        (t("member"), found["member_id"] or found["member"]),
        (t("opened"), f"{found['opened_at']}  {found['opened_by']}"),
        (t("reason"), found["reason"]),
        (t("answered"), f"{found['answered_at'] or ''}  {found['answered_by']}".strip()),
        (t("answer"), found["answer"]),
        (t("resolved"), f"{found['resolved_at'] or ''}  {found['resolved_by']}".strip()),
        (t("correction"), _money(found)),
        (t("correcting line"), found["correction_line"]),
        (t("why"), found["why"]),
    ]
    output.facts([fact for fact in facts if fact[1]])
