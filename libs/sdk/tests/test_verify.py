"""The verifier on a small programme written by hand, and on the same with one thing tampered with each time.

C stands below B, B below A, D below A. Sales of December, one returned in part, one return that names none, and a sale
of January whose lines are still held when the distribution is closed. D has no wallet.
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.chain_bridge.v1 import events_pb2 as bridge
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.errors import Refusal
from fenxiao.plans import plan_hash
from fenxiao.proofs.hashes import checksum_address, keccak256, programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from fenxiao.verify import Chain, ExportError, Report, read_export, verify
from fenxiao.verify.chain import Payment, ProposedRoot, Transfer
from fenxiao.verify.export import Export

PROGRAMME = "gifts"
DOCUMENT = b"""
plan: Gifts
version: 1
currency: GBP
effective_from: 2010-12-01T00:00:00Z
rounding: half_up
jurisdictions: []
return_window: 14
components:
  - {id: network, type: unilevel, levels: [8%, 4%, 2%]}
"""
HASH = plan_hash(DOCUMENT)
PLAN_ON_CHAIN = to_hex(keccak256(bytes.fromhex(HASH)))
START = datetime(2010, 12, 1, tzinfo=UTC)
AS_OF = datetime(2011, 2, 1, tzinfo=UTC)
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)
CHAIN_ID, VAULT, TOKEN = 31337, checksum_address(b"\x01" * 20), checksum_address(b"\x02" * 20)
SCALE = 10**4  # a token with six decimals


def payee(member: str) -> str:
    return to_hex(member.encode() * 32)


def wallet(member: str) -> str:
    return checksum_address(member.encode() * 20)


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


class Line(NamedTuple):
    id: str
    member: str
    level: int
    base: str
    minor: int
    reverses: str = ""


class Writer:
    """Writes events into an export."""

    def __init__(self) -> None:
        self.export = Export(
            PROGRAMME, {name: [] for name in ("membership", "commission", "settlement", "chain_bridge")}, []
        )
        self.number = 0

    def add(self, service: str, data: Message) -> None:
        events = self.export.events[service]
        self.number += 1
        event = events_pb2.Event(
            id=f"event-{self.number}",
            source=service,
            type=data.DESCRIPTOR.full_name,
            programme=PROGRAMME,
            position=f"store-{service}:{len(events) + 1}:0",
        )
        event.record_time.FromDatetime(RECORDED + timedelta(seconds=self.number))
        event.data.Pack(data)
        events.append(event)

    def sale(
        self, sale: str, member: str, day: datetime, amount: str, *lines: Line, original: str | None = None
    ) -> None:
        common: dict[str, Any] = {
            "sale": sale,
            "member": member,
            "occur_time": stamp(day),
            "amount": amount,
            "currency": "GBP",
            "sale_class": "retail",
            "plan_hash": HASH,
        }
        if original is None:
            self.add("commission", commission.SaleRecorded(**common))
        else:
            self.add("commission", commission.ReturnRecorded(**common, original_sale=original))
        posted = commission.LinesPosted(
            source=sale, currency="GBP", occur_time=stamp(day), plan_hash=HASH, engine_version="1"
        )
        for line in lines:
            one = posted.lines.add(
                line=line.id,
                member=line.member,
                component="network",
                level=line.level,
                rate=("0.08", "0.04", "0.02")[line.level],
                base=line.base,
                amount_minor=line.minor,
                reverses=line.reverses,
            )
            if line.minor > 0:
                one.conditions.add().return_window.until.FromDatetime(day + timedelta(days=14))
        self.add("commission", posted)
        self.add("settlement", settlement.LinesHeld(source=sale, currency="GBP", lines=[line.id for line in lines]))

    def close(self, number: int, as_of: datetime, entitled: dict[str, tuple[int, int]], previous: str) -> str:
        """Close a distribution: by member, what he is entitled to in all and what is new, in minor units."""
        scope = PayoutScope(CHAIN_ID, b"\x01" * 20, programme_key(PROGRAMME), b"\x02" * 20)
        payouts = [
            Payout(member.encode() * 32, member.encode() * 20, total * SCALE) for member, (total, _) in entitled.items()
        ]
        tree = PayoutTree(scope, payouts)
        entries = [
            settlement.EntitlementEntry(
                member=member,
                payee=payee(member),
                account=wallet(member),
                cumulative_units=str(total * SCALE),
                due_units=str(due * SCALE),
            )
            for member, (total, due) in sorted(entitled.items())
        ]
        self.add("settlement", settlement.AdvancedTo(as_of=stamp(as_of)))
        self.add("settlement", settlement.EntitlementsListed(currency="GBP", number=number, entries=entries))
        closed = settlement.DistributionClosed(
            currency="GBP",
            number=number,
            as_of=stamp(as_of),
            chain_id=CHAIN_ID,
            vault=VAULT,
            token=TOKEN,
            programme_key=to_hex(programme_key(PROGRAMME)),
            root=to_hex(tree.root),
            previous_root=previous,
            data_hash=to_hex(tree.data_hash),
            plan_hashes=[HASH],
            parts=1,
            payees=len(entries),
            cumulative_units=str(tree.total),
            due_units=str(sum(due for _, due in entitled.values()) * SCALE),
        )
        self.add("settlement", closed)
        return to_hex(tree.root)

    def pay(self, number: int, root: str, entitled: dict[str, tuple[int, int]]) -> None:
        """The chain has taken the root and paid what was new."""
        self.add("chain_bridge", bridge.RootProposed(currency="GBP", number=number, root=root))
        paid = [
            bridge.PaidPayee(
                payee=payee(member), account=wallet(member), units=str(due * SCALE), cumulative_units=str(total * SCALE)
            )
            for member, (total, due) in entitled.items()
        ]
        transaction, total = f"0xpay{number}", sum(due for _, due in entitled.values())
        made = bridge.PayoutsMade(currency="GBP", token=TOKEN, number=number, transaction=transaction, payees=paid)
        self.add("chain_bridge", made)
        booked = settlement.PayoutsBooked(currency="GBP", number=number, transaction=transaction, total_minor=total)
        self.add("settlement", booked)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def honest() -> Export:
    writer = Writer()
    writer.add(
        "membership",
        membership.ProgrammeCreated(programme=PROGRAMME, currency="GBP", time_zone="UTC", start_time=stamp(START)),
    )
    for member, sponsor in (("A", ""), ("B", "A"), ("C", "B"), ("D", "A")):
        writer.add(
            "membership",
            membership.MemberEnrolled(member=member, sponsor=sponsor, join_time=stamp(START), payee=payee(member)),
        )
    for member in "ABC":
        writer.add("membership", membership.WalletBound(member=member, payee=payee(member), account=wallet(member)))
    writer.add(
        "settlement",
        settlement.AssetRegistered(currency="GBP", chain_id=CHAIN_ID, vault=VAULT, token=TOKEN, token_decimals=6),
    )
    writer.add(
        "commission",
        commission.PlanPublished(
            hash=HASH, version="1", currency="GBP", effective_time=stamp(START), document=DOCUMENT
        ),
    )
    writer.sale(
        *("s1", "C", day(0), "100"),
        *(Line("1C", "C", 0, "100", 800), Line("1B", "B", 1, "100", 400), Line("1A", "A", 2, "100", 200)),
    )
    writer.sale("s2", "B", day(1), "50", Line("2B", "B", 0, "50", 400), Line("2A", "A", 1, "50", 200))
    writer.sale(
        *("r1", "C", day(4), "25"),
        *(Line("3C", "C", 0, "-25", -200, "1C"), Line("3B", "B", 1, "-25", -100, "1B")),
        Line("3A", "A", 2, "-25", -50, "1A"),
        original="s1",
    )
    writer.sale("s4", "D", day(5), "10", Line("4D", "D", 0, "10", 80), Line("4A", "A", 1, "10", 40))
    writer.sale(
        *("s3", "C", day(55), "100"),
        *(Line("5C", "C", 0, "100", 800), Line("5B", "B", 1, "100", 400), Line("5A", "A", 2, "100", 200)),
    )
    # Names no sale. Of D it takes what is held and makes a debt; of A, what would be released last: of January's line.
    writer.sale("r2", "D", day(19), "20", Line("6D", "D", 0, "-20", -160), Line("6A", "A", 1, "-20", -80), original="")
    root = writer.close(1, AS_OF, {"A": (390, 390), "B": (700, 700), "C": (600, 600)}, to_hex(bytes(32)))
    writer.pay(1, root, {"A": (390, 390), "B": (700, 700), "C": (600, 600)})
    second = {"A": (510, 120), "B": (1_100, 400), "C": (1_400, 800)}
    writer.pay(2, writer.close(2, AS_OF + timedelta(days=14), second, root), second)
    for member, accrued, clawed_back, entitled, debt, lines in (
        ("A", 640, -130, 510, 0, 6),
        ("B", 1_200, -100, 1_100, 0, 4),
        ("C", 1_600, -200, 1_400, 0, 3),
        ("D", 80, -160, 0, 80, 2),
    ):
        writer.export.statements.append(
            settlement_pb2.Statement(
                name=f"programmes/{PROGRAMME}/members/{member}/statements/GBP",
                member=member,
                currency="GBP",
                accrued_minor=accrued,
                clawed_back_minor=clawed_back,
                net_minor=accrued + clawed_back,
                paid_minor=entitled,
                debt_minor=debt,
                line_count=lines,
            )
        )
    return writer.export


class Ledger:
    """A chain that has done what the export says; the tests change what it answers."""

    def __init__(self, export: Export) -> None:
        distributions = found(export, "settlement", settlement.DistributionClosed)
        self.vault, self.token, self.id = VAULT, TOKEN, CHAIN_ID
        self.proposed = [
            ProposedRoot(
                closed.number, closed.root, int(closed.cumulative_units), closed.data_hash, PLAN_ON_CHAIN, closed.number
            )
            for closed in distributions
            if closed.cumulative_units.isdigit()
        ]
        self.amounts = {"A": 510 * SCALE, "B": 1_100 * SCALE, "C": 1_400 * SCALE}
        self.funds = 4_000 * SCALE
        self.unread = 0
        self.first_block = 0
        self.moves = [
            Transfer(checksum_address(bytes(20)), VAULT, self.funds, "0x0"),
            *(Transfer(VAULT, wallet(member), units, "0x1") for member, units in self.amounts.items()),
        ]
        self.lost: dict[str, int] = {}
        self.logged = dict(self.amounts)
        self.accounts: dict[str, str] = {}

    def chain_id(self) -> int:
        return self.id

    def final_block(self) -> int:
        return 10

    def roots(self, programme: bytes, last: int) -> list[ProposedRoot]:
        return self.proposed

    def paid(self, programme: bytes, payees: list[bytes], block: int) -> list[int]:
        return [self.amounts.get(chr(one[0]), 0) for one in payees]

    def paid_out(self, programme: bytes, block: int) -> int:
        return sum(self.amounts.values())

    def funded(self, programme: bytes, block: int) -> int:
        return self.funds

    def funding(self, programme: bytes, last: int) -> int:
        return self.funds - self.unread

    def payments(self, programme: bytes, last: int) -> list[Payment]:
        return [Payment(payee(m), self.accounts.get(m, wallet(m)), units) for m, units in self.logged.items()]

    def transfers(self, last: int, *, sender: str = "", receiver: str = "") -> list[Transfer]:
        return [move for move in self.moves if sender in ("", move.sender) and receiver in ("", move.receiver)]

    def balances(self, accounts: list[str], block: int) -> list[int]:
        held = dict.fromkeys(accounts, 0)
        for sender, receiver, units, _ in self.moves:
            for account, change in ((sender, -units), (receiver, units)):
                if account in held:
                    held[account] += change
        return [units - self.lost.get(account, 0) for account, units in held.items()]


def check(export: Export, change: Callable[[Ledger], None] | None = None) -> Report:
    ledger = Ledger(export)
    if change:
        change(ledger)
    return verify(export, cast("Chain", ledger))


def failed(report: Report) -> set[str]:
    return {check.name for check in report.checks if check.failed}


def found(export: Export, service: str, cls: type[Any]) -> list[Any]:
    messages: list[Any] = []
    for event in export.events[service]:
        message = cls()
        if event.data.Unpack(message):
            messages.append(message)
    return messages


def tamper(export: Export, service: str, cls: type[Any], change: Callable[[Any], bool]) -> None:
    """Change the first event of a type for which `change` says that it did."""
    for event in export.events[service]:
        message = cls()
        if event.data.Unpack(message) and change(message):
            event.data.Pack(message)
            return
    raise AssertionError("there was nothing to tamper with")


def drop(export: Export, service: str, cls: type[Any], which: Callable[[Any], bool]) -> None:
    for event in export.events[service]:
        message = cls()
        if event.data.Unpack(message) and which(message):
            cast("list[Any]", export.events[service]).remove(event)
            return
    raise AssertionError("there was nothing to drop")


def setting(**values: Any) -> Callable[[Any], bool]:
    def change(message: Any) -> bool:
        for name, value in values.items():
            setattr(message, name, value)
        return True

    return change


def where(condition: Callable[[Any], bool], change: Callable[[Any], Any]) -> Callable[[Any], bool]:
    def both(message: Any) -> bool:
        if not condition(message):
            return False
        change(message)
        return True

    return both


# --- nothing tampered with


def test_an_honest_programme_passes() -> None:
    report = check(honest())
    assert [(one.name, one.details) for one in report.checks if one.failed] == []
    assert report.passed
    assert {name: report.figures[name] for name in ("members", "sales", "returns", "lines")} == {
        "members": 4,
        "sales": 4,
        "returns": 2,
        "lines": 15,
    }


def test_without_a_chain_the_report_says_so() -> None:
    report = verify(honest(), None)
    assert report.passed
    assert any("on chain" in what for what in report.not_checked)


def test_the_report_has_its_stable_form() -> None:
    content = check(honest()).as_json()
    assert set(content) == {"programme", "passed", "checks", "not_checked", "figures", "from_block"}
    assert all(set(one) == {"name", "meaning", "checked", "failed", "details"} for one in content["checks"])
    json.dumps(content)


# --- tampered events

Tampering = Callable[[Export], None]


def raise_line(export: Export) -> None:
    def change(posted: Any) -> None:
        posted.lines[0].amount_minor += 1

    tamper(export, "commission", commission.LinesPosted, where(lambda m: m.source == "s2", change))


def hide_line(export: Export) -> None:
    def change(posted: Any) -> None:
        del posted.lines[1]

    tamper(export, "commission", commission.LinesPosted, where(lambda m: m.source == "s2", change))


def hold_shorter(export: Export) -> None:
    def change(posted: Any) -> None:
        posted.lines[0].conditions[0].return_window.until.FromDatetime(START)

    tamper(export, "commission", commission.LinesPosted, where(lambda m: m.source == "s2", change))


def reverse_another_line(export: Export) -> None:
    def change(posted: Any) -> None:
        posted.lines[0].reverses = "5C"

    tamper(export, "commission", commission.LinesPosted, where(lambda m: m.source == "r1", change))


def drop_lines(export: Export) -> None:
    drop(export, "commission", commission.LinesPosted, lambda m: m.source == "s2")


def post_for_no_sale(export: Export) -> None:
    drop(export, "commission", commission.SaleRecorded, lambda m: m.sale == "s2")


def change_sponsor(export: Export) -> None:
    tamper(
        export,
        "membership",
        membership.MemberEnrolled,
        where(lambda m: m.member == "C", setting(sponsor="D")),
    )


def move_sponsor(export: Export) -> None:
    """In the place of D's enrolment, C is put below A: known before any sale, and never made."""
    change = membership.SponsorChanged(member="C", sponsor="A", effective_time=stamp(START + timedelta(hours=1)))
    export.events["membership"][4].data.Pack(change)


