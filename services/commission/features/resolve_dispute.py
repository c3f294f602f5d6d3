"""Ends a dispute, and posts a correction."""

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.money import minor_digits
from libs.eventlog import Reader, Tx
from libs.eventlog.encryption import KeyStore
from libs.servicekit import Call
from services.commission.domain.disputes import Disputed, check_text, decide_resolve, fold
from services.commission.domain.events import DisputeResolved, LinesPosted, Outcome, PostedLine
from services.commission.features.answer_dispute import sealed
from services.commission.features.explain_line import line_of
from services.commission.features.get_dispute import dispute_of, shown, texts
from services.commission.views import periods
from services.commission.views.disputes import corrections_of
from services.commission.views.lines import find_line, taken_of

_OUTCOMES = {
    pb.DISPUTE_OUTCOME_UPHELD: Outcome.UPHELD,
    pb.DISPUTE_OUTCOME_REJECTED: Outcome.REJECTED,
}


def resolve_dispute(tx: Tx, request: pb.ResolveDisputeRequest, call: Call) -> pb.Dispute:
    """Ends it; the same again changes nothing."""
    row = dispute_of(tx, call.programme, request.name)
    outcome = _OUTCOMES.get(request.outcome)
    if outcome is None:
        raise Refusal("INVALID_OUTCOME", "Say whether it is upheld or rejected.", field="outcome")
    why = check_text(request.why, "why")
    recorded = tx.load(row.id)
    dispute = fold(one.event for one in recorded)
    same = (dispute.state.value, dispute.correction_minor) == (outcome.value, request.correction_minor)
    if same and texts(recorded, call.use(KeyStore), call.programme).get("why") == why:
        return shown(tx, call.programme, row)
    disputed = look_up(tx, call.programme, row.dispute.line)
    decided = decide_resolve(row.id, dispute, disputed, outcome, request.correction_minor, "", call.actor)
    said = {"why": sealed(call, row, "why", why)}
    events = [one.model_copy(update=said) if isinstance(one, DisputeResolved) else one for one in decided]
    tx.append(row.id, events, after=len(recorded), meta=call.meta(), occurred_at=call.now)
    return shown(tx, call.programme, dispute_of(tx, call.programme, request.name))


def look_up(reader: Reader, programme: str, line_id: str) -> Disputed:
    """A line with what a correction depends on."""
    found, line = line_of(reader, programme, line_id)
    event = found.event
    held_like = _held_like(reader, programme, line)
    with_sale = event.posting is None and not event.corrects
    return Disputed(
        line=line,
        currency=event.currency,
        digits=0 if line.points else minor_digits(event.currency),
        plan_hash=event.plan_hash,
        engine_version=event.engine_version,
        sale=str(found.stream) if with_sale else line.sale,
        left_minor=_left(reader, programme, event, line),
        conditions=held_like.conditions,
        expires_at=held_like.expires_at,
    )


def _left(reader: Reader, programme: str, event: LinesPosted, line: PostedLine) -> int:
    corrections = corrections_of(reader, line.id)
    if line.amount_minor < 0:
        return -line.amount_minor - sum(corrections)
    # Corrections below 0 are among what was taken.
    left = line.amount_minor - taken_of(reader, line.id) + sum(one for one in corrections if one > 0)
    if event.posting is not None:
        # A closing posts what all lines of a rule come to, and names one of them.
        under = periods.posted_under(reader, programme, event.posting.period, line)
        left = min(left, sum(amount + sum(corrections_of(reader, name)) for name, amount in under))
    return max(0, left)


def _held_like(reader: Reader, programme: str, line: PostedLine) -> PostedLine:
    """Whose conditions and expiry hold for a correction above 0."""
    if line.amount_minor < 0 and line.reverses:
        found = find_line(reader, programme, line.reverses)
        if found is not None:
            return found[1]
    return line
