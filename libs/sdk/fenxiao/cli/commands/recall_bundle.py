"""`fenxiao recall bundle` and `fenxiao recall verify`: what a recall reaches as a file that anybody verifies."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.items import ItemArgument, SinceOption, UntilOption, read_item, stamp
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
    from fenxiao.api.traceability.v1 import goods_pb2
    from fenxiao.client import Client
    from fenxiao.proofs.event_proofs import EventProof
    from fenxiao.proofs.recall_bundles import Affected, Included, Report

_PROVED: Final = 200
_INCLUDED: Final = 1000


def bundle(
    context: typer.Context,
    item: ItemArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=t("Write the bundle to this file."))],
    since: SinceOption = "",
    until: UntilOption = "",
) -> None:
    """Write what is affected, with the proofs of the events that say so."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import goods_pb2 as pb
        from fenxiao.cli.periods import zone
        from fenxiao.proofs.recall_bundles import Bundle, write_bundle

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        request = pb.RecallRequest(
            parent=programme.name,
            epc=read_item(item),
            since=stamp(since, where),
            until=stamp(until, where),
            with_proofs=True,
        )
        affected = await _affected(client, request)
        names = list(dict.fromkeys(step.trace_event for one in affected for step in one.steps))
        proofs = await _proofs(client, programme.name, names)
        checkpoint, places = await _places(client, programme.name, proofs)
        recalled = affected[0].steps[0].source if affected and affected[0].steps else request.epc
        made = Bundle(recalled, tuple(affected), proofs, places, checkpoint.note)
        try:
            with out.open("wb") as file:
                file.writelines(write_bundle(made))
        except OSError as error:
            raise Refusal("FILE_NOT_WRITABLE", f"{out} cannot be written: {error.strerror}.") from None
        return {
            "file": str(out),
            "items": len(affected),
            "events": len(proofs),
            "in_log": len(places),
            "log_size": checkpoint.size,
            "log_key": checkpoint.log_key,
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    typer.echo(t("{count} items written to {file}").format(count=f"{found['items']:,}", file=found["file"]))
    typer.echo(
        t("{events} events, {in_log} of them in the log of {size} entries").format(
            events=f"{found['events']:,}", in_log=f"{found['in_log']:,}", size=f"{found['log_size']:,}"
        )
    )
    typer.echo(t("the log's key: {key}").format(key=found["log_key"]))


async def _affected(client: "Client", request: "goods_pb2.RecallRequest") -> "list[Affected]":
    from fenxiao.api.traceability.v1 import goods_pb2 as pb
    from fenxiao.cli.shapes_recall import recalled_item
    from fenxiao.client.streams import answers
    from fenxiao.proofs.recall_bundles import Affected, Step

    found: list[Affected] = []
    async for part in answers(client, client.traceability.Recall, request):
        for one in part.items:
            steps = tuple(
                Step(
                    step.source,
                    step.target,
                    pb.LinkKind.Name(step.kind).removeprefix("LINK_KIND_").lower(),
                    step.trace_event,
                )
                for step in one.proof
            )
            where = {name: value for name, value in recalled_item(one).items() if name not in ("epc", "item", "proof")}
            found.append(Affected(one.epc, where, steps))
    return found


async def _proofs(client: "Client", parent: str, names: list[str]) -> "dict[str, EventProof]":
    from fenxiao.api.traceability.v1 import proofs_pb2 as pb
    from fenxiao.proofs.event_proofs import EventProof
    from fenxiao.proofs.fields import Commitment, Opened, Redacted

    found: dict[str, EventProof] = {}
    for start in range(0, len(names), _PROVED):
        request = pb.ProveEventsRequest(parent=parent, trace_events=names[start : start + _PROVED])
        answer = await client.traceability.ProveEvents(request)
        for one in answer.proofs:
            view = Redacted(
                Commitment(one.commitment_root, one.commitment_size),
                tuple(Opened(field.number, field.path, field.text, field.salt) for field in one.fields),
                tuple(one.hashes),
            )
            found[one.trace_event] = EventProof(one.trace_event, one.event_hash, one.event_id, view)
    return found


async def _places(
    client: "Client", parent: str, proofs: "dict[str, EventProof]"
) -> "tuple[chain_bridge_pb2.Checkpoint, dict[str, Included]]":
    """All of one checkpoint, the newest when it is first asked for."""
    from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
    from fenxiao.proofs.recall_bundles import Included

    checkpoint = await client.chain_bridge.GetCheckpoint(pb.GetCheckpointRequest())
    by_id = {proof.event_id: name for name, proof in proofs.items()}
    ids, places = list(by_id), dict[str, Included]()
    for start in range(0, len(ids), _INCLUDED):
        request = pb.ProveInclusionRequest(parent=parent, events=ids[start : start + _INCLUDED], size=checkpoint.size)
        answer = await client.chain_bridge.ProveInclusion(request)
        for one in answer.inclusions:
            places[by_id[one.event]] = Included(one.index, tuple(one.hashes))
    return checkpoint, places


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=t("What `recall bundle` has written."))],
    log_key: Annotated[
        str, typer.Option("--log-key", metavar="KEY", help=t("The log's key, as you know it from elsewhere."))
    ],
) -> None:
    """Verify a bundle without any server."""
    from fenxiao.proofs.checkpoints import LogKey
    from fenxiao.proofs.recall_bundles import read_bundle, verify_bundle

    session = Session.of(context)

    key = LogKey.parse(log_key)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refusal("FILE_NOT_READABLE", f"{file} cannot be read: {error.strerror}.") from None
    report = verify_bundle(read_bundle(data), key)
    shown = {
        "right": report.right,
        "log_size": report.checkpoint.size if report.checkpoint else 0,
        "events": report.events,
        "in_log": report.in_log,
        "items": report.items,
        "steps": report.steps,
        "problems": list(report.problems),
        "unchecked": list(report.unchecked),
    }
    if session.as_json:
        output.print_json(shown)
    else:
        _print(report)
    if not report.right:
        raise typer.Exit(exits.REFUSED)


def _print(report: "Report") -> None:
    size = report.checkpoint.size if report.checkpoint else 0
    typer.echo(
        t("{events} events, {in_log} of them in the log of {size} entries").format(
            events=f"{report.events:,}", in_log=f"{report.in_log:,}", size=f"{size:,}"
        )
    )
    typer.echo(
        t("{items} items, {steps} steps that lead to them").format(items=f"{report.items:,}", steps=f"{report.steps:,}")
    )
    for problem in report.problems:
        typer.echo(t("wrong: {what}").format(what=problem))
    for one in report.unchecked:
        typer.echo(t("not checked: {what}").format(what=one))
