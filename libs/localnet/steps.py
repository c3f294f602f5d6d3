"""What the steps of a scenario share.

A step is one small async function: it does its part, puts what the summary needs into `demo.figures`, and returns what
is shown behind its name. What it says of the network is checked before it is said: `demo.shows`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from libs.localnet.display import Display
from libs.localnet.home import Home, HomeError
from libs.localnet.network import LocalNetwork


class Words(NamedTuple):
    """The same in English and Chinese."""

    en: str
    zh: str

    def in_(self, language: str) -> str:
        """In one of the two."""
        return self.zh if language == "zh" else self.en


@dataclass
class Demo:
    """What the steps share."""

    network: LocalNetwork
    display: Display
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    shown: list[Words] = field(default_factory=list[Words])
    """What was found to be so, in order."""

    @property
    def home(self) -> Home:
        """Where the network lives."""
        return self.network.home

    def shows(self, found: Any, right: Any, en: str, zh: str) -> None:
        """Say what was found, if it is what is right. Raises `HomeError` with both if it is not."""
        self.requires(found, right, en)
        self.shown.append(Words(en, zh))

    def requires(self, found: Any, right: Any, what: str) -> None:
        """The same without saying it."""
        if found != right:
            raise HomeError(f"This is not so: {what} The network says {found!r}; right is {right!r}.")


@dataclass(frozen=True)
class Step:
    """One part of a scenario."""

    name: str
    run: Callable[[Demo], Awaitable[str]]


def no_summary(demo: Demo, language: str) -> None:
    """What was shown says it all."""


@dataclass(frozen=True)
class Scenario:
    """Something that happens on the network from beginning to end."""

    name: str
    title: Words
    steps: tuple[Step, ...]
    """Behind the one that starts the network."""
    summary: Callable[[Demo, str], None] = no_summary
    """Prints what there is to say beside what was shown."""
