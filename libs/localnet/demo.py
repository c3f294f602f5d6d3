"""`fenxiao demo`: the whole business once, from real orders to members paid, step by step.

A step is one small async function: it does its part, puts what the summary needs into `demo.figures`, and returns what
is shown behind its name. The order in which they run is the list STEPS.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from libs.localnet import gift_wholesale
from libs.localnet.display import Display
from libs.localnet.home import Home, HomeError
from libs.localnet.network import LocalNetwork


@dataclass
class Demo:
    """What the steps share."""

    network: LocalNetwork
    display: Display
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def home(self) -> Home:
        """Where the network lives."""
        return self.network.home


@dataclass(frozen=True)
class Step:
    """One part of the demo."""

    name: str
    run: Callable[[Demo], Awaitable[str]]


async def start(demo: Demo) -> str:
    """Start a fresh network, its contracts deployed."""
    endpoints = await demo.network.start(demo.display.part, fresh=True)
    return f"{len(endpoints.services)} services, NATS, chain {endpoints.deployment.chain_id}"


STEPS: list[Step] = [
    Step("start", start),
    Step("programme", gift_wholesale.open_programme),
    Step("members", gift_wholesale.enrol_members),
    Step("wallets", gift_wholesale.bind_wallets),
    Step("sales", gift_wholesale.record_sales),
    Step("fund", gift_wholesale.fund_vault),
    Step("settle", gift_wholesale.settle),
    Step("verify", gift_wholesale.verify_all),
]


async def run_demo(demo: Demo) -> None:
    """Run every step in order, and stop the network whatever happens; its data is kept."""
    claim(demo.home)
    try:
        with demo.display.spinner():
            for step in STEPS:
                since = time.monotonic()
                with demo.display.step(step.name) as details:
                    details.append(await step.run(demo))
                demo.seconds[step.name] = round(time.monotonic() - since, 3)
    finally:
        await demo.network.stop()


def claim(home: Home) -> None:
    """Mark a home as the demo's own, or refuse one that holds somebody's network."""
    if home.has_network() and not home.demo_mark.exists():
        raise HomeError(
            f"{home.root} holds a network that the demo did not make, and the demo begins with an empty one. "
            "Name another directory with --home."
        )
    home.root.mkdir(parents=True, exist_ok=True)
    home.demo_mark.touch()
