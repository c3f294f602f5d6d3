import hashlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.plans import PlanError, plan_hash
from fenxiao.plans.language.document import MAX_BYTES, read_document

# What YAML can hold without escapes is enough here; keys and values of any look, also those that YAML would guess at.
texts = st.one_of(
    st.sampled_from(
        ["no", "on", "~", "null", "1e3", "0x10", "12:30:45", "2010-12-01", "0.10", "{", "[", "8%", "<<", "="]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff"), max_size=8),
)
nodes: st.SearchStrategy[Any] = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


def refused(document: bytes) -> tuple[str, str]:
    with pytest.raises(PlanError) as error:
        read_document(document)
    (issue,) = error.value.issues
    assert issue.message
    return issue.path, issue.reason


def test_nothing_is_guessed_from_the_look_of_a_scalar():
    document = b"a: no\nb: 0.10\nc: 2010-12-01\nd: 1_000\ne: 010\nf: 12:30:00\ng: ~\nh:\ni: [1e3, .inf]\n<<: x\n"
    assert read_document(document) == {
        "a": "no", "b": "0.10", "c": "2010-12-01", "d": "1_000", "e": "010", "f": "12:30:00", "g": "~", "h": "",
        "i": ["1e3", ".inf"], "<<": "x",
    }  # fmt: skip


def test_json_scalars_are_texts_as_they_stand():
    document = b'{"a": 0.10, "b": 14, "c": true, "d": "x", "e": [1E2, 123456789012345678901234567890]}'
    assert read_document(document) == {
        "a": "0.10", "b": "14", "c": "true", "d": "x", "e": ["1E2", "123456789012345678901234567890"],
    }  # fmt: skip


def test_the_hash_is_sha256_of_canonical_json():
    expected = hashlib.sha256('{"a":["1","é"],"b":"0.10"}'.encode()).hexdigest()
    assert plan_hash("b: 0.10 # why\na:\n  - 1\n  - é\n".encode()) == expected
    assert plan_hash(b'{"a": [1, "\\u00e9"],\n "b": 0.10}') == expected
    assert plan_hash(b"\xef\xbb\xbf" + '{"b": "0.10", "a": ["1", "é"]}'.encode()) == expected
    assert plan_hash('{"b": 0.1, "a": [1, "é"]}'.encode()) != expected


@given(st.dictionaries(texts, nodes, max_size=4))
def test_yaml_and_json_of_one_document_are_one(tree: dict[str, Any]):
    as_json = json.dumps(tree, ensure_ascii=True).encode()
    as_yaml = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=False).encode()
    if as_yaml.startswith(b"{"):  # an empty mapping, or a key that looks so: PyYAML writes it in flow style
        as_yaml = b"---\n" + as_yaml
    assert read_document(as_json) == tree
    assert read_document(as_yaml) == tree
    assert plan_hash(as_json) == plan_hash(as_yaml)


@pytest.mark.parametrize(
    ("document", "path", "reason"),
    [
        (b"", "", "NOT_A_MAPPING"),
        (b"- a\n", "", "NOT_A_MAPPING"),
        (b"just text", "", "NOT_A_MAPPING"),
        (b"a: \xff", "", "NOT_UTF8"),
        (b"a: [1\n", "", "INVALID_SYNTAX"),
        (b"a: 1\n b: 2\n", "", "INVALID_SYNTAX"),
        (b"\ta: 1\n", "", "INVALID_SYNTAX"),
        (b"a: \x00", "", "INVALID_SYNTAX"),
        (b"a: 1\na: 2\n", "/a", "REPEATED_KEY"),
        (b"a:\n  - {b: 1, b: 2}\n", "/a/0/b", "REPEATED_KEY"),
        (b"a: &x 1\nb: 2\n", "/a", "ALIAS"),
        (b"a: *x\n", "/a", "ALIAS"),
        (b"a: !!python/object/apply:os.system [ls]\n", "/a", "TAG"),
        (b"a: !!float 1\n", "/a", "TAG"),
        (b"? [a, b]\n: 1\n", "", "INVALID_KEY"),
        (b"a: 1\n---\na: 2\n", "", "SEVERAL_DOCUMENTS"),
        (b"---\n---\na: 2\n", "", "SEVERAL_DOCUMENTS"),
        (b'a: "\\ud800"\n', "", "NOT_UTF8"),
        (b'{"a": "\\ud800"}', "", "NOT_UTF8"),
        (b'{"\\udfff": 1}', "", "NOT_UTF8"),
        (b'{"a": 1, "a": 2}', "", "REPEATED_KEY"),
        (b'{"a": NaN}', "", "INVALID_SYNTAX"),
        (b'{"a": null}', "/a", "NULL"),
        (b'{"a": 1} x', "", "INVALID_SYNTAX"),
        (b"{a: 1}", "", "INVALID_SYNTAX"),
        (b"a: " + b"x" * MAX_BYTES, "", "DOCUMENT_TOO_LARGE"),
        (b"a: " + b"[" * 30_000, "/a" + "/0" * 16, "TOO_DEEP"),
        (b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}", "/a" + "/0" * 16, "TOO_DEEP"),
        (b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "", "TOO_DEEP"),
    ],
)
def test_refused_documents(document: bytes, path: str, reason: str):
    assert refused(document) == (path, reason)


def test_a_billion_laughs_is_refused_at_the_first():
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    assert refused("\n".join(lines).encode()) == ("/a0", "ALIAS")
