"""`fenxiao trace queries` and `subscriptions`: over the standard's REST binding, which alone has them."""

# ruff: noqa: PLC0415 - loaded at every call; what asks the services only when a command runs

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import typer

from fenxiao.cli import output
from fenxiao.cli.arguments import read_bytes
from fenxiao.cli.exits import Misuse
from fenxiao.cli.items import MOMENT_HELP, LimitOption
from fenxiao.cli.session import Session, id_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client
    from fenxiao.client.web import WebAnswer

_PAGE: Final = 100
Words = list[str] | None
QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help=t("The query's name."))]
SubscriptionArgument = Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help=t("The subscription's UUID."))]


def add(group: typer.Typer) -> None:
    """Add the commands."""
    queries = typer.Typer(help=t("Named queries, to which others subscribe."), no_args_is_help=True)
    queries.command("define", help=t("Give a query a name."))(define)
    queries.command("list", help=t("List named queries."))(list_queries)
    queries.command("remove", help=t("Remove a query; its subscriptions end."))(remove_query)
    group.add_typer(queries, name="queries")
    subs = typer.Typer(help=t("Who is sent what a named query finds."), no_args_is_help=True)
    subs.command("add", help=t("Send what a query finds to an address, as it comes or by a schedule."))(
        add_subscription
    )
    subs.command("list", help=t("List the subscriptions to a query."))(list_subscriptions)
    subs.command("remove", help=t("End a subscription; its secret is destroyed."))(remove_subscription)
    subs.command("dead-letters", help=t("List what could not be delivered."))(dead_letters)
    subs.command("retry", help=t("Send what could not be delivered once more."))(retry)
    group.add_typer(subs, name="subscriptions")


def define(
    context: typer.Context,
    name: QueryArgument,
    parameters: Annotated[
        list[str],
        typer.Option("--param", metavar="NAME=VALUE", help=t("A parameter of SimpleEventQuery; values divided by |.")),
    ],
    prefixes: Annotated[
        Words, typer.Option("--prefix", metavar="PREFIX=NAMESPACE", help=t("A prefix of fields in --param."))
    ] = None,
) -> None:
    """Define a query."""
    from zoneinfo import ZoneInfo

    from fenxiao.cli.queries import read_query

    session = Session.of(context)
    asked = read_query(parameters, prefixes or (), (), {}, ZoneInfo("UTC"))
    found = _ask(session, "POST", "", {"name": name, "query": asked}).json
    output.print_json(found) if session.as_json else output.facts([(t("query"), found["name"])])


def list_queries(context: typer.Context, limit: LimitOption = 0) -> None:
    """Print the named queries."""
    session = Session.of(context)
    found = _list(session, "", limit)
    if session.as_json:
        output.print_json({"queries": found})
        return
    output.table(
        [t("query"), t("asks for")],
        [[one["name"], ", ".join(f"{name}={_shown(value)}" for name, value in one["query"].items())] for one in found],
    )


def _shown(value: Any) -> str:
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] # JSON


def remove_query(context: typer.Context, name: QueryArgument) -> None:
    """Remove a query."""
    session = Session.of(context)
    _ask(session, "DELETE", f"/{quote(name, safe='')}")
    _done(session, {"query": name, "removed": True})


def add_subscription(
    context: typer.Context,
    query: QueryArgument,
    target: Annotated[str, typer.Argument(metavar="URL", help=t("Where results are posted: http or https."))],
    stream: Annotated[bool, typer.Option("--stream", help=t("As events come."))] = False,
    schedule: Annotated[
        Words,
        typer.Option("--schedule", metavar="FIELD=VALUE", help=t("By a schedule in UTC, such as hour=6; repeatable.")),
    ] = None,
    since: Annotated[str, typer.Option("--recorded-since", metavar="TIME", help=MOMENT_HELP)] = "",
    report_if_empty: Annotated[
        bool, typer.Option("--report-if-empty", help=t("Also when a schedule finds nothing."))
    ] = False,
    secret: Annotated[
        Path | None,
        typer.Option("--secret-file", metavar="FILE", help=t("A secret of 16 characters or more that signs results.")),
    ] = None,
) -> None:
    """Subscribe."""
    session = Session.of(context)
    if stream == bool(schedule):
        raise Misuse("WRONG_USAGE", "Give --stream, or --schedule FIELD=VALUE.")
    body: dict[str, Any] = {"dest": target, "reportIfEmpty": report_if_empty}
    if schedule:
        body["schedule"] = dict(map(_field, schedule))
    else:
        body["stream"] = True
    if secret is not None:
        body["signatureToken"] = read_bytes(secret).decode(errors="replace").strip()

    async def work(client: "Client") -> str:
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        if since:
            body["initialRecordTime"] = read_moment(since, zone(programme.time_zone)).isoformat()
        path = f"/{id_of(programme.name)}/epcis/queries/{quote(query, safe='')}/subscriptions"
        return id_of((await _call(client, "POST", path, body)).headers.get("Location", ""))

    found = session.run(work)
    _done(session, {"query": query, "subscription": found})


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Misuse("INVALID_PARAMETER", f"{text[:60]!r} is no field of a schedule; write one such as hour=6.")
    return name, value


