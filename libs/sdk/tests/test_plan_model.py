import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenxiao.errors import Kind, Refusal
from fenxiao.money import Rounding
from fenxiao.plans import Plan, PlanError, parse_instant, plan_schema, read_plan
from fenxiao.plans.components import Unilevel
from fenxiao.plans.language.instants import format_instant

PLAN: dict[str, Any] = {
    "plan": "Gifts",
    "version": "1",
    "currency": "GBP",
    "effective_from": "2010-12-01T00:00:00+08:00",
    "rounding": "half_up",
    "jurisdictions": [],
    "return_window": "14",
    "components": [{"id": "network", "type": "unilevel", "levels": ["8%", "4%", "2.50%"]}],
}


def read(**changes: Any) -> Plan:
    return read_plan(json.dumps({**PLAN, **changes}).encode())


def issues(**changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(PlanError) as error:
        read(**changes)
    assert error.value.reason == "INVALID_PLAN"
    assert error.value.kind == Kind.INVALID
    return [(issue.path, issue.reason) for issue in error.value.issues]


def component(**changes: Any) -> list[dict[str, Any]]:
    return [{**PLAN["components"][0], **changes}]


def test_a_plan_is_read_exactly():
    plan = read()
    assert plan.effective_from == datetime(2010, 11, 30, 16, tzinfo=UTC)
    assert plan.rounding is Rounding.HALF_UP
    assert plan.return_window == 14
    [network] = plan.components
    assert isinstance(network, Unilevel)
    assert network.levels == (Decimal("0.08"), Decimal("0.04"), Decimal("0.025"))
    assert (plan.depth, plan.worst_case) == (3, Decimal("0.145"))


def test_a_plan_is_frozen():
    plan = read()
    with pytest.raises(ValueError, match="frozen"):
        plan.version = "2"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    "rate", ["8", "0.08", 8, 0.08, "8 %", "08%", "-8%", "+8%", "1e1%", "100.1%", "8％", "8%\n", "", "%", ["8%"]]
)
def test_a_rate_has_one_notation(rate: Any):
    assert issues(components=component(levels=["1%", rate])) == [("/components/0/levels/1", "INVALID_RATE")]


def test_a_level_may_pay_nothing_and_all_may_be_paid_out():
    assert read(components=component(levels=["0%", "100%"])).worst_case == 1


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"currency": "gbp"}, "/currency", "UNKNOWN_CURRENCY"),
        ({"currency": "DEM"}, "/currency", "UNKNOWN_CURRENCY"),
        ({"effective_from": "2010-12-01"}, "/effective_from", "INVALID_TIME"),
        ({"effective_from": "2010-12-01T00:00:00"}, "/effective_from", "INVALID_TIME"),
        ({"effective_from": "2010-13-01T00:00:00Z"}, "/effective_from", "INVALID_TIME"),
        ({"rounding": "ceiling"}, "/rounding", "INVALID_VALUE"),
        ({"return_window": "-1"}, "/return_window", "INVALID_DAYS"),
        ({"return_window": "14.0"}, "/return_window", "INVALID_DAYS"),
        ({"return_window": "99999"}, "/return_window", "INVALID_DAYS"),
        ({"jurisdictions": ["CN", "XX"]}, "/jurisdictions/1", "UNKNOWN_JURISDICTION"),
        ({"jurisdictions": ["china"]}, "/jurisdictions/0", "INVALID_JURISDICTION"),
        ({"jurisdictions": ""}, "/jurisdictions", "INVALID_VALUE"),
        ({"plan": ""}, "/plan", "INVALID_NAME"),
        ({"version": "a\nb"}, "/version", "INVALID_NAME"),
        ({"version": {"a": "b"}}, "/version", "INVALID_NAME"),
        ({"a/b~c": "x"}, "/a~1b~0c", "UNKNOWN_FIELD"),
        ({"components": []}, "/components", "WRONG_COUNT"),
        ({"components": {}}, "/components", "INVALID_VALUE"),
        ({"components": ["x"]}, "/components/0", "INVALID_VALUE"),
        ({"components": component(type="lottery")}, "/components/0/type", "INVALID_VALUE"),
        ({"components": [{"id": "a"}]}, "/components/0/type", "MISSING_FIELD"),
        ({"products": [{"id": "tea"}, {"id": "tea"}]}, "/products/1/id", "REPEATED_ID"),
        ({"components": component(levels=[])}, "/components/0/levels", "WRONG_COUNT"),
        ({"components": component(levels=["1%"] * 31)}, "/components/0/levels", "WRONG_COUNT"),
        ({"components": component(id="Net work")}, "/components/0/id", "INVALID_ID"),
        ({"components": component(rates=["8%"])}, "/components/0/rates", "UNKNOWN_FIELD"),
        ({"components": component() * 2}, "/components/1/id", "REPEATED_ID"),
        ({"components": component(levels=["60%", "40.000000001%"])}, "/components", "PAYS_MORE_THAN_COMES_IN"),
        (
            {"components": component(levels=["60%"]) + component(levels=["41%"], id="b")},
            "/components",
            "PAYS_MORE_THAN_COMES_IN",
        ),
    ],
)  # fmt: skip
def test_refused_plans_with_the_place(changes: dict[str, Any], path: str, reason: str):
    assert issues(**changes) == [(path, reason)]


