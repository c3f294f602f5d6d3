"""Payout trees of closed distributions, kept for a while: building one takes time, cutting a proof from it none."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from fenxiao.proofs.payout_tree import PayoutTree
from libs.servicekit import Settings

KEPT: Final = 4
"""Trees in memory: the one that is paid by and the one that waits, of two ledgers."""

Key = tuple[str, str, int]
"""Programme, currency and number of a distribution; what it holds never changes."""


class Trees:
    """Builds each tree once, however many ask for it at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, PayoutTree] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, _settings: Settings) -> "Trees":
        """For the wiring."""
        return cls()

    def get(self, key: Key, build: Callable[[], PayoutTree]) -> PayoutTree:
        """The tree of a distribution."""
        with self._lock:
            tree = self._kept.pop(key, None) or build()
            self._kept[key] = tree
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return tree
