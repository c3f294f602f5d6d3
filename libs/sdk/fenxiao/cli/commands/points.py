"""`fenxiao points`: show, list, redeem, redemptions, fulfil, cancel."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, find_member, references_of, time_text
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.api.settlement.v1 import points_pb2
    from fenxiao.client import Client

_PAGE = 500
_FIGURES = ("accrued", "clawed_back", "held", "available", "redeemed", "expired", "debt")

MemberOption = Annotated[
    str, typer.Option("--member", metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
]
RedemptionArgument = Annotated[str, typer.Argument(metavar="REDEMPTION", help=t("The redemption's UUID."))]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help=t("At most so many; all of them if 0."))]


class State(StrEnum):
    """How far a redemption is."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    CREDITED = "credited"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help=t("Points of members: what they have, and what they redeem."), no_args_is_help=True)
    group.command("show", help=t("Show what a member has of each kind of points, and when it expires."))(show)
    group.command("list", help=t("List what all members have of points."))(list_)
    group.command("redeem", help=t("Redeem a member's points for a reward."))(redeem)
    group.command("redemptions", help=t("List redemptions, in the order in which they were made."))(redemptions)
    group.command("fulfil", help=t("Note that what was redeemed was delivered."))(fulfil)
    group.command("cancel", help=t("Give the points back for what is not delivered."))(cancel)
    app.add_typer(group, name="points")


def show(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ],
) -> None:
    """Print a member's points."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points

        parent = (await session.find_programme(client)).name
        name, reference = await find_member(client, parent, member)
        answer = await client.settlement.GetPoints(points_pb2.GetPointsRequest(name=name))
        return {
            "as_of": time_text(answer.as_of) if answer.HasField("as_of") else None,
            "points": [shapes_points.points_with_lots(one, {name: reference}) for one in answer.points],
        }

    found = session.run(work)
    if session.as_json:
        output.print_json(found)
        return
    _print_balances(found["points"])
    for one in found["points"]:
        expiry = one["next_expiry"]
        following = f"{expiry['at']}  {expiry['points']:,}" if expiry else ""
        output.facts([(t("points"), one["points"]), (t("expires next"), following)])
        output.table(
            [t("line"), t("earned at"), t("held until"), t("expires"), t("held"), t("available")],
            [
                [
                    lot["line"],
                    lot["earned_at"],
                    lot["hold_until"] or "",
                    lot["expires_at"] or "",
                    f"{lot['held']:,}",
                    f"{lot['available']:,}",
                ]
                for lot in one["lots"]
            ],
            right=[4, 5],
        )


def list_(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--kind", help=t("Only this kind of points."))] = "",
    limit: LimitOption = 0,
) -> None:
    """Print what members have of points."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = points_pb2.ListPointsRequest(parent=parent, points=kind, page_size=min(limit or _PAGE, _PAGE))
        found: list[points_pb2.Points] = []
        async for page in pages(client.settlement.ListPoints, request):
            found += page.points
            if limit and len(found) >= limit:
                break
        found = found[: limit or None]
        members = await references_of(client, parent, {shapes_points.member_of(one) for one in found})
        return [shapes_points.points(one, members) for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"points": found})
    else:
        _print_balances(found)


def redeem(
    context: typer.Context,
    member: Annotated[
        str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
    ],
    reward: Annotated[str, typer.Argument(metavar="REWARD", help=t("The reward's id."))],
    quantity: Annotated[int, typer.Option("--quantity", min=1, help=t("How many of the reward."))] = 1,
    version: Annotated[
        int, typer.Option("--version", min=0, help=t("The version that the member has seen; another one is refused."))
    ] = 0,
) -> None:
    """Redeem points."""
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        from fenxiao.api.settlement.v1 import points_pb2

        parent = (await session.find_programme(client)).name
        name, _ = await find_member(client, parent, member)
        request = points_pb2.RedeemPointsRequest(
            parent=parent, member=name, reward=f"{parent}/rewards/{reward}", quantity=quantity, version=version
        )
        return await _shown(client, parent, await client.settlement.RedeemPoints(request))

    _print(session, session.run(work))


