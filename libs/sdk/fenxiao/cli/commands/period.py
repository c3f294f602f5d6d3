"""`fenxiao period`: close, list, show, estimate."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import alarms, output
from fenxiao.cli.session import Session, find_member, id_of, references_of
from fenxiao.cli.texts import language, t

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.client import Client

_PAUSE = 0.2
"""Seconds between two looks at a period that is being closed."""
_PAGE = 500

LimitOption = Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))]
MemberOption = Annotated[
    str, typer.Option("--member", metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Commission periods."), no_args_is_help=True)
    group.command("close", help=t("Close every period that is over, and post what it comes to."))(close)
    group.command("list", help=t("List periods: the closed ones, then the open one."))(list_)
    group.command("show", help=t("Show what members came to in a closed period."))(show)
    group.command("estimate", help=t("Show what the open period comes to so far; nothing is posted."))(estimate)
    app.add_typer(group, name="period")


def close(
    context: typer.Context,
    as_of: Annotated[
        str,
        typer.Option("--as-of", help=t("A date in the programme's time zone, or a time with its offset (RFC 3339).")),
    ],
) -> None:
    """Close one period behind the other, up to the last that is over by then. What is closed stays as it is."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        moment = read_moment(as_of, zone(programme.time_zone))
        closed: list[dict[str, Any]] = []
        raised: list[commission_pb2.Alarm] = []
        with output.progress(quiet=session.as_json) as advance:
            while (period := await _close_next(client, programme.name, moment)) is not None:
                closed.append(period)
                name = f"{programme.name}/periods/{period['period']}"
                request = commission_pb2.ListAlarmsRequest(parent=programme.name, raised_by=name)
                raised += await alarms.read(client, request)
                advance(t("periods closed"), len(closed), len(closed))
        return {"periods": closed, "alarms": await alarms.shaped(client, programme.name, raised)}

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    _print_periods(found["periods"])
    _print_alarms(found["alarms"])


def list_(context: typer.Context, limit: LimitOption = 100) -> None:
    """Print the periods of a programme."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = commission_pb2.ListPeriodsRequest(parent=parent, page_size=min(limit or _PAGE, _PAGE))
        found: list[dict[str, Any]] = []
        async for page in pages(client.commission.ListPeriods, request):
            found += map(shapes.period, page.periods)
            if limit and len(found) >= limit:
                return found[:limit]
        return found

    found = session.run(work)
    if session.as_json:
        output.print_json({"periods": found})
    else:
        _print_periods(found)


def show(
    context: typer.Context,
    period: Annotated[str, typer.Argument(metavar="DAY", help=t("The period's first day, such as 2026-01-01."))],
    member: MemberOption = "",
    limit: LimitOption = 100,
) -> None:
    """Print what members came to in a closed period."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        programme = await session.find_programme(client)
        name = f"{programme.name}/periods/{period}"
        found = await client.commission.GetPeriod(commission_pb2.GetPeriodRequest(name=name))
        who = (await find_member(client, programme.name, member))[0] if member else ""
        request = commission_pb2.ListRatingsRequest(parent=name, member=who, page_size=min(limit or _PAGE, _PAGE))
        ratings: list[commission_pb2.Rating] = []
        async for page in pages(client.commission.ListRatings, request):
            ratings += page.ratings
            if limit and len(ratings) >= limit:
                break
        rows = await _rows(client, programme.name, ratings[: limit or None])
        listing = commission_pb2.ListAlarmsRequest(parent=programme.name, period=name)
        about = await alarms.shaped(client, programme.name, await alarms.read(client, listing, limit))
        return {"period": shapes.period(found), "ratings": rows, "alarms": about}

    _print_ratings(session, session.run(work))


def estimate(context: typer.Context, member: MemberOption = "", limit: LimitOption = 100) -> None:
    """Print what the open period comes to so far."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.commission.v1 import commission_pb2
        from fenxiao.cli import shapes
        from fenxiao.client.client import pages

        programme = await session.find_programme(client)
        who = (await find_member(client, programme.name, member))[0] if member else ""
        request = commission_pb2.EstimatePeriodRequest(
            parent=programme.name, member=who, page_size=min(limit or _PAGE, _PAGE)
        )
        period: dict[str, Any] = {}
        ratings: list[commission_pb2.Rating] = []
        would: list[commission_pb2.Alarm] = []
        in_all = 0
        async for page in pages(client.commission.EstimatePeriod, request):
            period, in_all = shapes.period(page.period), page.alarms_in_all
            ratings += page.ratings
            would += page.alarms
            if limit and len(ratings) >= limit:
                break
        return {
            "period": period,
            "ratings": await _rows(client, programme.name, ratings[: limit or None]),
            "alarms": await alarms.shaped(client, programme.name, would),
            "alarms_in_all": in_all,
        }

    _print_ratings(session, session.run(work))


async def _close_next(client: "Client", parent: str, until: "datetime") -> dict[str, Any] | None:
    """Close the open period if it is over by a moment, and wait until all of it is posted."""
    import asyncio

    from fenxiao.api.commission.v1 import commission_pb2
    from fenxiao.cli import shapes
    from fenxiao.verify.facts import moment

    period = await client.commission.GetPeriod(commission_pb2.GetPeriodRequest(name=f"{parent}/periods/open"))
    if moment(period.end_time) > until:
        return None
    request = commission_pb2.ClosePeriodRequest(parent=parent, period=id_of(period.name))
    period = await client.commission.ClosePeriod(request)
    while period.state != commission_pb2.PERIOD_STATE_CLOSED:
        await asyncio.sleep(_PAUSE)
        period = await client.commission.GetPeriod(commission_pb2.GetPeriodRequest(name=period.name))
    return shapes.period(period)


async def _rows(client: "Client", parent: str, ratings: "Iterable[commission_pb2.Rating]") -> list[dict[str, Any]]:
    from fenxiao.cli import shapes

    found = list(ratings)
    references = await references_of(client, parent, {one.member for one in found})
    return [shapes.rating(one, references) for one in found]


def _print_alarms(found: list[dict[str, Any]]) -> None:
    if found:
        typer.echo(t("Alarms"))
        alarms.print_alarms(found)


def _print_periods(periods: list[dict[str, Any]]) -> None:
    from fenxiao.money import format_minor

    output.table(
        [t("period"), t("from"), t("to"), t("state"), t("lines"), t("members"), t("posted")],
        [
            [
                one["period"],
                one["start"],
                one["end"],
                t(one["state"]),
                f"{one['lines']:,}",
                f"{one['members']:,}",
                format_minor(one["posted"], one["currency"], language()),
            ]
            for one in periods
        ],
        right=(4, 5, 6),
    )


def _print_ratings(session: Session, found: dict[str, Any]) -> None:
    from fenxiao.money import format_minor

    if session.as_json:
        output.print_json(found)
        return
    period = found["period"]
    output.facts([(t("period"), period["period"]), (t("state"), t(period["state"]))])
    output.table(
        [t("member"), t("personal volume"), t("group volume"), t("rank"), t("highest rank"), t("earned")],
        [
            [
                row["member_id"] or row["member"],
                row["personal_volume"],
                row["group_volume"],
                row["rank"],
                row["highest_rank"],
                format_minor(row["earned"], row["currency"], language()),
            ]
            for row in found["ratings"]
        ],
        right=(1, 2, 5),
    )
    if count := found.get("alarms_in_all"):
        output.say(t("Alarms that its close would raise as it stands: {count}").format(count=f"{count:,}"))
    _print_alarms(found["alarms"])