def list_subscriptions(context: typer.Context, query: QueryArgument, limit: LimitOption = 0) -> None:
    """Print the subscriptions to a query."""
    session = Session.of(context)
    found = _list(session, f"/{quote(query, safe='')}/subscriptions", limit)
    if session.as_json:
        output.print_json({"subscriptions": found})
        return
    output.table(
        [t("subscription"), t("target"), t("when"), t("last sent")],
        [
            [
                one["subscriptionID"],
                one["dest"],
                " ".join(f"{name}={value}" for name, value in one["schedule"].items())
                if "schedule" in one
                else t("as it comes"),
                one.get("lastNotifiedAt", ""),
            ]
            for one in found
        ],
    )


def remove_subscription(context: typer.Context, query: QueryArgument, subscription: SubscriptionArgument) -> None:
    """End a subscription."""
    session = Session.of(context)
    _ask(session, "DELETE", _place(query, subscription))
    _done(session, {"query": query, "subscription": subscription, "removed": True})


def dead_letters(
    context: typer.Context, query: QueryArgument, subscription: SubscriptionArgument, limit: LimitOption = 0
) -> None:
    """Print what could not be delivered."""
    session = Session.of(context)
    found = _list(session, f"{_place(query, subscription)}/deadLetters", limit)
    if session.as_json:
        output.print_json({"dead_letters": found})
        return
    output.table(
        [t("number"), t("events"), t("tries"), t("problem")],
        [[str(one["number"]), str(one["events"]), str(one["tries"]), one["problem"]] for one in found],
        right=[0, 1, 2],
    )


def retry(
    context: typer.Context,
    query: QueryArgument,
    subscription: SubscriptionArgument,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=t("As `dead-letters` shows it."))],
) -> None:
    """Send a dead letter again."""
    session = Session.of(context)
    _ask(session, "POST", f"{_place(query, subscription)}/deadLetters/{number}")
    _done(session, {"query": query, "subscription": subscription, "number": number, "retried": True})


def _place(query: str, subscription: str) -> str:
    return f"/{quote(query, safe='')}/subscriptions/{quote(subscription, safe='')}"


def _done(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
    else:
        output.facts([(t(name), t("yes") if value is True else str(value)) for name, value in found.items()])


def _ask(session: Session, method: str, path: str, body: Any = None) -> "WebAnswer":
    """Ask for something below the programme's queries."""

    async def work(client: "Client") -> "WebAnswer":
        programme = id_of((await session.find_programme(client)).name)
        return await _call(client, method, f"/{programme}/epcis/queries{path}", body)

    return session.run(work)


async def _call(client: "Client", method: str, path: str, body: Any = None) -> "WebAnswer":
    from fenxiao.client.web import call_web

    return await call_web(client, "traceability", method, path, body)


def _list(session: Session, path: str, limit: int) -> list[dict[str, Any]]:
    """Give all pages of a list."""

    async def work(client: "Client") -> list[dict[str, Any]]:
        programme = id_of((await session.find_programme(client)).name)
        following = f"/{programme}/epcis/queries{path}?perPage={min(limit or _PAGE, _PAGE)}"
        found: list[dict[str, Any]] = []
        while following and not (limit and len(found) >= limit):
            answer = await _call(client, "GET", following)
            found += answer.json
            link = answer.headers.get("Link", "")
            following = link[1 : link.index(">")] if link.startswith("<") else ""
        return found[: limit or None]

    return session.run(work)