def redemptions(
    context: typer.Context,
    member: MemberOption = "",
    reward: Annotated[str, typer.Option("--reward", help=t("Only of this reward."))] = "",
    state: Annotated[State | None, typer.Option("--state", help=t("Only those in this state."))] = None,
    limit: LimitOption = 100,
) -> None:
    """Print redemptions."""
    session = Session.of(context)

    async def work(client: "Client") -> list[dict[str, Any]]:
        from fenxiao.api.settlement.v1 import points_pb2
        from fenxiao.cli import shapes_points
        from fenxiao.client.client import pages

        parent = (await session.find_programme(client)).name
        request = points_pb2.ListRedemptionsRequest(
            parent=parent,
            member=(await find_member(client, parent, member))[0] if member else "",
            reward=f"{parent}/rewards/{reward}" if reward else "",
            page_size=min(limit or _PAGE, _PAGE),
        )
        if state is not None:
            request.state = points_pb2.RedemptionState.Value(f"REDEMPTION_STATE_{state.name}")
        found: list[points_pb2.Redemption] = []
        async for page in pages(client.settlement.ListRedemptions, request):
            found += page.redemptions
            if limit and len(found) >= limit:
                break
        found = found[: limit or None]
        members = await references_of(client, parent, {shapes_points.redeemer_of(one) for one in found})
        return [shapes_points.redemption(one, members) for one in found]

    found = session.run(work)
    if session.as_json:
        output.print_json({"redemptions": found})
        return
    output.table(
        [t("redemption"), t("member"), t("reward"), t("quantity"), t("amount"), t("gives"), t("state"), t("time")],
        [
            [
                one["redemption"],
                one["member_id"] or one["member"],
                one["reward"],
                f"{one['quantity']:,}",
                _amount(one),
                _gives(one),
                t(one["state"]),
                one["recorded_at"],
            ]
            for one in found
        ],
        right=[3, 4, 5],
    )


def fulfil(context: typer.Context, redemption: RedemptionArgument) -> None:
    """Note a delivery."""
    from fenxiao.api.settlement.v1 import points_pb2

    _end(context, redemption, lambda client: client.settlement.FulfilRedemption, points_pb2.FulfilRedemptionRequest)


def cancel(context: typer.Context, redemption: RedemptionArgument) -> None:
    """Cancel a redemption."""
    from fenxiao.api.settlement.v1 import points_pb2

    _end(context, redemption, lambda client: client.settlement.CancelRedemption, points_pb2.CancelRedemptionRequest)


def _end(context: typer.Context, redemption: str, method: "Callable[[Client], Any]", request: Any) -> None:
    session = Session.of(context)

    async def work(client: "Client") -> dict[str, Any]:
        parent = (await session.find_programme(client)).name
        name = f"{parent}/redemptions/{redemption.rpartition('/')[2].lower()}"
        return await _shown(client, parent, await method(client)(request(name=name)))

    _print(session, session.run(work))


async def _shown(client: "Client", parent: str, message: "points_pb2.Redemption") -> dict[str, Any]:
    from fenxiao.cli import shapes_points

    members = await references_of(client, parent, {shapes_points.redeemer_of(message)})
    return shapes_points.redemption(message, members)


def _amount(found: dict[str, Any]) -> str:
    from fenxiao.cli.amounts import amount_text

    return amount_text(found["amount"], "", found["points"])


def _gives(found: dict[str, Any]) -> str:
    from fenxiao.cli.amounts import amount_text

    money = found["money"]
    return amount_text(money["amount"], money["currency"]) if money else t("a thing")


def _print(session: Session, found: dict[str, Any]) -> None:
    if session.as_json:
        output.print_json(found)
        return
    output.facts(
        [
            (t("redemption"), found["redemption"]),
            (t("state"), t(found["state"])),
            (t("member"), found["member_id"] or found["member"]),
            (t("reward"), found["reward"]),
            (t("quantity"), f"{found['quantity']:,}"),
            (t("amount"), _amount(found)),
            (t("gives"), _gives(found)),
        ]
    )


def _print_balances(found: list[dict[str, Any]]) -> None:
    output.table(
        [t("member"), t("points"), *(t(key.replace("_", " ")) for key in _FIGURES)],
        [[one["member_id"] or one["member"], one["points"], *(f"{one[key]:,}" for key in _FIGURES)] for one in found],
        right=range(2, len(_FIGURES) + 2),
    )
