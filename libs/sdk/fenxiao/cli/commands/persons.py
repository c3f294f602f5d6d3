"""`fenxiao members check-identity`, `withdraw-check` and `change-country`: what is known of who members are."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli.commands import member_view
from fenxiao.cli.commands.importing import Rejects, import_file
from fenxiao.cli.commands.member_view import MemberArgument, MomentHelp, SinceOption
from fenxiao.cli.exits import Misuse
from fenxiao.cli.session import Session, find_member, to_stamp
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client


def register(group: typer.Typer) -> None:
    """Add the commands to those of the members."""
    help_ = t("Record that a member's identity was checked, or the checks of a file.")
    group.command("check-identity", help=help_)(check_identity)
    group.command("withdraw-check", help=t("Take back that a member's identity was checked."))(withdraw_check)
    group.command("change-country", help=t("Have a member live in another country from a moment on."))(change_country)


def check_identity(
    context: typer.Context,
    member: MemberArgument = "",
    at: Annotated[str, typer.Option("--at", help=MomentHelp)] = "",
    until: Annotated[
        str, typer.Option("--until", help=t("When the check expires; without end if it is left out."))
    ] = "",
    reference: Annotated[
        str, typer.Option("--reference", help=t("What the provider calls the check; stored encrypted."))
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help=t("CSV or Parquet: member_id, verified_at, verified_until, check_reference."),
        ),
    ] = None,
    rejects: Rejects = None,
) -> None:
    """Record one check, or those of a file."""
    session = Session.of(context)
    if file is not None and not (member or at or until or reference):
        from fenxiao.client.imports import record_identity_checks

        import_file(session, record_identity_checks, file, rejects=rejects)
        return
    if file is not None or rejects is not None or not (member and at):
        message = "Give MEMBER and --at (with --until and --reference, if you like), or --file (with --rejects)."
        raise Misuse("WRONG_USAGE", message)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        home = zone(programme.time_zone)
        name, _ = await find_member(client, programme.name, member)
        request = membership_pb2.RecordIdentityCheckRequest(
            name=name,
            check_time=to_stamp(read_moment(at, home)),
            expire_time=to_stamp(read_moment(until, home)) if until else None,
            reference=reference,
        )
        await client.membership.RecordIdentityCheck(request)
        return await member_view.load(client, programme.name, name)

    member_view.show(session, session.run(work))


def withdraw_check(
    context: typer.Context,
    member: MemberArgument,
    since: SinceOption,
    reason: Annotated[str, typer.Option("--reason", help=t("Why it counts no longer; stored encrypted."))] = "",
) -> None:
    """Withdraw the newest check."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        name, _ = await find_member(client, programme.name, member)
        moment = to_stamp(read_moment(since, zone(programme.time_zone)))
        request = membership_pb2.WithdrawIdentityCheckRequest(name=name, effective_time=moment, reason=reason)
        await client.membership.WithdrawIdentityCheck(request)
        return await member_view.load(client, programme.name, name)

    member_view.show(session, session.run(work))


def change_country(
    context: typer.Context,
    member: MemberArgument,
    country: Annotated[str, typer.Argument(metavar="COUNTRY", help=t("ISO 3166-1 alpha-2 code, such as GB."))],
    since: SinceOption,
) -> None:
    """Change the country; where the programme discloses countries, it is published."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.membership.v1 import membership_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        name, _ = await find_member(client, programme.name, member)
        moment = to_stamp(read_moment(since, zone(programme.time_zone)))
        request = membership_pb2.ChangeCountryRequest(name=name, country=country, effective_time=moment)
        await client.membership.ChangeCountry(request)
        return await member_view.load(client, programme.name, name)

    member_view.show(session, session.run(work))
