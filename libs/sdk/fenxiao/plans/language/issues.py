"""What is wrong with a plan, each with its place in the document."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fenxiao.errors import Refusal


@dataclass(frozen=True, slots=True)
class PlanIssue:
    """One reason why a document is not a plan that can be published."""

    path: str
    """JSON pointer (RFC 6901) into the document; empty for the document itself."""
    reason: str
    """UPPER_SNAKE_CASE, stable, for programs."""
    message: str
    """One sentence for people: what is wrong and what would be right."""


class PlanError(Refusal):
    """A document that is not a plan; `issues` holds every reason found, at least one."""

    def __init__(self, issues: Iterable[PlanIssue]) -> None:
        self.issues = tuple(issues)
        places = "; ".join(f"{issue.path or '/'}: {issue.message}" for issue in self.issues[:3])
        more = f" (and {len(self.issues) - 3} more)" if len(self.issues) > 3 else ""
        super().__init__("INVALID_PLAN", f"The plan cannot be taken. {places}{more}", field="document")

    @classmethod
    def one(cls, path: str, reason: str, message: str) -> "PlanError":
        """Make the error of a single issue."""
        return cls([PlanIssue(path, reason, message)])


def pointer(parts: Sequence[str | int]) -> str:
    """Write a JSON pointer: `pointer(["components", 0])` is `/components/0`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
