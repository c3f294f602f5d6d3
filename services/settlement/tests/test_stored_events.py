"""What is stored can be read for ever: the JSON of every version of every event that was ever stored.

A line is added when an event gets a new version; none is ever changed or taken out.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from services.settlement.wiring import EVENTS

STORED: dict[str, Any] = json.loads((Path(__file__).parent / "stored_events.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", STORED)
def test_a_stored_event_can_be_read(topic: str) -> None:
    event, version = EVENTS.decode(topic, json.dumps(STORED[topic]).encode())
    if version == EVENTS.version(type(event)):
        assert json.loads(EVENTS.encode(event)) == STORED[topic]


def test_every_version_stands_here() -> None:
    assert {topic for cls in EVENTS.all() for topic in EVENTS.topics(cls)} == set(STORED)
