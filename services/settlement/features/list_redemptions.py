"""Redemptions, in the order in which they were made."""

import re
from typing import Final

from fenxiao.api.settlement.v1 import points_pb2 as pb
from fenxiao.errors import Kind, Refusal
from libs.eventlog import Reader
from libs.servicekit import Call
from libs.servicekit.paging import page
from services.settlement.api.points import MEMBER, REDEMPTION, REDEMPTION_STATES, REWARD, read_name, show_redemption
from services.settlement.views.redemptions import RedemptionRow, redemption_of, redemptions_after

_KEY: Final = re.compile(r"[1-9][0-9]{0,17}")


def list_redemptions(reader: Reader, request: pb.ListRedemptionsRequest, call: Call) -> pb.ListRedemptionsResponse:
    """A page of them; of a member, of a reward, in a state, if these are named."""
    programme, wanted = call.programme, page(request.page_size, request.page_token)
    if wanted.after and not _KEY.fullmatch(wanted.after):
        message = "page_token is not one that this method gave out; begin without one."
        raise Refusal("INVALID_PAGE_TOKEN", message, field="page_token")
    only: list[tuple[str, str]] = []
    if request.member:
        only.append(("member", read_name(MEMBER, programme, request.member, "member")))
    if request.reward:
        only.append(("reward", read_name(REWARD, programme, request.reward, "reward")))
    if (state := REDEMPTION_STATES.get(request.state)) is not None:
        only.append(("state", state.value))
    rows = redemptions_after(reader, programme, only, int(wanted.after or 0), wanted.size + 1)
    shown = rows[: wanted.size]
    return pb.ListRedemptionsResponse(
        redemptions=[show_redemption(programme, row) for row in shown],
        next_page_token=wanted.token(str(shown[-1].position)) if len(rows) > len(shown) else "",
    )


def find_redemption(reader: Reader, programme: str, name: str) -> RedemptionRow:
    """The redemption of a resource name. Raises `Refusal` UNKNOWN_REDEMPTION."""
    wanted = read_name(REDEMPTION, programme, name, "name").lower()
    row = redemption_of(reader, programme, wanted)
    if row is None:
        message = f"There is no redemption {wanted[:64]!r}; list them to see which there are."
        raise Refusal("UNKNOWN_REDEMPTION", message, field="name", kind=Kind.NOT_FOUND)
    return row
