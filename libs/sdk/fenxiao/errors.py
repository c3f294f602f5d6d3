"""How the domain says no: one exception, which the edges turn into gRPC status, exit code or screen text."""

from enum import Enum


class Kind(Enum):
    """What sort of refusal it is; each has one gRPC status code."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    EXISTS = "exists"
    FAILED_PRECONDITION = "failed_precondition"
    ABORTED = "aborted"
    DENIED = "denied"
    EXHAUSTED = "exhausted"
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """A request that cannot be granted.

    `reason` is UPPER_SNAKE_CASE and stable, for programs. `message` is one sentence in English that says what is
    wrong and what to do next. `field` names the field at fault, where it is one.
    """

    def __init__(self, reason: str, message: str, *, field: str = "", kind: Kind = Kind.INVALID) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"