def change_sale(export: Export) -> None:
    tamper(export, "commission", commission.SaleRecorded, where(lambda m: m.sale == "s1", setting(amount="101")))


def change_sale_time(export: Export) -> None:
    def change(sale: Any) -> None:
        sale.occur_time.FromDatetime(day(2))

    tamper(export, "commission", commission.SaleRecorded, where(lambda m: m.sale == "s1", change))


def change_plan(export: Export) -> None:
    document = DOCUMENT.replace(b"8%", b"9%")
    tamper(export, "commission", commission.PlanPublished, setting(document=document))


def change_plan_and_hash(export: Export) -> None:
    document = DOCUMENT.replace(b"8%", b"9%")
    tamper(export, "commission", commission.PlanPublished, setting(document=document, hash=plan_hash(document)))


def forget_to_hold(export: Export) -> None:
    drop(export, "settlement", settlement.LinesHeld, lambda m: m.source == "s4")


def hold_twice(export: Export) -> None:
    def change(held: Any) -> None:
        held.lines.append("1C")

    tamper(export, "settlement", settlement.LinesHeld, where(lambda m: m.source == "s1", change))


def entitle_more(export: Export) -> None:
    rewrite_first(export, {"A": (390, 390), "B": (700, 700), "C": (601, 601)})


