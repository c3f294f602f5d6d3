"""Ports on this machine: the same ones whenever they are free."""

import socket
from collections.abc import Mapping, Sequence

FIRST = 9101


def choose(names: Sequence[str], earlier: Mapping[str, int]) -> dict[str, int]:
    """Give each name a free port: the one it had before, or its fixed one, or any."""
    chosen: dict[str, int] = {}
    for offset, name in enumerate(names):
        wanted = (earlier.get(name), FIRST + offset)
        chosen[name] = next((p for p in wanted if p and p not in chosen.values() and is_free(p)), 0) or _any(chosen)
    return chosen


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any(taken: Mapping[str, int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in taken.values():
            return port
