"""`fenxiao trace capture` and `captures`: documents taken in, and what became of them."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.arguments import FilesArgument, ProfileName, ProfileOption, check_files, opened
from fenxiao.cli.items import LimitOption
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.traceability.v1 import captures_pb2
    from fenxiao.client import Client

_PAGE: Final = 100
_SHOWN: Final = 20
"""Problems of a document that people see."""


def add(group: typer.Typer) -> None:
    """Add the commands."""
    group.command("capture", help=t("Take in EPCIS documents of any size; said twice, each event counts once."))(
        capture
    )
    captures = typer.Typer(help=t("Documents that were sent, and what became of them."), no_args_is_help=True)
    captures.command("list", help=t("List captures, the newest first."))(list_)
    captures.command("show", help=t("Show what became of a document."))(show)
    group.add_typer(captures, name="captures")


def capture(
    context: typer.Context,
    files: FilesArgument,
    profile: ProfileOption = ProfileName.STRICT,
    proceed: Annotated[
        bool, typer.Option("--proceed", help=t("Take the events that are right, and leave out those that are wrong."))
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help=t("Wait until all is captured, or only until it was sent."))
    ] = True,
) -> None:
    """Send each file and print what became of it."""
    session = Session.of(context)
    check_files(files)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.cli import shapes_trace

        parent = (await session.find_programme(client)).name
        found: list[dict[str, Any]] = []
        for name in files:
            with opened(name) as (source, size):
                done = await _captured(client, session, parent, name, source, size, profile, proceed=proceed, wait=wait)
            found.append({"file": name, **shapes_trace.capture(done)})
            if not session.as_json:
                _print_file(found[-1])
        return found

    found = session.run(work)
    success = all(one["success"] for one in found)
    if session.as_json:
        output.print_json({"files": found, "success": success})
    if not success:
        raise typer.Exit(exits.REFUSED)


async def _captured(
    client: "Client",
    session: Session,
    parent: str,
    name: str,
    source: BinaryIO,
    size: int,
    profile: ProfileName,
    *,
    proceed: bool,
    wait: bool,
) -> "captures_pb2.DocumentCapture":
    from fenxiao.api.traceability.v1 import captures_pb2 as pb
    from fenxiao.client.captures import await_captured, send_document

    behaviour = pb.CAPTURE_BEHAVIOUR_PROCEED if proceed else pb.CAPTURE_BEHAVIOUR_ROLLBACK
    strict = profile is ProfileName.STRICT
    with output.progress(quiet=session.as_json) as advance:
        sent = await send_document(
            client,
            parent,
            source,
            behaviour=behaviour,
            profile=pb.CAPTURE_PROFILE_STRICT if strict else pb.CAPTURE_PROFILE_LENIENT,
            report=lambda done: advance(t("Sending {file}").format(file=name), done, size),
        )
        if not wait:
            return sent
        advance(t("Capturing {file}").format(file=name), 0, 0)
        return await await_captured(client, sent.name)


def list_(context: typer.Context, limit: LimitOption = 20) -> None:
    """Print captures."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.traceability.v1 import captures_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.client import listed

        parent = (await session.find_programme(client)).name
        request = captures_pb2.ListCapturesRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
        found = listed(client.traceability.ListCaptures, request, lambda page: page.captures, limit)
        return [shapes_trace.capture(one) async for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"captures": found})
        return
    output.table(
        [t("capture"), t("time"), t("state"), t("captured"), t("repeated"), t("refused")],
        [[one["capture"], one["started_at"], _state(one), *(f"{one[key]:,}" for key in _COUNTS)] for one in found],
        right=[3, 4, 5],
    )


def show(
    context: typer.Context,
    capture: Annotated[str, typer.Argument(metavar="CAPTURE", help=t("The capture's UUID."))],
    wait: Annotated[bool, typer.Option("--wait", help=t("Wait until it is finished."))] = False,
) -> None:
    """Print a capture."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.traceability.v1 import captures_pb2
        from fenxiao.cli import shapes_trace
        from fenxiao.client.captures import await_captured

        name = f"{(await session.find_programme(client)).name}/captures/{capture.rpartition('/')[2].lower()}"
        if wait:
            return shapes_trace.capture(await await_captured(client, name))
        return shapes_trace.capture(await client.traceability.GetCapture(captures_pb2.GetCaptureRequest(name=name)))

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
    else:
        output.facts(
            [
                (t("capture"), found["capture"]),
                (t("state"), _state(found)),
                (t("start"), found["started_at"]),
                *((t(key.replace("_", " ")), f"{found[key]:,}") for key in (*_COUNTS, "master_data")),
            ]
        )
        _print_problems(found)
    if not found["success"]:
        raise typer.Exit(exits.REFUSED)


_COUNTS: Final = ("captured", "repeated", "refused")


def _state(found: dict[str, Any]) -> str:
    if found["finished_at"] is None:
        return t("under way")
    return t("done") if found["success"] else t("refused")


def _print_file(found: dict[str, Any]) -> None:
    name = t("standard input") if found["file"] == "-" else found["file"]
    if found["finished_at"] is None:
        typer.echo(t("… {file}: sent; `fenxiao trace captures show {capture}` says what becomes of it").format(
            file=name, capture=found["capture"]
        ))  # fmt: skip
        return
    keys = (*_COUNTS, "master_data") if found["master_data"] else _COUNTS
    counts = ", ".join(f"{t(key.replace('_', ' '))} {found[key]:,}" for key in keys)
    typer.echo(f"{'✓' if found['success'] else '✗'} {name}: {counts}")
    _print_problems(found)


def _print_problems(found: dict[str, Any]) -> None:
    for one in found["problems"][:_SHOWN]:
        place = t("event {number}, {path}").format(number=one["event"], path=one["path"])
        said = refusal_text(one["rule"], one["message"])
        typer.echo(f"  {place if one['event'] else one['path']}: {said} [{one['rule']}]")
    if (left := len(found["problems"]) - _SHOWN) > 0:
        typer.echo("  " + t("… and {left} more").format(left=left))
    if found["refused"] and found["behaviour"] == "rollback" and found["finished_at"]:
        output.say(t("Nothing of it was captured. Mend it, or take what is right with --proceed."))
