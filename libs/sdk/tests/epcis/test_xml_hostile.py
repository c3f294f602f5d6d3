"""XML that means harm: refused with a reason, without a crash, in time and memory that grow with its length alone."""

import json
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fenxiao.epcis import WIDE, EventReader, Limits, Profile
from fenxiao.epcis.schema import EVENT_TYPES
from libs.sdk.tests.epcis.samples import issues
from libs.sdk.tests.epcis.test_xml import LEAST, with_own
from libs.sdk.tests.epcis.xml_samples import NAMESPACES, event_1_2, event_2_0, xml

SMALL = Limits()
HERE = xml(LEAST)


def prolog(text: str, data: bytes = HERE) -> bytes:
    head, _, rest = data.partition(b"?>\n")
    return head + b"?>\n" + text.encode() + rest


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (prolog(LAUGHS, with_own("<ex:a>&c;</ex:a>")), "DOCTYPE"),
        (prolog('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', with_own("<ex:a>&x;</ex:a>")), "DOCTYPE"),
        (prolog('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">'), "DOCTYPE"),
        (prolog('<!DOCTYPE a PUBLIC "-//X" "http://127.0.0.1:1/a.dtd">'), "DOCTYPE"),
        (prolog("<!DOCTYPE a [<!ATTLIST ObjectEvent a CDATA 'x'>]>"), "DOCTYPE"),
        (prolog("<!DOCTYPE a []>"), "DOCTYPE"),
        (prolog("<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/p'> %p;]>"), "DOCTYPE"),
        (prolog("<!DOCTYPE project>", with_own("<ex:a>&c;</ex:a>")), "INVALID_XML"),
        (with_own("<ex:a>&c;</ex:a>"), "INVALID_XML"),
        (with_own("<ex:a>&#0;</ex:a>"), "INVALID_XML"),
        (with_own("<ex:a>&#xD800;</ex:a>"), "INVALID_XML"),
        (with_own("<ex:a>\x01</ex:a>"), "INVALID_XML"),
        (with_own("<ex:a>").replace(b"<ex:a>", b"<ex:a>\xff</ex:a>"), "INVALID_XML"),
        (with_own("<ex:a><ex:b></ex:a></ex:b>"), "INVALID_XML"),
        (with_own('<ex:a b="1" b="2"/>'), "INVALID_XML"),
        (with_own('<ex:a ex:b="1" e:b="2" xmlns:e="https://ex.example.com/ns/"/>'), "INVALID_XML"),
        (with_own("<no:a/>"), "INVALID_XML"),
        (with_own("<ex:a xmlns:ex=''/>"), "INVALID_XML"),
        (with_own("<ex:a xmlns:b='urn:\x1fa'/>"), "INVALID_XML"),
        (HERE + b"<a/>", "INVALID_XML"),
        (HERE[:-5], "INVALID_XML"),
        (b"<", "INVALID_XML"),
        (b"<a", "INVALID_XML"),
        (b"<?xml version='1.0'?>", "INVALID_XML"),
        (HERE.replace(b"UTF-8", b"windows-1252"), "UNKNOWN_ENCODING"),
        (HERE.replace(b"UTF-8", b"utf-7"), "UNKNOWN_ENCODING"),
        (HERE.replace(b"UTF-8", b"rot13"), "UNKNOWN_ENCODING"),
        (HERE.replace(b"UTF-8", b"UTF-16"), "INVALID_XML"),
        (HERE.decode().encode("utf-16"), "INVALID_XML"),  # declared as UTF-8
        (HERE.decode().encode("utf-16-be"), "INVALID_XML"),
        (b"<EPCISDocument/>", "UNKNOWN_DOCUMENT_TYPE"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "UNKNOWN_DOCUMENT_TYPE"),
        (HERE.replace(b"epcis:xsd:2", b"epcis:xsd:3"), "UNKNOWN_DOCUMENT_TYPE"),
        (HERE.replace(b"epcis:EPCISDocument", b"epcis:EPCISQueryDocument"), "UNKNOWN_DOCUMENT_TYPE"),
        (HERE.replace(b"EPCISBody", b"EPCISbody"), "UNEXPECTED_ELEMENT"),
        (HERE.replace(b"<EventList>", b"<EventList>x"), "UNEXPECTED_ELEMENT"),
        (HERE.replace(b"</EPCISBody>", b"</EPCISBody><EPCISBody></EPCISBody>"), "REPEATED_ELEMENT"),
        (HERE.replace(b"</EPCISBody>", b"<EventList/></EPCISBody>"), "REPEATED_ELEMENT"),
        (
            HERE.replace(b"<EventList>", b"<QueryResults>").replace(b"</EventList>", b"</QueryResults>"),
            "UNEXPECTED_ELEMENT",
        ),
        (HERE.replace(b'schemaVersion="2.0"', b""), "MISSING_FIELD"),
        (HERE.replace(b"creationDate=", b"created="), "UNKNOWN_FIELD"),
        (HERE.replace(b"2025-12-20T18:00:00Z", b"2025-12-20"), "INVALID_TIME"),
        (HERE.replace(b"creationDate=", b'type="x" creationDate='), None),
        (with_own("<ex:a>" * 40 + "</ex:a>" * 40), "TOO_DEEP"),
        (with_own("<ex:a>" * 15 + "<ex:b/><ex:b/>" + "</ex:a><ex:a/>" * 15), "TOO_DEEP"),  # in JSON: lists between
        (with_own("<ex:a " + "".join(f'a{n}="1" ' for n in range(300)) + "/>"), "TOO_MANY_ATTRIBUTES"),
        (with_own("<ex:a " + "".join(f'xmlns:a{n}="urn:{n}" ' for n in range(300)) + "/>"), "TOO_MANY_ATTRIBUTES"),
        (with_own(f"<ex:{'a' * 2000}/>"), "ELEMENT_NAME_TOO_LONG"),
        (with_own(f"<ex:a xmlns:b='urn:{'b' * 2000}'/>"), "ELEMENT_NAME_TOO_LONG"),
        (with_own("", "".join(f'xmlns:a{n}="urn:{"x" * 200}:{n}" ' for n in range(150))), "CONTEXT_TOO_LARGE"),
        (with_own(f"<bizStep>{'urn:x:' + 'a' * 5000}</bizStep>"), "TEXT_TOO_LONG"),
        (HERE + b" " * SMALL.bytes, "DOCUMENT_TOO_LARGE"),
    ],
)
def test_documents_that_are_refused(data: bytes, rule: str | None):
    if rule is None:
        assert EventReader(BytesIO(data)).read()
        return
    assert issues(data)[0].rule == rule
    lenient = EventReader(BytesIO(data), Profile.LENIENT)
    assert all(event.number for event in lenient.read())


