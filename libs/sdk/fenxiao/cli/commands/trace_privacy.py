"""`fenxiao trace visibility`, `erase` and `proof`: who sees what of events, what is gone, and what is proved."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.items import read_item
from fenxiao.cli.session import Session, id_of, time_text
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import privacy_pb2, proofs_pb2
    from fenxiao.client import Client
    from fenxiao.proofs.event_proofs import EventProof

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help=t("YAML or JSON; see docs/privacy.md."))]


def add(group: typer.Typer) -> None:
    """Add the commands."""
    help_ = t("Who sees what of events, and what of them is sealed.")
    visibility = typer.Typer(help=help_, no_args_is_help=True)
    visibility.command("show", help=t("Show what holds."))(show)
    visibility.command("set", help=t("Say who sees what from now on."))(set_)
    visibility.command("check", help=t("Check a document without setting it."))(check)
    group.add_typer(visibility, name="visibility")
    help_ = t("Destroy the keys of a party or an item: what was sealed cannot be read again by anybody.")
    group.command("erase", help=help_)(erase)
    help_ = t("Show what you see of an event with what proves it, or verify such a file.")
    group.command("proof", help=help_)(proof)


def show(
    context: typer.Context,
    version: Annotated[
        int, typer.Option("--version", min=0, help=t("Of this version; without: the one in force."))
    ] = 0,
) -> None:
    """Print the policy."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import privacy_pb2

        parent = (await session.find_programme(client)).name
        request = privacy_pb2.GetVisibilityRequest(name=f"{parent}/visibility", version=version)
        return _policy(await client.traceability.GetVisibility(request))

    _print(session, session.run(work))


def set_(context: typer.Context, file: FileArgument) -> None:
    """Set the policy."""
    _send(context, file, validate_only=False)


def check(context: typer.Context, file: FileArgument) -> None:
    """Check a policy."""
    _send(context, file, validate_only=True)


def _send(context: typer.Context, file: Path, *, validate_only: bool) -> None:
    session, document = Session.of(context), read_bytes(file)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import privacy_pb2

        parent = (await session.find_programme(client)).name
        request = privacy_pb2.SetVisibilityRequest(
            name=f"{parent}/visibility", document=document, validate_only=validate_only
        )
        return _policy(await client.traceability.SetVisibility(request))

    _print(session, session.run(work))


def _policy(found: "privacy_pb2.Visibility") -> dict[str, Any]:
    since = time_text(found.set_time) if found.HasField("set_time") else ""
    return {"version": found.version, "set_at": since, "document": json.loads(found.document)}


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    output.facts([(t("version"), str(found["version"])), (t("since"), found["set_at"])])
    typer.echo(json.dumps(found["document"], ensure_ascii=False, indent=2))


def erase(
    context: typer.Context,
    party: Annotated[
        str, typer.Option("--party", help=t("The party that owned or had the goods: PGLN, GLN or URI."))
    ] = "",
    item: Annotated[str, typer.Option("--item", help=t("An object or a lot."))] = "",
    reporter: Annotated[
        str,
        typer.Option(
            "--reporter", help=t("Who reported events that name no such party: the subject of the credential.")
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help=t("Do it; without this nothing is destroyed."))] = False,
) -> None:
    """Destroy keys."""
    session = Session.of(context)
    if sum(map(bool, (party, item, reporter))) != 1:
        raise typer.BadParameter("name one of --party, --item and --reporter", param_hint="--party")
    if not yes:
        raise typer.BadParameter("what is erased cannot be read again; say --yes to do it", param_hint="--yes")

    async def work(client: "Client") -> int:
        from fenxiao.api.traceability.v1 import privacy_pb2

        request = privacy_pb2.EraseTraceDataRequest(parent=(await session.find_programme(client)).name)
        if party:
            request.party = party
        elif item:
            request.item = read_item(item)
        else:
            request.reporter = reporter
        return (await client.traceability.EraseTraceData(request)).key_count

    count = session.run(work)
    if session.as_json:
        output.print_json({"keys": count})
        return
    typer.echo(t("{count} keys destroyed").format(count=count))


def proof(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help=t("The event: its name or UUID."))] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help=t("Verify this file instead, without any server."))
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help=t("Write the proof to this file."))] = None,
) -> None:
    """Print a proof that was verified here."""
    from fenxiao.proofs.event_proofs import read_proof, write_proof

    session = Session.of(context)
    if bool(event) == (file is not None):
        raise typer.BadParameter("name an event, or a file with --file", param_hint="EVENT")
    if file is not None:
        found = read_proof(read_bytes(file))
    else:
        found = session.run(lambda client: _asked(session, client, event))
        if out is not None:
            out.write_bytes(write_proof(found))
    _print_proof(session, found)


async def _asked(session: Session, client: "Client", event: str) -> "EventProof":
    from fenxiao.api.traceability.v1 import proofs_pb2
    from fenxiao.proofs.fields import require_opened

    parent = (await session.find_programme(client)).name
    request = proofs_pb2.GetEventProofRequest(name=f"{parent}/traceEvents/{id_of(event)}")
    found = event_proof(await client.traceability.GetEventProof(request))
    require_opened(found.view, found.view.commitment)
    return found


def event_proof(message: "proofs_pb2.EventProof") -> "EventProof":
    """Give a message of the API as what is verified and written to files."""
    from fenxiao.proofs.event_proofs import EventProof
    from fenxiao.proofs.fields import Commitment, Opened, Redacted

    view = Redacted(
        Commitment(message.commitment_root, message.commitment_size),
        tuple(Opened(one.number, one.path, one.text, one.salt) for one in message.fields),
        tuple(message.hashes),
    )
    return EventProof(message.trace_event, message.event_hash, message.event_id, view)


def _print_proof(session: Session, found: "EventProof") -> None:
    view = found.view
    if session.as_json:
        output.print_json(
            {
                "trace_event": found.trace_event,
                "event_hash": found.event_hash,
                "commitment": {"root": "0x" + view.commitment.root.hex(), "size": view.commitment.size},
                "fields": {one.path: one.text for one in view.opened},
            }
        )
        return
    output.facts([(t("event hash"), found.event_hash), (t("commitment"), "0x" + view.commitment.root.hex())])
    for one in view.opened:
        typer.echo(f"{one.path}  {one.text}")
    typer.echo(t("{opened} of {size} fields proved").format(opened=len(view.opened), size=view.commitment.size))
