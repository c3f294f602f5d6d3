"""What settlement releases can be recomputed from what everybody is told, and any change to that shows."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from hypothesis import given, settings

from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.events.v1 import events_pb2
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.api.settlement.v1.points_pb2 import ListPointsRequest
from fenxiao.money import plain
from fenxiao.plans import plan_hash, read_plan
from fenxiao.verify.export import SERVICES, Export
from fenxiao.verify.facts import gather, unpack
from fenxiao.verify.ledger import replay
from fenxiao.verify.report import Report
from fenxiao.verify.statements import check_statements
from libs.eventbus import public_events
from libs.servicekit.testing import Harness
from libs.servicekit.times import to_timestamp
from services.settlement.tests import steps
from services.settlement.tests.given import (
    GBP,
    PROGRAMME,
    START,
    day,
    identity_checked,
    identity_withdrawn,
    line,
    payee,
    posted,
    wallet_bound,
)
from services.settlement.tests.naive import MEMBERS, Naive
from services.settlement.tests.test_properties import Names, take
from services.settlement.tests.world import World
from services.settlement.wiring import SERVICE


class Heard(World):
    """Remembers what others have said, each of a source of its own, as commission does."""

    def __init__(self, service: Harness) -> None:
        super().__init__(service)
        self.said: dict[str, list[events_pb2.Event]] = {name: [] for name in SERVICES}
        self.plan_hash = ""
        for member in MEMBERS:
            joined = membership.MemberEnrolled(member=member, payee=payee(member), join_time=to_timestamp(START))
            self._note("membership", joined)

    async def hears(self, *events: Message) -> None:
        for event in events:
            if isinstance(event, commission.LinesPosted):
                event.source = f"source {len(self.said['commission'])}"
                event.plan_hash = self.plan_hash if event.points else ""
                sale = commission.SaleRecorded(sale=event.source, member=event.lines[0].member)
                sale.occur_time.CopyFrom(event.occur_time)
                self._note("commission", sale)
            self._note(type(event).__module__.split(".")[2], event)
        await super().hears(*events)

    async def publishes(self, document: bytes) -> None:
        """A plan version comes into force, by which points are given from now on, and says what they are worth."""
        self.plan_hash = plan_hash(document)
        self._note("commission", commission.PlanPublished(hash=self.plan_hash, document=document))
        for one in read_plan(document).components:
            if one.asset:
                priced = commission.PointsPriced(points=one.asset, worth=plain(one.redeems), currency=GBP)
                await self.hears(priced)

    def _note(self, source: str, event: Message) -> None:
        data = Packed()
        data.Pack(event)
        at = len(self.said[source]) + 1
        noted = events_pb2.Event(id=f"{source} {at}", programme=PROGRAMME, source=source, position=f"test:{at}:0")
        noted.data.CopyFrom(data)
        # The wallets are proved before whatever settlement does.
        noted.record_time.CopyFrom(to_timestamp(START))
        self.said[source].append(noted)

    async def export(self) -> Export:
        own = public_events("settlement", "test", await self.service.recorded(), SERVICE.publishes)
        answer = await self.service.query(
            "ListStatements", pb.ListStatementsRequest(parent=f"programmes/{PROGRAMME}", currency=GBP)
        )
        events = self.said | {"settlement": [one.event() for one in own]}
        points = await self.service.query("ListPoints", ListPointsRequest(parent=f"programmes/{PROGRAMME}"))
        return Export(PROGRAMME, events, list(answer.statements), list(points.points))


def faults(export: Export) -> set[str]:
    """The checks that find something. What lines follow from is others' to say."""
    report = Report(PROGRAMME)
    books = replay(gather(export, report), report, export.points)
    check_statements(books, export.statements, report)
    return {check.name for check in report.checks if check.failed} - {"plans", "tree", "people"}


