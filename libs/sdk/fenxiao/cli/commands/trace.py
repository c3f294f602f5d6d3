"""`fenxiao trace`: where goods come from, where they are and who has them; with the modules beside it."""

import typer

from fenxiao.cli.commands import (
    trace_capture,
    trace_links,
    trace_masterdata,
    trace_names,
    trace_privacy,
    trace_query,
    trace_rules,
    trace_subscriptions,
    trace_tree,
    trace_where,
)
from fenxiao.cli.texts import t


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Traced goods: where from, where now, who has them."), no_args_is_help=True)
    for module in (
        trace_capture,
        trace_query,
        trace_tree,
        trace_where,
        trace_rules,
        trace_names,
        trace_masterdata,
        trace_links,
        trace_subscriptions,
        trace_privacy,
    ):
        module.add(group)
    app.add_typer(group, name="trace")
