"""Where a posted line comes from, read from the store: rule, version, path, figures, and the events behind it."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.plans import Plan
from fenxiao.plans.components import Campaign, Direct, Matrix
from fenxiao.plans.components.base import ComponentBase, Whose
from fenxiao.plans.components.stairs import Stairs
from fenxiao.plans.explain import Words, rule_texts
from libs.eventlog import Reader, Recorded
from libs.servicekit.times import to_timestamp
from services.commission.api.messages import first_day, line_message, rating_message
from services.commission.api.names import dispute_name, member_name, period_name, plan_name, sale_name
from services.commission.domain.closing import Sealed
from services.commission.domain.events import LinesPosted, PostedLine, Posting
from services.commission.domain.explain import explain_of_dispute, explain_of_period, explain_of_sale
from services.commission.domain.sales import Programme, Sale, fold
from services.commission.features.get_sale import load_events
from services.commission.features.publish_plan import plan_stream
from services.commission.views import members, periods, placements, plans, rank_grants, sales
from services.commission.views.lines import event_at, find_line

Derivation = pb.ExplainSaleResponse.Derivation
Evidence = pb.ExplainSaleResponse.Evidence

Found = tuple[Recorded[LinesPosted], PostedLine]
"""A line, and the event that it was posted in."""

_TICK = timedelta(microseconds=1)
_DEEPEST = 10_000
"""Levels that a path in the placement tree has at most: with compression it may be longer than a plan's levels."""


class Scope(NamedTuple):
    """Where lines are explained."""

    reader: Reader
    id: str
    """The programme's."""
    programme: Programme


def derive(scope: Scope, lines: Iterable[Found]) -> list[Derivation]:
    """Explain lines of a programme; those of one sale together, so that it is read once."""
    found = list(lines)
    rules: dict[str, set[str]] = {}
    for event, line in found:
        rules.setdefault(event.event.plan_hash, set()).add(line.rule)
    texts = {plan_hash: rule_texts(_document(scope, plan_hash), wanted) for plan_hash, wanted in rules.items()}
    streams: dict[UUID, list[Recorded[Any]]] = {}
    derivations: list[Derivation] = []
    for event, line in found:
        one = _base(scope, event, line)
        one.rule_text = texts[event.event.plan_hash][line.rule]
        posting = event.event.posting
        if event.event.corrects:
            _of_dispute(scope, one, event, line)
        elif posting is None:
            if event.stream not in streams:
                streams[event.stream] = load_events(scope.reader, scope.id, event.stream)
            _of_sale(scope, one, streams[event.stream], line, _plan(scope, event))
        else:
            _of_period(scope, one, event, line, posting)
        one.evidence.append(_evidence(event, _source(scope, event)))
        derivations.append(one)
    return derivations


def _base(scope: Scope, event: Recorded[LinesPosted], line: PostedLine) -> Derivation:
    return Derivation(
        line=line_message(scope.id, event.event.currency, line),
        rule=line.rule,
        event_id=str(event.id),
        plan=plan_name(scope.id, event.event.plan_hash),
        engine_version=event.event.engine_version,
        members_cut=event.event.members_cut,
        due_minor=line.amount_minor,
        evidence=[_plan_evidence(scope, event.event.plan_hash)],
    )


def _plan(scope: Scope, event: Recorded[LinesPosted]) -> Plan:
    version = plans.version_of(scope.reader, scope.id, event.event.plan_hash)
    assert version is not None, "lines are rated under a plan"
    return version.plan


def _document(scope: Scope, plan_hash: str) -> bytes:
    row = plans.plan_row(scope.reader, scope.id, plan_hash)
    assert row is not None, "lines are rated under a plan that was published"
    return row.document


# --- with a sale or return


def _of_sale(scope: Scope, one: Derivation, recorded: list[Recorded[Any]], line: PostedLine, plan: Plan) -> None:
    sale, first = fold(event.event for event in recorded), recorded[0]
    one.path.extend(member_name(scope.id, member) for member in sale.path_of(line))
    original: Sale | None = None
    if sale.original_sale:
        stream = UUID(sale.original_sale)
        before = load_events(scope.reader, scope.id, stream)
        original = fold(event.event for event in before)
        one.evidence.extend(_evidence(event, sale_name(scope.id, stream)) for event in before)
        one.posted_before_minor = -line.reversed_before
        one.due_minor = line.amount_minor - line.reversed_before
    one.evidence.append(_evidence(first, sale_name(scope.id, first.stream)))
    _say(one, explain_of_sale(line, sale, plan, original))


# --- with a dispute


def _of_dispute(scope: Scope, one: Derivation, event: Recorded[LinesPosted], line: PostedLine) -> None:
    corrects = event.event.corrects
    disputed = find_line(scope.reader, scope.id, corrects)
    if disputed is not None:
        one.evidence.append(_evidence(disputed[0], _source(scope, disputed[0])))
    for before in scope.reader.load(event.stream):
        if before.id != event.id:
            one.evidence.append(_evidence(before, _source(scope, event)))
    one.earlier_lines.append(corrects)
    _say(one, explain_of_dispute(line, corrects, _plan(scope, event)))


# --- with the closing of a period


