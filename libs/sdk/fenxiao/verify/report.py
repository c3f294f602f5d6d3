"""What the verifier has found."""

from dataclasses import dataclass, field
from typing import Any

DETAILS = 20
"""Problems that a check describes; the others are only counted."""


@dataclass
class Check:
    """One question, asked of every thing that it concerns."""

    name: str
    meaning: str
    checked: int = 0
    failed: int = 0
    details: list[str] = field(default_factory=list[str])

    def that(self, holds: bool, problem: str) -> bool:
        """Counts one answer; `problem` says what is wrong if it does not hold."""
        self.checked += 1
        if not holds:
            self.failed += 1
            if len(self.details) < DETAILS:
                self.details.append(problem)
        return holds


@dataclass
class Report:
    """All checks, and what could not be checked."""

    programme: str
    checks: list[Check] = field(default_factory=list[Check])
    not_checked: list[str] = field(default_factory=list[str])
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    """Sums found on the way: members, sales, lines, amounts in minor units by currency."""
    from_block: int | None = None
    """From which on the chain's logs were read; None where the chain was left out."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed and something was checked."""
        return any(check.checked for check in self.checks) and not any(check.failed for check in self.checks)

    def check(self, name: str, meaning: str) -> Check:
        """Begins a check."""
        check = Check(name, meaning)
        self.checks.append(check)
        return check

    def as_json(self) -> dict[str, Any]:
        """The form of `fenxiao verify --json`."""
        return {
            "programme": self.programme,
            "passed": self.passed,
            "checks": [
                {
                    "name": check.name,
                    "meaning": check.meaning,
                    "checked": check.checked,
                    "failed": check.failed,
                    "details": check.details,
                }
                for check in self.checks
            ],
            "not_checked": self.not_checked,
            "figures": self.figures,
            "from_block": self.from_block,
        }