def test_a_doctype_that_says_nothing_is_nothing():
    reader = EventReader(BytesIO(prolog("<!DOCTYPE project>")))
    assert [event.valid for event in reader.read()] == [True]
    assert reader.issues == []


LARGE = Limits(bytes=2**40, event=256 * 1024)


@pytest.mark.parametrize(
    "own",
    [
        "<ex:a>" + "x" * 300_000 + "</ex:a>",
        f'<ex:a b="{"x" * 300_000}"/>',
        "<!--" + "x" * 300_000 + "-->",
        "<?x " + "x" * 300_000 + "?>",
        "<![CDATA[" + "x" * 300_000 + "]]>",
        "<ex:a/>" * 40_000,
        "<ex:a><ex:b/></ex:a>" * 15_000,
        '<a xmlns="urn:x"/>' * 20_000,
    ],
)
def test_events_of_any_length_are_not_taken(own: str):
    reader = EventReader(BytesIO(with_own(own)), limits=LARGE)
    assert [*reader.read()] == []
    (issue,) = reader.issues
    assert (issue.event, issue.rule) == (1, "EVENT_TOO_LONG")


@pytest.mark.parametrize(
    "header",
    [
        "<EPCISHeader><ex:a>" + "x" * 300_000 + "</ex:a></EPCISHeader>",
        "<ex:a/>" * 50_000,
        "<!-- -->" * 50_000,
    ],
)
def test_what_stands_around_the_events_is_bounded_too(header: str):
    for data in (xml(LEAST, header=header), xml(LEAST).replace(b"</EPCISBody>", b"</EPCISBody>" + header.encode())):
        reader = EventReader(BytesIO(data), limits=LARGE)
        read = [*reader.read()]
        assert [issue.rule for issue in reader.issues] == ["EVENT_TOO_LONG"]
        assert len(read) <= 1


