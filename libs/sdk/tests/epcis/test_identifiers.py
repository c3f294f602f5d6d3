import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.epcis import Level, canonical_identifier, check_digit, parse_identifier, wrong_check_digit
from fenxiao.epcis.epc_uris import is_well_formed

LOT = "https://id.gs1.org/01/04012345123456/10/998877"
SERIAL = "https://id.gs1.org/01/09521141123454/21/7"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("urn:epc:class:lgtin:4012345.012345.998877", LOT),
        ("https://id.gs1.org/01/04012345123456/10/998877", LOT),
        ("http://shop.example/a/b/gtin/4012345123456/lot/998877/?x=1#y", LOT),
        ("https://id.gs1.org/01/09521141123454/22/2A/10/ABC/21/7", SERIAL),
        ("urn:epc:idpat:sgtin:9521141.012345.*", "https://id.gs1.org/01/09521141123454"),
        ("urn:epc:id:sgln:9521141.00001.0", "https://id.gs1.org/414/9521141000014"),
        ("urn:epc:id:gdti:987659999999..9", "https://id.gs1.org/253/98765999999929"),
        ("urn:epc:id:grai:952114112345..9", "https://id.gs1.org/8003/095211411234549"),
        ("https://example.org/gtin/12345670", "https://id.gs1.org/01/00000012345670"),
        ("https://example.org/01/09521141123454/21/a(1)", "https://id.gs1.org/01/09521141123454/21/a%281%29"),
    ],
)
def test_one_form_for_all_spellings(written: str, canonical: str):
    assert canonical_identifier(written) == canonical
    assert canonical_identifier(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "urn:epc:",
        "urn:epc:id:unknown:9521141.012345.1",
        "urn:epc:id:sgtin:9521141.01234.1",  # a digit short
        "urn:epc:id:sgtin:9521141.012345.",
        "urn:epc:id:sgtin:9521141.012345." + "1" * 21,
        "urn:epc:id:sgtin:9521141.012345.\u0661",
        "urn:epc:id:sgtin:\u0669521141.012345.1",
        "urn:epc:id:giai:9521141." + "x" * 24,
        "urn:epcglobal:cbv:bt:9521141000007:DA-1131",
        "https://example.org",
        "https://example.org/01/123",
        "https://example.org/01/09521141123454/21",
        "https://example.org/01/09521141123454/99/1",
        "https://example.org/01/09521141123454/21/1/reviews",
        "https://example.org/order/01",
        "ftp://example.org/01/09521141123454",
    ],
)
def test_what_is_no_identifier_of_gs1(text: str):
    assert canonical_identifier(text) is None


def test_check_digits_of_the_general_specifications():
    assert check_digit("629104150021") == "3"
    assert check_digit("37610425002123456") == "9"


@given(st.text(max_size=60) | st.from_regex(r"(urn:epc:(id|class|idpat):[a-z]{2,6}:|https?://x/(01|414|8010)/)\S*"))
def test_any_text_is_read_or_left(text: str):
    canonical = canonical_identifier(text)
    assert canonical is None or canonical_identifier(canonical) == canonical


def test_check_digits_are_computed_as_by_hand():
    def by_hand(digits: str) -> str:
        total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
        return str((10 - total % 10) % 10)

    for digits in ("", "0", "7", "952114112345", "0952114112345", "99999999999999999", "1234567"):
        assert check_digit(digits) == by_hand(digits)


GTIN_URI = "https://id.gs1.org/01/09521141123454"