@pytest.mark.parametrize("field", sorted(PLAN))
def test_every_field_is_required(field: str):
    with pytest.raises(PlanError) as error:
        read_plan(json.dumps({key: value for key, value in PLAN.items() if key != field}).encode())
    assert [(issue.path, issue.reason) for issue in error.value.issues] == [(f"/{field}", "MISSING_FIELD")]


def test_all_issues_are_reported_at_once():
    assert issues(currency="x", rounding="y", components=component(id="Z")) == [
        ("/components/0/id", "INVALID_ID"),
        ("/currency", "UNKNOWN_CURRENCY"),
        ("/rounding", "INVALID_VALUE"),
    ]


@given(
    st.recursive(st.text(max_size=5) | st.integers(), lambda n: st.lists(n, max_size=3), max_leaves=5),
    st.sampled_from(sorted(PLAN)),
)
def test_any_value_anywhere_is_taken_or_refused_by_name(value: Any, field: str):
    try:
        read(**{field: value})
        found = ()
    except PlanError as error:
        found = error.issues
    assert all(issue.path.startswith(f"/{field}") and issue.reason.isupper() for issue in found)


def test_the_schema_describes_the_language():
    schema = plan_schema()
    assert set(schema["required"]) == set(PLAN) < set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema
    levels = schema["$defs"]["Unilevel"]["properties"]["levels"]
    assert levels["items"]["type"] == "string"


@pytest.mark.parametrize("text", ["2010-12-01T08:26:00Z", "2010-12-01T08:26:00.5Z", "2010-12-01T16:26:00+08:00"])
def test_times_are_read_as_utc(text: str):
    moment = parse_instant(text)
    assert moment.tzinfo is UTC
    assert moment.replace(microsecond=0) == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert parse_instant(format_instant(moment)) == moment


@pytest.mark.parametrize(
    "text",
    ["", "2010-12-01", "2010-12-01T08:26Z", "2010-12-01 08:26:00Z", "2010-12-01T08:26:00", "2010-12-01T24:00:00Z",
     "2010-12-01T08:26:60Z", "2010-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00", "2010-12-01T08:26:00.1234567Z",
     "２010-12-01T08:26:00Z", "2010-12-01T08:26:00+99:00"],
)  # fmt: skip
def test_other_times_are_refused(text: str):
    with pytest.raises(Refusal) as refused:
        parse_instant(text)
    assert refused.value.reason == "INVALID_TIME"
