"""The entry point: global options, the commands, and how everything that goes wrong ends."""

# ruff: noqa: PLC0415 - loaded at every call; what only some calls need is imported there

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from fenxiao.cli import exits, texts
from fenxiao.cli.arguments import place
from fenxiao.cli.commands import (
    advance,
    alarm,
    asset,
    custody,
    dispute,
    epcis,
    events,
    explain,
    leaderboard,
    members,
    period,
    plan,
    points,
    programme,
    rank,
    recall,
    reward,
    sales,
    settle,
    statement,
    status,
    token,
    trace,
)
from fenxiao.cli.commands import verify as verify_command
from fenxiao.cli.output import print_refusal, say
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from fenxiao.errors import Refusal

_PLUGINS = "fenxiao.commands"
"""Entry points of this group are called with the app and add commands."""


def make_app() -> typer.Typer:
    """Make the command line, with the commands that other packages add."""
    app = typer.Typer(
        name="fenxiao",
        help=t("Fenxiao: a distribution network that its members need not take on trust."),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help: rich alone would take as long as all the rest
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for module in (
        programme,
        asset,
        members,
        sales,
        plan,
        rank,
        period,
        alarm,
        leaderboard,
        settle,
        advance,
        statement,
        points,
        reward,
        explain,
        dispute,
        epcis,
        trace,
        recall,
        custody,
        verify_command,
        events,
        status,
        token,
    ):
        module.register(app)
    _load_plugins(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run a command and give the exit code. Nothing ends in a stack trace unless FENXIAO_DEBUG is set."""
    as_json = "--json" in arguments
    try:
        command: Any = typer.main.get_command(make_app())
        # Where it stands alone, typer prints what is wrong with the command line itself, and not as JSON.
        end = command.main(args=place(command, arguments), prog_name="fenxiao", standalone_mode=not as_json)
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            return exits.CLOSED
        return stop.code if isinstance(stop.code, int) else exits.REFUSED if stop.code else exits.OK
    except Refusal as refusal:
        return _refused(refusal, as_json=as_json)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        return exits.CLOSED
    except Exception as error:
        if isinstance(error, _WRONG_USAGE):
            wrong: Any = error
            return _refused(exits.Misuse("WRONG_USAGE", wrong.format_message()), as_json=as_json)
        if os.environ.get("FENXIAO_DEBUG"):
            raise
        message = f"Something broke: {type(error).__name__}: {error}. FENXIAO_DEBUG=1 shows where."
        return _refused(Refusal("INTERNAL_ERROR", message), as_json=as_json)
    return end if isinstance(end, int) else exits.OK


_WRONG_USAGE: Any = typer.BadParameter.__base__
"""What typer raises for a command line that it cannot read."""


def _refused(refusal: Refusal, *, as_json: bool) -> int:
    code = exits.code_of(refusal)
    print_refusal(refusal, code, as_json=as_json)
    return code


def main() -> None:
    """`fenxiao`."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = exits.CLOSED
    if code == exits.CLOSED:
        # Nothing more may be flushed to where nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"fenxiao {version('fenxiao')}\n")
        raise typer.Exit


def _options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", envvar="FENXIAO_HOME", help=t("Directory of the network; `.fenxiao` if none is named.")),
    ] = None,
    programme_id: Annotated[
        str,
        typer.Option("--programme", envvar="FENXIAO_PROGRAMME", help=t("Programme; not needed if there is only one.")),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=t("Print JSON on stdout."))] = False,
    language: Annotated[str, typer.Option("--lang", envvar="FENXIAO_LANG", help=t("Language: en or zh."))] = "",
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, help=t("Seconds to wait for services that do not answer."))
    ] = 60.0,
    version: Annotated[
        bool, typer.Option("--version", help=t("Print the version."), is_eager=True, callback=_version)
    ] = False,
) -> None:
    del version
    if language:
        texts.use(texts.detect(["--lang", language], {}))
    if home is not None:
        os.environ["FENXIAO_HOME"] = str(home)  # for commands that other packages add
    context.obj = Session(home, programme_id.removeprefix("programmes/"), as_json, timeout)


def _load_plugins(app: typer.Typer) -> None:
    from importlib.metadata import entry_points

    for point in entry_points(group=_PLUGINS):
        try:
            point.load()(app)
        except Exception as error:  # noqa: BLE001 - a broken neighbour must not take the other commands along
            say(f"! The commands of {point.value} are missing: {error}")
