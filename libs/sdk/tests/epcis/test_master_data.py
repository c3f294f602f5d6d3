"""Master data in headers: read in one form, checked as the schema does, bounded."""

import json
from io import BytesIO
from typing import Any

import pytest

from fenxiao.epcis import EpcisError, EventReader, Limits, MasterDataElement, Names, Profile, read_document
from fenxiao.epcis.master_data import attribute_name, documents_of, element_name, vocabulary_name
from libs.sdk.tests.epcis.samples import document

MDA = "urn:epcglobal:cbv:mda#"
VTYPE = "urn:epcglobal:epcis:vtype:"
NAMES = Names().within({"ex": "https://example.com/mda/"})


def with_header(*vocabularies: Any, **fields: Any) -> dict[str, Any]:
    return {**document(), "epcisHeader": {"epcisMasterData": {"vocabularyList": list(vocabularies)}}, **fields}


def vocabulary(kind: str, *elements: Any) -> dict[str, Any]:
    return {"type": kind, "vocabularyElementList": list(elements)}


def read(data: dict[str, Any], profile: Profile = Profile.STRICT) -> tuple[MasterDataElement, ...]:
    return read_document(json.dumps(data).encode(), profile=profile).master_data


SITE: dict[str, Any] = {
    "id": "urn:epc:id:sgln:0037000.00729.0",
    "attributes": [
        {"id": "cbvmda:name", "attribute": "Mill"},
        {"id": "ex:latitude", "attribute": 18.5},
        {"id": "ex:address", "attribute": {"ex:street": "1 Nowhere", "ex:codes": [{"ex:zip": "9"}]}},
        {"id": "cbvmda:name", "attribute": "Mulino"},
        {"id": "urn:epcglobal:cbv:mda#name", "attribute": "Mill"},
        {"id": "cbvmda:closed"},
    ],
    "children": ["urn:epc:id:sgln:0037000.00729.8201", "urn:epc:id:sgln:0037000.00729.8201"],
}


def test_an_element_is_read_in_one_form() -> None:
    data = with_header(vocabulary("epcis:vtype:businesslocation", SITE))
    data["@context"] = [data["@context"][0], {"ex": "https://example.com/mda/"}]
    (found,) = read(data)
    assert (found.vocabulary, found.id) == (VTYPE + "BusinessLocation", "https://id.gs1.org/414/0037000007296")
    address = {"https://example.com/mda/street": "1 Nowhere"}
    assert json.loads(json.dumps(dict(found.attributes), default=str)) == {
        MDA + "name": ["Mill", "Mulino"],
        "https://example.com/mda/latitude": ["18.5"],
        "https://example.com/mda/address": [
            {**address, "https://example.com/mda/codes": [{"https://example.com/mda/zip": "9"}]}
        ],
        MDA + "closed": [],
    }
    assert found.children == ("https://id.gs1.org/414/0037000007296/254/8201",)


def test_an_element_in_several_places_is_one() -> None:
    one = {"id": "urn:x:1", "attributes": [{"id": "cbvmda:a", "attribute": "1"}]}
    two = {"id": "urn:x:1", "attributes": [{"id": "cbvmda:a", "attribute": "2"}], "children": ["urn:x:2"]}
    three = {"id": "urn:x:1", "children": ["urn:x:3", "urn:x:2"]}
    kind = VTYPE + "ReadPoint"
    found = read(with_header(vocabulary(kind, one, two), vocabulary(kind, three), {"type": "urn:x:own"}))
    assert found == (MasterDataElement(kind, "urn:x:1", ((MDA + "a", ("1", "2")),), ("urn:x:2", "urn:x:3")),)


def test_nothing_is_said_of_children_that_are_left_out() -> None:
    found = read(with_header(vocabulary(VTYPE + "ReadPoint", {"id": "urn:x:1"}, {"id": "urn:x:2", "children": []})))
    assert [one.children for one in found] == [None, ()]


@pytest.mark.parametrize("behind", [False, True])
def test_the_header_stands_before_or_behind_the_events(behind: bool) -> None:
    data = with_header(vocabulary(VTYPE + "Party", {"id": "urn:x:1"}))
    body = data.pop("epcisBody")
    data = {**data, "epcisBody": body} if not behind else {"epcisBody": body, **data}
    assert [one.id for one in read(data)] == ["urn:x:1"]


