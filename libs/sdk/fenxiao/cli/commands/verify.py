"""`fenxiao verify`: recomputes everything from the public events, and compares it with the chain."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import check_text, t
from fenxiao.errors import Kind, Refusal

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.verify import Report
    from fenxiao.verify.export import Export


class _Where(NamedTuple):
    """Where the chain is."""

    rpc: str
    vault: str
    token: str
    from_block: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    help_text = t("Recompute everything from the public events and compare it with the chain.")
    app.command("verify", help=help_text)(verify)


def verify(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", help=t("Verify this export instead of running services."))
    ] = None,
    rpc: Annotated[str, typer.Option("--rpc", help=t("Address of a node of the chain."))] = "",
    vault: Annotated[str, typer.Option("--vault", help=t("Address of the vault."))] = "",
    token: Annotated[str, typer.Option("--token", help=t("Address of the token; from the export if not given."))] = "",
    from_block: Annotated[
        int | None,
        typer.Option("--from-block", min=0, help=t("Block in which the vault was made; what is earlier is not read.")),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help=t("Leave the chain out; the report says so."))] = False,
    export_to: Annotated[Path | None, typer.Option("--export", help=t("Where to put the export."))] = None,
) -> None:
    """Print what was checked and what failed."""
    session = Session.of(context)
    if data is not None and not offline and not (rpc and vault):
        raise typer.BadParameter("with --data, give --rpc and --vault, or --offline", param_hint="--data")
    if data is None:
        data, where = _export(session, export_to), _find_chain(session, rpc, vault, token, from_block)
    else:
        where = _Where(rpc, vault, token, from_block or 0)
    report = _verify(data, None if offline else where)
    if session.as_json:
        output.print_json(report.as_json())
    else:
        _print(report)
    if not report.passed:
        raise typer.Exit(exits.REFUSED)


def _export(session: Session, folder: Path | None) -> Path:
    """Export from the running services."""
    from fenxiao.client import find_home
    from fenxiao.client.export import export

    home = find_home(session.home)
    with output.progress(quiet=session.as_json) as advance:

        async def work(client: "Client") -> Path:
            programme = id_of((await session.find_programme(client)).name)
            target = folder or home / "export" / programme
            await export(
                client, programme, target, lambda name, count: advance(f"{t('Exporting')} {name} {count:,}", 0, 0)
            )
            return target

        target = session.run(work)
    output.say(str(target))
    return target


def _find_chain(session: Session, rpc: str, vault: str, token: str, from_block: int | None) -> _Where:
    """Find what is not given in what the network says about itself."""
    from fenxiao.client import find_home, read_network

    network = read_network(find_home(session.home))
    if from_block is None:
        from_block = network.vault_block if vault in ("", network.vault) else 0
    return _Where(rpc or network.rpc_url, vault or network.vault, token or network.token, from_block)


def _verify(data: Path, where: _Where | None) -> "Report":
    from fenxiao.verify import Chain, ChainUnreachable, ExportError, read_export, verify

    try:
        exported = read_export(data)
        chain: Chain | None = None
        if where is not None:
            chain = Chain(where.rpc, where.vault, where.token or _token_of(exported), where.from_block)
        return verify(exported, chain)
    except ExportError as error:
        raise Refusal("INVALID_EXPORT", f"{error}.") from None
    except ChainUnreachable as error:
        raise Refusal("CHAIN_NOT_REACHABLE", f"{error}.", kind=Kind.UNAVAILABLE) from None


def _token_of(exported: "Export") -> str:
    """Find the token that the programme pays in, among settlement's events."""
    from fenxiao.api.settlement.v1 import events_pb2

    registered: Any = events_pb2.AssetRegistered()
    for event in exported.events["settlement"]:
        if event.data.Unpack(registered):
            return registered.token
    raise Refusal("NO_ASSET", "The export names no token; give its address with --token.")


def _print(report: "Report") -> None:
    output.table(
        ["", t("check"), t("checked"), t("failed")],
        [
            [
                "✗" if check.failed else "✓",
                check_text(check.name, check.meaning),
                f"{check.checked:,}",
                f"{check.failed:,}",
            ]
            for check in report.checks
        ],
        right=[2, 3],
    )
    for check in report.checks:
        for detail in check.details:
            typer.echo(f"✗ {check.name}: {detail}")
    figures = {**report.figures, "logs read from block": "–" if report.from_block is None else report.from_block}
    output.facts([(t(name), _figure(value)) for name, value in figures.items()])
    for what in report.not_checked:
        output.say(t("Not checked: {what}").format(what=t(what)))
    failed = sum(1 for check in report.checks if check.failed)
    output.say(t("{count} checks failed.").format(count=failed) if failed else t("Everything that was checked holds."))


def _figure(value: Any) -> str:
    match value:
        case int():
            return f"{value:,}"
        case [*several]:
            return ", ".join(map(str, several)) or "–"
        case _:
            return str(value)
