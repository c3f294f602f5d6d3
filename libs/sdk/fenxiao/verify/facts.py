"""What the exported events say, arranged for the checks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeGuard

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain_bridge
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.commission.v1.goods_pb2 import Goods
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.plans import Plan, Tree, plan_hash, read_plan
from fenxiao.verify.deliveries import ToldDelivery, take_delivery
from fenxiao.verify.export import Export
from fenxiao.verify.holding import Word
from fenxiao.verify.people import MEANING as PEOPLE_MEANING
from fenxiao.verify.people import People
from fenxiao.verify.placements import MEANING, Placements
from fenxiao.verify.report import Check, Report

_OF_NO_MEMBER = membership.ProgrammeCreated | membership.PlacementRuleSet | membership.CountriesDisclosed
Said = commission.PeriodWatched | commission.AlarmRaised | commission.AlarmCleared
"""What a closing says of a period beside its lines and rows."""

_NUMBER = re.compile(r"[0-9]{1,18}")
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
    sale_class: str = "retail"
    goods: Goods = field(default_factory=Goods)
    position: int = 0
    """In commission's store."""
    cut: str = ""
    """How far the tree was known when the lines were posted."""
    transactions: tuple[str, ...] = ()
    """CBV business transactions that it names."""
    posted: list[commission.PostedLine] = field(default_factory=list[commission.PostedLine])


@dataclass
class ClosingFact:
    """The closing of a period, and what it posted."""

    start: datetime
    end: datetime
    plan_hash: str
    sales_cut: int
    members_cut: str
    closed: bool = False
    """Whether all of it has been posted."""
    lines: dict[datetime, list[commission.PostedLine]] = field(
        default_factory=dict[datetime, list[commission.PostedLine]]
    )
    """By the beginning of the period that they belong to."""
    rows: dict[datetime, list[commission.MemberRated]] = field(
        default_factory=dict[datetime, list[commission.MemberRated]]
    )
    """The same."""
    said: dict[datetime, list[Said]] = field(default_factory=dict[datetime, list[Said]])
    """The same."""


@dataclass
class DisputeFact:
    """A dispute about a line, and the correction that was posted for it."""

    line: str
    member: str
    resolved: commission.DisputeResolved | None = None
    """Its last end."""
    plan_hash: str = ""
    posted: list[commission.PostedLine] = field(default_factory=list[commission.PostedLine])


@dataclass
class Wallet:
    """A wallet that its owner has proved."""

    account: str
    bound_at: datetime


class Told(NamedTuple):
    """What membership said of a member's identity, and when."""

    word: Word
    told_at: datetime


@dataclass
class MemberFact:
    """A member as the chain knows it."""

    payee: str
    wallets: list[Wallet] = field(default_factory=list[Wallet])
    suspensions: list[tuple[datetime, bool]] = field(default_factory=list[tuple[datetime, bool]])
    """(when, whether suspended from then on)."""
    identity: list[Told] = field(default_factory=list[Told])
    """In the order in which it was said."""


def position(cut: str) -> int:
    """The position in a cut (`store:position`); 0 for one that names none."""
    number = cut.rpartition(":")[2]
    return int(number) if _NUMBER.fullmatch(number) else 0


