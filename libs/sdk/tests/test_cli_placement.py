"""The command line on placement trees, against a membership that keeps what it is told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc, placement_pb2
from fenxiao.cli import app, texts

ANN, BOB = "e3b9f126-222b-461f-8736-9658a6bea5d0", "0b0f7a7e-7a53-4b47-a54e-2a60e1b54a11"
PARENT = "programmes/gifts"
NAMES = {"ann": f"{PARENT}/members/{ANN}", "bob": f"{PARENT}/members/{BOB}"}
CREATE = ["programme", "create", "gifts", "--currency", "GBP", "--start", "2010-12-01"]
PLACE = ["members", "place", "bob", "--since", "2010-12-05"]


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def __init__(self) -> None:
        self.programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="Europe/London")
        active = membership_pb2.MEMBER_STATE_ACTIVE
        self.bob = membership_pb2.Member(name=NAMES["bob"], reference="bob", sponsor=NAMES["ann"], state=active)
        self.asked: list[Any] = []
        self.tree: list[Any] = []

    def ListProgrammes(self, request: Any, context: Any) -> Any:
        return membership_pb2.ListProgrammesResponse(programmes=[self.programme])

    def CreateProgramme(self, request: Any, context: Any) -> Any:
        self.programme.placement.CopyFrom(request.programme.placement)
        return request.programme

    def SetPlacementRule(self, request: Any, context: Any) -> Any:
        assert request.name == PARENT
        self.programme.placement.CopyFrom(request.placement)
        return self.programme

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry
        found = [
            entry(reference=reference, name=name)
            for reference, name in NAMES.items()
            if reference in request.references or name in request.names
        ]
        return membership_pb2.ResolveMembersResponse(members=found)

    def PlaceMember(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        self.bob.place.CopyFrom(
            placement_pb2.Place(
                parent=NAMES["ann"], leg=request.placement.leg, choice=placement_pb2.PLACEMENT_CHOICE_PARENT
            )
        )
        self.bob.place.effective_time.CopyFrom(request.effective_time)
        return self.bob

    def BatchPlaceMembers(self, request: Any, context: Any) -> Any:
        self.asked.append(request)
        result = common_pb2.ItemResult(outcome=common_pb2.OUTCOME_TAKEN)
        return membership_pb2.BatchPlaceMembersResponse(results=[result] * len(request.placements))

    def ListPlacements(self, request: Any, context: Any) -> Any:
        """Two at once, whatever is asked for."""
        begin = int(request.page_token or 0)
        more = str(begin + 2) if begin + 2 < len(self.tree) else ""
        return membership_pb2.ListPlacementsResponse(placements=self.tree[begin : begin + 2], next_page_token=more)

    def GetMember(self, request: Any, context: Any) -> Any:
        return self.bob


@pytest.fixture
def membership() -> Membership:
    return Membership()  # pyright: ignore[reportAbstractUsage] - abstract in the stubs only


@pytest.fixture
def home(membership: Membership, tmp_path: Path) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    membership_pb2_grpc.add_MembershipServiceServicer_to_server(membership, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    folder = tmp_path / "home" / "network"
    folder.mkdir(parents=True)
    (folder / "network.json").write_text(json.dumps({"services": {"membership": address}}))
    (tmp_path / "home" / "token").write_text("credential\n")
    yield str(tmp_path / "home")
    server.stop(None)


def test_a_programme_is_opened_with_a_placement_tree(
    home: str, membership: Membership, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*CREATE, "--placement-width", "2", "--spill", "weaker", "--home", home]
    assert app.run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["placement"] == {"width": 2, "spill": "weaker"}
    assert membership.programme.placement.spill == placement_pb2.SPILL_WEAKER
    assert app.run([*command, "--lang", "zh"]) == 0
    texts.use("en")
    assert "安置树" in capsys.readouterr().out
    assert app.run([*CREATE, "--home", home, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["placement"] is None


def test_or_it_is_set_later(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["programme", "set-placement", "--width", "3", "--spill", "balanced", "--home", home]
    assert app.run(command) == 0
    assert "balanced" in capsys.readouterr().out
    assert app.run(["programme", "list", "--home", home, "--json"]) == 0
    (programme,) = json.loads(capsys.readouterr().out)["programmes"]
    assert programme["placement"] == {"width": 3, "spill": "balanced"}


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--placement-width", "2"], 2, "WRONG_USAGE"),
        (["--spill", "left"], 2, "WRONG_USAGE"),
        (["--placement-width", "1", "--spill", "left"], 1, "INVALID_WIDTH"),
        (["--placement-width", "2", "--spill", "up"], 1, "INVALID_SPILL"),
    ],
)
def test_rules_that_are_none(
    home: str, capsys: pytest.CaptureFixture[str], options: list[str], code: int, reason: str
) -> None:
    assert app.run([*CREATE, *options, "--home", home, "--json"]) == code
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == reason


def test_a_member_shows_the_place(home: str, membership: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    show = ["members", "show", "bob", "--home", home]
    assert app.run([*show, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["place"] is None
    assert app.run([*PLACE, "--below", "ann", "--leg", "right", "--home", home, "--json"]) == 0
    (request,) = membership.asked
    assert (request.name, request.placement.parent, request.placement.leg) == (NAMES["bob"], NAMES["ann"], 1)
    assert json.loads(capsys.readouterr().out)["place"] == {
        "parent": ANN,
        "parent_id": "ann",
        "leg": 1,
        "since": "2010-12-05T00:00:00Z",
        "choice": "parent",
    }
    assert app.run(show) == 0
    assert "leg 1 of ann" in capsys.readouterr().out
    membership.bob.place.parent, membership.bob.place.leg = "", -1
    assert app.run(show) == 0
    assert "at the top" in capsys.readouterr().out


def test_nothing_need_be_asked_for(home: str, membership: Membership) -> None:
    assert app.run([*PLACE, "--home", home]) == 0
    assert app.run([*PLACE, "--leg", "0", "--home", home]) == 0
    first, second = membership.asked
    assert not first.HasField("placement")
    assert (second.placement.WhichOneof("above"), second.placement.HasField("leg")) == (None, True)
    assert app.run([*PLACE, "--leg", "up", "--home", home]) == 1


def test_places_of_a_file(
    home: str, membership: Membership, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "places.csv"
    lines = [
        "bob,2010-12-05T00:00:00Z,ann,right",
        "ann,2010-12-05T00:00:00Z,,",
        "zoe,2010-12-05T00:00:00Z,,",
        "ann,2010-12-05,,",
    ]
    path.write_text("member_id,since,placement_id,leg\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert app.run(["members", "place", "--file", str(path), "--home", home, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["taken"], found["refused"]) == ("placements", 2, 2)
    assert [(one["line"], one["reason"]) for one in found["problems"]] == [(4, "UNKNOWN_MEMBER"), (5, "INVALID_TIME")]
    (request,) = membership.asked
    assert [item.name for item in request.placements] == [NAMES["bob"], NAMES["ann"]]
    assert (request.placements[0].placement.parent_reference, request.placements[0].placement.leg) == ("ann", 1)


@pytest.mark.parametrize(
    "arguments", [[], ["bob"], ["--since", "2010-12-05"], ["bob", "--file", "x.csv"], ["bob", "--rejects", "x.csv"]]
)
def test_one_member_or_a_file(home: str, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert app.run(["members", "place", *arguments, "--home", home, "--json"]) == 2
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "WRONG_USAGE"


def grow(membership: Membership) -> None:
    """ann at the top, bob left of her, two more below bob, one of them nameless, and cy at the top as well."""

    def name(number: int) -> str:
        return f"{PARENT}/members/00000000-0000-4000-8000-{number:012}"

    places = [
        (NAMES["ann"], "ann", "", -1, 1),
        (NAMES["bob"], "bob", NAMES["ann"], 0, 2),
        (name(1), "", NAMES["bob"], 1, 3),
        (name(2), "dee", NAMES["bob"], 0, 4),
        (name(3), "cy", "", -1, 5),
    ]
    for member, reference, parent, leg, day in places:
        place = placement_pb2.Place(parent=parent, leg=leg, choice=placement_pb2.PLACEMENT_CHOICE_RULE)
        place.effective_time.FromJsonString(f"2010-12-0{day}T00:00:00Z")
        membership.tree.append(
            membership_pb2.ListPlacementsResponse.Placement(name=member, reference=reference, place=place)
        )


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ([], ["ann  (1)", "  0: bob  (2)", "    0: dee", "    1: 00000000-0000-4000-8000-000000000001", "cy"]),
        (["--depth", "1"], ["ann  (1)", "  0: bob  (2)", "cy"]),
        (["bob"], ["0: bob  (2)", "  0: dee", "  1: 00000000-0000-4000-8000-000000000001"]),
        (["--as-of", "2010-12-02"], ["ann  (1)", "  0: bob"]),
    ],
)
def test_the_placement_tree(
    home: str, membership: Membership, capsys: pytest.CaptureFixture[str], options: list[str], lines: list[str]
) -> None:
    grow(membership)
    assert app.run(["members", "tree", "--placement", *options, "--home", home]) == 0
    assert capsys.readouterr().out.splitlines() == lines


def test_the_placement_tree_for_programs(home: str, membership: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    grow(membership)
    assert app.run(["members", "tree", "--placement", "bob", "--depth", "0", "--home", home, "--json"]) == 0
    first, second, _ = json.loads(capsys.readouterr().out)["nodes"]
    assert first == {
        "member": BOB,
        "member_id": "bob",
        "parent": ANN,
        "parent_id": "ann",
        "leg": 0,
        "since": "2010-12-02T00:00:00Z",
        "choice": "rule",
        "level": 0,
        "children": 2,
    }
    assert (second["member_id"], second["level"], second["children"]) == ("dee", 1, 0)
    assert app.run(["members", "tree", "bob", "--placement", "--as-of", "2010-12-01", "--home", home, "--json"]) == 5
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "MEMBER_NOT_PLACED"
