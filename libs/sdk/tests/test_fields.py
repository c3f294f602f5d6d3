"""Statements as trees of salted fields, against the log's tree and by changing every part of a proof."""

import json
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis.fields import event_fields, event_of, field_name
from fenxiao.epcis.names import Names
from fenxiao.epcis.strict_json import to_text
from fenxiao.errors import Refusal
from fenxiao.proofs.fields import (
    Commitment,
    Opened,
    Redacted,
    commit,
    field_hash,
    field_hashes,
    redact,
    require_opened,
    salts,
    verify_opened,
)
from fenxiao.proofs.log_tree import LogTree, leaf_hash

KEY = b"a key of this statement"

statements = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8).filter(lambda text: "\0" not in text)))


def opened(fields: list[tuple[str, str]], indexes: set[int]) -> list[Opened]:
    drawn = salts(KEY, len(fields))
    return [Opened(index, *fields[index], drawn[index]) for index in sorted(indexes)]


def shown(fields: list[tuple[str, str]], indexes: set[int]) -> Redacted:
    return redact(field_hashes(KEY, fields), opened(fields, indexes))


@given(statements)
def test_the_root_is_that_of_the_log(fields: list[tuple[str, str]]) -> None:
    drawn = salts(KEY, len(fields))
    entries = [salt + path.encode() + b"\0" + text.encode() for salt, (path, text) in zip(drawn, fields, strict=True)]
    tree = LogTree(leaf_hash(entry) for entry in entries)
    assert commit(field_hashes(KEY, fields)) == Commitment(tree.root(), len(fields))


@settings(max_examples=100)
@given(st.data(), statements)
def test_any_fields_open_and_verify(data: st.DataObject, fields: list[tuple[str, str]]) -> None:
    indexes = data.draw(st.sets(st.integers(0, len(fields) - 1))) if fields else set[int]()
    view = shown(fields, indexes)
    assert verify_opened(view, commit(field_hashes(KEY, fields)))
    hidden = len(fields) - len(indexes)
    assert len(view.proof) <= hidden


def changed(view: Redacted) -> list[Redacted]:
    """Everything that somebody could change of a view, once."""
    size = view.commitment.size
    views = [
        view._replace(proof=(*view.proof, b"\0" * 32)),
        view._replace(proof=view.proof[:-1]) if view.proof else view._replace(proof=(b"\1" * 32,)),
        view._replace(commitment=Commitment(view.commitment.root, size + 1)),
        view._replace(commitment=Commitment(view.commitment.root, size - 1)),
        view._replace(commitment=Commitment(sha256(view.commitment.root).digest(), size)),
        view._replace(opened=view.opened[::-1]) if len(view.opened) > 1 else view._replace(proof=(b"\2" * 32,)),
        view._replace(opened=(*view.opened, *view.opened[-1:])) if view.opened else view._replace(proof=()),
    ]
    for number, proof in enumerate(view.proof):
        other = sha256(proof).digest()
        views.append(view._replace(proof=(*view.proof[:number], other, *view.proof[number + 1 :])))
    for number, field in enumerate(view.opened):
        others = [
            field._replace(number=field.number + 1),
            field._replace(number=field.number - 1),
            field._replace(path=field.path + "x"),
            field._replace(text=field.text + "x"),
            field._replace(salt=bytes(16)),
            field._replace(salt=field.salt + b"\0"),
        ]
        if field.path:  # the same bytes, divided otherwise
            others.append(field._replace(path=field.path[1:], salt=field.salt + field.path[:1].encode()))
        others.append(field._replace(path="", text=f"{field.path}\0{field.text}"))
        views += [view._replace(opened=(*view.opened[:number], other, *view.opened[number + 1 :])) for other in others]
    return [one for one in views if one != view]


@settings(max_examples=60, deadline=None)
@given(st.data(), statements.filter(lambda fields: len(fields) > 0))
def test_any_change_shows(data: st.DataObject, fields: list[tuple[str, str]]) -> None:
    indexes = data.draw(st.sets(st.integers(0, len(fields) - 1)))
    view, commitment = shown(fields, indexes), commit(field_hashes(KEY, fields))
    for other in changed(view):
        # Who is lied to about the commitment as well still looks at what was published.
        assert not verify_opened(other, commitment)
        with pytest.raises(Refusal, match="FIELDS_NOT_PROVED"):
            require_opened(other, commitment)


