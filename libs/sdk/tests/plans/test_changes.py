"""What differs between two documents, and where in a text its parts stand."""

import json
from itertools import permutations
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fenxiao.plans.language.changes import Change, ChangeKind, changes
from fenxiao.plans.language.document import Node, read_document
from fenxiao.plans.language.issues import PlanIssue, pointer
from fenxiao.plans.language.places import locate, spots
from libs.sdk.tests.plans.shop import document


def ranks(*names: str) -> bytes:
    listed = ", ".join(f"{{id: {name}, personal_volume: 1}}" for name in names)
    return document("[{id: own, type: direct, rate: 1%}]", f"ranks: [{listed}]")


def said(before: bytes, after: bytes) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.before, one.after) for one in changes(before, after)]


def test_a_document_does_not_differ_from_itself() -> None:
    assert changes(ranks("a", "b"), ranks("a", "b")) == []


def test_what_is_added_among_others_leaves_them_alone() -> None:
    assert said(ranks("a", "b"), ranks("a", "c", "b")) == [("added", "/ranks", "/ranks/1")]
    assert said(ranks("a", "b"), ranks("b")) == [("removed", "/ranks/0", "/ranks")]


@pytest.mark.parametrize("order", list(permutations("abcd")))
def test_as_few_as_possible_have_moved(order: tuple[str, ...]) -> None:
    moved = {one.name for one in changes(ranks(*"abcd"), ranks(*order))}
    assert [one for one in "abcd" if one not in moved] == [one for one in order if one not in moved]
    longest = max(
        (sum(1 for _ in run) for n in range(5) for run in _runs("abcd", n) if [x for x in order if x in run] == run),
        default=0,
    )
    assert len(moved) == 4 - longest


def _runs(letters: str, n: int) -> list[list[str]]:
    return [[x for x in letters if x in chosen] for chosen in permutations(letters, n)]


def one_change(before: str, after: str) -> Change:
    [found] = changes(document(before), document(after))
    return found


def test_another_spelling_means_the_same() -> None:
    plain = "[{id: own, type: direct, rate: 8%}]"
    assert one_change(plain, "[{id: own, type: direct, rate: 8.0%}]").same_meaning
    assert one_change(plain, "[{id: own, type: direct, rate: 8%, release: {delivered: no}}]").same_meaning
    assert not one_change(plain, "[{id: own, type: direct, rate: 8%, release: {delivered: yes}}]").same_meaning
    assert not one_change(plain, "[{id: own, type: direct, rate: 9%}]").same_meaning


def test_what_is_no_plan_is_compared_all_the_same() -> None:
    [found] = changes(b"plan: a", b"plan: b")
    assert found == Change(ChangeKind.CHANGED, "/plan", "/plan", "plan", (), "a", "b")


def test_lists_without_ids_are_compared_by_place() -> None:
    found = changes(b"x: [1, 2]", b"x: [1, 3, [4]]")
    assert [(one.kind.value, one.name, one.old, one.new) for one in found] == [
        ("changed", "1", "2", "3"),
        ("added", "2", None, ["4"]),
    ]


def test_a_mapping_in_place_of_a_list_is_a_change() -> None:
    assert said(b"x: [1]", b"x: {a: 1}") == [("changed", "/x", "/x")]


# --- places

texts = st.text("abc/~ \u00e9", max_size=4)
nodes: st.SearchStrategy[Any] = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


def places(node: Node, path: tuple[str | int, ...] = ()) -> set[str]:
    found = {pointer(path)}
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, part in parts:
        found |= places(part, (*path, name))
    return found


@given(st.dictionaries(texts, nodes, max_size=3), st.sampled_from([None, 1, "\t"]))
@settings(max_examples=80)
def test_every_part_has_its_place_in_json(node: dict[str, Any], indent: Any) -> None:
    text = json.dumps(node, indent=indent)
    found = spots(text.encode())
    assert found.keys() == places(read_document(text.encode()))
    lines = text.split("\n")
    for path, (line, column) in found.items():
        assert lines[line - 1][column - 1] in '"{[', path


@given(st.dictionaries(texts, nodes, max_size=3), st.booleans())
@settings(max_examples=80)
def test_every_part_has_its_place_in_yaml(node: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(node, default_flow_style=flow, allow_unicode=True)
    if not text.startswith("{"):
        assert spots(text.encode()).keys() == places(read_document(text.encode()))


def test_what_is_missing_is_sought_at_the_nearest_part_around_it() -> None:
    text = b"plan: Gifts\ncomponents:\n  - id: a\n"
    issues = [
        PlanIssue("/components/0/levels", "MISSING_FIELD", "x"),
        PlanIssue("/version", "MISSING_FIELD", "x"),
        PlanIssue("", "INVALID_SYNTAX", "Not YAML at line 7, column 3: x."),
    ]
    assert [spot and tuple(spot) for _, spot in locate(text, issues)] == [(3, 5), None, (7, 3)]


@pytest.mark.parametrize("text", [b"", b"{", b"[", b"a: [", b'{"a": [1, {', b"\xff\xfe", b"{" * 10_000, b"[" * 3_000])
def test_what_cannot_be_read_has_places_as_far_as_it_goes(text: bytes) -> None:
    spots(text)