@pytest.mark.parametrize(
    ("text", "level", "key", "number", "lot", "serial", "class_uri"),
    [
        ("urn:epc:id:sgtin:9521141.012345.7", "instance", "01", "09521141123454", "", "7", GTIN_URI),
        ("urn:epc:class:lgtin:9521141.012345.A1", "lot", "01", "09521141123454", "A1", "", GTIN_URI),
        ("urn:epc:idpat:sgtin:9521141.012345.*", "class", "01", "09521141123454", "", "", ""),
        ("https://x.example/gtin/9521141123454/lot/A/ser/7", "instance", "01", "09521141123454", "", "7", GTIN_URI),
        ("https://x.example/01/952114112345", "class", "01", "00952114112345", "", "", ""),
        ("https://x.example/01/12345670", "class", "01", "00000012345670", "", "", ""),
        ("urn:epc:id:upui:9521141.012345.51", "instance", "01", "09521141123454", "", "51", GTIN_URI),
        ("urn:epc:id:sscc:9521141.0000000018", "instance", "00", "095211410000000182", "", "", ""),
        ("urn:epc:id:sgln:9521141.00001.0", "instance", "414", "9521141000014", "", "", ""),
        ("urn:epc:id:sgln:9521141.00001.B4", "instance", "414", "9521141000014", "", "B4", ""),
        ("urn:epc:id:grai:9521141.12345.7", "instance", "8003", "09521141123454", "", "7",
         "https://id.gs1.org/8003/09521141123454"),
        ("urn:epc:idpat:gdti:9521141.12345.*", "class", "253", "9521141123454", "", "", ""),
        ("urn:epc:id:giai:9521141.7a", "instance", "8004", "95211417a", "", "", ""),
        ("urn:epc:id:itip:9521141.012345.01.02.9", "instance", "8006", "095211411234540102", "", "9",
         "https://id.gs1.org/8006/095211411234540102"),
        ("urn:epc:id:cpi:9521141.AB.12", "instance", "8010", "9521141AB", "", "12", "https://id.gs1.org/8010/9521141AB"),
    ],
)  # fmt: skip
def test_identifiers_taken_apart(text: str, level: str, key: str, number: str, lot: str, serial: str, class_uri: str):
    found = parse_identifier(text)
    assert found is not None
    assert (found.level, found.key, found.number, found.lot, found.serial) == (Level(level), key, number, lot, serial)
    assert found.class_uri == class_uri
    assert found.uri == canonical_identifier(text)
    assert found.gtin == (number[:14] if key in ("01", "8006") else "")


def test_what_is_none_is_not_taken_apart():
    assert parse_identifier("https://id.gs1.org/01/7") is None
    assert parse_identifier("urn:epc:id:gid:1.2.3") is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("https://id.gs1.org/01/09521141123454/21/7", None),
        ("https://id.gs1.org/01/09521141123455/21/7", ("5", "4")),
        ("https://x.example/gtin/12345671", ("1", "0")),
        ("https://id.gs1.org/00/095211410000000182", None),
        ("https://id.gs1.org/00/095211410000000183", ("3", "2")),
        ("https://id.gs1.org/414/9521141000015/254/B4", ("5", "4")),
        ("https://id.gs1.org/8003/095211411234557", ("5", "4")),
        ("https://id.gs1.org/8006/095211411234550102", ("5", "4")),
        ("https://id.gs1.org/8004/95211417", None),
        ("urn:epc:id:sgtin:9521141.012345.7", None),
        ("urn:epc:id:bic:CSQU3054383", None),
        ("urn:epc:id:bic:CSQU3054384", ("4", "3")),
        ("urn:epc:id:imovn:9074729", None),
        ("urn:epc:id:imovn:9074728", ("8", "9")),
        ("https://example.org/anything", None),
    ],
)
def test_check_digits_are_verified(text: str, wrong: tuple[str, str] | None):
    assert wrong_check_digit(text) == wrong


@pytest.mark.parametrize(
    ("text", "well_formed"),
    [
        ("urn:epc:id:sgtin:9521141.012345.7", True),
        ("urn:epc:id:sgtin:9521141.01234.7", False),
        ("urn:epc:id:gid:95100000.12345.400", True),
        ("urn:epc:id:gid:95100000.12345", False),
        ("urn:epc:id:usdod:2S194.12345678901", True),
        ("urn:epc:id:adi:35962.PQ7VZ4.M37GXB92", True),
        ("urn:epc:id:adi:W81X9C..12345", True),
        ("urn:epc:id:bic:CSQU3054383", True),
        ("urn:epc:id:bic:CSQ3054383", False),
        ("urn:epc:id:imovn:9176187", True),
        ("urn:epc:id:imovn:917618", False),
        ("urn:epc:id:newer:1", None),
        ("urn:uuid:1", None),
        ("https://id.gs1.org/01/09521141123454", None),
    ],
)
def test_forms_of_epc_uris(text: str, well_formed: bool | None):
    assert is_well_formed(text) is well_formed
