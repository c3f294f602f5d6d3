"""`fenxiao plan simulate` and `compare`: plans tried on files of members and sales. No service is asked."""

# ruff: noqa: PLC0415 - loaded at every call; what stands on the engine only when a command runs

import json
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from fenxiao.cli import exits, output
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.periods import read_moment, zone
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

if TYPE_CHECKING:
    from fenxiao.cli.trials import Board, Trial, Version
    from fenxiao.client.facts import FactFiles
    from fenxiao.plans.trials.facts import Facts
    from fenxiao.plans.trials.simulate import Close

Plans = Annotated[
    list[Path], typer.Argument(metavar="PLAN…", help=t("YAML or JSON; several are versions of one plan."))
]
Members = Annotated[Path, typer.Option("--members", metavar="FILE", help=t("Members, in the import format."))]
Sales = Annotated[Path, typer.Option("--sales", metavar="FILE", help=t("Sales and returns, in the import format."))]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="TIME", help=t("Only what is known before: a date, or a time (RFC 3339)."))
]
TimeZone = Annotated[str, typer.Option("--time-zone", help=t("IANA name: in which days and periods begin."))]
Skip = Annotated[bool, typer.Option("--skip-refused", help=t("Go on without the lines that are refused."))]
Top = Annotated[int, typer.Option("--top", min=0, help=t("Show at most so many members; all of them if 0."))]


def add(group: typer.Typer) -> None:
    """Add the commands to the group `plan`."""
    group.command("simulate", help=t("Try a plan on members and sales: what would it pay, to whom, and why?"))(simulate)
    group.command("compare", help=t("Try two plans on the same sales: who would win, and who would lose?"))(compare)


def simulate(
    context: typer.Context,
    plans: Plans,
    members: Members,
    sales: Sales,
    as_of: AsOf = "",
    time_zone: TimeZone = "UTC",
    lines: Annotated[
        Path | None,
        typer.Option("--lines", metavar="FILE", help=t("Write every line to this .jsonl or .parquet file.")),
    ] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help=t("Say of each line why it is what it is; with --lines or --json."))
    ] = False,
    worst: Annotated[int, typer.Option("--worst", min=0, help=t("Show so many of those who come off worst."))] = 10,
    top: Top = 20,
    always: Annotated[
        bool, typer.Option("--always", help=t("As if the plan had always been in force, whatever it says."))
    ] = False,
    skip_refused: Skip = False,
    board: Annotated[
        str,
        typer.Option(
            "--leaderboard",
            metavar="MEASURE",
            help=t("Also who comes first in the last period by this measure, as `leaderboard` has it."),
        ),
    ] = "",
) -> None:
    """Print what plans would have paid."""
    from fenxiao.cli import trial_tables, trials
    from fenxiao.client.line_files import create, is_line_file

    session = Session.of(context)
    if lines is not None and not is_line_file(lines):
        raise exits.Misuse("WRONG_USAGE", "--lines writes .jsonl or .parquet; name such a file.")
    if always and len(plans) > 1:
        raise exits.Misuse("WRONG_USAGE", "--always is for one plan; several are in force one behind the other.")
    where = zone(time_zone)
    versions = [_read_plan(path, always=always) for path in plans]
    with output.progress(quiet=session.as_json) as advance, _spool() as spool:
        files = _read_facts(session, versions, members, sales, advance, skip=skip_refused)
        moment = read_moment(as_of, where) if as_of else None

        def run(write: Callable[[Any], None] | None) -> "Trial":
            return _run(versions, files.facts, where, moment, advance, write, explained=explained, by=board, top=top)

        if lines is not None:
            fields = {**trials.LINE_FIELDS, **(trials.WORDS if explained else {})}
            with create(lines, fields) as file:
                done = run(file.write)
        else:
            done = run(_to_spool(spool) if session.as_json else None)
        if session.as_json:
            found = {
                **trials.trial(done, worst),
                "leaderboard": trials.leaderboard(done.board),
                "given": trials.given(files, done.simulation.facts),
            }
            _print_with_lines({**found, "time_zone": time_zone, "lines_file": str(lines or "")}, spool)
            return
    trial_tables.print_trial(done, files, top, worst)


def compare(
    context: typer.Context,
    a: Annotated[Path, typer.Argument(metavar="A", help=t("The plan as it is: YAML or JSON."))],
    b: Annotated[Path, typer.Argument(metavar="B", help=t("The plan that would take its place."))],
    members: Members,
    sales: Sales,
    as_of: AsOf = "",
    time_zone: TimeZone = "UTC",
    top: Top = 20,
    skip_refused: Skip = False,
) -> None:
    """Print who would win and who would lose with another plan, each taken as if it had always been in force."""
    from fenxiao.cli import trial_tables, trials

    session, where = Session.of(context), zone(time_zone)
    versions = [_read_plan(path, always=True) for path in (a, b)]
    if versions[0].plan.currency != versions[1].plan.currency:
        raise Refusal("WRONG_CURRENCY", "The two plans pay in different currencies; that cannot be compared.")
    with output.progress(quiet=session.as_json) as advance:
        files = _read_facts(session, versions, members, sales, advance, skip=skip_refused)
        moment = read_moment(as_of, where) if as_of else None
        done = [_run([version], files.facts, where, moment, advance, None) for version in versions]
    found = trials.comparison(*done)
    if session.as_json:
        output.print_json({**found, "given": trials.given(files, done[0].simulation.facts), "time_zone": time_zone})
    else:
        trial_tables.print_comparison(found, top)


