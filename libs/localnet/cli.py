"""The commands that stand beside the others where the network's own code is installed.

`up`, `demo` and `doctor` run it; `fund` and `wallets` stand in for a merchant's money and for the members' own wallets.
Data goes to stdout, progress and problems to stderr. Exit codes: 0 done, 1 failed (for `doctor`: a check failed),
2 wrong usage, 3 not running, 130 interrupted before the end.
"""

# ruff: noqa: PLC0415 - the command line loads this module at every call; what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from fenxiao.cli import texts
from fenxiao.cli.session import Session
from fenxiao.cli.texts import t
from libs.localnet.texts import CHINESE

texts.add(CHINESE)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="FENXIAO_HOME", help=t("Directory of the network; `.fenxiao` if none is named.")),
]
JsonOption = Annotated[bool, typer.Option("--json", help=t("Print JSON on stdout."))]


def register(app: typer.Typer) -> None:
    """Add the commands; found through the entry-point group `fenxiao.commands`."""
    for command in (up, demo, doctor, fund, wallets):
        app.command(help=t((command.__doc__ or "").strip()), rich_help_panel="Network on this machine")(command)


def up(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Start the whole network and leave it running until Ctrl-C. Its data is kept."""
    from libs.localnet import commands

    raise typer.Exit(commands.up(home, as_json=as_json))


def demo(
    home: HomeOption = None,
    as_json: JsonOption = False,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help=t("What happens; see --list. The main job is gift."))
    ] = "gift",
    list_them: Annotated[bool, typer.Option("--list", help=t("List the scenarios, and start nothing."))] = False,
) -> None:
    """Run a scenario on a fresh network, and check what it shows. The main job: orders in, members paid, verified."""
    from libs.localnet import commands

    raise typer.Exit(
        commands.scenarios(as_json=as_json) if list_them else commands.demo(home, scenario, as_json=as_json)
    )


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check what the network needs, and say how to mend what is missing. Exit code 1 if something is."""
    from libs.localnet import commands

    raise typer.Exit(commands.doctor(home, as_json=as_json))


def fund(
    context: typer.Context,
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help=t("How much, in the programme's currency, such as 1234.50."))
    ],
) -> None:
    """Put test money into the vault for a programme."""
    from libs.localnet import hands_on

    hands_on.fund(Session.of(context), amount)


def wallets(context: typer.Context) -> None:
    """Bind a development wallet to each member who has no proven one."""
    from libs.localnet import hands_on

    hands_on.wallets(Session.of(context))
