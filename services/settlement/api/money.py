"""How settlement's rows look in its API, and how its resource names are read."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.api.settlement.v1.points_pb2 import AdvanceTimeRequest
from fenxiao.errors import Refusal
from fenxiao.money import minor_digits
from libs.eventlog import Reader
from libs.servicekit.names import parse_name
from libs.servicekit.times import from_timestamp, to_timestamp
from services.settlement.domain.conditions import open_at
from services.settlement.domain.distribution import State
from services.settlement.domain.events import AssetRegistered
from services.settlement.domain.identity import checked_at
from services.settlement.views.balances import MemberBalances
from services.settlement.views.columns import from_micros
from services.settlement.views.deliveries import undelivered_among
from services.settlement.views.distributions import DistributionRow, parked_of
from services.settlement.views.identities import said_of
from services.settlement.views.lines import LineRow
from services.settlement.views.times import time_of

_STATES: Final = {
    State.CLOSED: pb.DISTRIBUTION_STATE_CLOSED,
    State.PROPOSED: pb.DISTRIBUTION_STATE_PROPOSED,
    State.ACTIVE: pb.DISTRIBUTION_STATE_ACTIVE,
    State.PAID: pb.DISTRIBUTION_STATE_PAID,
    State.BLOCKED: pb.DISTRIBUTION_STATE_BLOCKED,
}
_DISTRIBUTION: Final = re.compile(r"([A-Z]{3})-([1-9][0-9]{0,17})")


class DistributionName(NamedTuple):
    """`{currency}-{number}`."""

    currency: str
    number: int


def read_distribution_name(name: str) -> DistributionName:
    """The variable parts of a distribution's resource name. Raises `Refusal` INVALID_NAME."""
    found = _DISTRIBUTION.fullmatch(
        parse_name("programmes/{programme}/distributions/{distribution}", name)["distribution"]
    )
    if found is None:
        raise Refusal("INVALID_NAME", "a distribution's name ends with its currency and number, for example GBP-1")
    return DistributionName(found.group(1), int(found.group(2)))


def read_member_name(name: str, kind: str) -> tuple[str, str]:
    """Member and currency of `programmes/{programme}/members/{member}/<kind>/{currency}`."""
    parts = parse_name(f"programmes/{{programme}}/members/{{member}}/{kind}/{{currency}}", name)
    return parts["member"], checked_currency(parts["currency"])


def checked_currency(currency: str) -> str:
    """An ISO 4217 code, or `Refusal` UNKNOWN_CURRENCY."""
    minor_digits(currency)
    return currency


def read_as_of(
    request: pb.CloseDistributionRequest | pb.PreviewDistributionRequest | AdvanceTimeRequest,
) -> datetime:
    """The time to close or advance as of. It has no default: nothing here looks at the clock to find what is due."""
    if not request.HasField("as_of"):
        raise Refusal("AS_OF_MISSING", "say in as_of up to which time things are due", field="as_of")
    return from_timestamp(request.as_of, "as_of")


def show_asset(programme: str, asset: AssetRegistered) -> pb.Asset:
    """An asset."""
    return pb.Asset(
        name=f"programmes/{programme}/assets/{asset.currency}",
        currency=asset.currency,
        chain_id=asset.chain_id,
        vault=asset.vault,
        token=asset.token,
        token_decimals=asset.token_decimals,
    )


def show_distribution(reader: Reader, programme: str, row: DistributionRow) -> pb.Distribution:
    """A distribution. `payees` are those who get something by it."""
    problem = row.problem
    parked, reason = parked_of(reader, programme, row.currency, row.number)
    if parked and not problem:
        problem = f"{parked} payees could not be paid and keep their credit, for example because of: {reason}"
    return pb.Distribution(
        name=f"programmes/{programme}/distributions/{row.currency}-{row.number}",
        number=row.number,
        currency=row.currency,
        as_of=to_timestamp(row.as_of),
        root=row.root,
        data_hash=row.data_hash,
        payees=row.due_payees,
        total_minor=row.due_minor,
        cumulative_units=row.cumulative_units,
        state=_STATES[row.standing.state],
        paid_payees=row.paid_payees,
        paid_minor=row.paid_minor,
        problem=problem,
    )


def show_statement(
    reader: Reader, programme: str, currency: str, member: MemberBalances, lines: Sequence[LineRow], line_count: int
) -> pb.Statement:
    """A statement. What held lines wait for is as of the programme's time."""
    time, _ = time_of(reader, programme)
    asked = any(line.held_minor and line.identity for line in lines)
    checked = asked and checked_at(time, said_of(reader, programme, member.member))
    awaiting = [line.line for line in lines if line.held_minor and line.awaits]
    undelivered = undelivered_among(reader, programme, awaiting, time) if awaiting else set[str]()
    balances = member.balances
    return pb.Statement(
        name=f"programmes/{programme}/members/{member.member}/statements/{currency}",
        member=member.member,
        currency=currency,
        lines=[
            _show_line(line, _waits(line, time, checked=checked, delivered=line.line not in undelivered))
            for line in lines
        ],
        accrued_minor=balances.accrued,
        clawed_back_minor=balances.clawed_back,
        net_minor=balances.net,
        held_minor=balances.held,
        payable_minor=balances.payable,
        in_distribution_minor=balances.in_distribution,
        paid_minor=balances.paid,
        debt_minor=balances.debt,
        line_count=line_count,
    )


def _waits(line: LineRow, time: datetime | None, *, checked: bool, delivered: bool) -> list[pb.LineWait.ValueType]:
    if not line.held_minor:
        return []
    until = None if line.hold_until is None else from_micros(line.hold_until)
    waits = {
        pb.LINE_WAIT_RETURN_WINDOW: open_at(until, time),
        pb.LINE_WAIT_IDENTITY: bool(line.identity) and not checked,
        pb.LINE_WAIT_DELIVERY: not delivered,
        pb.LINE_WAIT_THRESHOLD: line.threshold_minor > 0,
    }
    return [wait for wait, holds in waits.items() if holds]


def _show_line(line: LineRow, waits: Sequence[pb.LineWait.ValueType]) -> pb.StatementLine:
    shown: dict[str, Any] = {} if line.hold_until is None else {"hold_until": _stamp(line.hold_until)}
    return pb.StatementLine(
        line=line.line,
        source=line.source,
        occur_time=_stamp(line.occurred_at),
        component=line.component,
        level=line.level,
        rate=line.rate,
        base=line.base,
        amount_minor=line.amount_minor,
        held_minor=line.held_minor,
        waits_for=waits,
        threshold_minor=line.threshold_minor,
        **shown,
    )


def _stamp(micros: int) -> Timestamp:
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)
