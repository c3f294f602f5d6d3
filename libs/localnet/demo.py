"""`fenxiao demo`: a scenario from beginning to end on a network of its own, step by step."""

import time

from libs.localnet.home import Home, HomeError
from libs.localnet.steps import Demo, Scenario, Step

__all__ = ["START", "Demo", "Step", "claim", "run_demo"]


async def start(demo: Demo) -> str:
    """Start a fresh network, its contracts deployed."""
    endpoints = await demo.network.start(demo.display.part, fresh=True)
    return f"{len(endpoints.services)} services, NATS, chain {endpoints.deployment.chain_id}"


START = Step("start", start)


async def run_demo(demo: Demo, scenario: Scenario) -> None:
    """Run every step in order, and stop the network whatever happens; its data is kept."""
    claim(demo.home)
    try:
        with demo.display.spinner():
            for step in (START, *scenario.steps):
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
