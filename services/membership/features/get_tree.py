"""Shows the sponsor tree of any moment, a page at a time."""

from itertools import islice

from fenxiao.api.membership.v1 import membership_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog import Reader
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from libs.servicekit.paging import Page, page
from libs.servicekit.times import from_timestamp
from services.membership.adapters.personal_data import reveal
from services.membership.api import member_id, member_name
from services.membership.features.shared import load_programme, load_row
from services.membership.views.members import sealed_by_id
from services.membership.views.moments import from_micros, micros
from services.membership.views.sponsors import Node, Walk

_ANSWER = pb.GetTreeResponse


def get_tree(reader: Reader, request: pb.GetTreeRequest, call: Call) -> pb.GetTreeResponse:
    """Depth first. The token holds the last member shown and the moment, so every page is of the same tree."""
    load_programme(reader, call)
    if request.depth < 0:
        raise Refusal("INVALID_DEPTH", "depth must not be negative", field="depth")
    top = str(load_row(reader, call, member_id(call.programme, request.root, "root")).member) if request.root else ""
    wanted = page(request.page_size, request.page_token, default=1000, most=10_000)
    at = from_timestamp(request.as_of, "as_of") if request.HasField("as_of") else call.now
    if wanted.after:
        member, level, moment = _read(wanted.after)
        at = from_micros(moment)
        nodes = Walk(reader, call.programme, at, top, request.depth).nodes_behind(member, level)
    else:
        nodes = Walk(reader, call.programme, at, top, request.depth).nodes()
    found = list(islice(nodes, wanted.size + 1))
    shown = found[: wanted.size]
    last = shown[-1] if len(found) > len(shown) else None
    return _ANSWER(
        nodes=_messages(reader, call, shown),
        next_page_token=Page.token(f"{last.member} {last.level} {micros(at)}") if last else "",
    )


def _messages(reader: Reader, call: Call, nodes: list[Node]) -> list[pb.GetTreeResponse.Node]:
    sealed = sealed_by_id(reader, call.programme, [node.member for node in nodes])
    personal = reveal(call.use(KeyStore), call.programme, sealed.items())
    return [
        _ANSWER.Node(
            name=member_name(call.programme, node.member),
            reference=personal[node.member].reference if node.member in personal else "",
            sponsor=member_name(call.programme, node.sponsor) if node.sponsor else "",
            level=node.level,
            children=node.children,
        )
        for node in nodes
    ]


def _read(token: str) -> tuple[str, int, int]:
    parts = token.split(" ")
    if len(parts) != 3 or not parts[1].isdecimal() or not parts[2].removeprefix("-").isdecimal():
        raise Refusal("INVALID_PAGE_TOKEN", "page_token is not one that this method gave out", field="page_token")
    return parts[0], int(parts[1]), int(parts[2])
