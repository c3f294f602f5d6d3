"""The demo's business, and its right answer, which stands in the task and not in the code."""

from pathlib import Path

from libs.localnet.demo import Demo
from libs.localnet.display import Display
from libs.localnet.network import LocalNetwork, repository_root
from libs.localnet.scenarios import gift_wholesale

PROGRAMME = gift_wholesale.PROGRAMME
PARENT = gift_wholesale.PARENT
CURRENCY = gift_wholesale.CURRENCY

MEMBERS = 948
LINES_OF_SALES = 1_708
RIGHT = {
    "sales": 1_400,
    "returns": 308,
    "lines": 5_051,
    "accrued": 79_828_40,
    "clawed_back": -2_535_87,
    "paid": 77_485_87,
    "paid_members": 893,
    # What 55 members owe: net 77,292.53 is 77,485.87 paid less 193.34 of debt.
    "debt": 193_34,
    "debtors": 55,
    "verified": True,
}


def quiet(network: LocalNetwork) -> Demo:
    """The demo on a network that is up, without its screen."""
    return Demo(network, Display(quiet=True))


async def whole_demo(network: LocalNetwork) -> Demo:
    """Every step of the demo but the first, which starts the network."""
    demo = quiet(network)
    for step in gift_wholesale.GIFT.steps:
        await step.run(demo)
    return demo


def file(name: str) -> Path:
    """A file of the example."""
    return repository_root() / "examples" / "gift_wholesale" / name