def test_what_is_claimed_to_be_huge_costs_nothing() -> None:
    huge = Commitment(b"\0" * 32, 2**31)
    view = Redacted(huge, (Opened(7, "/a", "1", bytes(16)),), (b"\0" * 32,) * 31)
    assert not verify_opened(view, huge)
    assert not verify_opened(view, Commitment(b"\0" * 32, 2**60))


def test_a_hidden_field_cannot_be_guessed() -> None:
    fields = [("/action", '"ADD"'), ("/ilmd/ex:price", "10")]
    view = shown(fields, {0})
    (hidden,) = view.proof
    guesses = (field_hash(salt, "/ilmd/ex:price", "10") for salt in (b"", bytes(16), view.opened[0].salt))
    assert hidden not in {*guesses, leaf_hash(b"10")}
    assert hidden == field_hash(salts(KEY, 2)[1], "/ilmd/ex:price", "10")


def test_every_key_gives_other_salts() -> None:
    assert not {*salts(b"a", 50)} & {*salts(b"b", 50)}
    assert len({*salts(KEY, 1000)}) == 1000


EVENT = """{ "type":"ObjectEvent", "eventID":"a", "eventID": "b", "epcList" : [ "urn:1" , "urn:2"], "empty":[ ],
 "quantityList":[{"epcClass":"urn:c","quantity":1.50,"uom":"KGM"},{}], "ilmd":{"ex:a/b~":{"x":[1]},"ex:q\\u0022":null},
 "sensorElementList":[{"sensorMetadata":{"deviceID":"urn:d"},"sensorReport":[{"type":"Temperature"},{"type":"x"}]}],
 "readPoint":{"id":"urn:p","ex:door":"7"}, "ex:own":{"deep":[1,2]} }"""


def test_an_event_is_cut_as_it_stands() -> None:
    fields = event_fields(EVENT)
    assert [(field.path, EVENT[field.start : field.end]) for field in fields] == [
        ("/type", '"ObjectEvent"'),
        ("/eventID", '"b"'),
        ("/epcList/0", '"urn:1"'),
        ("/epcList/1", '"urn:2"'),
        ("/empty", "[ ]"),
        ("/quantityList/0/epcClass", '"urn:c"'),
        ("/quantityList/0/quantity", "1.50"),
        ("/quantityList/0/uom", '"KGM"'),
        ("/quantityList/1", "{}"),
        ("/ilmd/ex:a~1b~0", '{"x":[1]}'),
        ('/ilmd/ex:q"', "null"),
        ("/sensorElementList/0/sensorMetadata", '{"deviceID":"urn:d"}'),
        ("/sensorElementList/0/sensorReport/0", '{"type":"Temperature"}'),
        ("/sensorElementList/0/sensorReport/1", '{"type":"x"}'),
        ("/readPoint/id", '"urn:p"'),
        ("/readPoint/ex:door", '"7"'),
        ("/ex:own", '{"deep":[1,2]}'),
    ]
    names = Names().within({"ex": "https://ns.example/"})
    assert field_name(fields[6].place, names) == "quantityList/quantity"
    assert field_name(fields[9].place, names) == "ilmd/{https://ns.example/}a/b~"
    assert field_name(fields[12].place, names) == "sensorElementList/sensorReport"
    assert field_name(fields[-1].place, names) == "{https://ns.example/}own"
    assert event_of(fields) == json.loads(EVENT, parse_float=Decimal, parse_int=Decimal)
    some = [field for field in fields if field.path not in ("/epcList/0", "/quantityList/0/quantity")]
    assert event_of(some)["epcList"] == ["urn:2"]
    assert event_of(some)["quantityList"] == [{"epcClass": "urn:c", "uom": "KGM"}, {}]


values: Any = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["epcList", "quantityList", "ilmd", "sensorElementList", "sensorReport", "ex:a", ""])


@settings(max_examples=100)
@given(st.dictionaries(keys, values | st.lists(st.dictionaries(keys, values, max_size=3), max_size=3)), st.booleans())
def test_whatever_is_cut_can_be_put_together(event: dict[str, Any], wide: bool) -> None:
    text = json.dumps(event, indent=2 if wide else None)
    fields = event_fields(text)
    assert json.loads(to_text(event_of(fields))) == event
    assert all(json.loads(text[field.start : field.end]) == field.value for field in fields)
    assert len({field.path for field in fields}) == len(fields)
