"""Every version of every event that was ever stored can still be read. Lines are added to the file, never changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.chain_bridge.domain.log import LOG_EVENTS
from services.chain_bridge.wiring import PUBLISHES, SERVICE

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden_events.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("topic", GOLDEN)
def test_stored_events_are_read(topic: str) -> None:
    event, version = SERVICE.events.decode(topic, json.dumps(GOLDEN[topic]).encode())
    assert topic == f"{type(event).__name__}.v{version}"
    if version == SERVICE.events.version(type(event)):
        assert json.loads(SERVICE.events.encode(event)) == GOLDEN[topic]


def test_every_version_stands_in_the_file() -> None:
    assert {topic for cls in SERVICE.events.all() for topic in SERVICE.events.topics(cls)} == set(GOLDEN)


def test_every_event_is_published_but_the_logs_own() -> None:
    """They would make the log grow by having grown."""
    assert set(SERVICE.events.all()) - set(PUBLISHES) == set(LOG_EVENTS)
