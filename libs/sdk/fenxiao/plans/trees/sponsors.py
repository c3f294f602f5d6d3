"""Who sponsors whom, and since when: the tree in memory, as of any moment."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime

from fenxiao.errors import Kind, Refusal


class Tree:
    """Sponsor relations with effective dates.

    A member has the sponsor of his enrolment until his first change, each change's until the next; a root has none.
    No member is ever above himself, at no moment, however changes are dated. Two dictionaries hold everybody; only
    who has changed sponsor takes more. Members are any text; moments are aware.
    """

    def __init__(self) -> None:
        self._joined: dict[str, datetime] = {}
        self._first: dict[str, str | None] = {}
        self._changes: dict[str, list[tuple[datetime, str | None]]] = {}  # by member, in order of time

    def __len__(self) -> int:
        return len(self._joined)

    def __contains__(self, member: str) -> bool:
        return member in self._joined

    def __iter__(self) -> Iterator[str]:
        return iter(self._joined)

    def joined_at(self, member: str) -> datetime:
        """Say since when somebody is a member."""
        try:
            return self._joined[member]
        except KeyError:
            raise Refusal(
                "UNKNOWN_MEMBER", f"There is no member {member[:64]!r}; enrol the member first.", kind=Kind.NOT_FOUND
            ) from None

    def joined_before(self, end: datetime) -> list[tuple[datetime, str]]:
        """List who joined before a moment, with the time, in order of (time, member)."""
        return sorted((at, member) for member, at in self._joined.items() if at < end)

    def enrol(self, member: str, sponsor: str | None, joined_at: datetime) -> None:
        """Add a member below a sponsor, who must have joined no later, or as a root (`None`)."""
        if member in self._joined:
            raise Refusal("DUPLICATE_MEMBER", f"There is a member {member[:64]!r} already.", kind=Kind.EXISTS)
        if sponsor is not None:
            self._check_sponsor(sponsor, joined_at)
        self._joined[member] = joined_at
        self._first[member] = sponsor

    def change_sponsor(self, member: str, sponsor: str | None, at: datetime) -> None:
        """Give a member another sponsor (`None`: make the member a root) from a moment on; what was before stays.

        Another change at the same moment corrects the first.
        """
        if at <= self.joined_at(member):
            raise Refusal("CHANGE_BEFORE_JOINING", "A sponsor can change only after the member joined.", field="at")
        if sponsor is not None:
            self._check_sponsor(sponsor, at)
        changes = self._changes.get(member, [])
        index = bisect_right(changes, at, key=lambda change: change[0])
        # The newest word on a moment counts: it corrects the earlier one.
        corrected = index > 0 and changes[index - 1][0] == at
        until = changes[index][0] if index < len(changes) else None
        if sponsor is not None and self._is_ever_above(member, sponsor, at, until):
            message = f"{member[:64]!r} stands above {sponsor[:64]!r}; nobody can be below himself."
            raise Refusal("CYCLE", message, field="sponsor", kind=Kind.FAILED_PRECONDITION)
        before = changes[: index - 1] if corrected else changes[:index]
        self._changes[member] = [*before, (at, sponsor), *changes[index:]]

    def sponsor(self, member: str, at: datetime) -> str | None:
        """Say who sponsored a member at a moment; `None` for a root."""
        self._check_joined(member, at)
        return self._sponsor_at(member, at)

    def sponsor_or_first(self, member: str, at: datetime) -> str | None:
        """Say who sponsored a member at a moment; before the member joined, whom enrolment will give."""
        return self._sponsor_at(member, at)

    def sponsors(self, members: Sequence[str], at: datetime) -> list[str | None]:
        """The same for many."""
        if not self._changes:
            return [*map(self._first.__getitem__, members)]
        return [self._sponsor_at(member, at) for member in members]

    def changes(self, start: datetime, end: datetime) -> list[datetime]:
        """List the moments after `start` and before `end` from which somebody had another sponsor, in order."""
        return sorted({at for changes in self._changes.values() for at, _ in changes if start < at < end})

    def moves(self, start: datetime, end: datetime) -> dict[str, list[tuple[datetime, str | None]]]:
        """Give who had another sponsor from a moment after `start` and before `end`: since when, and whom.

        In order of time; the first is whom he had at the start.
        """
        found: dict[str, list[tuple[datetime, str | None]]] = {}
        for member, changes in self._changes.items():
            if within := [change for change in changes if start < change[0] < end]:
                found[member] = [(start, self._sponsor_at(member, start)), *within]
        return found

    def upline(self, member: str, at: datetime, depth: int) -> list[str]:
        """List at most `depth` members from this one upward as of a moment, this one first."""
        self._check_joined(member, at)
        first, changes = self._first, self._changes
        line: list[str] = []
        above: str | None = member
        while above is not None and len(line) < depth:
            line.append(above)
            above = self._sponsor_at(above, at) if above in changes else first[above]
        return line

    def _sponsor_at(self, member: str, at: datetime) -> str | None:
        changes = self._changes.get(member)
        index = bisect_right(changes, at, key=lambda change: change[0]) if changes else 0
        return changes[index - 1][1] if changes and index else self._first[member]

    def _check_joined(self, member: str, at: datetime) -> None:
        if at < self.joined_at(member):
            raise Refusal(
                "NOT_YET_A_MEMBER",
                f"{member[:64]!r} joined later than that; look at the time.",
                kind=Kind.FAILED_PRECONDITION,
            )

    def _check_sponsor(self, sponsor: str, at: datetime) -> None:
        joined = self._joined.get(sponsor)
        if joined is None:
            message = f"There is no member {sponsor[:64]!r}; enrol the sponsor first."
            raise Refusal("UNKNOWN_SPONSOR", message, field="sponsor", kind=Kind.NOT_FOUND)
        if joined > at:
            message = f"The sponsor {sponsor[:64]!r} joined later than that; look at the times."
            raise Refusal("SPONSOR_JOINED_LATER", message, field="sponsor", kind=Kind.FAILED_PRECONDITION)

    def _is_ever_above(self, member: str, start: str, since: datetime, until: datetime | None) -> bool:
        """Say whether `member` is `start` or above it at any moment from `since` until before `until`."""
        open_ends: list[tuple[str, datetime, datetime | None]] = [(start, since, until)]
        while open_ends:
            current, begin, end = open_ends.pop()
            if current == member:
                return True
            # Follow each sponsor that `current` has in the span, for as long as he has it.
            changes = self._changes.get(current, [])
            bounds = [at for at, _ in changes if at > begin and (end is None or at < end)]
            for lower, upper in zip([begin, *bounds], [*bounds, end], strict=True):
                above = self._sponsor_at(current, lower)
                if above is not None:
                    open_ends.append((above, lower, upper))
        return False
