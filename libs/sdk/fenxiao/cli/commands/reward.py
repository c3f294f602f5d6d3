"""`fenxiao reward`: define, list, withdraw."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, to_stamp
from fenxiao.cli.texts import CHINESE, language, t

if TYPE_CHECKING:
    from fenxiao.client import Client

_PAGE = 500

RewardArgument = Annotated[str, typer.Argument(metavar="REWARD", help=t("The reward's id."))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Rewards: what points can be redeemed for."), no_args_is_help=True)
    group.command("define", help=t("Define a reward, or another version of it."))(define)
    group.command("list", help=t("List rewards, the newest version of each."))(list_)
    group.command("withdraw", help=t("Take a reward out of the offer."))(withdraw)
    app.add_typer(group, name="reward")


def define(  # a reward has as many properties
    context: typer.Context,
    reward: Annotated[
        str, typer.Argument(metavar="REWARD", help=t("Begins with a-z, then up to 63 of a-z, 0-9, _ and -."))
    ],
    points: Annotated[str, typer.Option("--points", metavar="KIND", help=t("The kind of points."))],
    price: Annotated[int, typer.Option("--price", min=1, help=t("Points for one."))],
    title_en: Annotated[str, typer.Option("--title-en", help=t("What it is called in English."))],
    title_zh: Annotated[str, typer.Option("--title-zh", help=t("What it is called in Chinese."))],
    stock: Annotated[
        int | None,
        typer.Option("--stock", min=1, help=t("How many there are; as many as are wanted if it is left out.")),
    ] = None,
    start: Annotated[str, typer.Option("--from", help=t("It can be redeemed from then on: a date or a time."))] = "",
    end: Annotated[str, typer.Option("--to", help=t("It can be redeemed up to then: a date or a time."))] = "",
    money: Annotated[
        str,
        typer.Option(
            "--money", metavar="AMOUNT", help=t("What one gives in money, such as 5.00; a thing if it is left out.")
        ),
    ] = "",
    currency: Annotated[
        str, typer.Option("--currency", help=t("The currency of --money; the programme's if it is left out."))
    ] = "",
) -> None:
    """Define a reward."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points
        from fenxiao.cli.periods import read_moment, zone

        programme = await session.find_programme(client)
        where = zone(programme.time_zone)
        wanted = points_pb2.Reward(
            points=points,
            price_points=price,
            title_en=title_en,
            title_zh=title_zh,
            stock=stock,
            start_time=to_stamp(read_moment(start, where)) if start else None,
            end_time=to_stamp(read_moment(end, where)) if end else None,
        )
        if money:
            wanted.money.currency = currency or programme.currency
            wanted.money.amount_minor = _minor(money, wanted.money.currency)
        request = points_pb2.DefineRewardRequest(parent=programme.name, reward_id=reward, reward=wanted)
        return shapes_points.reward(await client.settlement.DefineReward(request))

    _print(session, session.run(work))


def list_(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--kind", help=t("Only this kind of points."))] = "",
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help=t("Those that are withdrawn, too."))] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))] = 0,
) -> None:
    """Print rewards."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        size = min(limit or _PAGE, _PAGE)
        request = points_pb2.ListRewardsRequest(parent=parent, points=kind, with_withdrawn=withdrawn, page_size=size)
        found: list[points_pb2.Reward] = []
        async for page in pages(client.settlement.ListRewards, request):
            found += page.rewards
            if limit and len(found) >= limit:
                break
        return [shapes_points.reward(one) for one in found[: limit or None]]

    found = session.run(work)
    if session.as_json:
        output.print_json({"rewards": found})
        return
    output.table(
        [t("reward"), t("name"), t("price"), t("gives"), t("left"), t("from"), t("to"), t("state")],
        [
            [
                one["reward"],
                one["title_zh" if language() == CHINESE else "title_en"],
                _price(one),
                _gives(one),
                _left(one),
                one["from"] or "",
                one["to"] or "",
                _state(one),
            ]
            for one in found
        ],
        right=[2, 3, 4],
    )


def withdraw(context: typer.Context, reward: RewardArgument) -> None:
    """Withdraw a reward."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points

        parent = (await session.find_programme(client)).name
        request = points_pb2.WithdrawRewardRequest(name=f"{parent}/rewards/{reward}")
        return shapes_points.reward(await client.settlement.WithdrawReward(request))

    _print(session, session.run(work))


def _minor(text: str, currency: str) -> int:
    """Read an amount of money as minor units."""
    from fenxiao.errors import Refusal
    from fenxiao.money import EXACT, minor_digits, parse_amount

    digits = minor_digits(currency)
    minor = parse_amount(text, field="money").scaleb(digits, EXACT)
    if minor != minor.to_integral_value():
        message = f"{text[:40]!r} has more than {digits} digits after the point, which {currency} has not."
        raise Refusal("INVALID_AMOUNT", message, field="money")
    return int(minor)


def _price(found: dict[str, Any]) -> str:
    from fenxiao.cli.amounts import amount_text

    return amount_text(found["price"], "", found["points"])


def _gives(found: dict[str, Any]) -> str:
    from fenxiao.cli.amounts import amount_text

    money = found["money"]
    return amount_text(money["amount"], money["currency"]) if money else t("a thing")


def _left(found: dict[str, Any]) -> str:
    return "" if found["stock"] is None else f"{found['stock'] - found['redeemed']:,} / {found['stock']:,}"


def _state(found: dict[str, Any]) -> str:
    return t("withdrawn") if found["withdrawn"] else t("on offer")


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    facts = [
        (t("reward"), f"{found['reward']}  v{found['version']}"),
        (t("name"), f"{found['title_en']}  {found['title_zh']}"),
        (t("price"), _price(found)),
        (t("gives"), _gives(found)),
        (t("left"), _left(found)),
        (t("from"), found["from"] or ""),
        (t("to"), found["to"] or ""),
        (t("state"), _state(found)),
    ]
    output.facts([fact for fact in facts if fact[1]])
