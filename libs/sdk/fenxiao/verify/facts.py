"""What the exported events say, arranged for the checks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.plans import Plan, Tree, plan_hash, read_plan
from fenxiao.verify.export import Export
from fenxiao.verify.report import Check, Report

_POSITION = re.compile(r"([^:]+):([0-9]{1,18}):([0-9]{1,9})")


def moment(stamp: Timestamp) -> datetime:
    """A time stamp as an aware datetime."""
    return stamp.ToDatetime(tzinfo=UTC)


def unpack(event: events_pb2.Event) -> Any:
    """The event's data as a message of its own type; None for a type that this version does not know."""
    name = event.data.type_url.rpartition("/")[2]
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        return None
    return message_factory.GetMessageClass(descriptor).FromString(event.data.value)


@dataclass
class SaleFact:
    """A sale or return, and the lines that were posted for it."""

    sale: str
    member: str
    is_return: bool
    occurred_at: datetime
    amount: str
    currency: str
    plan_hash: str
    original: str = ""
    posted: list[commission.PostedLine] = field(default_factory=list[commission.PostedLine])


@dataclass
class Wallet:
    """A wallet that its owner has proved."""

    account: str
    bound_at: datetime


@dataclass
class MemberFact:
    """A member as the chain knows it."""

    payee: str
    wallets: list[Wallet] = field(default_factory=list[Wallet])
    suspensions: list[tuple[datetime, bool]] = field(default_factory=list[tuple[datetime, bool]])
    """(when, whether suspended from then on)."""


@dataclass
class Facts:
    """Everything."""

    tree: Tree = field(default_factory=Tree)
    members: dict[str, MemberFact] = field(default_factory=dict[str, MemberFact])
    plans: dict[str, Plan] = field(default_factory=dict[str, Plan])
    sales: dict[str, SaleFact] = field(default_factory=dict[str, SaleFact])
    ledger: list[tuple[datetime, Any]] = field(default_factory=list[tuple[datetime, Any]])
    """What settlement published, in its order, with the time of record."""
    assets: dict[str, settlement.AssetRegistered] = field(default_factory=dict[str, settlement.AssetRegistered])


def gather(export: Export, report: Report) -> Facts:
    """Arranges the events; what contradicts itself is reported."""
    facts = Facts()
    order = report.check("order", "events stand in the order of their store, each once, all of this programme")
    for service, events in export.events.items():
        _check_order(order, export.programme, service, events)
    _members(facts, export, report)
    plans = report.check("plans", "each plan's hash is that of its document")
    lines = report.check("sources", "posted lines belong to a sale or return that was recorded")
    for _, data in _data(export.events["commission"]):
        match data:
            case commission.PlanPublished():
                _plan(facts, plans, data)
            case commission.SaleRecorded() | commission.ReturnRecorded():
                facts.sales[data.sale] = SaleFact(
                    data.sale,
                    data.member,
                    isinstance(data, commission.ReturnRecorded),
                    moment(data.occur_time),
                    data.amount,
                    data.currency,
                    data.plan_hash,
                    data.original_sale if isinstance(data, commission.ReturnRecorded) else "",
                )
            case commission.LinesPosted():
                if lines.that(data.source in facts.sales, f"lines for {data.source}, which was never recorded"):
                    facts.sales[data.source].posted.extend(data.lines)
            case _:
                pass
    for event, data in _data(export.events["settlement"]):
        facts.ledger.append((moment(event.record_time), data))
        if isinstance(data, settlement.AssetRegistered):
            facts.assets[data.currency] = data
    return facts


def _plan(facts: Facts, check: Check, event: commission.PlanPublished) -> None:
    try:
        if check.that(plan_hash(event.document) == event.hash, f"plan {event.hash} has another document"):
            facts.plans[event.hash] = read_plan(event.document)
    except Refusal as refusal:
        check.that(False, f"plan {event.hash}: {refusal.message}")


def _data(events: Iterable[events_pb2.Event]) -> Iterator[tuple[events_pb2.Event, Any]]:
    return ((event, unpack(event)) for event in events)


def _check_order(check: Check, programme: str, service: str, events: Iterable[events_pb2.Event]) -> None:
    seen = set[str]()
    last: tuple[int, int] = (0, -1)
    store = ""
    for event in events:
        found = _POSITION.fullmatch(event.position)
        if found is None or unpack(event) is None:
            check.that(False, f"{service}: event {event.id} has no position, or a type that this version does not know")
            continue
        where, place = found[1], (int(found[2]), int(found[3]))
        fits = (
            event.programme == programme
            and event.source == service
            and event.id not in seen
            and place > last
            and store in ("", where)
        )
        check.that(fits, f"{service}: event {event.id} at {event.position} is out of place")
        seen.add(event.id)
        last, store = place, where


def _members(facts: Facts, export: Export, report: Report) -> None:
    tree = report.check("tree", "every member stands below a sponsor who was there before, without a cycle")
    for event, data in _data(export.events["membership"]):
        try:
            match data:
                case membership.MemberEnrolled():
                    facts.tree.enrol(data.member, data.sponsor or None, moment(data.join_time))
                    facts.members[data.member] = MemberFact(data.payee)
                    tree.that(True, "")
                case membership.SponsorChanged():
                    facts.tree.change_sponsor(data.member, data.sponsor or None, moment(data.effective_time))
                    tree.that(True, "")
                case membership.WalletBound():
                    facts.members[data.member].wallets.append(Wallet(data.account, moment(event.record_time)))
                case membership.MemberSuspended():
                    facts.members[data.member].suspensions.append((moment(event.record_time), True))
                case membership.MemberReinstated():
                    facts.members[data.member].suspensions.append((moment(event.record_time), False))
                case _:
                    pass
        except (Refusal, KeyError) as error:
            tree.that(False, f"event {event.id}: {error}")