def drop_payee(export: Export) -> None:
    rewrite_first(export, {"A": (390, 390), "B": (700, 700)})


def pay_held_lines(export: Export) -> None:
    rewrite_first(export, {"A": (510, 510), "B": (1_100, 1_100), "C": (1_400, 1_400)})


def entitle_without_wallet(export: Export) -> None:
    rewrite_first(export, {"A": (390, 390), "B": (700, 700), "C": (600, 600), "D": (80, 80)})


def rewrite_first(export: Export, entitled: dict[str, tuple[int, int]]) -> None:
    """Make the first distribution another one, consistent in itself."""
    writer = Writer()
    writer.close(1, AS_OF, entitled, to_hex(bytes(32)))
    _, listed, closed = writer.export.events["settlement"]
    for event in export.events["settlement"]:
        for cls, other in ((settlement.EntitlementsListed, listed), (settlement.DistributionClosed, closed)):
            message: Any = cls()
            if event.data.Unpack(message) and message.number == 1:
                event.data.CopyFrom(other.data)


def pay_another_account(export: Export) -> None:
    def change(listed: Any) -> None:
        listed.entries[0].account = wallet("Z")

    tamper(export, "settlement", settlement.EntitlementsListed, where(lambda m: m.number == 1, change))


def take_entitlement_back(export: Export) -> None:
    def change(listed: Any) -> None:
        listed.entries[0].cumulative_units = str(300 * SCALE)

    tamper(export, "settlement", settlement.EntitlementsListed, where(lambda m: m.number == 2, change))


