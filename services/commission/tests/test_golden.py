"""Every version of every event ever stored can be read, and what is stored today looks as it did."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from fenxiao.plans import SaleKind
from services.commission.domain.events import (
    ALL,
    Alarm,
    AlarmsCleared,
    AlarmsRaised,
    DisputeAnswered,
    DisputeOpened,
    DisputeResolved,
    LinesPosted,
    MembersRated,
    Outcome,
    PeriodClosed,
    PeriodSealed,
    PeriodWatched,
    PlanPublished,
    PostedLine,
    Posting,
    RankGranted,
    RankGrantWithdrawn,
    RatedMember,
    Report,
    ReturnRecorded,
    ReturnWindow,
    SaleClass,
    SaleRecorded,
    Text,
)
from services.commission.wiring import SERVICE

GOLDEN = Path(__file__).parent / "golden"

CAI, BOB = "0b0f7a7e-7a53-4b47-a54e-2a60e1b54a11", "7f1c3f6c-5f3e-4f9c-9d53-6f6f54d0f2a2"
SALE = "c9a646d3-9c61-4cb7-bf5e-6f2f1f7f8a01"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WHEN = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)

LINE = PostedLine(
    id="2d9bd7ad-2d3c-5e77-9b34-5e9f0c4f6f11",
    member=BOB,
    component="network",
    level=1,
    rate=Decimal("0.04"),
    base=Decimal("0.000000009"),
    exact_amount=Decimal("0.00000000036"),
    amount_minor=1,
    rule="/components/0/levels/1",
    path=(CAI, BOB),
    conditions=(ReturnWindow(until=datetime(2010, 12, 15, 8, 26, tzinfo=UTC)),),
)

_POSTING = Posting(closing=datetime(2011, 1, 1, tzinfo=UTC), period=datetime(2010, 12, 1, tzinfo=UTC))
_ALARM = "f3a1f3b6-5a53-5d0e-9b3e-0a1c6d4c7a55"

EXAMPLES: dict[str, BaseModel] = {
    "PlanPublished.v1": PlanPublished(
        hash=HASH,
        plan="Gift wholesale 礼品",
        version="2010-12",
        currency="GBP",
        effective_from=datetime(2010, 12, 1, tzinfo=UTC),
        document="plan: Gift wholesale 礼品\n".encode(),
    ),
    "SaleRecorded.v1": SaleRecorded(
        report=Report(
            reference="536365",
            member=CAI,
            kind=SaleKind.SALE,
            occurred_at=WHEN,
            amount=Decimal("139.120"),
            currency="GBP",
            sale_class=SaleClass.PERSONAL,
            biz_transactions=("urn:epcglobal:cbv:bt:5200001000008:A123",),
        ),
        plan_hash=HASH,
    ),
    "ReturnRecorded.v1": ReturnRecorded(
        report=Report(
            reference="C536379",
            member=CAI,
            kind=SaleKind.RETURN,
            occurred_at=WHEN,
            amount=Decimal("0.000000001"),
            currency="GBP",
            original_reference="536365",
        ),
        plan_hash=HASH,
        original_sale=SALE,
        returned_before=Decimal("27.5"),
    ),
    "LinesPosted.v1": LinesPosted(
        currency="GBP",
        plan_hash=HASH,
        engine_version="1",
        original_sale=SALE,
        members_cut="5bbee46e45134144:948",
        lines=(LINE, LINE.model_copy(update={"conditions": (), "reverses": LINE.id, "reversed_before": 3})),
    ),
    "PeriodSealed.v1": PeriodSealed(
        start=datetime(2010, 12, 1, tzinfo=UTC),
        end=datetime(2011, 1, 1, tzinfo=UTC),
        plan_hash=HASH,
        sales_cut=1400,
        members_cut="5bbee46e45134144:948",
        engine_version="2",
    ),
    "MembersRated.v1": MembersRated(
        posting=Posting(
            closing=datetime(2011, 1, 1, tzinfo=UTC),
            period=datetime(2010, 12, 1, tzinfo=UTC),
        ),
        members=(
            RatedMember(
                member=BOB,
                personal_volume=Decimal("139.120"),
                group_volume=Decimal("0.000000001"),
                rank="silver",
                highest_rank="gold",
                earned_minor=-3,
                carry={"": (1, 2, 0), "pairs": (100_000_000_000, 0)},
            ),
            RatedMember(member=CAI, personal_volume=Decimal(0), group_volume=Decimal(0)),
        ),
    ),
    "PeriodClosed.v1": PeriodClosed(
        start=datetime(2010, 12, 1, tzinfo=UTC), lines=5051, members=948, posted_minor=7_729_253
    ),
    "PeriodWatched.v1": PeriodWatched(posting=_POSTING, sold_minor=54_812_345, paid_minor=-3, currency="GBP"),
    "AlarmsRaised.v1": AlarmsRaised(
        posting=_POSTING,
        alarms=(
            Alarm(
                id=_ALARM,
                rule="CN/structure",
                severity="alarm",
                member=BOB,
                found=Text(en="30 people on 3 levels.", zh="30 人、3 级。"),
                law=Text(en="Who leads so many is prosecuted.", zh="应当追究刑事责任。"),
                satisfied_by=Text(en="have a lawyer look at it.", zh="请律师审查。"),
                source=Text(en="Opinions of 2013, part 7", zh="2013年意见，第七条"),
            ),
        ),
    ),
    "AlarmsCleared.v1": AlarmsCleared(posting=_POSTING, alarms=(_ALARM,)),
    "DisputeOpened.v1": DisputeOpened(line=LINE.id, member=BOB, by="operator", reason="c2VhbGVk"),
    "DisputeAnswered.v1": DisputeAnswered(by="operator", answer="c2VhbGVk"),
    "DisputeResolved.v1": DisputeResolved(
        line=LINE.id,
        member=BOB,
        outcome=Outcome.UPHELD,
        correction_minor=-1,
        correction_line="f3a1f3b6-5a53-5d0e-9b3e-0a1c6d4c7a55",
        currency="GBP",
        by="operator",
        why="c2VhbGVk",
    ),
    "RankGranted.v1": RankGranted(
        member=BOB, rank="silver", effective_from=datetime(2010, 12, 1, tzinfo=UTC), by="operator"
    ),
    "RankGrantWithdrawn.v1": RankGrantWithdrawn(
        member=BOB, effective_from=datetime(2011, 1, 1, tzinfo=UTC), by="operator"
    ),
}


def stored() -> list[Path]:
    return sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", stored(), ids=lambda path: path.stem)
def test_what_was_ever_stored_is_read(path: Path) -> None:
    event, version = SERVICE.events.decode(path.stem, path.read_bytes())
    assert path.stem.endswith(f".v{version}")
    if path.stem in EXAMPLES:
        assert event == EXAMPLES[path.stem]


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_what_is_stored_today_looks_as_it_did(cls: type[BaseModel]) -> None:
    topic = SERVICE.events.topic(cls)
    assert json.loads(SERVICE.events.encode(EXAMPLES[topic])) == json.loads((GOLDEN / f"{topic}.json").read_bytes())