class TreeHistory:
    """The sponsor tree as far as somebody knew it: what membership said, applied up to a place in its store.

    A change of sponsor may be dated back, but does not change lines that were posted before it was known; each posting
    names the place up to which it knew the tree.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self._events: list[tuple[str, int, str, Any]] = []
        self._applied = 0
        self._tree = Tree()

    def add(self, event: events_pb2.Event, data: Any) -> None:
        """Takes the next event."""
        store, position, _ = event.position.split(":")
        self._events.append((store, int(position), event.id, data))

    def at(self, cut: str) -> Tree:
        """The tree as known at `cut` (`store:position`), or all that is known if it is empty.

        Raises `Refusal` CUT_GOES_BACK when more was known before.
        """
        store, _, position = cut.rpartition(":")
        while self._applied < len(self._events):
            at_store, at_position, event_id, data = self._events[self._applied]
            if cut and (at_store != store or at_position > int(position)):
                break
            self._applied += 1
            self._apply(event_id, data)
        if cut and self._applied and self._events[self._applied - 1][1] > int(position):
            raise Refusal("CUT_GOES_BACK", f"the tree was known further than {cut} before")
        return self._tree

    def as_known(self, cut: str, newest: str) -> Tree:
        """A tree of its own, as known at `cut`. Who was enrolled later, up to `newest`, stands where that put him."""
        tree = Tree()
        known, enrolled = position(cut), position(newest)
        for _, at, _, data in self._events:
            if isinstance(data, membership.MemberEnrolled):
                if at <= enrolled:
                    tree.enrol(data.member, data.sponsor or None, moment(data.join_time))
            elif at <= known:
                tree.change_sponsor(data.member, data.sponsor or None, moment(data.effective_time))
        return tree

    def _apply(self, event_id: str, data: Any) -> None:
        try:
            if isinstance(data, membership.MemberEnrolled):
                self._tree.enrol(data.member, data.sponsor or None, moment(data.join_time))
            else:
                self._tree.change_sponsor(data.member, data.sponsor or None, moment(data.effective_time))
            self._check.that(True, "")
        except Refusal as refusal:
            self._check.that(False, f"event {event_id}: {refusal}")


@dataclass
class Facts:
    """Everything."""

    tree: TreeHistory
    placements: Placements
    people: People
    members: dict[str, MemberFact] = field(default_factory=dict[str, MemberFact])
    plans: dict[str, Plan] = field(default_factory=dict[str, Plan])
    sales: dict[str, SaleFact] = field(default_factory=dict[str, SaleFact])
    closings: dict[str, ClosingFact] = field(default_factory=dict[str, ClosingFact])
    """By id, in the order in which the periods were sealed."""
    disputes: dict[str, DisputeFact] = field(default_factory=dict[str, DisputeFact])
    postings: list[commission.LinesPosted | commission.DisputeResolved] = field(
        default_factory=list[commission.LinesPosted | commission.DisputeResolved]
    )
    """In the order of commission's store."""
    points: dict[str, str] = field(default_factory=dict[str, str])
    """Line → kind of points, of lines in points."""
    time_zone: str = "UTC"
    """The programme's."""
    ledger: list[tuple[datetime, Any]] = field(default_factory=list[tuple[datetime, Any]])
    """What settlement published, in its order, with the time of record."""
    deliveries: dict[str, list[ToldDelivery]] = field(default_factory=dict[str, list[ToldDelivery]])
    """What traceability said of each delivery, in its order."""
    assets: dict[str, settlement.AssetRegistered] = field(default_factory=dict[str, settlement.AssetRegistered])
    proposed: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """(currency, number) of the distributions whose root the chain bridge has seen final."""
    paid: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """(currency, payee) → cumulative units that the chain bridge has seen paid."""
    transactions: dict[str, int] = field(default_factory=dict[str, int])
    """Payment → units that it moved, likewise."""


def gather(export: Export, report: Report) -> Facts:
    """Arranges the events; what contradicts itself is reported."""
    tree = report.check("tree", "every member stands below a sponsor who was there before, without a cycle")
    placements = Placements(report.check("placements", MEANING))
    facts = Facts(TreeHistory(tree), placements, People(report.check("people", PEOPLE_MEANING)))
    order = report.check("order", "events stand in the order of their store, each once, all of this programme")
    for service, events in export.events.items():
        _check_order(order, export.programme, service, events)
    _members(facts, export, tree)
    facts.placements.finish()
    _sales(facts, export, report)
    for name, plan in facts.plans.items():
        facts.placements.check_plan(name, plan)
        facts.people.check_plan(name, plan)
    _closings(facts, export, report)
    for event, data in _data(export.events["settlement"]):
        facts.ledger.append((moment(event.record_time), data))
        if isinstance(data, settlement.AssetRegistered):
            facts.assets[data.currency] = data
    for event, data in _data(export.events.get("traceability", ())):
        take_delivery(facts.deliveries, data, moment(event.record_time))
    _payments(facts, export)
    return facts