def other_root(export: Export) -> None:
    tamper(export, "settlement", settlement.DistributionClosed, setting(root=to_hex(b"\x07" * 32)))


def other_data_hash(export: Export) -> None:
    tamper(export, "settlement", settlement.DistributionClosed, setting(data_hash=to_hex(b"\x07" * 32)))


def other_previous_root(export: Export) -> None:
    tamper(
        export,
        "settlement",
        settlement.DistributionClosed,
        where(lambda m: m.number == 2, setting(previous_root=to_hex(b"\x07" * 32))),
    )


def other_total(export: Export) -> None:
    tamper(export, "settlement", settlement.DistributionClosed, setting(cumulative_units="1"))


def other_vault(export: Export) -> None:
    tamper(export, "settlement", settlement.DistributionClosed, setting(vault=checksum_address(b"\x09" * 20)))


def skip_number(export: Export) -> None:
    for cls in (settlement.EntitlementsListed, settlement.DistributionClosed):
        tamper(export, "settlement", cls, where(lambda m: m.number == 2, setting(number=3)))


def repeat_event(export: Export) -> None:
    events = cast("list[Any]", export.events["commission"])
    events.insert(3, copy.deepcopy(events[2]))


def swap_events(export: Export) -> None:
    events = cast("list[Any]", export.events["settlement"])
    events[2], events[3] = events[3], events[2]


