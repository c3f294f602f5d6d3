"""What `members import`, `sales import` and `members bind --file` share."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.client.imports import ImportResult, Progress

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help=t("CSV with a header (UTF-8), or Parquet."))]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help=t("Take the whole file or nothing of it."))]
Rejects = Annotated[
    Path | None, typer.Option("--rejects", metavar="FILE", help=t("Write every refused line to this CSV file."))
]

_SHOWN = 20


def import_file(
    session: Session, take: Callable[..., Any], file: Path, *, rejects: Path | None, **options: bool
) -> None:
    """Import a file, print what became of it, and end with 1 if a line was refused. `options` are those of `take`."""
    from fenxiao.cli import shapes

    with output.progress(quiet=session.as_json) as advance:

        def report(progress: "Progress") -> None:
            name = t("Checking") if progress.checking else t("Importing")
            advance(f"{name} {progress.lines:,}", progress.bytes_read, progress.bytes_in_all)

        async def work(client: "Client") -> "ImportResult":
            programme = id_of((await session.find_programme(client)).name)
            return await take(client, programme, file, rejects=rejects, report=report, **options)

        result = session.run(work)
    if session.as_json:
        output.print_json(shapes.import_result(result, str(file)))
    else:
        _print(result)
    if result.refused:
        raise typer.Exit(exits.REFUSED)


def _print(result: "ImportResult") -> None:
    counts = [(name, f"{getattr(result, name):,}") for name in ("taken", "repeated", "refused")]
    output.facts([(t(name), count) for name, count in counts])
    if result.problems:
        rows = [[str(p.line), p.id, p.reason, refusal_text(p.reason, p.message)] for p in result.problems[:_SHOWN]]
        output.table([t("line"), "id", t("reason"), t("problem")], rows, right=[0])
        if result.refused > _SHOWN:
            more = f"{result.refused - _SHOWN:,}"
            output.say(t("{count} more refused lines; --rejects FILE lists all of them.").format(count=more))
    if not result.applied:
        output.say(t("Nothing of the file was taken, since lines are refused."))
    elif result.repeated and not result.taken and not result.refused:
        output.say(t("Nothing changed: all of it was taken before."))
