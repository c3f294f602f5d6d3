"""The standard's words in all their spellings, and what is doubtful about events that are valid."""

import json
from typing import Any

import pytest

from fenxiao.epcis import Vocabulary
from fenxiao.epcis.formats import is_uri
from libs.sdk.tests.epcis.samples import CONTEXT, SHARED, document, event, needs_shared, read, without


def test_how_many_words_there_are():
    counts = {vocabulary: len(vocabulary.words) for vocabulary in Vocabulary}
    assert counts == {
        Vocabulary.BIZ_STEP: 41,
        Vocabulary.DISPOSITION: 33,
        Vocabulary.BIZ_TRANSACTION: 13,
        Vocabulary.SOURCE_DESTINATION: 3,
        Vocabulary.ERROR_REASON: 2,
        Vocabulary.COMPONENT: 14,
        Vocabulary.MEASUREMENT: 72,
        Vocabulary.SENSOR_ALERT: 2,
    }


@needs_shared
def test_the_words_are_the_schemas():
    definitions = json.loads((SHARED / "schema" / "epcis-json-schema.json").read_bytes())["definitions"]
    listed = {
        frozenset(rule["enum"]) for one in definitions.values() for rule in one.get("anyOf", ()) if "enum" in rule
    }
    assert {vocabulary.words for vocabulary in Vocabulary} <= listed


@pytest.mark.parametrize("vocabulary", Vocabulary)
def test_every_spelling_is_one_word(vocabulary: Vocabulary):
    for word in vocabulary.words:
        uri = vocabulary.uri(word)
        assert is_uri(uri)
        assert uri != word
        spelt = [word, uri, uri.replace("https://ref.gs1.org/cbv/", "cbv:").replace("https://gs1.org/voc/", "gs1:")]
        spelt += [uri.replace("https://ref.", "https://ns.").replace("https://gs1", "http://www.gs1")]
        spelt += [vocabulary.urn + word] if vocabulary.urn else []
        assert {vocabulary.word(one) for one in spelt} == {word}
        assert {vocabulary.guess(one) for one in [*spelt, word.upper(), f" {word} "]} == {word}
    assert vocabulary.word("https://ours.example/x") == "https://ours.example/x"
    assert vocabulary.guess("https://ours.example/shipping") is None


def advice(**fields: Any) -> list[tuple[str, str]]:
    (one,) = read(document(event(**fields))).events
    return [(note.path.removeprefix("$.epcisBody.eventList[0]"), note.rule) for note in one.advice]


@pytest.mark.parametrize(
    ("fields", "path", "rule"),
    [
        ({"epcList": ["https://id.gs1.org/01/09521141123455/21/7"]}, ".epcList[0]", "WRONG_CHECK_DIGIT"),
        ({"readPoint": {"id": "https://x.example/gln/9521141000015"}}, ".readPoint.id", "WRONG_CHECK_DIGIT"),
        ({"quantityList": [{"epcClass": "https://id.gs1.org/01/09521141123455/10/A"}]},
         ".quantityList[0].epcClass", "WRONG_CHECK_DIGIT"),
        ({"epcList": ["urn:epc:id:sgtin:9521141.01234.7"]}, ".epcList[0]", "MALFORMED_EPC"),
        ({"nobody:field": {"ex:inner": 1}}, "['nobody:field']", "UNKNOWN_PREFIX"),
        ({"ex:own": [{"nobody:field": 1}]}, "['ex:own'][0]['nobody:field']", "UNKNOWN_PREFIX"),
        ({"eventID": "ni:///sha-256;" + "0" * 64 + "?ver=CBV2.0"}, ".eventID", "OTHER_HASH"),
    ],
)  # fmt: skip
def test_what_is_doubtful(fields: dict[str, Any], path: str, rule: str):
    assert advice(**fields) == [(path, rule)]


def test_what_is_not_doubtful():
    assert advice(eventID=read(document(event())).events[0].hash) == []
    assert advice(**{"https://x.example/ns#a": 1, "rdfs:comment": "x", "ex:a": {"plain": 1}}) == []
    own = event(**{"@context": [CONTEXT, {"own": "https://own.example/"}], "own:a": 1})
    assert not read(document(own)).events[0].advice


def test_a_parent_is_missed():
    (one,) = read(document(without("parentID", event("AggregationEvent")))).events
    assert [note.rule for note in one.advice] == ["PARENT_MISSING"]