@settings(max_examples=25, deadline=None)
@given(steps.STEPS)
def test_a_stranger_comes_to_the_same_books(history: list[steps.Step]) -> None:
    async def run() -> set[str]:
        with tempfile.TemporaryDirectory() as folder:
            async with Harness(SERVICE, Path(folder)) as service:
                world, naive, names = Heard(service), Naive(), Names()
                await world.register()
                roots: list[pb.Distribution] = []
                wallets = [steps.Wallet(member, 0) for member in MEMBERS]
                # When a wallet was proved and who was suspended when is a matter of its own.
                others = (step for step in history if not isinstance(step, steps.Suspend | steps.Wallet))
                for number, step in enumerate([*wallets, *others]):
                    await take(world, naive, names, roots, number, step)
                return faults(await world.export())

    assert asyncio.run(run()) == set()


@pytest.fixture
async def export(tmp_path: Path) -> Export:
    """Lines that wait for window, identity and threshold, some of which are paid."""
    async with Harness(SERVICE, tmp_path) as service:
        world = Heard(service)
        await world.register()
        await world.hears(
            wallet_bound("anna"),
            wallet_bound("ben"),
            posted(line("l0", "cai", 30, day(9), identity=True)),
            posted(line("l1", "anna", 30, day(9), identity=True, threshold=50)),
            posted(line("l2", "anna", 30, day(9), threshold=40)),
            posted(line("l3", "ben", 60, day(9), identity=True)),
            posted(line("l4", "ben", 60, day(9))),
            identity_checked("ben", 2, 10),
        )
        await world.close(10)
        await world.hears(identity_checked("anna", 3, 20))
        await world.propose(await world.distribution())
        await world.close(11)
        await world.hears(identity_withdrawn("anna", 11))
        return await world.export()


def test_an_honest_service_passes(export: Export) -> None:
    assert faults(export) == set()
    sums = {one.member: (one.held_minor, one.in_distribution_minor) for one in export.statements}
    assert sums == {"anna": (0, 60), "ben": (60, 60), "cai": (30, 0)}


def first(export: Export, source: str, kind: type[Message], number: int = 0) -> tuple[events_pb2.Event, Any]:
    found = [event for event in export.events[source] if isinstance(unpack(event), kind)]
    return found[number], unpack(found[number])


def drop_identity(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted)
    del data.lines[0].conditions[1]
    event.data.Pack(data)


def raise_threshold(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted, 1)
    data.lines[0].conditions[2].threshold.least_minor = 61
    event.data.Pack(data)


def wait_for_the_unknown(export: Export) -> None:
    event, data = first(export, "commission", commission.LinesPosted, 4)
    data.lines[0].conditions.add()
    event.data.Pack(data)


def check_nobody(export: Export) -> None:
    """Settlement counts a check that was never made."""
    event, data = first(export, "settlement", settlement.IdentityRemembered)
    data.member = "cai"
    event.data.Pack(data)


def leave_a_check_out(export: Export) -> None:
    export.events["settlement"].remove(first(export, "settlement", settlement.IdentityRemembered, 1)[0])


def lengthen_a_check(export: Export) -> None:
    event, data = first(export, "settlement", settlement.IdentityRemembered)
    data.expire_time.seconds += 86_400
    event.data.Pack(data)


def swap_words(export: Export) -> None:
    """The withdrawal is said to come first."""
    (one, check), (other, withdrawal) = (
        first(export, "settlement", settlement.IdentityRemembered, 1),
        first(export, "settlement", settlement.IdentityWithdrawn),
    )
    one.data.Pack(withdrawal)
    other.data.Pack(check)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (drop_identity, {"statements"}),
        (raise_threshold, {"entitlements", "statements"}),
        (wait_for_the_unknown, {"booked", "entitlements", "statements"}),
        (check_nobody, {"identities"}),
        (leave_a_check_out, {"identities", "entitlements", "statements"}),
        (lengthen_a_check, {"identities", "entitlements", "statements"}),
        (swap_words, {"identities", "entitlements", "statements"}),
    ],
)
def test_any_change_to_it_shows(export: Export, tamper: Callable[[Export], None], found: set[str]) -> None:
    tamper(export)
    assert found <= faults(export)
