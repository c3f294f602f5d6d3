"""Reading the paths of a resolver, and what callers would rather have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.epcis import check_digit, parse_identifier
from fenxiao.errors import Refusal
from services.traceability.domain.digital_links import HOME, KEYS, read_path, with_lot
from services.traceability.domain.links import is_target, link_type, send_on
from services.traceability.domain.negotiation import best_language, best_type, language_weight, type_weight, wishes

GTIN = "09521141123454"


@pytest.mark.parametrize(
    ("path", "levels"),
    [
        (f"01/{GTIN}", [f"01/{GTIN}"]),
        (f"/01/{GTIN[1:]}/", [f"01/{GTIN}"]),
        (f"01/{GTIN}/10/L", [f"01/{GTIN}/10/L", f"01/{GTIN}"]),
        (f"01/{GTIN}/10/L/21/S", [f"01/{GTIN}/21/S", f"01/{GTIN}/10/L", f"01/{GTIN}"]),
        (f"01/{GTIN}/22/V/10/L", [f"01/{GTIN}/10/L", f"01/{GTIN}"]),
        ("414/9521141000014/254/door", ["414/9521141000014/254/door", "414/9521141000014"]),
        ("00/395211410000000015", ["00/395211410000000015"]),
        ("8003/09521141123454X1", ["8003/09521141123454X1", "8003/09521141123454"]),
    ],
)
def test_what_inherits_from_what(path: str, levels: list[str]) -> None:
    assert [one.removeprefix(HOME) for one in read_path(path).levels] == levels


def test_a_lot_that_is_found_out_stands_between() -> None:
    asked = with_lot(read_path(f"01/{GTIN}/21/S"), f"{HOME}01/{GTIN}/10/L")
    assert [one.removeprefix(HOME) for one in asked.levels] == [f"01/{GTIN}/21/S", f"01/{GTIN}/10/L", f"01/{GTIN}"]
    assert asked.lot == "L"
    assert with_lot(asked, asked.levels[1]) == asked


_part = st.text(st.sampled_from("/%0129aAzZ-_.!?#\x00é油") | st.characters(), max_size=20)


@settings(max_examples=100)
@given(st.one_of(st.text(max_size=80), st.tuples(st.sampled_from(KEYS), _part, _part, _part).map("/".join)))
def test_whatever_is_asked_is_read_or_refused(path: str) -> None:
    reason, levels = "", tuple[str, ...]()
    try:
        levels = read_path(path).levels
    except Refusal as refusal:
        reason = refusal.reason
    assert reason in ("", "INVALID_DIGITAL_LINK", "WRONG_CHECK_DIGIT", "COMPRESSED_LINK")
    assert bool(levels) != bool(reason)
    for level in levels:
        found = parse_identifier(level)
        assert found is not None
        assert found.uri == level


_VALUE = st.text("!%&'()*+,-./0123456789:;<=>?ABCZ_abcz\"", min_size=1, max_size=9)


@settings(max_examples=50)
@given(st.from_regex(r"[0-9]{13}", fullmatch=True), _VALUE, _VALUE)
def test_every_serial_number_comes_back(digits: str, lot: str, serial: str) -> None:
    def escaped(text: str) -> str:
        return "".join(one if one.isalnum() else f"%{ord(one):02X}" for one in text)

    asked = read_path(f"01/{digits}{check_digit(digits)}/10/{escaped(lot)}/21/{escaped(serial)}")
    assert len(asked.levels) == 3
    wrong = str((int(check_digit(digits)) + 1) % 10)
    with pytest.raises(Refusal, match="WRONG_CHECK_DIGIT"):
        read_path(f"01/{digits}{wrong}/10/{escaped(lot)}")


def test_what_headers_say() -> None:
    assert wishes("text/html;q=0.8, */*;q=x , ,a/b;level=1") == [("text/html", 0.8), ("*/*", 0.0), ("a/b", 1.0)]
    assert len(wishes("a," * 1000)) <= 32
    accept = wishes("text/html, application/*;q=0.5, text/plain;q=0")
    assert [type_weight(accept, one) for one in ("text/html", "application/json", "text/plain", "image/png")] == [
        1.0, 0.5, 0.0, 0.0,
    ]  # fmt: skip
    assert type_weight([], "image/png") == 1.0
    assert best_type(accept, ("image/png",)) == ""
    assert best_type(accept, ("application/json", "text/html")) == "text/html"


def test_languages() -> None:
    wanted = wishes("zh-TW, en-GB;q=0.8")
    assert language_weight(wanted, "zh-TW") > language_weight(wanted, "zh-CN") > language_weight(wanted, "en")
    assert best_language(wanted, ("en", "zh")) == "zh"
    assert best_language(wishes("fr"), ("en", "zh")) == "en"
    assert best_language(wishes("*"), ("en", "zh")) == "en"


@settings(max_examples=100)
@given(st.text(max_size=60), st.text(max_size=60))
def test_nobody_is_sent_elsewhere_by_what_he_asks(path: str, query: str) -> None:
    sent = send_on("https://mill.example.com/oil", query)
    assert sent.startswith("https://mill.example.com/oil")
    assert sent.isascii()
    assert sent.isprintable()
    if is_target(path):
        assert path.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("gs1:pip", "https://ref.gs1.org/voc/pip"),
        ("https://gs1.org/voc/pip", "https://ref.gs1.org/voc/pip"),
        ("https://ref.gs1.org/voc/pip", "https://ref.gs1.org/voc/pip"),
        ("https://x.example/types/a", "https://x.example/types/a"),
    ],
)
def test_spellings_of_link_types(text: str, full: str) -> None:
    assert link_type(text) == full
