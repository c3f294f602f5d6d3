"""The scenarios, each on the network that all tests share: it checks itself, and must be able to fail."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.localnet.demo import Demo
from libs.localnet.home import HomeError
from libs.localnet.network import LocalNetwork
from libs.localnet.scenarios import flat, olive_oil, painting
from libs.localnet.scenarios.table import SCENARIOS
from libs.localnet.services import SERVICES
from tests.support import gift
from tests.support.stores import parked

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]

OTHERS = [name for name in SCENARIOS if name != "gift"]
"""The gift wholesaler's month has tests of its own."""

Play = Callable[[str], Awaitable[Demo]]


@pytest.fixture(scope="module")
def play(network: LocalNetwork) -> Play:
    """Runs a scenario, once."""
    played: dict[str, Demo] = {}

    async def run(name: str) -> Demo:
        if name not in played:
            demo = gift.quiet(network)
            for step in SCENARIOS[name].steps:
                assert await step.run(demo)
            played[name] = demo
        return played[name]

    return run


@pytest.mark.parametrize("name", OTHERS)
async def test_what_a_scenario_shows_is_so(network: LocalNetwork, play: Play, name: str) -> None:
    demo = await play(name)
    assert len(demo.shown) >= 5
    assert all(words.en and words.zh and words.en != words.zh for words in demo.shown)
    assert parked(network.home, SERVICES) == []


@pytest.mark.parametrize(
    ("scenario", "step", "which", "wrong"),
    [
        (olive_oil, olive_oil.recall, "holders", {}),
        (olive_oil, olive_oil.recall, "sold", 0),
        (olive_oil, olive_oil.recall, "litres_in_tank", 1),
        (flat, flat.look_back, "lent_key", [{"day": "2026-05-20", "holder": "", "on_ring": True}]),
        (painting, painting.look_back, "provenance", [{"day": "2014-05-15", "holder": "", "owner": ""}]),
    ],
)
async def test_a_scenario_fails_when_what_it_shows_is_not_so(
    network: LocalNetwork,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    scenario: Any,
    step: Callable[[Demo], Awaitable[str]],
    which: str,
    wrong: Any,
) -> None:
    await play(scenario.STAGE.programme)
    # The same once more: nothing is other than it was.
    await step(gift.quiet(network))
    monkeypatch.setitem(scenario.STAGE.right, which, wrong)
    with pytest.raises(HomeError, match="This is not so"):
        await step(gift.quiet(network))
