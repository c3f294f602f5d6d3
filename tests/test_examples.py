"""The scenarios' documents: what their generators write now, right in every digit, small, and nobody's real goods."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from fenxiao.epcis import EventReader, Profile, wrong_check_digit
from libs.localnet.scenarios.table import SCENARIOS

EXAMPLES = Path(__file__).parents[1] / "examples"
STORIES = sorted(path.parent.name for path in EXAMPLES.glob("*/make_events.py"))
SMALL = 300 * 1024

_KEY = re.compile(r'"(https://id\.gs1\.org/[^"]+)"')
_PREFIX = re.compile(r"https://id\.gs1\.org/(?:01/0|00/1|8004/|8018/|414/|417/|253/)952")


def story(name: str) -> Any:
    return importlib.import_module(f"examples.{name}.make_events").make()


def test_every_scenario_of_traced_goods_has_a_generator() -> None:
    assert {name.replace("-", "_") for name in SCENARIOS if name != "gift"} <= {*STORIES}


@pytest.mark.parametrize("name", STORIES)
def test_what_is_committed_is_what_the_generator_writes_each_time(name: str) -> None:
    files = story(name).files()
    assert story(name).files() == files
    stale = [file for file, data in files.items() if (EXAMPLES / name / file).read_bytes() != data]
    assert not stale, f"run `python -m examples.{name}.make_events`"
    assert {path.name for path in (EXAMPLES / name).glob("*.json*")} == files.keys()
    assert sum(map(len, files.values())) < SMALL


@pytest.mark.parametrize("name", STORIES)
def test_documents_are_valid_by_the_letter_and_without_advice(name: str) -> None:
    for path in (EXAMPLES / name).glob("*.jsonld"):
        with path.open("rb") as file:
            reader = EventReader(file, Profile.STRICT)
            events = list(reader.read())
        assert events
        assert not reader.issues
        assert [(event.issues, event.advice) for event in events if event.issues or event.advice] == []


@pytest.mark.parametrize("name", STORIES)
def test_every_identifier_has_its_check_digit_and_is_of_a_demonstration(name: str) -> None:
    keys = {key for path in (EXAMPLES / name).glob("*.json*") for key in _KEY.findall(path.read_text("utf-8"))}
    assert len(keys) > 10
    assert [key for key in keys if wrong_check_digit(key)] == []
    assert [key for key in keys if not _PREFIX.match(key)] == []
