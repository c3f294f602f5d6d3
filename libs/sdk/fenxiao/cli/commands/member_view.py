"""A member as `fenxiao members` shows it, and as its commands answer."""

# ruff: noqa: PLC0415 - loaded at every call; gRPC and what stands on it only when a command runs

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenxiao.cli import output
from fenxiao.cli.session import Session, references_of
from fenxiao.cli.texts import t

if TYPE_CHECKING:
    from fenxiao.client import Client

MemberArgument = Annotated[
    str, typer.Argument(metavar="MEMBER", help=t("The merchant's number of the member, or the UUID."))
]
MomentHelp = t("A date in the programme's time zone, or a time with its offset (RFC 3339).")
SinceOption = Annotated[str, typer.Option("--since", help=MomentHelp)]


async def load(client: "Client", parent: str, name: str) -> dict[str, Any]:
    """Give the member with this resource name."""
    from fenxiao.api.membership.v1 import membership_pb2
    from fenxiao.cli import member_shapes

    found = await client.membership.GetMember(membership_pb2.GetMemberRequest(name=name))
    above = await references_of(client, parent, {found.sponsor, found.place.parent} - {""})
    return member_shapes.member(found, above)


def show(session: Session, found: dict[str, Any]) -> None:
    """Print a member."""
    if session.as_json:
        output.print_json(found)
        return
    proven = t("proven") if found["wallet_proven"] else t("not proven")
    output.facts(
        [
            (t("member"), f"{found['member_id']}  {found['member']}"),
            (t("sponsor"), f"{found['sponsor_id']}  {found['sponsor']}" if found["sponsor"] else "–"),
            (t("place"), _place(found["place"])),
            (t("joined"), found["joined_at"]),
            (t("name"), found["name"]),
            (t("country"), found["country"] or "–"),
            (t("identity"), _identity(found["verified_at"], found["verified_until"])),
            (t("wallet"), f"{found['wallet']} ({proven})" if found["wallet"] else "–"),
            (t("state"), t(found["state"])),
            (t("payee"), found["payee"]),
        ]
    )


def _identity(checked: str | None, expires: str | None) -> str:
    if checked is None:
        return t("not checked")
    if expires is None:
        return t("checked at {time}").format(time=checked)
    return t("checked at {time}, until {end}").format(time=checked, end=expires)


def _place(place: dict[str, Any] | None) -> str:
    if place is None:
        return "–"
    if not place["parent"]:
        return t("at the top")
    where = t("leg {leg} of {parent}").format(leg=place["leg"], parent=place["parent_id"] or place["parent"])
    return f"{where}  ({place['since']})"