def foreign_event(export: Export) -> None:
    export.events["membership"][2].programme = "wine"


def other_statement(export: Export) -> None:
    export.statements[0].accrued_minor += 1


def missing_statement(export: Export) -> None:
    del export.statements[1]


def other_debt(export: Export) -> None:
    export.statements[3].debt_minor = 0


def return_more_than_sold(export: Export) -> None:
    tamper(export, "commission", commission.ReturnRecorded, where(lambda m: m.sale == "r1", setting(amount="100.01")))


def name_another_plan(export: Export) -> None:
    tamper(export, "commission", commission.SaleRecorded, where(lambda m: m.sale == "s4", setting(plan_hash="0" * 64)))


def sell_before_joining(export: Export) -> None:
    def change(member: Any) -> None:
        member.join_time.FromDatetime(day(30))

    tamper(export, "membership", membership.MemberEnrolled, where(lambda m: m.member == "D", change))


def other_plans(export: Export) -> None:
    def change(closed: Any) -> bool:
        closed.plan_hashes[:] = ["ab" * 32]
        return True

    tamper(export, "settlement", settlement.DistributionClosed, change)


def call_paid_waiting(export: Export) -> None:
    statement = export.statements[0]
    statement.paid_minor, statement.in_distribution_minor = statement.paid_minor - 10, 10


