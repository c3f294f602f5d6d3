"""Where events stand, and that documents of any size are read in bounded memory."""

import json
import tracemalloc
from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import WIDE, EpcisIssue, EventReader, Limits, Profile, ReadEvent
from libs.sdk.tests.epcis.samples import CONTEXT, FULL, NAMESPACES, answer, document, event, full, without

BARE = {"@context": [CONTEXT, NAMESPACES], **event()}


def read(data: bytes, profile: Profile = Profile.STRICT) -> tuple[EventReader, list[ReadEvent]]:
    reader = EventReader(BytesIO(data), profile, WIDE)
    return reader, list(reader.read())


def everything(data: bytes, profile: Profile = Profile.STRICT) -> tuple[list[str], list[EpcisIssue]]:
    reader, events = read(data, profile)
    found = [*reader.issues, *(issue for one in events for issue in one.issues)]
    return [one.hash for one in events if one.valid], found


def lines(*values: Any) -> bytes:
    return "\n".join(map(json.dumps, values)).encode()


HASH = everything(json.dumps(document(event())).encode())[0][0]


@pytest.mark.parametrize(
    ("data", "kind", "count"),
    [
        (lines(document(event(), event())), "EPCISDocument", 2),
        (lines(document()), "EPCISDocument", 0),
        (lines(answer(event())), "EPCISQueryDocument", 1),
        (lines(BARE), "", 1),
        (lines([BARE, BARE]), "", 2),
        (lines([]), "", 0),
        (lines(BARE, BARE, BARE) + b"\n", "", 3),
        (lines({**without("@context", document(event())), "@context": [CONTEXT, NAMESPACES]}), "EPCISDocument", 1),
        (lines({"epcisBody": {"eventList": [event()]}, **without("epcisBody", document())}), "EPCISDocument", 1),
        (lines({"epcisBody": answer(event())["epcisBody"], **without("epcisBody", answer())}), "EPCISQueryDocument", 1),
        (json.dumps(document(event()), indent=4).replace("\n", "\r\n").encode(), "EPCISDocument", 1),
    ],
)
def test_where_events_stand(data: bytes, kind: str, count: int):
    reader, events = read(data)
    assert not reader.issues
    assert [one.hash for one in events] == [HASH] * count
    assert [one.number for one in events] == list(range(1, count + 1))
    assert all(one.valid and one.text.encode() in data for one in events)
    assert (reader.kind if kind else "") == kind


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (lines(event()), [(1, "$['@context']", "MISSING_FIELD")]),
        (lines(BARE, event()), [(2, "$['@context']", "MISSING_FIELD")]),
        (lines([BARE, {**BARE, "action": "X"}]), [(2, "$[1].action", "UNKNOWN_WORD")]),
        (lines([BARE, 7]), [(2, "$[1]", "WRONG_TYPE")]),
        (lines(BARE) + b" x", [(0, "$", "INVALID_JSON")]),
        (lines(BARE) + b" {", [(0, "$", "INVALID_JSON")]),
        (lines([BARE]) + b"]", [(0, "$", "INVALID_JSON")]),
        (lines(document(), document()), [(0, "$", "INVALID_JSON")]),
        (lines({"a": 1}), [(0, "$.type", "MISSING_FIELD")]),
        (lines(document()).replace(b'"type"', b'"type": "EPCISDocument", "type"'), [(0, "$", "REPEATED_KEY")]),
        (
            lines(document(event())).replace(b'"eventList"', b'"eventList": [], "eventList"'),
            [(0, "$.epcisBody", "REPEATED_KEY")],
        ),
        (
            lines(answer({**event(), "action": "X"})),
            [(1, "$.epcisBody.queryResults.resultsBody.eventList[0].action", "UNKNOWN_WORD")],
        ),
    ],
)
def test_what_stands_wrong(data: bytes, expected: list[tuple[int, str, str]]):
    assert [(issue.event, issue.path, issue.rule) for issue in everything(data)[1]] == expected


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("whole", [document(event(**{"ex:a": 1})), answer(event(**{"ex:a": 1}))])
def test_the_context_counts_wherever_it_stands(whole: dict[str, Any], profile: Profile):
    orders = [
        [*whole],
        [*without("@context", whole), "@context"],
        [*without("type", whole), "type"],
        [*reversed(whole)],
    ]
    found = [everything(lines({name: whole[name] for name in order}), profile) for order in orders]
    assert found == [(found[0][0], [])] * 4
    (one,) = read(lines(whole))[1]
    assert found[0][0] == [one.hash]
    assert "{https://ex.example.com/ns/}a=1" in one.pre_hash


