"""`uri` and `date-time`, case by case, as the grammars of RFC 3986 and RFC 3339 have them."""

import pytest

from fenxiao.epcis.formats import is_date_time, is_uri
from fenxiao.epcis.moments import milliseconds_in_utc

GOOD_URIS = [
    "a:b",
    "a:",
    "a:?x",
    "urn:x:1",
    "urn:",
    "geo:1,2",
    "http://a/%41",
    "http://[::1]/",
    "http://[v1.x]/",
    "http://u@h:80/",
    "http://h:99999/",
    "http://a:b@c/",
    "A+.-1:c",
    "a:#f",
    "http:///p",
    "http://",
    "http://h/:@",
    "http://a/?q=/?",
    "mailto:x@y",
    "rdfs:comment",
    "http:x//y",
    "a:////b",
    "https://h#a/?b",
    "http://256.256.256.256/",
    "http://h/~'()*!$&+,;=",
    "http://h:",
    "http://@h/",
    "urn:epc:idpat:sgtin:9521141.012345.*",
]
BAD_URIS = [
    *[
        "x",
        "/x",
        "//h/x",
        "1a:b",
        "a_b:c",
        ":a",
        "http://a/%zz",
        "http://a/%4",
        "http://a/[x]",
        "urn:x:[x]",
        "http://[zz]/",
        "http://[::1",
        "http://u@h:8a/",
    ],
    *[
        "a:#f#g",
        "a:b^c",
        "a:b|c",
        "a:b\\c",
        "a:{b}",
        "a:<b>",
        "a:`b",
        "https://h?q[]",
        "https://h#[",
        "a://b@c@d/",
        "http://[::1%25eth0]/",
        "http://h]/",
    ],
    "",
    "a b:c",
    "http://a b",
    "a:b\n",
    "a:b\t",
    "\na:b",
    'a:"b',
    "http://ä",
    "ex:ä",
    "cbv:x y",
    "a:\u200b",
    "http://[1.2.3.4]/",
]


@pytest.mark.parametrize("text", GOOD_URIS)
def test_uris(text: str):
    assert is_uri(text)


@pytest.mark.parametrize("text", BAD_URIS)
def test_no_uris(text: str):
    assert not is_uri(text)


def test_long_texts_take_no_longer_than_they_are():
    for long in (
        "a:" + "%41" * 100_000,
        "a://" + "b" * 300_000 + "@" * 2,
        "http://h/" + "/" * 300_000 + "[",
        "a" * 300_000,
    ):
        is_uri(long)
    assert is_uri("a:" + "b" * 300_000)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2025-11-08T16:40:00Z", "2025-11-08T16:40:00.000Z"),
        ("2025-11-08t16:40:00z", "2025-11-08T16:40:00.000Z"),
        ("2025-11-08T16:40:00-00:00", "2025-11-08T16:40:00.000Z"),
        ("2025-11-08T16:40:00+23:59", "2025-11-07T16:41:00.000Z"),
        ("2025-11-08T16:40:00.1Z", "2025-11-08T16:40:00.100Z"),
        ("2025-11-08T16:40:00.1234Z", "2025-11-08T16:40:00.123Z"),
        ("2025-11-08T16:40:00.1235Z", "2025-11-08T16:40:00.124Z"),
        ("2025-12-31T23:59:59.9995Z", "2026-01-01T00:00:00.000Z"),
        ("2025-11-08T16:40:00.12349" + "9" * 90 + "Z", "2025-11-08T16:40:00.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:00:00.500Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times(text: str, written: str):
    assert is_date_time(text)
    assert milliseconds_in_utc(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-11-08",
        "2025-11-08T16:40Z",
        "2025-11-08 16:40:00Z",
        "2025-11-08T16:40:00",
        "2025-11-08T16:40:00+0100",
        "2025-11-08T16:40:00+01",
        "2025-11-08T16:40:00+24:00",
        "2025-11-08T16:40:00+01:60",
        "2025-11-08T24:00:00Z",
        "2025-11-08T16:60:00Z",
        "2025-11-08T16:40:61Z",
        "2025-11-08T16:40:60Z",
        "2016-12-31T23:59:60+01:00",
        "2025-02-29T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-11-08T16:40:00.Z",
        "2025-11-08T16:40:00,1Z",
        "2025-11-08T16:40:00Z\n",
        "+2025-11-08T16:40:00Z",
        "25-11-08T16:40:00Z",
        "20251108T164000Z",
        "２025-11-08T16:40:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_no_times(text: str):
    assert not is_date_time(text)