def _of_period(scope: Scope, one: Derivation, event: Recorded[LinesPosted], line: PostedLine, posting: Posting) -> None:
    reader, plan = scope.reader, _plan(scope, event)
    period, closing = (_sealed(scope, start) for start in (posting.period, posting.closing))
    earlier = periods.posted_under(reader, scope.id, posting.period, line, posting.closing)
    before = sum(amount for _, amount in earlier)
    path = _path(scope, plan, period, closing, line)
    one.path.extend(member_name(scope.id, member) for member in path)
    one.period, one.posted_in = (
        period_name(scope.id, first_day(start, scope.programme.zone)) for start in (posting.period, posting.closing)
    )
    one.sales_cut = closing.sales_cut
    one.posted_before_minor, one.due_minor = before, before + line.amount_minor
    one.earlier_lines.extend(found for found, _ in earlier)
    rated = periods.rated_by(reader, scope.id, posting.period, line.member, posting.closing)
    if rated is not None:
        one.rating.CopyFrom(rating_message(scope.id, scope.programme.currency, rated[0]))
    one.evidence.extend(_behind(scope, one, line, plan, period, closing, [found for found, _ in earlier]))
    _say(one, explain_of_period(line, path, before, plan))


def _sealed(scope: Scope, start: Any) -> Sealed:
    row = periods.period_between(scope.reader, scope.id, start, start + _TICK)
    assert row is not None, "a period that has lines was sealed"
    return row.sealed


def _path(scope: Scope, plan: Plan, period: Sealed, closing: Sealed, line: PostedLine) -> tuple[str, ...]:
    """From whose sale or volume it is up to the earner, in the tree as it was known; empty where he isn't above."""
    if line.sale:
        sold = fold(event.event for event in load_events(scope.reader, scope.id, UUID(line.sale))).report
        start, at = sold.member, sold.occurred_at
        if isinstance(_component(plan, line), Matrix):
            return tuple(placements.placed_path(scope.reader, scope.id, start, line.member, _DEEPEST))
    elif line.other:
        start, at = line.other, period.end - _TICK
    else:
        return (line.member,)
    found = members.path_as_known(scope.reader, scope.id, start, line.member, at, period.members_cut)
    return tuple(found)


def _behind(
    scope: Scope,
    one: Derivation,
    line: PostedLine,
    plan: Plan,
    period: Sealed,
    closing: Sealed,
    earlier: Iterable[str],
) -> Iterator[Evidence]:
    """The events that a line of a period follows from."""
    reader = scope.reader
    for name, sealed in {one.period: period, one.posted_in: closing}.items():
        yield _evidence(event_at(reader, periods.sealing_position(reader, scope.id, sealed.start)), name)
    for member in dict.fromkeys(filter(None, (line.member, line.other))):
        rated = periods.rated_by(reader, scope.id, period.start, member, closing.start)
        if rated is not None:
            yield _evidence(event_at(reader, rated[1]), member_name(scope.id, member))
    rank, granted = rank_grants.granted_in(reader, scope.id, line.member, period.end, period.sales_cut)
    if rank in {one.id for one in plan.ranks}:
        yield _evidence(event_at(reader, granted), member_name(scope.id, line.member))
    for position in _positions(scope, line, plan, period, closing):
        event = event_at(reader, position)
        yield _evidence(event, sale_name(scope.id, event.stream))
    for name in earlier:
        found = find_line(reader, scope.id, name)
        if found is not None:
            yield _evidence(found[0], _source(scope, found[0]))


def _positions(scope: Scope, line: PostedLine, plan: Plan, period: Sealed, closing: Sealed) -> list[int]:
    """Where the sales and returns stand that a line is on: of one sale, or of the earner's own volume."""
    component, until = _component(plan, line), closing.sales_cut
    if line.sale:
        sold = load_events(scope.reader, scope.id, UUID(line.sale))[0].position
        return [sold, *sales.returns_known(scope.reader, line.sale, until)]
    own = isinstance(component, Direct | Stairs) or (
        isinstance(component, Campaign) and component.whose is Whose.PERSONAL
    )
    if line.other or not own:
        return []
    start = component.start if isinstance(component, Campaign) else period.start
    return sales.positions_by(scope.reader, scope.id, line.member, start, period.end, until)


def _component(plan: Plan, line: PostedLine) -> ComponentBase:
    return next(one for one in plan.components if one.id == line.component)


# --- what both have


def _say(one: Derivation, words: Words) -> None:
    one.explanation_en, one.explanation_zh = words


def _plan_evidence(scope: Scope, plan_hash: str) -> Evidence:
    published = scope.reader.load(plan_stream(scope.id, plan_hash))[0]
    return _evidence(published, plan_name(scope.id, plan_hash))


def _source(scope: Scope, event: Recorded[LinesPosted]) -> str:
    """With what lines were posted."""
    posting = event.event.posting
    if event.event.corrects:
        return dispute_name(scope.id, event.stream)
    if posting is None:
        return sale_name(scope.id, event.stream)
    return period_name(scope.id, first_day(posting.closing, scope.programme.zone))


def _evidence(event: Recorded[Any], resource: str) -> Evidence:
    return Evidence(
        event_id=str(event.id),
        type=type(event.event).__name__,
        occur_time=to_timestamp(event.occurred_at),
        resource=resource,
    )