def invent_payment(export: Export) -> None:
    tamper(export, "chain_bridge", bridge.PayoutsMade, lambda m: not setattr(m.payees[0], "cumulative_units", "1"))
    drop(export, "chain_bridge", bridge.PayoutsMade, lambda m: m.number == 2)


def book_more(export: Export) -> None:
    tamper(export, "settlement", settlement.PayoutsBooked, setting(total_minor=1))


@pytest.mark.parametrize(
    ("tampering", "check_name"),
    [
        (other_plans, "trees"),
        (call_paid_waiting, "paid"),
        (invent_payment, "paid"),
        (book_more, "paid"),
        (raise_line, "lines"),
        (hide_line, "lines"),
        (hold_shorter, "lines"),
        (reverse_another_line, "lines"),
        (drop_lines, "lines"),
        (post_for_no_sale, "sources"),
        (change_sponsor, "tree"),
        (move_sponsor, "lines"),
        (change_sale, "lines"),
        (change_sale_time, "lines"),
        (change_plan, "plans"),
        (change_plan_and_hash, "lines"),
        (forget_to_hold, "booked"),
        (hold_twice, "booked"),
        (entitle_more, "entitlements"),
        (drop_payee, "entitlements"),
        (pay_held_lines, "entitlements"),
        (entitle_without_wallet, "entitlements"),
        (pay_another_account, "entitlements"),
        (take_entitlement_back, "entitlements"),
        (other_root, "trees"),
        (other_data_hash, "trees"),
        (other_previous_root, "trees"),
        (other_total, "trees"),
        (other_vault, "trees"),
        (skip_number, "trees"),
        (repeat_event, "order"),
        (swap_events, "order"),
        (foreign_event, "order"),
        (other_statement, "statements"),
        (missing_statement, "statements"),
        (other_debt, "statements"),
        (return_more_than_sold, "lines"),
        (name_another_plan, "lines"),
        (sell_before_joining, "lines"),
    ],
)
def test_tampering_is_found(tampering: Tampering, check_name: str) -> None:
    export = honest()
    tampering(export)
    assert check_name in failed(check(export))
    assert check_name in failed(verify(export, None)), "it is found without the chain too"


# --- not everything is wrong that is not finished


def test_a_distribution_under_way_is_no_failure() -> None:
    export = honest()
    drop(export, "chain_bridge", bridge.RootProposed, lambda m: m.number == 2)
    drop(export, "chain_bridge", bridge.PayoutsMade, lambda m: m.number == 2)
    drop(export, "settlement", settlement.PayoutsBooked, lambda m: m.number == 2)
    first = {"A": 390, "B": 700, "C": 600}
    for statement in export.statements:
        paid = first.get(statement.member, 0)
        statement.in_distribution_minor = statement.paid_minor - paid
        statement.paid_minor = paid

    def under_way(ledger: Ledger) -> None:
        ledger.proposed.pop()
        ledger.amounts = {member: minor * SCALE for member, minor in first.items()}
        ledger.logged = dict(ledger.amounts)
        ledger.moves[1:] = [Transfer(VAULT, wallet(m), units, "0x1") for m, units in ledger.amounts.items()]

    report = check(export, under_way)
    assert failed(report) == set()
    assert any("GBP-2" in what for what in report.not_checked)
    assert any("3 payees" in what for what in report.not_checked)


def test_a_change_of_sponsor_dated_back_leaves_the_lines_posted_before() -> None:
    export = honest()
    known = export.events["membership"][-1].position.rpartition(":")[0]
    for event in export.events["commission"]:
        posted = commission.LinesPosted()
        if event.data.Unpack(posted):
            posted.members_cut = known
            event.data.Pack(posted)
    late = events_pb2.Event()
    late.CopyFrom(export.events["membership"][-1])
    late.id, late.position = "late", f"{known.rpartition(':')[0]}:{len(export.events['membership']) + 1}:0"
    late.data.Pack(
        membership.SponsorChanged(member="C", sponsor="A", effective_time=stamp(day(0) + timedelta(hours=1)))
    )
    export.events["membership"].append(late)
    assert check(export).passed
    for event in export.events["commission"]:
        posted = commission.LinesPosted()
        if event.data.Unpack(posted) and posted.source == "s3":
            posted.members_cut = late.position.rpartition(":")[0]
            event.data.Pack(posted)
    assert failed(check(export)) >= {"lines"}, "who knew of it had to rate by it"