# --- in


def _read_plan(path: Path, *, always: bool) -> "Version":
    from fenxiao.cli.trials import Version
    from fenxiao.plans import PlanError, plan_hash, read_plan

    document = read_bytes(path)
    try:
        plan = read_plan(document)
    except PlanError as error:
        message = f"{error.message} `fenxiao plan validate {path}` shows all that is wrong with it."
        raise Refusal(error.reason, message, field=error.field) from None
    since = plan.effective_from
    if always:
        plan = plan.model_copy(update={"effective_from": datetime.min.replace(tzinfo=UTC)})
    return Version(plan, plan_hash(document), since)


def _read_facts(
    session: Session, versions: "Sequence[Version]", members: Path, sales: Path, advance: output.Advance, *, skip: bool
) -> "FactFiles":
    """Read the files; unless refused lines are to be left out, the first of them ends it."""
    from fenxiao.cli import trial_tables
    from fenxiao.client.facts import read_facts

    ranks = dict.fromkeys(rank.id for version in versions for rank in version.plan.ranks)
    found = read_facts(
        members,
        sales,
        ranks=ranks,
        report=lambda lines, done, in_all: advance(f"{t('Reading')} {lines:,}", done, in_all),
    )
    if found.refused and not skip:
        first = found.problems[0]
        if session.as_json:
            output.print_json({"refused": found.refused, "problems": [asdict(problem) for problem in found.problems]})
        else:
            trial_tables.print_problems(found)
        how_many = "1 line is" if found.refused == 1 else f"{found.refused:,} lines are"
        message = (
            f"{how_many} refused, first line {first.line} of {first.file}: {first.message} "
            f"Mend what is wrong, or leave it out with --skip-refused."
        )
        raise Refusal("LINES_REFUSED", message, field=first.field)
    return found


# --- running


def _run(
    versions: "Sequence[Version]",
    facts: "Facts",
    where: Any,
    as_of: datetime | None,
    advance: output.Advance,
    write: "Callable[[Any], None] | None",
    *,
    explained: bool = False,
    by: str = "",
    top: int = 0,
) -> "Trial":
    """Close one period behind the other; `write` gets every line, with the reason in words if they are `explained`.

    `by` asks for the first members of the last period: all of them, if `top` is 0.
    """
    from fenxiao.cli import trials
    from fenxiao.plans.periods.leaderboard import check_measure
    from fenxiao.plans.trials.facts import net_amount
    from fenxiao.plans.trials.simulate import Simulation
    from fenxiao.plans.trials.totals import Report

    simulation = Simulation([version.plan for version in versions], facts, where, as_of)
    if by:
        for version in versions:
            check_measure(version.plan, by)
    hashes = {id(version.plan): version.hash for version in versions}
    report, last = Report(), None
    for number, close in enumerate(simulation.closes()):
        advance(f"{t('Rating')} {close.term.period.start:%Y-%m-%d}", number, len(simulation.terms))
        report.add(close)
        last = close
        if write is not None:
            for posting in close.postings():
                words = trials.words(posting) if explained else {}
                write({**trials.line(posting, hashes), **words})
    board = _board(last, by, top) if last is not None and by else None
    return trials.Trial(versions, simulation, report, net_amount(simulation.facts), board)


def _board(last: "Close", by: str, top: int) -> "Board":
    """Who comes first as the last period was closed."""
    from fenxiao.cli.trials import Board
    from fenxiao.plans.periods.leaderboard import leaderboard, measures_of

    measures = measures_of(last.parts[0].rated)
    standings = leaderboard(measures, by, top or len(measures.members))
    return Board(by, last.term.plan, last.term.period, standings)


@contextmanager
def _spool() -> Generator[TextIO]:
    """Keep text on disk until it is known that all goes well."""
    with TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
        yield file


def _to_spool(spool: TextIO) -> Callable[[Any], None]:
    def write(line: Any) -> None:
        spool.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    return write


def _print_with_lines(value: dict[str, Any], spool: TextIO) -> None:
    """Print one JSON value with the lines as its last field, in bounded memory."""
    head = json.dumps({**value, "lines": []}, ensure_ascii=False, indent=2)
    sys.stdout.write(head.removesuffix("[]\n}"))
    sys.stdout.write("[")
    spool.seek(0)
    for number, line in enumerate(spool):
        sys.stdout.write((",\n    " if number else "\n    ") + line.rstrip("\n"))
    sys.stdout.write("\n  ]\n}\n" if spool.tell() else "]\n}\n")
