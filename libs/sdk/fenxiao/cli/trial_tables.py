"""Simulations and comparisons of plans as tables, for people."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import typer

from fenxiao.cli import output, trials
from fenxiao.cli.refusals import refusal_text
from fenxiao.cli.texts import language, t
from fenxiao.cli.trials import Trial
from fenxiao.client.facts import FactFiles
from fenxiao.money import format_minor, plain

_SHOWN: Final = 20


def print_problems(found: FactFiles) -> None:
    """Print lines that cannot be."""
    rows = [
        [Path(p.file).name, str(p.line), p.id, p.reason, refusal_text(p.reason, p.message)]
        for p in found.problems[:_SHOWN]
    ]
    output.table([t("file"), t("line"), "id", t("reason"), t("problem")], rows, right=[1])


def print_trial(done: Trial, files: FactFiles, top: int, worst: int) -> None:
    """Print what a simulation comes to: totals by component, level and member, and who comes off worst."""
    found, given = trials.trial(done, worst), trials.given(files, done.simulation.facts)
    totals, money = found["totals"], _money(done.currency)
    output.facts(
        [
            *((t("version"), f"{one['version']}  {one['hash']}") for one in found["plans"]),
            (t("members"), f"{given['members']:,}"),
            (t("sales"), f"{given['sales']:,}"),
            (t("returns"), f"{given['returns']:,}"),
            (t("net sales"), f"{Decimal(found['net_sales']):,f} {done.currency}"),
            (t("accrued"), money(totals["accrued"])),
            (t("clawed back"), money(totals["clawed_back"])),
            (t("cut by caps"), money(totals["cut"])),
            (t("net"), money(totals["net"])),
            (t("of this an estimate"), money(totals["estimate"])),
            (t("share of sales"), _percent(totals["share_of_sales"])),
            (t("lines"), f"{totals['lines']:,}"),
        ]
    )
    for points in found["points"]:
        output.facts([(f"{t('points')} {points['asset']}", f"{points['totals']['net']:,}")])
    output.table(
        [t("component"), t("type"), t("lines"), t("net"), t("share of sales"), t("cut by caps")],
        [
            [
                one["component"],
                one["type"],
                f"{one['lines']:,}",
                money(one["net"]),
                _percent(one["share_of_sales"]),
                money(one["cut"]),
            ]
            for one in found["by_component"]
        ],
        right=[2, 3, 4, 5],
    )
    output.table(
        [t("component"), t("level"), t("lines"), t("net"), t("share of sales")],
        [
            [
                one["component"],
                str(one["level"]),
                f"{one['lines']:,}",
                money(one["net"]),
                _percent(one["share_of_sales"]),
            ]
            for one in found["by_level"]
        ],
        right=[1, 2, 3, 4],
    )
    members = sorted(found["by_member"], key=lambda one: (-one["net"], one["member_id"]))
    _print_members(members[: top or None], money)
    _say_more(len(members), top)
    board = trials.leaderboard(done.board)
    if board is not None:
        head = t("Leaderboard of the last period, from {start}, by {by}")
        typer.echo(head.format(start=board["start"], by=board["by"]))
        output.table(
            [t("standing"), t("member"), t("value"), t("rank")],
            [[str(one["place"]), one["member_id"], one["value"], one["rank"]] for one in board["standings"]],
            right=[0, 2],
        )
    if found["worst"]:
        typer.echo(t("Who comes off worst: below zero, or with most lost to returns and caps"))
        _print_members(found["worst"], money)
    if found["unrated_sales"]:
        count = f"{found['unrated_sales']:,}"
        output.say(t("{count} sales lie before the plan is in force; --always rates them too.").format(count=count))
    if files.refused:
        output.say(t("{count} lines were refused and left out.").format(count=f"{files.refused:,}"))


def _print_members(members: Sequence[Any], money: Callable[[int], str]) -> None:
    keys = ("accrued", "clawed_back", "cut", "net")
    output.table(
        [t("member"), t("lines"), t("accrued"), t("clawed back"), t("cut by caps"), t("net")],
        [[one["member_id"], f"{one['lines']:,}", *(money(one[key]) for key in keys)] for one in members],
        right=[1, 2, 3, 4, 5],
    )


def print_comparison(found: dict[str, Any], top: int) -> None:
    """Print who would win and who would lose."""
    money = _money(found["currency"])
    sides = [found["a"], found["b"]]
    output.facts(
        [
            (t("net sales"), f"{Decimal(found['net_sales']):,f} {found['currency']}"),
            *(
                (name, f"{side['version']}  {side['hash'][:12]}  {money(side['totals']['net'])}  "
                 f"{_percent(side['totals']['share_of_sales'])}")
                for name, side in zip("AB", sides, strict=True)
            ),
            (t("difference"), money(found["difference"])),
            (t("winners"), f"{found['winners']['members']:,}  {money(found['winners']['amount'])}"),
            (t("losers"), f"{found['losers']['members']:,}  {money(found['losers']['amount'])}"),
            (t("unchanged"), f"{found['unchanged']:,}"),
        ]
    )  # fmt: skip

    def show(rows: Sequence[Any], name: str, head: str) -> None:
        output.table(
            [head, "A", "B", t("difference")],
            [[one[name], money(one["a"]), money(one["b"]), money(one["difference"])] for one in rows],
            right=[1, 2, 3],
        )

    show(found["by_component"], "component", t("component"))
    losers = [one for one in found["by_member"] if one["difference"] < 0]
    winners = [one for one in reversed(found["by_member"]) if one["difference"] > 0]
    for rows, head in ((losers, t("losers")), (winners, t("winners"))):
        if rows:
            show(rows[: top or None], "member_id", head)
            _say_more(len(rows), top)


def _say_more(in_all: int, shown: int) -> None:
    if shown and in_all > shown:
        more = f"{in_all - shown:,}"
        output.say(t("{count} more members; --top 0 or --json shows all of them.").format(count=more))


def _money(currency: str) -> Callable[[int], str]:
    return lambda minor: format_minor(minor, currency, language())


def _percent(share: str) -> str:
    return f"{plain(Decimal(share).scaleb(2))} %" if share else "–"