def test_a_wallet_that_another_programme_pays_too_is_no_failure() -> None:
    def pay(ledger: Ledger) -> None:
        ledger.moves.append(Transfer(VAULT, wallet("A"), 7, "0x2"))
        ledger.lost[VAULT] = -7

    assert check(honest(), pay).passed


def test_a_wallet_that_has_spent_some_is_no_failure() -> None:
    def spend(ledger: Ledger) -> None:
        ledger.moves.append(Transfer(wallet("A"), checksum_address(b"\x09" * 20), 7, "0x2"))

    assert check(honest(), spend).passed


def test_what_a_wallet_held_before_the_first_block_is_no_failure() -> None:
    def held_before(ledger: Ledger) -> None:
        ledger.lost[wallet("A")] = -7

    def and_read_late(ledger: Ledger) -> None:
        held_before(ledger)
        ledger.first_block = 5

    def and_gone(ledger: Ledger) -> None:
        ledger.first_block = 5
        ledger.lost[wallet("A")] = 1

    assert failed(check(honest(), held_before)) == {"balances"}, "nothing was before the first block of all"
    assert check(honest(), and_read_late).passed
    assert failed(check(honest(), and_gone)) == {"balances"}


def test_without_all_logs_nothing_else_is_said_of_the_chain() -> None:
    def late(ledger: Ledger) -> None:
        ledger.first_block, ledger.unread = 9, 1
        ledger.proposed.clear()
        ledger.logged.clear()

    report = check(honest(), late)
    assert (failed(report), report.from_block) == ({"funds"}, 9)


# --- another chain


def other_plans_on_chain(ledger: Ledger) -> None:
    ledger.proposed[1] = ledger.proposed[1]._replace(plan_hash=to_hex(b"\x07" * 32))


def other_root_on_chain(ledger: Ledger) -> None:
    ledger.proposed[0] = ledger.proposed[0]._replace(root=to_hex(b"\x07" * 32))


def other_total_on_chain(ledger: Ledger) -> None:
    ledger.proposed[1] = ledger.proposed[1]._replace(total=1)


def other_data_on_chain(ledger: Ledger) -> None:
    ledger.proposed[1] = ledger.proposed[1]._replace(data_hash=to_hex(b"\x07" * 32))


def root_never_proposed(ledger: Ledger) -> None:
    del ledger.proposed[0]


def root_never_closed(ledger: Ledger) -> None:
    ledger.proposed.append(ledger.proposed[0]._replace(number=3))


def paid_too_little(ledger: Ledger) -> None:
    ledger.amounts["B"] -= 1


def paid_too_much(ledger: Ledger) -> None:
    ledger.amounts["C"] += 1


def paid_to_a_stranger(ledger: Ledger) -> None:
    ledger.amounts["Z"] = 5


def never_arrived(ledger: Ledger) -> None:
    ledger.moves[2] = ledger.moves[2]._replace(receiver=wallet("Z"))


def paid_to_a_strange_wallet(ledger: Ledger) -> None:
    ledger.accounts["B"] = wallet("Z")


def logged_less(ledger: Ledger) -> None:
    ledger.logged["B"] -= 1


def balance_is_gone(ledger: Ledger) -> None:
    ledger.lost[wallet("B")] = 1


def vault_is_short(ledger: Ledger) -> None:
    ledger.lost[VAULT] = 10**9


def underfunded(ledger: Ledger) -> None:
    ledger.funds = 1


def another_chain(ledger: Ledger) -> None:
    ledger.id = 1


@pytest.mark.parametrize(
    ("change", "check_name"),
    [
        (other_root_on_chain, "roots"),
        (other_total_on_chain, "roots"),
        (other_data_on_chain, "roots"),
        (other_plans_on_chain, "roots"),
        (root_never_proposed, "roots"),
        (root_never_closed, "roots"),
        (paid_too_little, "payouts"),
        (paid_too_much, "payouts"),
        (paid_to_a_stranger, "payouts"),
        (never_arrived, "balances"),
        (paid_to_a_strange_wallet, "balances"),
        (logged_less, "balances"),
        (balance_is_gone, "balances"),
        (vault_is_short, "solvency"),
        (underfunded, "solvency"),
        (another_chain, "contracts"),
    ],
)
def test_a_chain_that_says_otherwise_is_found(change: Callable[[Ledger], None], check_name: str) -> None:
    assert check_name in failed(check(honest(), change))


