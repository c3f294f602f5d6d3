import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.epcis import canonical_identifier, check_digit

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
