"""`fenxiao trace`, `recall` and `custody`: what is asked of the service, and what people and programs see."""

import io
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.membership.v1 import membership_pb2, membership_pb2_grpc
from fenxiao.api.traceability.v1 import (
    captures_pb2,
    custody_pb2,
    goods_pb2,
    links_pb2,
    rules_pb2,
    traceability_pb2,
    traceability_pb2_grpc,
)
from fenxiao.cli import app
from fenxiao.cli.custody_signing import as_signed
from fenxiao.cli.items import named, read_item, short
from fenxiao.cli.tree_drawing import tree_lines
from fenxiao.proofs.hashes import to_hex
from fenxiao.proofs.signatures import sign_digest, signer_of_digest
from libs.sdk.tests.serving import serving

PARENT = "programmes/oil"
ANN, BEN = (f"{PARENT}/members/00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
EVENT, UUID = (f"00000000-0000-4000-8000-00000000000{n}" for n in (3, 4))
GTIN = "https://id.gs1.org/01/09521141123454"
LOT, CASE = f"{GTIN}/10/OIL", "https://id.gs1.org/00/095211410000000014"
HASH = "ni:///sha-256;00?ver=CBV2.0"
KEY = bytes(31) + b"\x07"

Capsys = pytest.CaptureFixture[str]


def at(*date: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(*date, tzinfo=UTC))  # pyright: ignore[reportArgumentType] # year, month, day
    return stamp


class Membership(membership_pb2_grpc.MembershipServiceServicer):
    def ListProgrammes(self, request: Any, context: Any) -> Any:
        programme = membership_pb2.Programme(name=PARENT, currency="GBP", time_zone="Europe/Berlin")
        return membership_pb2.ListProgrammesResponse(programmes=[programme])

    def ResolveMembers(self, request: Any, context: Any) -> Any:
        entry = membership_pb2.ResolveMembersResponse.Entry
        known = {"ann": ANN, "ben": BEN}
        wanted = {name: known.get(name, "") for name in request.references} or {
            reference: name for reference, name in known.items() if name in request.names
        }
        members = [entry(reference=reference, name=name) for reference, name in wanted.items() if name]
        return membership_pb2.ResolveMembersResponse(members=members)


class Traceability(traceability_pb2_grpc.TraceabilityServiceServicer):
    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.uploads: list[bytes] = []
        self.breaks = 0
        self.denies = False
        self.finished = True
        self.problems = [captures_pb2.CaptureProblem(event=2, path="$.x", rule="UNKNOWN_WORD", message="'LOOK' is no.")]
        self.complete = True
        self.event = traceability_pb2.TraceEvent(
            name=f"{PARENT}/traceEvents/{EVENT}",
            event_id=HASH,
            event_time=at(2026, 1, 5),
            type="ObjectEvent",
            action="OBSERVE",
            biz_step="shipping",
            read_point="https://id.gs1.org/414/9521141000014",
            epcs=[LOT, CASE],
            document=b'{"type":"ObjectEvent","mill:weight":1.50}',
            context='["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"mill":"https://m/"}]',
        )
        self.offer = custody_pb2.CustodyOffer()

    def _ask(self, request: Any) -> None:
        if "request_id" in request.DESCRIPTOR.fields_by_name:
            assert request.request_id
            request.request_id = ""
        self.asked.append(request)

    def CaptureDocument(self, request_iterator: Any, context: Any) -> Any:
        first, chunks = None, b""
        for request in request_iterator:
            first = first or request
            chunks += request.chunk
            if self.denies:
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")
            if self.breaks:
                self.breaks -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        self.asked.append(first)
        self.uploads.append(chunks)
        return captures_pb2.DocumentCapture(name=f"{PARENT}/captures/{UUID}", create_time=at(2026, 1, 5), success=True)

    def GetCapture(self, request: Any, context: Any) -> Any:
        self._ask(request)
        if not self.finished:
            self.finished = True
            return captures_pb2.DocumentCapture(name=request.name, create_time=at(2026, 1, 5), success=True)
        return captures_pb2.DocumentCapture(
            name=request.name,
            create_time=at(2026, 1, 5),
            finish_time=at(2026, 1, 6),
            behaviour=captures_pb2.CAPTURE_BEHAVIOUR_ROLLBACK,
            success=not self.problems,
            captured_count=0 if self.problems else 2,
            refused_count=2 if self.problems else 0,
            problems=self.problems,
        )

    def QueryEvents(self, request: Any, context: Any) -> Any:
        self._ask(request)
        page = 2 if request.page_token else 1
        events = [self.event] * min(request.page_size, 2)
        return traceability_pb2.QueryEventsResponse(events=events, next_page_token="more" if page == 1 else "")

    def GetPath(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return traceability_pb2.GetPathResponse(steps=[self.event])

    def ListPlaces(self, request: Any, context: Any) -> Any:
        place = links_pb2.PublicPlace(identifier="https://id.gs1.org/414/9521141000014", name_en="Mill", name_zh="油坊")
        return links_pb2.ListPlacesResponse(places=[place])

    def ListProducts(self, request: Any, context: Any) -> Any:
        product = links_pb2.PublicProduct(identifier=GTIN, name_en="Oil")
        return links_pb2.ListProductsResponse(products=[product])

    def StreamTrace(self, request: Any, context: Any) -> Any:
        self._ask(request)
        node, lot = goods_pb2.TraceNode, goods_pb2.NODE_KIND_LOT
        yield goods_pb2.StreamTraceResponse(nodes=[node(epc=LOT, kind=lot, start=True)])
        yield goods_pb2.StreamTraceResponse(nodes=[node(epc=CASE, kind=goods_pb2.NODE_KIND_CONTAINER, carried=True)])
        link = goods_pb2.TraceLink(
            source=0, target=1, kind=goods_pb2.LINK_KIND_CONTENTS, begin_time=at(2026, 1, 5), trace_event=EVENT
        )
        yield goods_pb2.StreamTraceResponse(links=[link])
        yield goods_pb2.StreamTraceResponse(complete=self.complete)

    def Recall(self, request: Any, context: Any) -> Any:
        self._ask(request)
        if request.format == goods_pb2.RECALL_FORMAT_CSV:
            yield goods_pb2.RecallResponse(csv=b"epc\r\n")
        else:
            items = [
                goods_pb2.RecalledItem(epc=f"{GTIN}/21/{n}", holder="urn:x:ann", active=n < 3, quantity="1")
                for n in range(4)
            ]
            yield goods_pb2.RecallResponse(items=items)
            lot = goods_pb2.RecalledItem(epc=LOT, holder="urn:x:ben", active=True, quantity="0.1", uom="KGM")
            yield goods_pb2.RecallResponse(items=[lot, lot, lot])
        yield goods_pb2.RecallResponse(total=goods_pb2.RecallTotal(item_count=7, holder_count=2, complete=True))

    def SetPlace(self, request: Any, context: Any) -> Any:
        if request.place.name_en == "One":
            time.sleep(0.3)  # others must not overtake it
        self._ask(request)
        if not request.place.name_en:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "write a name")
        return request.place

    def ListLinks(self, request: Any, context: Any) -> Any:
        links = [
            links_pb2.Link(link_type="https://ref.gs1.org/voc/pip", target="https://old.example", language="en"),
            links_pb2.Link(link_type="https://ref.gs1.org/voc/pip", target="https://alt.example", language="zh"),
        ]
        return links_pb2.ListLinksResponse(
            link_sets=[
                links_pb2.LinkSet(identifier=LOT, links=links),
                links_pb2.LinkSet(identifier=GTIN, links=[links_pb2.Link(link_type="gs1:pip", target="https://up")]),
            ]
        )

    def SetLinks(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return links_pb2.LinkSet(identifier=request.identifier, links=request.links)

    def AdvanceTo(self, request: Any, context: Any) -> Any:
        self._ask(request)
        return rules_pb2.AdvanceToResponse(raised_count=3)

    def GetCustodyTypedData(self, request: Any, context: Any) -> Any:
        digest = to_hex(as_signed("oil", request.transfer).digest())
        return custody_pb2.CustodyTypedData(transfer_digest=digest)

    def OfferCustody(self, request: Any, context: Any) -> Any:
        self._ask(request)
        self.offer = custody_pb2.CustodyOffer(
            name=f"{PARENT}/custodyOffers/{request.transfer.offer}",
            transfer=request.transfer,
            state=custody_pb2.CUSTODY_STATE_OFFERED,
            digest=to_hex(as_signed("oil", request.transfer).digest()),
            offer_time=at(2026, 1, 5),
        )
        return self.offer

    def GetCustodyOffer(self, request: Any, context: Any) -> Any:
        return self.offer

    def RejectCustody(self, request: Any, context: Any) -> Any:
        self._ask(request)
        self.offer.state = custody_pb2.CUSTODY_STATE_REJECTED
        return self.offer


@pytest.fixture(autouse=True)
def trace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Traceability]:
    membership: Any = Membership  # abstract in the stubs only
    servicer: Any = Traceability
    served = servicer()
    with serving(monkeypatch, tmp_path, membership=membership(), traceability=served):
        yield served


def as_json(capsys: Capsys, *arguments: str, code: int = 0) -> Any:
    assert app.run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capsys, *arguments: str) -> tuple[int, str]:
    code = app.run([*arguments, "--json"])
    shown = capsys.readouterr()
    assert shown.out == ""
    return code, json.loads(shown.err.splitlines()[-1])["error"]["reason"]


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("01/09521141123454/10/OIL", LOT),
        ("(01)09521141123454(10)OIL", LOT),
        ("(01)09521141123454(21)A/7", f"{GTIN}/21/A%2F7"),
        (LOT, LOT),
        ("urn:epc:id:sgtin:9521141.012345.1", "urn:epc:id:sgtin:9521141.012345.1"),
        ("(01)", "(01)"),
        ("nonsense", "nonsense"),
    ],
)
def test_items_as_people_write_them(text: str, uri: str) -> None:
    assert read_item(text) == uri
    assert read_item(short(uri)) == uri


