"""Checks across a whole file, for imports of all or nothing.

The services check each batch against what is recorded, not against the lines of earlier batches, which are not recorded
yet. So a refusal because something is not there is looked at again: if an earlier line of the file brings it, the line
is checked a second time without that reference, and what the reference means is checked here.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import commission_pb2
from fenxiao.api.common.v1 import common_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.client.seen import Known, Seen, content_of
from fenxiao.errors import Refusal
from fenxiao.money import EXACT, parse_amount, parse_decimal, plain

Answers = Sequence[common_pb2.ItemResult]
Validate = Callable[[Sequence[Any]], Awaitable[Answers]]


class FileCheck(ABC):
    """The checks, and what they remember of the file."""

    missing: frozenset[str] = frozenset()
    """The reasons with which a service refuses references that it cannot find."""
    differs: str = ""
    """The reason for an id that comes again with another content."""

    def __init__(self) -> None:
        self._seen = Seen()

    def close(self) -> None:
        """Forget the file."""
        self._seen.close()

    async def reconsider(self, messages: Sequence[Any], answers: Answers, validate: Validate) -> Answers:
        """Give the answers as they are with the earlier lines of the file taken into account."""
        found = list(answers)
        again: list[int] = []
        for index, message in enumerate(messages):
            known = self._seen.find(message.reference)
            if known is not None:
                found[index] = self._repeated(message, known)
                continue
            refused = found[index].outcome == common_pb2.OUTCOME_REFUSED
            wanted = self.reference(message)
            target = self._seen.find(wanted) if wanted else None
            if refused and found[index].problem.reason in self.missing and self._brings(message):
                again.append(index)
            elif refused:
                continue
            if target is not None and (problem := self.misfit(message, target)):
                found[index] = problem
            self._note(message)
        if again:
            for index, answer in zip(again, await validate([self.without(messages[i]) for i in again]), strict=True):
                if answer.outcome == common_pb2.OUTCOME_REFUSED or found[index].problem.reason in self.missing:
                    found[index] = answer
        return found

    def _brings(self, message: Any) -> bool:
        """Whether earlier lines bring something that a line refers to."""
        return any(name and self._seen.find(name) is not None for name in self.references(message))

    def references(self, message: Any) -> Sequence[str]:
        """Give everything of the file that a line refers to."""
        return [self.reference(message)]

    def _repeated(self, message: Any, known: Known) -> common_pb2.ItemResult:
        if known.content == content_of(message):
            return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REPEATED)
        text = "The same id stands in an earlier line with another content; one of the two is wrong."
        return refused_item(self.differs, text, "reference")

    @abstractmethod
    def _note(self, message: Any) -> None: ...

    @abstractmethod
    def reference(self, message: Any) -> str:
        """Give what of the file a line refers to; empty for nothing."""
        ...

    @abstractmethod
    def without(self, message: Any) -> Any:
        """Give the line without its reference."""
        ...

    @abstractmethod
    def misfit(self, message: Any, target: Known) -> common_pb2.ItemResult | None:
        """Say what is wrong between a line and the earlier one that it refers to."""
        ...


class MemberCheck(FileCheck):
    """Members: sponsors in earlier lines count as known."""

    missing = frozenset({"UNKNOWN_SPONSOR", "UNKNOWN_PARENT"})
    differs = "MEMBER_DIFFERS"

    def reference(self, message: membership_pb2.NewMember) -> str:
        """Give the sponsor."""
        return message.sponsor_reference

    def references(self, message: membership_pb2.NewMember) -> Sequence[str]:
        """Give the sponsor, and the parent in the placement tree."""
        return [message.sponsor_reference, message.placement.parent_reference]

    def without(self, message: membership_pb2.NewMember) -> membership_pb2.NewMember:
        """Give the member without the sponsor and the parent that earlier lines bring."""
        alone = membership_pb2.NewMember()
        alone.CopyFrom(message)
        if self._seen.find(message.sponsor_reference) is not None:
            alone.sponsor_reference = ""
        parent = message.placement.parent_reference
        # A leg alone is one of the sponsor's.
        if self._seen.find(parent) is not None if parent else not alone.sponsor_reference:
            alone.ClearField("placement")
        return alone

    def misfit(self, message: membership_pb2.NewMember, target: Known) -> common_pb2.ItemResult | None:
        """A sponsor has joined no later than those below."""
        if target.micros > _micros(message.join_time):
            text = "The sponsor, in an earlier line, joined later than the member; look at the times."
            return refused_item("SPONSOR_JOINED_LATER", text, "joined_at")
        return None

    def _note(self, message: membership_pb2.NewMember) -> None:
        self._seen.add(message.reference, message, _micros(message.join_time))


class SaleCheck(FileCheck):
    """Sales: a return may name a sale of an earlier line, and all its returns together not more than it."""

    missing = frozenset({"UNKNOWN_SALE"})
    differs = "SALE_DIFFERS"

    def reference(self, message: commission_pb2.Sale) -> str:
        """Give the sale that is returned."""
        return message.original_reference

    def without(self, message: commission_pb2.Sale) -> commission_pb2.Sale:
        """Give the return as one that names no sale."""
        unnamed = commission_pb2.Sale()
        unnamed.CopyFrom(message)
        unnamed.original_reference = ""
        return unnamed

    def misfit(self, message: commission_pb2.Sale, target: Known) -> common_pb2.ItemResult | None:
        """A return comes behind its sale, and brings back no more than is left of it."""
        if target.amount == _RETURN:
            text = "What the return names, in an earlier line, is a return itself; name the sale."
            return refused_item("ORIGINAL_IS_RETURN", text, "original_sale_id")
        if target.owner != message.member:
            text = "The sale, in an earlier line, was credited to another member; report the return for that one."
            return refused_item("RETURN_OF_OTHER_MEMBER", text, "member_id")
        if target.micros > _micros(message.occur_time):
            return refused_item("RETURN_BEFORE_SALE", "The sale happened later; look at the times.", "occurred_at")
        try:
            amount, sold = parse_amount(message.amount), parse_amount(target.amount)
        except Refusal:
            return None  # the service says so itself
        returned = EXACT.add(parse_decimal(target.returned), amount)
        if returned > sold:
            left = plain(EXACT.subtract(sold, parse_decimal(target.returned)))
            return refused_item("RETURN_EXCEEDS_SALE", f"Only {left} of the sale is left to return.", "amount")
        self._seen.note_returned(message.original_reference, plain(returned))
        return None

    def _note(self, message: commission_pb2.Sale) -> None:
        is_sale = message.kind == commission_pb2.SALE_KIND_SALE
        amount = message.amount if is_sale else _RETURN
        self._seen.add(message.reference, message, _micros(message.occur_time), message.member, amount)


_RETURN: Final = "return"
"""Stands in the place of a sale's amount."""


def refused_item(reason: str, message: str, field: str) -> common_pb2.ItemResult:
    """Give the answer for a line that is refused."""
    problem = common_pb2.Problem(reason=reason, message=message, field=field)
    return common_pb2.ItemResult(outcome=common_pb2.OUTCOME_REFUSED, problem=problem)


def _micros(time: Timestamp) -> int:
    return time.ToMicroseconds()
