"""`fenxiao demo`: the whole business once, from real orders to members paid, step by step.

The order of the steps is the list STEPS.
"""

import time

from libs.localnet import gift_wholesale
from libs.localnet.home import Home, HomeError
from libs.localnet.steps import Demo, Step

__all__ = ["STEPS", "Demo", "Step", "claim", "run_demo"]


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
