"""What the steps of a demo share.

A step is one small async function: it does its part, puts what the summary needs into `demo.figures`, and returns what
is shown behind its name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from libs.localnet.display import Display
from libs.localnet.home import Home
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
