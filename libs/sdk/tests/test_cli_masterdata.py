"""`fenxiao trace master-data`: what is asked of the service, and what people and programs see."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.traceability.v1 import master_data_pb2 as pb
from fenxiao.api.traceability.v1 import traceability_pb2, traceability_pb2_grpc
from fenxiao.cli import app
from fenxiao.epcis import read_document
from libs.sdk.tests.serving import serving

PARENT = "programmes/oil"
KIND, NAME = "urn:epcglobal:epcis:vtype:BusinessLocation", "urn:epcglobal:cbv:mda#name"
MILL = "https://id.gs1.org/414/9521141000014"

Capsys = pytest.CaptureFixture[str]


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        return membership_pb2.ListProgrammesResponse(programmes=[membership_pb2.Programme(name=PARENT)])


class Traceability(traceability_pb2_grpc.TraceabilityServiceServicer):
    def __init__(self) -> None:
        self.asked: list[Any] = []
        stamp = Timestamp()
        stamp.FromDatetime(datetime(2026, 1, 5, tzinfo=UTC))  # pyright: ignore[reportArgumentType] # year, month, day
        self.known = [
            pb.MasterDataElement(
                vocabulary=KIND,
                id=MILL,
                attributes=[
                    pb.MasterDataAttribute(name=NAME, text="Mill"),
                    pb.MasterDataAttribute(name=NAME, text="Mulino"),
                    pb.MasterDataAttribute(name="urn:x:size", json="7.50"),
                    pb.MasterDataAttribute(name="urn:x:address", json='{"urn:x:city":"Gent"}'),
                ],
                children=[f"{MILL}/254/7"],
                as_of_time=stamp,
            )
        ]

    def SetMasterData(self, request: Any, context: Any) -> Any:
        assert request.request_id
        self.asked.append(request)
        return request.element

    def QueryMasterData(self, request: Any, context: Any) -> Any:
        self.asked.append(json.loads(request.query))
        return pb.QueryMasterDataResponse(elements=self.known)

    def Capture(self, request: Any, context: Any) -> Any:
        self.asked.append(request.document)
        return traceability_pb2.CaptureResponse()


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Traceability]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Traceability
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), traceability=served):
        yield served


def run(*arguments: str, code: int = 0) -> None:
    assert app.run(["trace", "master-data", *arguments]) == code


def as_json(capsys: Capsys, *arguments: str) -> Any:
    run(*arguments, "--json")
    return json.loads(capsys.readouterr().out)


SHAPE: dict[str, Any] = {
    "vocabulary": KIND,
    "element": MILL,
    "attributes": {NAME: ["Mill", "Mulino"], "urn:x:size": ["7.50"], "urn:x:address": [{"urn:x:city": "Gent"}]},
    "children": [f"{MILL}/254/7"],
    "as_of": "2026-01-05T00:00:00Z",
}


def test_elements_are_listed(service: Traceability, capsys: Capsys) -> None:
    options = ["--vocabulary", "BusinessLocation", "--with", "name", "--where", "name=Mill|Mulino"]
    assert as_json(capsys, "list", *options, "--below", "414/9521141000014") == {"elements": [SHAPE]}
    assert service.asked == [
        {
            "includeAttributes": "true",
            "includeChildren": "true",
            "vocabularyName": ["BusinessLocation"],
            "HASATTR": ["name"],
            "EQATTR_name": ["Mill", "Mulino"],
            "WD_name": [MILL],
        }
    ]
    run("--lang", "zh", "list")
    shown = capsys.readouterr().out
    assert "词汇表" in shown
    assert "414/9521141000014" in shown
    assert "Mill, Mulino" in shown


def test_an_element_is_shown(service: Traceability, capsys: Capsys) -> None:
    assert as_json(capsys, "show", "414/9521141000014") == {"elements": [SHAPE]}
    assert service.asked[0]["EQ_name"] == [MILL]
    run("show", MILL)
    shown = " ".join(capsys.readouterr().out.split())
    assert "size 7.50" in shown
    assert '{"urn:x:city": "Gent"}' in shown
    service.known = []
    run("show", MILL, "--json", code=5)
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "UNKNOWN_ELEMENT"


def test_an_element_is_set(service: Traceability, capsys: Capsys) -> None:
    said = ["--attribute", "name=Mill = mill", "--attribute", "name=Mulino", "--child", "414/9521141000014/254/7"]
    found = as_json(capsys, "set", "BusinessLocation", MILL, *said)
    assert found["attributes"] == {"name": ["Mill = mill", "Mulino"]}
    assert (found["children"], found["as_of"]) == ([f"{MILL}/254/7"], None)
    (request,) = service.asked
    assert (request.parent, request.element.vocabulary) == (PARENT, "BusinessLocation")
    run("set", "Party", "urn:x:1", "--attribute", "name", "--json", code=2)
    assert json.loads(capsys.readouterr().err)["error"]["reason"] == "INVALID_ATTRIBUTE"


def test_a_file_is_imported(service: Traceability, capsys: Capsys, tmp_path: Path) -> None:
    elements: list[dict[str, Any]] = [{"id": f"urn:x:{number}", "attributes": []} for number in range(1200)]
    whole: dict[str, Any] = {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2025-12-20T18:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": [{"type": KIND, "vocabularyElementList": elements}]}},
        "epcisBody": {"eventList": [{"type": "no event"}]},
    }
    (tmp_path / "places.jsonld").write_text(json.dumps(whole))
    assert as_json(capsys, "import", "places.jsonld") == {"files": [{"file": "places.jsonld", "elements": 1200}]}
    sent = [read_document(document) for document in service.asked]
    assert [len(one.master_data) for one in sent] == [1000, 200]
    assert not any(one.events for one in sent)
    assert json.loads(service.asked[0])["creationDate"] == "2025-12-20T18:00:00Z"
    service.asked.clear()
    for name, header, reason in (
        ("none.jsonld", "{}", "NO_MASTER_DATA"),
        ("wrong.jsonld", '{"epcisMasterData": {"vocabularyList": [{}]}}', "MISSING_FIELD"),
    ):
        (tmp_path / name).write_text(json.dumps(whole | {"epcisHeader": json.loads(header)}))
        run("import", "places.jsonld", name, "--json", code=1)
        assert json.loads(capsys.readouterr().err)["error"]["reason"] == reason
    assert service.asked == []