def test_master_data_in_the_answer_to_a_query() -> None:
    listed: list[Any] = [vocabulary(VTYPE + "Party", {"id": "urn:x:1"})]
    results = {"queryName": "q", "resultsBody": {"eventList": [], "vocabularyList": listed}}
    data = {**document(), "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    del data["schemaVersion"], data["creationDate"]
    assert [one.id for one in read(data)] == ["urn:x:1"]
    # In a document it would stand where anything may stand, unchecked.
    own: dict[str, Any] = {**document(), "epcisBody": {"eventList": [], "queryResults": results}}
    assert read(own) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("name", MDA + "name"),
        ("cbvmda:name", MDA + "name"),
        ("urn:epcglobal:cbv:mda:name", MDA + "name"),
        ("urn:epcglobal:cbv:mda#name", MDA + "name"),
        ("https://ref.gs1.org/cbv/mda/name", MDA + "name"),
        ("gs1:countryOfOrigin", "https://gs1.org/voc/countryOfOrigin"),
        ("http://www.gs1.org/voc/countryOfOrigin", "https://gs1.org/voc/countryOfOrigin"),
        ("ex:size", "https://example.com/mda/size"),
        ("other:size", "other:size"),
    ],
)
def test_attributes_have_one_name(text: str, name: str) -> None:
    assert attribute_name(text, NAMES) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("BusinessLocation", VTYPE + "BusinessLocation"),
        ("epcclass", VTYPE + "EPCClass"),
        ("urn:epcglobal:epcis:vtype:epcclass", VTYPE + "EPCClass"),
        ("epcis:ReadPoint", VTYPE + "ReadPoint"),
        ("https://ref.gs1.org/epcis/vtype/ReadPoint", VTYPE + "ReadPoint"),
        ("ex:kinds", "https://example.com/mda/kinds"),
        ("urn:epcglobal:epcis:vtype:Own", "urn:epcglobal:epcis:vtype:Own"),
    ],
)
def test_vocabularies_have_one_name(text: str, name: str) -> None:
    assert vocabulary_name(text, NAMES) == name


def test_elements_are_named_as_in_events() -> None:
    assert element_name(VTYPE + "BusinessStep", "urn:epcglobal:cbv:bizstep:shipping", NAMES) == "shipping"
    assert element_name(VTYPE + "EPCClass", "urn:epc:idpat:sgtin:9521141.012345.*", NAMES) == (
        "https://id.gs1.org/01/09521141123454"
    )


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"id": 1}, "WRONG_TYPE", "id"),
    ({"id": "no uri"}, "INVALID_URI", "id"),
    ({}, "MISSING_FIELD", "id"),
    ({"id": "urn:x:1", "attributes": [{"attribute": "x"}]}, "MISSING_FIELD", "attributes[0].id"),
    ({"id": "urn:x:1", "attributes": [{"id": "urn:x", "attribute": []}]}, "WRONG_TYPE", "attributes[0].attribute"),
    (
        {"id": "urn:x:1", "attributes": [{"id": "urn:x", "attribute": None}]},
        "WRONG_TYPE",
        "attributes[0].attribute",
    ),
    ({"id": "urn:x:1", "children": ["x"]}, "INVALID_URI", "children[0]"),
]


@pytest.mark.parametrize(("element", "rule", "place"), WRONG)
def test_what_is_wrong_with_an_element(element: Any, rule: str, place: str) -> None:
    data = json.dumps(with_header(vocabulary(VTYPE + "Party", element))).encode()
    reader = EventReader(BytesIO(data))
    assert [*reader.read()] == []
    (issue,) = reader.issues
    path = "$.epcisHeader.epcisMasterData.vocabularyList[0].vocabularyElementList[0]"
    assert (issue.event, issue.rule, issue.path) == (0, rule, f"{path}.{place}")
    assert reader.master_data == []


@pytest.mark.parametrize(
    ("limits", "rule", "path"),
    [
        (Limits(event=1000), "HEADER_TOO_LARGE", "$.epcisHeader"),
        (Limits(elements=2), "TOO_MANY_ELEMENTS", "$.epcisHeader.epcisMasterData.vocabularyList"),
        (Limits(text=5), "TEXT_TOO_LONG", "$.epcisHeader.epcisMasterData.vocabularyList[0].type"),
    ],
)
def test_a_header_is_bounded(limits: Limits, rule: str, path: str) -> None:
    elements = [{"id": f"urn:x:{number}", "name": "x" * 100_000} for number in range(3)]
    data = json.dumps(with_header(vocabulary(VTYPE + "Party", *elements))).encode()
    with pytest.raises(EpcisError) as caught:
        read_document(data, limits)
    assert (caught.value.issues[0].rule, caught.value.issues[0].path) == (rule, path)


def test_much_of_one_element_takes_no_square_of_time() -> None:
    many = [{"id": "urn:x:1", "attributes": [{"id": "urn:x:a", "attribute": str(n)}]} for n in range(5000)]
    most = [{"id": "urn:x:a", "attribute": n} for n in range(9000)]
    data = with_header(vocabulary(VTYPE + "Party", *many[:4999], {"id": "urn:x:2", "attributes": most}))
    one, two = read(data)
    assert (len(one.attributes[0][1]), len(two.attributes[0][1])) == (4999, 9000)


def test_master_data_is_written_as_it_was_read() -> None:
    data = with_header(
        vocabulary("epcis:vtype:BusinessLocation", SITE, {"id": "urn:x:1"}, {"id": "urn:x:2", "children": []}),
        vocabulary("epcis:vtype:BusinessStep", {"id": "cbv:BizStep-shipping", "children": ["cbv:BizStep-packing"]}),
    )
    known = read(data)
    assert len(known) == 4
    for most, parts in ((1000, 1), (2, 2), (1, 4)):
        written = [*documents_of(known, "2025-12-20T18:00:00Z", most)]
        assert len(written) == parts
        assert tuple(one for part in written for one in read_document(part).master_data) == known
    large = MasterDataElement(VTYPE + "Party", "urn:x:1", ((MDA + "name", ("x" * 400_000,)),))
    assert len([*documents_of([large, large, large], "2025-12-20T18:00:00Z")]) == 3
