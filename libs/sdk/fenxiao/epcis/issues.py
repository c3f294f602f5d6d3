"""What is wrong with an EPCIS document: in which event, where, against which rule, and how to mend it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fenxiao.errors import Refusal

MOST_ISSUES = 100
"""No more are kept of one document: who mends a hundred mistakes asks again."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class EpcisIssue:
    """One reason why a document cannot be taken."""

    event: int
    """Number of the event in the document, from 1; 0 for the document itself."""
    path: str
    """JSON path (RFC 9535), such as `$.epcisBody.eventList[0].eventTime`."""
    rule: str
    """UPPER_SNAKE_CASE, stable, for programs."""
    message: str
    """What is wrong, and how to mend it."""

    def __str__(self) -> str:
        place = f"event {self.event}, {self.path}" if self.event else self.path
        return f"{place}: {self.message}"


class EpcisError(Refusal):
    """A document that cannot be taken; `issues` holds what was found, at least one. Its reason is the first's rule."""

    def __init__(self, issues: Iterable[EpcisIssue]) -> None:
        kept = list(issues)[:MOST_ISSUES]
        self.issues = tuple(kept)
        more = f" (and {len(self.issues) - 3} more)" if len(self.issues) > 3 else ""
        message = "; ".join(str(issue) for issue in self.issues[:3]) + more
        super().__init__(kept[0].rule, message, field="document")


def json_path(parts: Sequence[str | int]) -> str:
    """Write a JSON path: `json_path(["epcisBody", "eventList", 0, "ex:size"])`."""
    return "$" + "".join(_step(part) for part in parts)


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if _PLAIN.fullmatch(part):
        return f".{part}"
    shown = part[:80].encode("ascii", "backslashreplace").decode()
    return "['" + shown.replace("'", r"\'") + "']"
