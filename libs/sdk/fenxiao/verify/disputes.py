"""Corrections follow from disputes: each is authorised by one that was upheld, and takes no more than there is."""

from collections import defaultdict
from dataclasses import dataclass, field

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.verify.facts import Facts
from fenxiao.verify.report import Check, Report

_UPHELD, _REJECTED = "upheld", "rejected"


@dataclass(slots=True)
class _Books:
    """What was posted so far, by line."""

    events: dict[str, commission.LinesPosted] = field(default_factory=dict[str, commission.LinesPosted])
    lines: dict[str, commission.PostedLine] = field(default_factory=dict[str, commission.PostedLine])
    taken: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What other lines have taken back."""
    added: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What corrections have added."""


def check_disputes(facts: Facts, report: Report) -> None:
    """Goes through disputes and corrections in their order."""
    check = report.check(
        "corrections", "each correction is that of an upheld dispute, and takes back no more than is left of its line"
    )
    books = _Books()
    for data in facts.postings:
        if isinstance(data, commission.DisputeResolved):
            _check_resolved(facts, books, check, data)
            continue
        if data.source in facts.disputes:
            _check_correction(facts, books, check, data)
        for line in data.lines:
            books.lines[line.line], books.events[line.line] = line, data
            if line.reverses:
                books.taken[line.reverses] -= line.amount_minor
    for name, dispute in facts.disputes.items():
        resolved = dispute.resolved
        wanted = 1 if resolved is not None and resolved.correction_minor else 0
        check.that(len(dispute.posted) == wanted, f"dispute {name}: {len(dispute.posted)} corrections, not {wanted}")


def _check_resolved(facts: Facts, books: _Books, check: Check, data: commission.DisputeResolved) -> None:
    dispute, line = facts.disputes.get(data.dispute), books.lines.get(data.line)
    if dispute is None or line is None:
        check.that(False, f"dispute {data.dispute} of {data.line} ends without having been opened about a posted line")
        return
    same = (dispute.line, dispute.member, line.member) == (data.line, data.member, data.member)
    check.that(same, f"dispute {data.dispute} is about another line or member than when it was opened")
    check.that(dispute.resolved is data, f"dispute {data.dispute} ends twice")
    correction = data.correction_minor
    if data.outcome != _UPHELD:
        nothing = data.outcome == _REJECTED and not correction
        check.that(nothing, f"dispute {data.dispute} ends {data.outcome!r} and corrects {correction}")
        return
    if line.amount_minor < 0:
        left = -line.amount_minor - books.added[data.line]
        fits = 0 < correction <= left
    else:
        left = line.amount_minor - books.taken[data.line] + books.added[data.line]
        fits = bool(correction) and correction >= -left
    check.that(fits, f"dispute {data.dispute} corrects line {data.line} by {correction}; {left} is left of it")
    books.added[data.line] += max(0, correction)


def _check_correction(facts: Facts, books: _Books, check: Check, data: commission.LinesPosted) -> None:
    """What is posted is what the dispute's end says."""
    resolved = facts.disputes[data.source].resolved
    disputed = books.lines.get(resolved.line) if resolved is not None else None
    if resolved is None or disputed is None or len(data.lines) != 1:
        check.that(False, f"dispute {data.source} corrects what no end of it names")
        return
    (line,), event = data.lines, books.events[resolved.line]
    correction = resolved.correction_minor
    wanted = (
        resolved.correction_line,
        correction,
        disputed.member,
        disputed.component,
        disputed.level,
        disputed.line if correction < 0 else "",
        event.currency,
        event.points,
        event.plan_hash,
    )
    got = (
        line.line,
        line.amount_minor,
        line.member,
        line.component,
        line.level,
        line.reverses,
        data.currency,
        data.points,
        data.plan_hash,
    )
    check.that(got == wanted, f"dispute {data.source}: expected {wanted}, posted was {got}")
    held_like = books.lines.get(disputed.reverses, disputed) if disputed.amount_minor < 0 else disputed
    conditions = list(held_like.conditions) if correction > 0 else []
    check.that(list(line.conditions) == conditions, f"dispute {data.source}: it is held otherwise than its line")
    lost = held_like.expire_time if correction > 0 and held_like.HasField("expire_time") else None
    same = line.HasField("expire_time") == (lost is not None) and (lost is None or line.expire_time == lost)
    check.that(same, f"dispute {data.source}: it expires otherwise than its line")
