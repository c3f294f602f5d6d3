"""Many sales at once: each stands or falls for itself, and the database is asked once for all of them."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.errors import Refusal
from libs.eventlog.sqlite import SQLiteTransaction
from services.commission.tests.shop import PARENT, REFUSED, REPEATED, TAKEN, Shop, day
from services.commission.views.members import upline, uplines


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the database is asked what."""
    counts: Counter[str] = Counter()
    for name in ("run", "run_many", "all", "insert_events"):
        real = getattr(SQLiteTransaction, name)

        def noting(self: SQLiteTransaction, first: Any, *others: Any, name: str = name, real: Any = real) -> Any:
            counts[first if isinstance(first, str) else name] += 1
            return real(self, first, *others)

        monkeypatch.setattr(SQLiteTransaction, name, noting)
    return counts


async def test_one_of_500_that_fails_fails_alone(shop: Shop, asked: Counter[str]) -> None:
    sales = [shop.report(f"s{n}", amount=str(n + 100)) for n in range(500)]
    sales[250].member = f"{PARENT}/members/nobody"
    results = await shop.batch(*sales)
    assert [n for n, one in enumerate(results) if one.outcome != TAKEN] == [250]
    assert (results[250].outcome, results[250].problem.reason) == (REFUSED, "UNKNOWN_MEMBER")
    assert asked.total() < 25, asked
    assert not [text for text in asked if "SAVEPOINT" in text]
    shown = await shop.service.query("ListSales", pb.ListSalesRequest(parent=PARENT, page_size=1000))
    assert {sale.reference for sale in shown.sales} == {sale.reference for n, sale in enumerate(sales) if n != 250}
    assert len(await shop.posted()) == 3 * 499


async def test_a_batch_knows_what_it_has_recorded_itself(shop: Shop) -> None:
    results = await shop.batch(
        shop.report("a"),
        shop.report("a"),
        shop.report("a", amount="7"),
        shop.giving_back("ra", "a", amount="60"),
        shop.giving_back("rb", "a", amount="60"),
        shop.giving_back("rc", "a", amount="40"),
        shop.report("b"),
        shop.giving_back("rd", "z"),
    )
    assert [one.outcome for one in results] == [
        TAKEN,
        REPEATED,
        REFUSED,
        TAKEN,
        REFUSED,
        TAKEN,
        TAKEN,
        REFUSED,
    ]
    reasons = [one.problem.reason for one in results if one.outcome == REFUSED]
    assert reasons == ["SALE_DIFFERS", "RETURN_EXCEEDS_SALE", "UNKNOWN_SALE"]
    assert results[0].name == results[1].name
    assert sum(line.amount_minor for line in await shop.posted()) == 1400


async def test_returns_of_a_sale_from_before_count_together(shop: Shop) -> None:
    await shop.record(shop.report("old"))
    await shop.record(shop.giving_back("r0", "old", amount="10"))
    results = await shop.batch(*(shop.giving_back(f"r{n}", "old", amount="40") for n in range(1, 4)))
    assert [one.outcome for one in results] == [TAKEN, TAKEN, REFUSED]
    assert results[2].problem.reason == "RETURN_EXCEEDS_SALE"
    assert sum(line.amount_minor for line in await shop.posted()) == 140


async def test_a_check_leaves_nothing_for_those_beside_it(shop: Shop) -> None:
    """Batches that share a transaction, of which some only check."""
    await shop.record(shop.report("old"))
    sales = [shop.report("a"), shop.report("b"), shop.giving_back("r", "old", amount="100")]

    def batch(*, validate_only: bool) -> pb.BatchRecordSalesRequest:
        return pb.BatchRecordSalesRequest(parent=PARENT, sales=sales, validate_only=validate_only)

    requests = [batch(validate_only=only) for only in (True, True, False, True, False)]
    answers = await shop.service.commands("BatchRecordSales", requests)
    assert [[one.outcome for one in answer.results] for answer in answers] == [
        [TAKEN] * 3,
        [TAKEN] * 3,
        [TAKEN] * 3,
        [REPEATED] * 3,
        [REPEATED] * 3,
    ]
    assert sum(line.amount_minor for line in await shop.posted()) == 2800


async def test_callers_who_meet_are_told_the_same_as_one_after_the_other(shop: Shop, asked: Counter[str]) -> None:
    def ask(reference: str, request_id: str = "", amount: str = "100") -> pb.RecordSaleRequest:
        sale = shop.report(reference, amount=amount)
        return pb.RecordSaleRequest(parent=PARENT, sale=sale, request_id=request_id)

    requests = [ask(f"s{n}", f"r{n}") for n in range(60)]
    requests += [ask("s7"), ask("s8", "r8"), ask("s9", "r9", "5"), ask("s10", "new", "5"), ask("s11", "r" * 129)]
    answers = await shop.service.commands("RecordSale", requests)
    names = [getattr(answer, "name", "") for answer in answers]
    assert len(set(names[:60])) == 60
    assert names[60:62] == [names[7], names[8]]
    assert [answer.reason for answer in answers if isinstance(answer, Refusal)] == [
        "REQUEST_ID_REUSED",
        "SALE_DIFFERS",
        "INVALID_REQUEST_ID",
    ]
    assert len(await shop.posted()) == 3 * 60
    assert asked.total() < 200, asked


async def test_one_programme_is_not_told_of_another(shop: Shop) -> None:
    await shop.open("other")
    await shop.enrol("dan", programme="other")
    own, other = shop.report("a"), shop.report("a", "dan")
    other.member = other.member.replace(PARENT, "programmes/other")
    requests = [
        pb.RecordSaleRequest(parent=PARENT, sale=own),
        pb.RecordSaleRequest(parent="programmes/other", sale=other),
        pb.RecordSaleRequest(parent=PARENT, sale=other),
        pb.RecordSaleRequest(parent="programmes/none", sale=own),
    ]
    first, second, third, fourth = await shop.service.commands("RecordSale", requests)
    assert first.name.startswith(PARENT)
    assert second.name.startswith("programmes/other/")
    assert (len(first.lines), len(second.lines)) == (3, 0)
    assert (third.reason, fourth.reason) == ("OTHER_PROGRAMME", "OTHER_PROGRAMME")


async def test_many_lines_upward_are_those_that_are_found_one_by_one(bare: Shop) -> None:
    choose = random.Random(3)
    names = [f"m{n}" for n in range(40)]
    for number, name in enumerate(names):
        await bare.enrol(name, choose.choice(names[:number]) if number and choose.random() < 0.9 else "")
    for _ in range(30):
        number = choose.randrange(1, 40)
        await bare.move(names[number], choose.choice(names[:number]), day(choose.randrange(1, 30)))
    starts = [(bare.ids[choose.choice(names)], day(choose.randrange(30))) for _ in range(100)]
    for depth in (0, 1, 2, 3, 30, 200):

        def compare(reader: Any, depth: int = depth) -> Sequence[bool]:
            many = uplines(reader, "shop", starts, depth)
            return [many[start] == upline(reader, "shop", *start, max(depth, 1)) for start in starts]

        assert all(await bare.service.log.read(compare)), depth
