"""`fenxiao explain`: a sale by number or UUID, and one line by its UUID, as JSON and for people."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import code_pb2, error_details_pb2, status_pb2

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import commission_pb2_grpc
from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.cli import app
from libs.sdk.tests.serving import serving

PARENT = "programmes/gifts"
SALE, ANN, BOB = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(3))
LINE = "00000000-0000-5000-8000-000000000009"
NUMBERS = {f"{PARENT}/members/{ANN}": "ann", f"{PARENT}/members/{BOB}": "bob"}

ON_SALE = pb.Sale(
    name=f"{PARENT}/sales/{SALE}", reference="s1", member=f"{PARENT}/members/{BOB}", amount="100", currency="GBP"
)
PLAN = pb.Plan(name=f"{PARENT}/plans/ab12", hash="ab12", version="2026", currency="GBP")
WHY = pb.ExplainSaleResponse.Derivation(
    line=pb.Line(
        id=LINE,
        member=f"{PARENT}/members/{ANN}",
        component="steps",
        level=1,
        rate="0.02",
        base="120",
        exact_amount="2.4",
        amount_minor=-120,
        currency="GBP",
        uncapped_minor=240,
        other=f"{PARENT}/members/{BOB}",
        reverses=SALE,
    ),
    path=[f"{PARENT}/members/{BOB}", f"{PARENT}/members/{ANN}"],
    rule="/components/0/steps/1",
    rule_text='{"start": "200", "rate": "6%"}',
    event_id=SALE,
    explanation_en=f"On what came up through member {BOB}.",
    explanation_zh=f"按成员 {BOB} 这条线的本期业绩。",
    plan=PLAN.name,
    engine_version="2",
    period=f"{PARENT}/periods/2026-01-01",
    posted_in=f"{PARENT}/periods/2026-02-01",
    due_minor=120,
    posted_before_minor=240,
    earlier_lines=[SALE],
    members_cut="store:7",
    sales_cut=9,
    rating=pb.Rating(member=f"{PARENT}/members/{ANN}", rank="gold", group_volume="220", currency="GBP"),
    evidence=[pb.ExplainSaleResponse.Evidence(event_id=SALE, type="SaleRecorded", resource=ON_SALE.name)],
)


def refuse(context: Any, reason: str) -> None:
    """Not found, as the services say it."""
    info = Packed()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="fenxiao"))
    status = status_pb2.Status(code=code_pb2.NOT_FOUND, message="There is none.", details=[info])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.NOT_FOUND, "There is none.")


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="UTC")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry
        found = [entry(reference=NUMBERS[name], name=name) for name in request.names]
        return membership_pb2.ResolveMembersResponse(members=found)


class Commission(commission_pb2_grpc.CommissionServiceServicer):
    def ExplainSale(self, request: Any, context: Any) -> Any:
        if request.sale not in {"s1", ON_SALE.name}:
            refuse(context, "UNKNOWN_SALE")
        return pb.ExplainSaleResponse(sale=ON_SALE, plan=PLAN, rounding="half_up", derivations=[WHY])

    def ExplainLine(self, request: Any, context: Any) -> Any:
        if request.line != LINE:
            refuse(context, "UNKNOWN_LINE")
        return pb.ExplainLineResponse(derivation=WHY, plan=PLAN, rounding="half_up")


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Commission
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), commission=served):
        yield


@pytest.mark.parametrize("what", ["s1", SALE])
def test_a_sale_is_found_by_number_or_uuid(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["explain", what, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sale"]["sale_id"], [line["line"] for line in found["lines"]]) == ("s1", [LINE])


def test_a_line_is_found_by_its_uuid_and_everything_is_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["explain", LINE.upper(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sale"], found["returns"], found["plan"]["hash"]) == (None, [], "ab12")
    (line,) = found["lines"]
    assert "alone" not in found
    assert {key: line[key] for key in ("rule_text", "plan", "uncapped", "due", "posted_before", "earlier_lines")} == {
        "rule_text": '{"start": "200", "rate": "6%"}',
        "plan": "ab12",
        "uncapped": 240,
        "due": 120,
        "posted_before": 240,
        "earlier_lines": [SALE],
    }
    assert (line["other"], line["other_id"], line["reverses"]) == (BOB, "bob", SALE)
    assert (line["period"], line["posted_in"]) == ("2026-01-01", "2026-02-01")
    assert (line["members_cut"], line["sales_cut"], line["rating"]["rank"]) == ("store:7", 9, "gold")
    assert line["path"] == [{"member": BOB, "member_id": "bob"}, {"member": ANN, "member_id": "ann"}]
    assert line["evidence"][0]["type"] == "SaleRecorded"


def test_people_read_numbers_of_members_and_what_is_cited(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["explain", LINE]) == 0
    text = capsys.readouterr().out
    for part in (
        "On what came up through member bob.",
        "bob > ann",
        '/components/0/steps/1 {"start": "200", "rate": "6%"}',
        "2026  ab12",
        "before caps",
        "2.40 GBP",
        "posted in",
        "SaleRecorded",
        f"sales/{SALE}",
        "store:7 9",
    ):
        assert part in text


def test_a_sale_for_people_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["explain", "s1", "--lang", "zh"]) == 0
    text = capsys.readouterr().out
    assert "按成员 bob 这条线的本期业绩。" in text
    assert "期间 2026-02-01" in text


@pytest.mark.parametrize(("what", "reason"), [("s2", "UNKNOWN_SALE"), (ANN, "UNKNOWN_LINE")])
def test_what_is_neither_is_not_found(what: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["explain", what]) == 5
    assert reason in capsys.readouterr().err