def test_items_have_the_names_of_their_products() -> None:
    assert named(f"{GTIN}/21/5", {GTIN: "Oil"}) == "01/09521141123454/21/5  Oil"
    assert named("urn:x:1", {GTIN: "Oil"}) == "urn:x:1"
    assert named("", {}) == ""


def test_a_document_is_sent_in_pieces_and_waited_for(
    trace: Traceability, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace.problems, trace.finished, trace.breaks = [], False, 1
    body = b"x" * 2_500_000
    Path("large.jsonld").write_bytes(body)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    found = as_json(capsys, "trace", "capture", "large.jsonld", "-", "--proceed", "--profile", "lenient")
    assert trace.uploads == [body, b"{}"]
    assert trace.asked[0] == captures_pb2.CaptureDocumentRequest(
        parent=PARENT,
        behaviour=captures_pb2.CAPTURE_BEHAVIOUR_PROCEED,
        profile=captures_pb2.CAPTURE_PROFILE_LENIENT,
        at_once=True,
    )
    assert [(one["file"], one["captured"]) for one in found["files"]] == [("large.jsonld", 2), ("-", 2)]
    assert found["success"]


def test_a_refusal_is_heard_while_more_is_sent(trace: Traceability, capsys: Capsys) -> None:
    trace.denies = True
    Path("large.jsonld").write_bytes(b"x" * 20_000_000)
    app.run(["trace", "capture", "large.jsonld"])
    assert "PERMISSION_DENIED" in capsys.readouterr().err
    assert trace.uploads == []


def test_what_is_wrong_with_a_document(trace: Traceability, capsys: Capsys) -> None:
    Path("a.jsonld").write_text("{}")
    assert app.run(["trace", "capture", "a.jsonld"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "✗ a.jsonld: captured 0, repeated 0, refused 2\n  event 2, $.x: 'LOOK' is no. [UNKNOWN_WORD]\n"
    assert "--proceed" in shown.err
    assert app.run(["trace", "capture", "a.jsonld", "--lang", "zh"]) == 1
    assert "事件 2，$.x: 不是标准词汇" in capsys.readouterr().out
    assert refused(capsys, "trace", "capture", "a.jsonld", "missing.jsonld") == (5, "FILE_NOT_FOUND")
    assert len(trace.uploads) == 2
    found = as_json(capsys, "trace", "capture", "a.jsonld", "--no-wait")
    assert (found["files"][0]["state"], found["files"][0]["finished_at"]) == ("under_way", None)


def test_a_query_by_options(trace: Traceability, capsys: Capsys) -> None:
    asked = ("--epc", "01/09521141123454/10/OIL", "--step", "shipping", "--step", "receiving", "--since", "2026-01-05")
    more = (
        "--param",
        "EQ_disposition=in_transit|sold",
        "--param",
        "GE_ex:size=2",
        "--prefix",
        "ex=https://ns.example/",
    )
    found = as_json(capsys, "trace", "query", *asked, *more, "--limit", "3")["events"]
    assert len(found) == 3
    assert json.loads(trace.asked[0].query) == {
        "@context": {"ex": "https://ns.example/"},
        "EQ_disposition": ["in_transit", "sold"],
        "GE_ex:size": ["2"],
        "EQ_bizStep": ["shipping", "receiving"],
        "GE_eventTime": ["2026-01-04T23:00:00Z"],
        "MATCH_anyEPCClass": [LOT],
    }
    assert [one.page_token for one in trace.asked] == ["", "more"]
    assert found[0]["trace_event"] == EVENT
    assert found[0]["document"]["mill:weight"] == 1.5


def test_numbers_of_events_stay_as_they_were(capsys: Capsys) -> None:
    assert app.run(["trace", "event", HASH, "--json"]) == 0
    assert '"mill:weight":1.50' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--param", "EQ_bizStep"), "INVALID_PARAMETER"),
        (("--prefix", "ex"), "INVALID_PREFIX"),
        (("--since", "yesterday"), "INVALID_TIME"),
        (("--epc", LOT, "--epc", CASE), "MIXED_ITEMS"),
    ],
)
def test_a_query_that_cannot_be_read(capsys: Capsys, arguments: tuple[str, ...], reason: str) -> None:
    assert refused(capsys, "trace", "query", *arguments) == (2, reason)


def test_events_are_written_so_that_they_can_be_read_again(capsys: Capsys) -> None:
    assert as_json(capsys, "trace", "query", "--out", "found.jsonld") == {"file": "found.jsonld", "events": 4}
    found = json.loads(Path("found.jsonld").read_text())["epcisBody"]["eventList"]
    assert len(found) == 4
    assert found[0]["@context"][1:] == [{"mill": "https://m/"}]
    as_json(capsys, "trace", "query", "--out", "found.ndjson", "--limit", "2")
    lines = Path("found.ndjson").read_text().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["ObjectEvent"] * 2
    assert '"mill:weight":1.50' in lines[0]
    assert refused(capsys, "trace", "query", "--out", "no/such/file") == (1, "FILE_NOT_WRITABLE")


def test_the_path_of_an_item(trace: Traceability, capsys: Capsys) -> None:
    assert app.run(["trace", "show", "(01)09521141123454(10)OIL", "--lang", "zh"]) == 0
    assert trace.asked[0].epc == LOT
    out = capsys.readouterr().out
    assert "414/9521141000014  油坊" in out
    assert "01/09521141123454/10/OIL  Oil  +1" in out


def test_a_tree_is_drawn_or_streamed(trace: Traceability, capsys: Capsys) -> None:
    assert app.run(["trace", "forward", LOT]) == 0
    assert capsys.readouterr().out == (
        "◦ 01/09521141123454/10/OIL  Oil\n└─ ▣ 00/095211410000000014  [carries only]  — contents, 2026-01-05\n"
    )
    trace.complete = False
    found = as_json(capsys, "trace", "forward", LOT, "--depth", "3", "--limit", "0", "--until", "2026-02-01")
    assert trace.asked[-1].direction == goods_pb2.TRACE_DIRECTION_FORWARD
    assert (trace.asked[-1].depth, trace.asked[-1].max_nodes) == (3, 0)
    assert trace.asked[-1].until.ToJsonString() == "2026-01-31T23:00:00Z"
    assert ([one["item"] for one in found["nodes"]], len(found["links"]), found["complete"]) == ([LOT, CASE], 1, False)
    assert app.run(["trace", "forward", LOT]) == 0
    assert "--limit" in capsys.readouterr().err


def test_what_comes_again_is_drawn_once() -> None:
    nodes = [{"start": number == 0} for number in range(4)]
    links = [{"source": one, "target": other} for one, other in ((0, 1), (0, 2), (1, 3), (2, 3), (3, 0))]
    lines = [(line.indent, line.node, line.again) for line in tree_lines(nodes, links, backward=False)]
    assert lines == [
        ("", 0, False),
        ("├─ ", 1, False),
        ("│  └─ ", 3, False),
        ("│     └─ ", 0, True),
        ("└─ ", 2, False),
        ("   └─ ", 3, True),
    ]
    assert [line.node for line in tree_lines(nodes, links, backward=True)] == [0, 3, 1, 0, 2, 0]


def test_a_tree_as_deep_as_there_are_events() -> None:
    nodes = [{"start": number == 0} for number in range(20_000)]
    links = [{"source": number, "target": number + 1} for number in range(19_999)]
    assert sum(1 for _ in tree_lines(nodes, links, backward=False)) == 20_000


def test_a_recall_adds_up_by_holder(capsys: Capsys) -> None:
    found = as_json(capsys, "recall", "preview", LOT)
    assert found["total"] == {"items": 7, "holders": 2, "complete": True}
    assert len(found["items"]) == 7
    assert found["holders"] == [
        {"holder": "urn:x:ann", "product": GTIN, "items": 3, "quantity": "3", "uom": ""},
        {"holder": "urn:x:ben", "product": GTIN, "items": 3, "quantity": "0.3", "uom": "KGM"},
    ]
    assert app.run(["recall", "preview", LOT, "--limit", "2"]) == 0
    shown = capsys.readouterr()
    assert "0.3 KGM" in shown.out
    assert "… and 5 more" in shown.err
    assert as_json(capsys, "recall", "preview", LOT, "--csv", "r.csv")["file"] == "r.csv"
    assert Path("r.csv").read_bytes() == b"epc\r\n"
    assert refused(capsys, "recall", "preview", LOT, "--csv", "no/such/r.csv") == (1, "FILE_NOT_WRITABLE")


def test_places_of_a_file(trace: Traceability, capsys: Capsys) -> None:
    Path("places.csv").write_text("place,name_en,country\nurn:x:1,One,IT\nurn:x:2,,IT\nurn:x:1,Other,IT\n")
    found = as_json(capsys, "trace", "place", "import", "places.csv", "--rejects", "bad.csv", code=1)
    assert (found["kind"], found["taken"], found["refused"]) == ("places", 2, 1)
    assert (found["problems"][0]["line"], found["problems"][0]["id"]) == (3, "urn:x:2")
    said = [one.place.name_en for one in trace.asked if one.place.identifier == "urn:x:1"]
    assert said == ["One", "Other"]  # a later line counts


def test_a_link_is_set_and_others_stay(trace: Traceability, capsys: Capsys) -> None:
    found = as_json(capsys, "trace", "links", "set", LOT, "gs1:pip", "https://new.example", "--language", "en")
    assert [one["target"] for one in found["links"]] == ["https://alt.example", "https://new.example"]
    assert [one.target for one in trace.asked[0].links] == ["https://alt.example", "https://new.example"]


def test_time_is_advanced_in_the_programmes_zone(trace: Traceability, capsys: Capsys) -> None:
    found = as_json(capsys, "trace", "advance-to", "2026-02-01")
    assert found == {"as_of": "2026-01-31T23:00:00Z", "alerts_raised": 3}


def key_file(mode: int = 0o600, text: str = KEY.hex()) -> str:
    path = Path("wallet.key")
    path.write_text(f"{text}\n")
    path.chmod(mode)
    return str(path)


GOODS = ("--from", "ann", "--to", "ben", "--item", f"{LOT}=2.50:KGM", "--item", CASE, "--expires", "2026-03-01")


def test_an_offer_is_signed_here(trace: Traceability, capsys: Capsys) -> None:
    found = as_json(capsys, "custody", "offer", *GOODS, "--key-file", key_file())
    (request,) = trace.asked
    assert [(one.id, one.quantity, one.uom) for one in request.transfer.items] == [(LOT, "2.50", "KGM"), (CASE, "", "")]
    digest = as_signed("oil", request.transfer).digest()
    assert signer_of_digest(digest, request.signature) == signer_of_digest(digest, sign_digest(KEY, digest))
    assert (found["offerer_id"], found["receiver_id"], found["digest"]) == ("ann", "ben", to_hex(digest))
    assert found["expires_at"] == "2026-02-28T23:00:00Z"
    assert app.run(["custody", "show", found["offer"], "--lang", "zh"]) == 0
    assert "已提出" in capsys.readouterr().out


def test_an_offer_is_signed_elsewhere(trace: Traceability, capsys: Capsys) -> None:
    asked = as_json(capsys, "custody", "typed-data", *GOODS)
    assert (asked["typed_data"]["primaryType"], asked["typed_data"]["message"]["offer"]) == (
        "CustodyTransfer",
        asked["offer"],
    )
    Path("data.json").write_text(json.dumps(asked["typed_data"]))
    signature = sign_digest(KEY, bytes.fromhex(asked["digest"][2:]))
    found = as_json(capsys, "custody", "offer", "--typed-data", "data.json", "--signature", f"0x{signature.hex()}")
    assert (found["offer"], found["digest"]) == (asked["offer"], asked["digest"])
    rejection = as_json(capsys, "custody", "typed-data", found["offer"], "--answer", "reject")
    assert rejection["typed_data"]["primaryType"] == "CustodyRejection"
    rejected = as_json(capsys, "custody", "reject", found["offer"], "--key-file", key_file())
    assert rejected["state"] == "rejected"
    signed = signer_of_digest(bytes.fromhex(rejection["digest"][2:]), trace.asked[-1].signature)
    assert signed == signer_of_digest(bytes.fromhex(asked["digest"][2:]), signature)


def test_another_digest_than_that_of_the_transfer_is_not_signed(trace: Traceability, capsys: Capsys) -> None:
    found = as_json(capsys, "custody", "offer", *GOODS, "--key-file", key_file())
    trace.offer.transfer.items[0].quantity = "250"
    before = len(trace.asked)
    assert refused(capsys, "custody", "reject", found["offer"], "--key-file", key_file()) == (
        1,
        "CUSTODY_DIGEST_DIFFERS",
    )
    assert len(trace.asked) == before


@pytest.mark.parametrize(
    ("mode", "text", "code", "reason"),
    [
        (0o644, KEY.hex(), 4, "KEY_FILE_OPEN"),
        (0o600, "0x12", 1, "INVALID_KEY_FILE"),
        (0o600, "00" * 32, 1, "INVALID_KEY_FILE"),
        (0o600, "ff" * 32, 1, "INVALID_KEY_FILE"),
    ],
)
def test_key_files_that_are_not_used(capsys: Capsys, mode: int, text: str, code: int, reason: str) -> None:
    assert refused(capsys, "custody", "offer", *GOODS, "--key-file", key_file(mode, text)) == (code, reason)


@pytest.mark.parametrize(
    "arguments",
    [
        ("offer", *GOODS),
        ("offer", *GOODS, "--signature", "0x00"),
        ("offer", *GOODS[:-2], "--key-file", "wallet.key"),
        ("offer", "--key-file", "wallet.key"),
        ("typed-data", UUID),
        ("typed-data", *GOODS, "--answer", "accept"),
        ("accept", UUID, "--key-file", "wallet.key", "--signature", "0x00"),
    ],
)
def test_custody_that_does_not_say_what_is_meant(capsys: Capsys, arguments: tuple[str, ...]) -> None:
    key_file()
    assert app.run(["custody", *arguments, "--json"]) == 2


def test_codes_need_the_web_address_of_the_network(capsys: Capsys) -> None:
    assert refused(capsys, "trace", "qr", LOT, "--out", "code.svg") == (3, "NO_WEB_ADDRESS")
    assert refused(capsys, "trace", "qr", "urn:x:1", "--out", "code.svg") == (1, "INVALID_IDENTIFIER")
