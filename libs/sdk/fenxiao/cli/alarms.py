"""Alarms: read from the service and shown, wherever a command has some to show."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import references_of
from fenxiao.cli.texts import language, t

if TYPE_CHECKING:
    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client

_PAGE = 500


async def read(
    client: "Client", request: "commission_pb2.ListAlarmsRequest", limit: int = 0
) -> list["commission_pb2.Alarm"]:
    """Read what a request asks for; all of it, if no limit is given."""
    from fenxiao.client.client import pages

    request.page_size = min(limit or _PAGE, _PAGE)
    found: list[commission_pb2.Alarm] = []
    async for page in pages(client.commission.ListAlarms, request):
        found += page.alarms
        if limit and len(found) >= limit:
            break
    return found[: limit or None]


async def shaped(client: "Client", parent: str, alarms: "Iterable[commission_pb2.Alarm]") -> list[dict[str, Any]]:
    """Give them in their stable form, with the merchant's numbers of members."""
    from fenxiao.cli import shapes

    found = list(alarms)
    members = await references_of(client, parent, {one.member for one in found if one.member})
    return [shapes.alarm(one, members) for one in found]


def print_alarms(alarms: Sequence[Any]) -> None:
    """Print alarms, and under them once for each rule what the law says, where, and what would satisfy it."""
    suffix = "_zh" if language().startswith("zh") else ""
    output.table(
        [t("rule"), t("period"), t("state"), t("member"), t("found")],
        [
            [
                one["rule"],
                one["period"],
                t(one["state"]),
                one["member_id"] or one["member"],
                one[f"found{suffix}"],
            ]
            for one in alarms
        ],
    )
    for rule, one in {one["rule"]: one for one in alarms}.items():
        law, cure, source = (one[f"{field}{suffix}"] for field in ("law", "satisfied_by", "source"))
        typer.echo(
            t("{rule}: {law} To satisfy it: {cure} ({source})").format(rule=rule, law=law, cure=cure, source=source)
        )