def _sales(facts: Facts, export: Export, report: Report) -> None:
    plans = report.check("plans", "each plan's hash is that of its document")
    lines = report.check("sources", "posted lines belong to a sale, return or dispute that was recorded")
    for event, data in _data(export.events["commission"]):
        facts.people.told_by_commission(event.id, _position(event), data)
        if isinstance(data, commission.LinesPosted | commission.DisputeResolved):
            facts.postings.append(data)
        if isinstance(data, commission.LinesPosted):
            lines.that(bool(data.currency) != bool(data.points), f"lines for {data.source} are of no asset, or of two")
            facts.points.update({line.line: data.points for line in data.lines if data.points})
        match data:
            case commission.DisputeOpened():
                facts.disputes[data.dispute] = DisputeFact(data.line, data.member)
            case commission.DisputeResolved() if data.dispute in facts.disputes:
                facts.disputes[data.dispute].resolved = data
            case commission.PlanPublished():
                _plan(facts, plans, data)
            case commission.SaleRecorded() | commission.ReturnRecorded():
                is_return = isinstance(data, commission.ReturnRecorded)
                facts.sales[data.sale] = SaleFact(
                    data.sale,
                    data.member,
                    is_return,
                    moment(data.occur_time),
                    data.amount,
                    data.currency,
                    data.plan_hash,
                    data.original_sale if isinstance(data, commission.ReturnRecorded) else "",
                    data.sale_class,
                    data.goods,
                    _position(event),
                    transactions=() if is_return else tuple(data.biz_transactions),
                )
            case commission.LinesPosted() if data.source in facts.disputes:
                facts.disputes[data.source].posted.extend(data.lines)
                facts.disputes[data.source].plan_hash = data.plan_hash
            case commission.LinesPosted() if not _of_period(data):
                if lines.that(data.source in facts.sales, f"lines for {data.source}, which was never recorded"):
                    facts.sales[data.source].posted.extend(data.lines)
                    facts.sales[data.source].cut = data.members_cut
            case _:
                pass


def _closings(facts: Facts, export: Export, report: Report) -> None:
    check = report.check("sealed", "lines and rows of a closing stand behind its sealing")
    for _, data in _data(export.events["commission"]):
        if isinstance(data, commission.PeriodSealed):
            facts.closings[data.closing] = ClosingFact(
                moment(data.start_time), moment(data.end_time), data.plan_hash, data.sales_cut, data.members_cut
            )
        elif isinstance(data, commission.MemberRated | commission.PeriodClosed | Said) or _of_period(data):
            name = data.source if isinstance(data, commission.LinesPosted) else data.closing
            closing = facts.closings.get(name)
            check.that(closing is not None, f"something of {name}, which was never sealed")
            match data:
                case _ if closing is None:
                    pass
                case commission.PeriodClosed():
                    closing.closed = True
                case commission.MemberRated():
                    closing.rows.setdefault(moment(data.period_start), []).append(data)
                case commission.PeriodWatched() | commission.AlarmRaised() | commission.AlarmCleared():
                    closing.said.setdefault(moment(data.period_start), []).append(data)
                case _:
                    closing.lines.setdefault(moment(data.period_start), []).extend(data.lines)


def _of_period(data: Any) -> TypeGuard[commission.LinesPosted]:
    return isinstance(data, commission.LinesPosted) and data.HasField("period_start")


def _position(event: events_pb2.Event) -> int:
    found = _POSITION.fullmatch(event.position)
    return int(found[2]) if found else 0


def _payments(facts: Facts, export: Export) -> None:
    for _, data in _data(export.events["chain_bridge"]):
        match data:
            case chain_bridge.RootProposed():
                facts.proposed.add((data.currency, data.number))
            case chain_bridge.PayoutsMade():
                for paid in data.payees:
                    facts.paid[data.currency, paid.payee] = _units(paid.cumulative_units)
                    moved = facts.transactions.get(data.transaction, 0)
                    facts.transactions[data.transaction] = moved + _units(paid.units)
            case _:
                pass


def _units(text: str) -> int:
    """Token units; -1, which fits nothing, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() else -1


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


def _members(facts: Facts, export: Export, check: Check) -> None:
    for event, data in _data(export.events["membership"]):
        facts.placements.add(event.id, _position(event), data)
        facts.people.told_by_membership(event.id, _position(event), data)
        if isinstance(data, membership.MemberEnrolled | membership.SponsorChanged) and _POSITION.fullmatch(
            event.position
        ):
            facts.tree.add(event, data)
        if isinstance(data, membership.ProgrammeCreated):
            facts.time_zone = data.time_zone
        if isinstance(data, membership.MemberEnrolled):
            facts.members[data.member] = MemberFact(data.payee)
            continue
        when = moment(event.record_time)
        member = facts.members.get(getattr(data, "member", ""))
        if member is None:
            if not isinstance(data, _OF_NO_MEMBER | None):
                check.that(False, f"event {event.id} is about a member who was never enrolled")
            continue
        match data:
            case membership.WalletBound():
                member.wallets.append(Wallet(data.account, when))
            case membership.MemberSuspended():
                member.suspensions.append((when, True))
            case membership.MemberReinstated():
                member.suspensions.append((when, False))
            case membership.IdentityChecked():
                until = moment(data.expire_time) if data.HasField("expire_time") else None
                member.identity.append(Told(Word(moment(data.check_time), until), when))
            case membership.IdentityCheckWithdrawn():
                since = moment(data.effective_time)
                member.identity.append(Told(Word(since, since), when))
            case _:
                pass