def test_events_before_a_mistake_come_out():
    data = lines(document(event(), event(), event()))[:-60]
    hashes, found = everything(data)
    assert hashes == [HASH, HASH]
    assert [(issue.event, issue.path, issue.rule) for issue in found] == [
        (3, "$.epcisBody.eventList[2]", "INVALID_JSON"),
    ]


class Trickle(RawIOBase):
    """Gives few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        self._inner, self._size = BytesIO(data), size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._inner.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._inner.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(self._size)


TRICKY: Any = {
    "ex:text": 'a "quoted" \\ [{, // /* 橄榄油 \u2028',
    "ex:number": 12.5,
    "ex:true": True,
    "ex:list": [1, -2e3],
}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.sampled_from([*Profile]), st.booleans())
def test_wherever_the_pieces_end(size: int, profile: Profile, late: bool):
    whole = document(full("ObjectEvent", **TRICKY), event(), event("ex:Own", **TRICKY))
    if late:
        whole = {"epcisBody": whole["epcisBody"], **without("epcisBody", whole)}
    data = json.dumps(whole, ensure_ascii=False, indent=1).encode()
    reader = EventReader(Trickle(data, size), profile, WIDE)  # pyright: ignore[reportArgumentType] - it reads bytes
    events = list(reader.read())
    assert not reader.issues
    assert [one.hash for one in events] == everything(data)[0]
    assert all(one.text.encode() in data for one in events)


class Endless(RawIOBase):
    """A document of so many events, made while it is read."""

    def __init__(self, events: int) -> None:
        head, tail = json.dumps(document(0)).split("[0]")
        one = json.dumps(full("ObjectEvent"))
        self._parts: Iterator[str] = iter([head + "[", *[one + ","] * (events - 1), one, "]" + tail])

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return "".join(part for _, part in zip(range(100), self._parts, strict=False)).encode()


def test_memory_is_bounded_by_the_largest_event():
    def peak(events: int) -> int:
        tracemalloc.start()
        reader = EventReader(Endless(events), Profile.STRICT, WIDE)  # pyright: ignore[reportArgumentType]
        assert sum(1 for one in reader.read() if one.valid) == events
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(300)
    assert peak(2400) < 1.5 * peak(600)


@pytest.mark.parametrize("start", [b'{"a": "', b'[{"a": "', b"[" + b" " * 10, b'{"@context": {"a": "'])
def test_what_never_ends_is_given_up(start: bytes):
    limits = Limits(bytes=2**40, event=300_000)
    reader = EventReader(BytesIO(start + b"x" * 5_000_000), Profile.STRICT, limits)
    assert not [one for one in reader.read() if one.valid]
    assert reader.issues[0].rule in ("EVENT_TOO_LONG", "INVALID_JSON")
    assert reader.bytes_read < 2_000_000


@pytest.mark.parametrize("kind", FULL)
@pytest.mark.parametrize("profile", Profile)
def test_what_was_read_is_written_again(kind: str, profile: Profile):
    (one,) = read(lines(document(full(kind))), profile)[1]
    assert one.json == one.text
    (again,) = read(lines(document(json.loads(one.json))), profile)[1]
    assert again.hash == one.hash
