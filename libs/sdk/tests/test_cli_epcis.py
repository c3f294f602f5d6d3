"""`fenxiao epcis validate`, `hash` and `convert`: files looked at without any service."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fenxiao.cli import app, texts
from fenxiao.epcis import read_document
from fenxiao.epcis.schema import EVENT_TYPES
from libs.sdk.tests.epcis.samples import CONTEXT, answer, document, event, full, needs_shared, read, shared_documents
from libs.sdk.tests.epcis.xml_samples import event_1_2, twin, xml


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("FENXIAO_HOME", "FENXIAO_PROGRAMME", "FENXIAO_TOKEN", "FENXIAO_LANG", "FENXIAO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    texts.use("en")
    yield
    texts.use("en")


Capture = pytest.CaptureFixture[str]


def write(name: str, value: Any) -> str:
    Path(name).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return name


def as_json(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = app.run(["epcis", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


HASH = read(document(event())).events[0].hash
OLD = event(bizStep="urn:epcglobal:cbv:bizstep:shipping")


def test_valid_files(capsys: Capture) -> None:
    files = [write("a.jsonld", document(event(), full("AggregationEvent"))), write("b.jsonld", answer(event()))]
    code, said = as_json(capsys, "validate", *files)
    assert code == 0
    assert said["valid"]
    first, second = said["files"]
    assert (first["file"], first["valid"], first["events"], first["errors"]) == ("a.jsonld", True, 2, [])
    assert first["event_ids"][0] == HASH
    assert len(first["event_ids"]) == 2
    assert second["event_ids"] == [HASH]
    assert app.run(["epcis", "validate", *files]) == 0
    assert capsys.readouterr().out == "✓ a.jsonld: valid; events: 2\n✓ b.jsonld: valid; events: 1\n"


def test_every_error_with_its_place_and_remedy(capsys: Capture) -> None:
    file = write("a.jsonld", document(event(), event(action="LOOK"), event(colour="red"), colour="red"))
    code, said = as_json(capsys, "validate", file)
    assert code == 1
    assert not said["valid"]
    (found,) = said["files"]
    assert found["event_ids"] == [HASH, None, None]
    assert found["error_count"] == 3
    assert [(one["event"], one["path"], one["rule"]) for one in found["errors"]] == [
        (2, "$.epcisBody.eventList[1].action", "UNKNOWN_WORD"),
        (3, "$.epcisBody.eventList[2].colour", "UNKNOWN_FIELD"),
        (0, "$.colour", "UNKNOWN_FIELD"),
    ]
    assert all(one["message"] for one in found["errors"])
    assert app.run(["epcis", "validate", file]) == 1
    out = capsys.readouterr().out
    assert out.startswith(
        "✗ a.jsonld: not valid; events: 3, errors: 3\n  event 2, $.epcisBody.eventList[1].action: 'LOOK'"
    )
    assert app.run(["epcis", "validate", file, "--lang", "zh"]) == 1
    out = capsys.readouterr().out
    assert "✗ a.jsonld：" in out or "无效" in out
    assert "事件 2，$.epcisBody.eventList[1].action: 不是标准词汇" in out


def test_profiles(capsys: Capture) -> None:
    file = write("a.jsonld", document(OLD))
    assert as_json(capsys, "validate", file)[0] == 1
    code, said = as_json(capsys, "validate", file, "--profile", "lenient")
    assert code == 0
    (mended,) = said["files"][0]["mended"]
    assert (mended["event"], mended["path"], mended["rule"]) == (
        1,
        "$.epcisBody.eventList[0].bizStep",
        "OLD_VOCABULARY",
    )
    assert app.run(["epcis", "validate", file, "--profile", "lenient"]) == 0
    assert "mended: event 1, $.epcisBody.eventList[0].bizStep: " in capsys.readouterr().out
    assert app.run(["epcis", "validate", file, "--profile", "guess"]) == 2


def test_hash(capsys: Capture) -> None:
    files = [
        write("a.jsonld", document(event(), OLD)),
        write("b.ndjson", f"{json.dumps({'@context': CONTEXT, **event()})}\n" * 2),
    ]
    shipping = read(document(event(bizStep="shipping"))).events[0]
    assert app.run(["epcis", "hash", *files]) == 0
    shown = capsys.readouterr()
    assert shown.out.split() == [HASH, shipping.hash, HASH, HASH]
    assert "OLD_VOCABULARY" in shown.err
    assert app.run(["epcis", "hash", files[0], "--prehash"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == shipping.pre_hash
    code, said = as_json(capsys, "hash", files[0], "--prehash")
    assert code == 0
    assert said["files"][0]["event_ids"] == [HASH, shipping.hash]
    assert said["files"][0]["pre_hashes"][1] == shipping.pre_hash
    assert app.run(["epcis", "hash", files[0], "--profile", "strict"]) == 1
    shown = capsys.readouterr()
    assert shown.out.split() == [HASH]
    assert "event 2" in shown.err


def test_standard_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = document(event())
    late = {"epcisBody": whole.pop("epcisBody"), **whole}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(late).encode())))
    code, said = as_json(capsys, "hash", "-")
    assert code == 0
    assert said["files"][0]["file"] == "-"
    assert said["files"][0]["event_ids"] == [HASH]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "INVALID_JSON"),
        ("{", "INVALID_JSON"),
        ("<EPCISDocument/>", "UNKNOWN_DOCUMENT_TYPE"),
        ('{"type": "EPCISDocument", "@context": {}, "epcisBody": {"eventList": [' + "[" * 100_000, "TOO_DEEP"),
        (json.dumps(document(event())).replace('"action"', '"action": "ADD", "action"'), "REPEATED_KEY"),
        (json.dumps(document(event(**{"ex:a": 0}))).replace('"ex:a": 0', '"ex:a": 1e99999999'), "NUMBER_OUT_OF_RANGE"),
        (json.dumps(document(event(), **{"@context": "https://evil.example/c.jsonld"})), "UNKNOWN_CONTEXT"),
    ],
)
@pytest.mark.parametrize("profile", ["strict", "lenient"])
def test_hostile_files(capsys: Capture, content: str, rule: str, profile: str) -> None:
    code, said = as_json(capsys, "validate", write("a.jsonld", content), "--profile", profile)
    (found,) = said["files"]
    if profile == "lenient" and rule == "UNKNOWN_CONTEXT":
        assert [one["rule"] for one in found["mended"]] == ["OPAQUE_CONTEXT"]
        return
    assert code == 1
    assert found["errors"][0]["rule"] == rule


def test_files_that_are_not_there(capsys: Capture) -> None:
    assert app.run(["epcis", "validate", "nowhere.jsonld", "--json"]) == 5
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err)["error"]["reason"] == "FILE_NOT_FOUND"
    assert app.run(["epcis", "validate", write("a.jsonld", document()), ".", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err)["error"]["reason"] == "FILE_NOT_READABLE"


def test_so_many_errors_that_only_some_are_shown(capsys: Capture) -> None:
    file = write("a.jsonld", document(*[event(action="X")] * 1200))
    code, said = as_json(capsys, "validate", file)
    assert code == 1
    assert (said["files"][0]["error_count"], len(said["files"][0]["errors"])) == (1200, 1000)
    assert app.run(["epcis", "validate", file]) == 1
    assert "… and 200 more" in capsys.readouterr().out


@needs_shared
def test_the_standards_examples(capsys: Capture) -> None:
    code, said = as_json(capsys, "validate", *map(str, shared_documents("gs1-examples")))
    assert code == 0
    assert all(one["valid"] for one in said["files"])
    for path in shared_documents("event-hash"):
        assert app.run(["epcis", "hash", str(path)]) == 0
        assert capsys.readouterr().out.split() == path.with_suffix(".hashes").read_text().split()


def test_documents_in_xml(capsys: Capture) -> None:
    twin_ = read(twin(*EVENT_TYPES))
    Path("a.xml").write_bytes(xml(*map(event_1_2, EVENT_TYPES), version="1.2"))
    code, said = as_json(capsys, "validate", "a.xml")
    assert (code, said["files"][0]["errors"]) == (0, [])
    assert said["files"][0]["event_ids"] == [one.hash for one in twin_.events]
    assert app.run(["epcis", "hash", "--prehash", "a.xml"]) == 0
    assert capsys.readouterr().out.splitlines() == [one.pre_hash for one in twin_.events]
    Path("b.xml").write_bytes(xml(event_1_2("ObjectEvent"), "<ObjectEvent/>")[:-40])
    code, said = as_json(capsys, "validate", "b.xml")
    assert code == 1
    assert [(one["event"], one["rule"]) for one in said["files"][0]["errors"]][-1] == (0, "INVALID_XML")


def test_documents_in_the_other_form(capsys: Capture) -> None:
    file = write("a.jsonld", document(*(full(kind) for kind in EVENT_TYPES), sender="urn:s"))
    hashes = [one.hash for one in read_document(Path(file).read_bytes()).events]
    assert app.run(["epcis", "convert", file]) == 0
    made = capsys.readouterr().out
    Path("a.xml").write_text(made, encoding="utf-8")
    assert [one.hash for one in read_document(made.encode()).events] == hashes
    for arguments in ([file, "--to", "json"], ["a.xml", "--to", "json"], ["a.xml"]):
        assert app.run(["epcis", "convert", *arguments]) == 0
        back = json.loads(capsys.readouterr().out)
        assert [one.hash for one in read(back).events] == hashes
        assert back["sender"] == "urn:s"
    assert app.run(["epcis", "convert", "a.xml", "--to", "xml"]) == 0
    assert [one.hash for one in read_document(capsys.readouterr().out.encode()).events] == hashes
    code, said = as_json(capsys, "convert", file)
    assert (code, said) == (0, {"file": file, "to": "xml", "document": made})
    code, said = as_json(capsys, "convert", "a.xml")
    assert (code, said["to"], said["document"]) == (0, "json", back)


def test_answers_and_bare_events_in_the_other_form(capsys: Capture) -> None:
    assert app.run(["epcis", "convert", write("a.jsonld", answer(event(), full("ObjectEvent")))]) == 0
    made = read_document(capsys.readouterr().out.encode())
    assert (made.kind, len(made.events)) == ("EPCISQueryDocument", 2)
    bare = {"@context": CONTEXT, **event()}
    lines = write("b.ndjson", "\n".join(json.dumps(one) for one in (bare, bare)))
    for form in ("xml", "json"):
        assert app.run(["epcis", "convert", lines, "--to", form]) == 0
        assert [one.hash for one in read_document(capsys.readouterr().out.encode()).events] == [HASH, HASH]


def test_nothing_is_written_of_what_is_wrong(capsys: Capture) -> None:
    for value in (document(event(), event(action="LOOK")), document(event(), colour="red"), document(colour="red")):
        assert app.run(["epcis", "convert", write("a.jsonld", value)]) == 1
        assert capsys.readouterr().out == ""
    assert app.run(["epcis", "convert", write("a.jsonld", document(OLD))]) == 1
    assert app.run(["epcis", "convert", "a.jsonld", "--profile", "lenient"]) == 0
    assert "BizStep-shipping" in capsys.readouterr().out