MADE: list[Callable[[int], bytes]] = [
    lambda n: with_own('<ex:a b="' + "x" * n),
    lambda n: with_own("<!--" + "-x" * (n // 2)),
    lambda n: with_own("<" + "a" * n),
    lambda n: with_own("<ex:a>" + "x" * n),
    lambda n: with_own("<ex:a>" + "]]" * (n // 2)),
    lambda n: with_own("".join(f'<a xmlns="urn:{i}"/>' for i in range(n // 18))),
    lambda n: with_own("".join(f'<n:a xmlns:n="urn:{i}"/>' for i in range(n // 20))),
    lambda n: with_own("".join(f"<ex:a{i}/>" for i in range(n // 10))),
    lambda n: with_own("<ex:a>" + "<b/>" * (n // 4) + "</ex:a>"),
    lambda n: with_own("<ex:a>" + "x<b/>" * (n // 5) + "</ex:a>"),
    lambda n: xml(*[LEAST] * (n // len(LEAST))),
    lambda n: xml("<extension>" * 20, *[LEAST] * (n // len(LEAST)), "</extension>" * 20),
    lambda n: xml(LEAST, header="".join(f'<e:a{i} xmlns:e="urn:{i}"/>' for i in range(n // 24))),
    lambda n: with_own("<epcList>" + "<epc>urn:x:1</epc>" * (n // 18) + "</epcList>"),
]


@pytest.mark.parametrize("data", MADE)
def test_any_length_comes_to_an_end(data: Callable[[int], bytes]):
    """A million characters of it: what took the square of that would not end within the suite's patience."""
    limits = Limits(bytes=2**40, events=10**9, event=2**40, context=2**40)
    for _ in EventReader(BytesIO(data(1_000_000)), limits=limits).read():
        pass


def test_memory_does_not_grow_with_the_number_of_events():
    def peak(count: int) -> int:
        data = xml(*[event_2_0("ObjectEvent")] * count)
        tracemalloc.start()
        assert sum(1 for _ in EventReader(BytesIO(data), limits=WIDE).read()) == count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(1600) < 1.5 * peak(200) + 1024 * 1024


WHOLE = [xml(*map(event_2_0, EVENT_TYPES)), xml(*map(event_1_2, EVENT_TYPES), version="1.2")]
PIECES = [
    b"<", b">", b"/>", b"</", b'"', b"&", b"&amp;", b"<!DOCTYPE a [", b"]>", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<?", b"?>", b"xmlns:ex=''", b"xmlns=", b"xsi:nil", b"extension", b"ObjectEvent", b"EventList", b"<EventList>",
    b"epcis:", b"\xff", b"\0", b"1e999", b"urn:epcglobal:epcis:xsd:1", b"utf-16",
    b"<fx:field xmlns:fx='urn:fenxiao:epcis:json' name='type'>", b"<fx:list xmlns:fx='urn:fenxiao:epcis:json'/>",
    b"<fx:field xmlns:fx='urn:fenxiao:epcis:json' name='@context'>x</fx:field>",
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), max_size=4),
)
@example(xml(LEAST.replace("</ObjectEvent>", PIECES[-1].decode() + "</ObjectEvent>")), [])
def test_whatever_comes_is_read_or_refused(whole: bytes, changes: list[tuple[float, int, bytes]]):
    for place, cut, piece in changes:
        at = int(place * len(whole))
        whole = whole[:at] + piece + whole[at + cut :]
    for profile in Profile:
        reader = EventReader(BytesIO(whole), profile)
        for event in reader.read():
            json.loads(event.text)
            if event.valid:
                assert event.hash
                assert event.event
                assert event.advice is not None
        assert all(issue.rule and issue.message for issue in reader.issues)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200).map(lambda data: b"<" + data))
@example(NAMESPACES.encode())
def test_whatever_bytes_come_are_refused(data: bytes):
    reader = EventReader(BytesIO(data))
    assert [*reader.read()] == []
    assert reader.issues