# --- what happens to wallets


def test_a_suspended_member_is_rightly_left_out() -> None:
    export = honest()
    rewrite_first(export, {"A": (390, 390), "B": (700, 700)})
    assert "entitlements" in failed(verify(export, None))
    tamper_wallet_to_suspension(export, "C")
    report = verify(export, None)
    first = next(one for one in report.checks if one.name == "entitlements")
    assert not any("GBP-1 leaves out C" in detail for detail in first.details)


def tamper_wallet_to_suspension(export: Export, member: str) -> None:
    for event in export.events["membership"]:
        bound = membership.WalletBound()
        if event.data.Unpack(bound) and bound.member == member:
            event.data.Pack(membership.MemberSuspended(member=member))


# --- files


def write(folder: Path, export: Export) -> Path:
    folder.mkdir()
    for service, events in export.events.items():
        lines = [MessageToJson(event, indent=None, preserving_proto_field_name=True) for event in events]
        (folder / f"{service}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    lines = [MessageToJson(statement, indent=None) for statement in export.statements]
    (folder / "statements.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    manifest: dict[str, Any] = {"format": "fenxiao-export-1", "programme": export.programme, "files": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_an_export_is_read_as_it_was_written(tmp_path: Path) -> None:
    export = honest()
    read = read_export(write(tmp_path / "export", export))
    assert read.statements == export.statements
    assert {name: list(events) for name, events in read.events.items() if events} == dict(export.events)
    assert verify(read, None).passed


def test_a_file_that_is_not_the_one_written_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "export", honest())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {"membership.jsonl": {"rows": 1, "sha256": "0" * 64}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ExportError, match=r"membership\.jsonl"):
        read_export(folder)


@pytest.mark.parametrize("line", ["{", '{"position": 7}', '{"data": {"@type": "x/unheard.Of"}}'])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    folder = write(tmp_path / "export", honest())
    (folder / "commission.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ExportError, match=r"commission\.jsonl, line 1"):
        read_export(folder)


# --- nonsense ends in a report or a refusal, never in a stack trace


def empty(listed: Any) -> bool:
    del listed.entries[:]
    return True


NONSENSE: list[Tampering] = [
    lambda e: tamper(e, "commission", commission.ReturnRecorded, setting(original_sale="nothing")),
    lambda e: tamper(e, "commission", commission.ReturnRecorded, setting(original_sale="r1")),
    lambda e: tamper(e, "commission", commission.SaleRecorded, setting(amount="-1e5")),
    lambda e: tamper(e, "commission", commission.SaleRecorded, setting(member="nobody")),
    lambda e: tamper(e, "commission", commission.SaleRecorded, setting(currency="EUR")),
    lambda e: tamper(e, "commission", commission.PlanPublished, setting(document=b"no plan", hash=plan_hash(b"a: b"))),
    lambda e: tamper(e, "commission", commission.PlanPublished, setting(document=b"\xff")),
    lambda e: tamper(e, "settlement", settlement.DistributionClosed, setting(cumulative_units="many")),
    lambda e: tamper(e, "settlement", settlement.DistributionClosed, setting(token="0x12")),
    lambda e: tamper(
        e, "settlement", settlement.EntitlementsListed, lambda m: bool(m.entries.pop(0)) and not m.entries.clear()
    ),
    lambda e: tamper(
        e, "settlement", settlement.EntitlementsListed, lambda m: not setattr(m.entries[0], "due_units", "lots")
    ),
    lambda e: tamper(
        e, "settlement", settlement.EntitlementsListed, lambda m: not setattr(m.entries[0], "payee", "0x")
    ),
    lambda e: tamper(
        e, "settlement", settlement.EntitlementsListed, lambda m: not setattr(m.entries[0], "member", "nobody")
    ),
    lambda e: drop(e, "settlement", settlement.AssetRegistered, lambda m: True),
    lambda e: setattr(e.events["membership"][1], "position", "here"),
    lambda e: setattr(e.events["membership"][1].data, "type_url", "type.googleapis.com/fenxiao.Unheard"),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_fails_and_breaks_nothing(nonsense: Tampering) -> None:
    export = honest()
    nonsense(export)
    try:
        report = check(export)
    except (Refusal, ExportError):
        return
    assert not report.passed
