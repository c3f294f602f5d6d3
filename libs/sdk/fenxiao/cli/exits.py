"""Exit codes, documented in docs/cli.md; stable."""

from typing import Final

from fenxiao.errors import Kind, Refusal

OK: Final = 0
REFUSED: Final = 1
"""Something was refused, or a check failed."""
USAGE: Final = 2
UNREACHABLE: Final = 3
NOT_PERMITTED: Final = 4
NOT_FOUND: Final = 5
BROKEN: Final = 70
"""A failure in the program or in a service, not of its user."""
BLOCKED: Final = 75
"""A distribution is closed and something is in the way of paying it; it goes on by itself once that is mended."""
INTERRUPTED: Final = 130
CLOSED: Final = 141
"""Who reads the output has closed it: what the others give who are ended by SIGPIPE."""


class Misuse(Refusal):
    """A command line that does not say what is meant."""


def code_of(refusal: Refusal) -> int:
    """Give the exit code of a refusal."""
    if isinstance(refusal, Misuse):
        return USAGE
    if refusal.reason == "INTERNAL_ERROR":
        return BROKEN
    if refusal.reason == "DISTRIBUTION_BLOCKED":
        return BLOCKED
    match refusal.kind:
        case Kind.UNAVAILABLE:
            return UNREACHABLE
        case Kind.DENIED:
            return NOT_PERMITTED
        case Kind.NOT_FOUND:
            return NOT_FOUND
        case _:
            return REFUSED
