"""Recording sales: what is taken, what is refused, what it earns."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.errors import Refusal
from libs.servicekit.times import from_timestamp
from services.commission.tests.shop import PARENT, REFUSED, REPEATED, TAKEN, Shop, day, document


async def test_a_sale_pays_its_member_and_those_above(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1", amount="100.00"))
    assert shop.earned(sale) == {"cai": 800, "bob": 400, "ann": 200}
    assert {from_timestamp(line.hold_until) for line in sale.lines} == {day(15)}
    assert [line.exact_amount for line in sale.lines] == ["8", "4", "2"]
    assert sale.plan == (await shop.publish()).name


async def test_each_line_is_rounded_half_up_for_itself(shop: Shop) -> None:
    # 8 % of 0.0625 is 0.005 exactly.
    assert shop.earned(await shop.record(shop.report("s1", "ann", "0.0625"))) == {"ann": 1}
    assert shop.earned(await shop.record(shop.report("s2", "ann", "0.062499999"))) == {}
    back = await shop.record(shop.giving_back("r1", member="ann", amount="0.0625"))
    assert shop.earned(back) == {"ann": -1}


async def test_decimals_beyond_the_currency_are_kept(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1", amount="1.234567891"))
    assert sale.amount == "1.234567891"
    assert sale.lines[0].base == "1.234567891"
    assert sale.lines[0].exact_amount == "0.09876543128"


async def test_others_see_random_ids_and_never_the_merchants_number(shop: Shop) -> None:
    await shop.record(shop.report("invoice-536365", biz_transactions=["urn:epcglobal:cbv:bt:1:2"]))
    _, sold, posted = await shop.service.published()
    assert isinstance(sold, public.SaleRecorded)
    assert isinstance(posted, public.LinesPosted)
    assert sold.sale == posted.source
    assert sold.sale_class == "retail"
    assert list(sold.biz_transactions) == ["urn:epcglobal:cbv:bt:1:2"]
    assert posted.plan_hash == sold.plan_hash != ""
    assert posted.engine_version
    assert from_timestamp(posted.occur_time) == day(1)
    assert [from_timestamp(line.conditions[0].return_window.until) for line in posted.lines] == [day(15)] * 3
    assert b"536365" not in sold.SerializeToString() + posted.SerializeToString()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": "0"}, "INVALID_AMOUNT"),
        ({"amount": "-5"}, "INVALID_AMOUNT"),
        ({"amount": "+5"}, "INVALID_AMOUNT"),
        ({"amount": "1e3"}, "INVALID_AMOUNT"),
        ({"amount": "NaN"}, "INVALID_AMOUNT"),
        ({"amount": "Infinity"}, "INVALID_AMOUNT"),
        ({"amount": "1,000"}, "INVALID_AMOUNT"),
        ({"amount": ""}, "INVALID_AMOUNT"),
        ({"amount": "٣"}, "INVALID_AMOUNT"),
        ({"amount": "1" * 19}, "INVALID_AMOUNT"),
        ({"amount": "0.0000000001"}, "INVALID_AMOUNT"),
        ({"amount": "9" * 18}, "AMOUNT_TOO_LARGE"),
        ({"currency": "USD"}, "WRONG_CURRENCY"),
        ({"currency": "gbp"}, "WRONG_CURRENCY"),
        ({"currency": ""}, "WRONG_CURRENCY"),
        ({"member": "00000000-0000-4000-8000-000000000000"}, "UNKNOWN_MEMBER"),
        ({"member": "dan\0"}, "INVALID_NAME"),
        ({"kind": pb.SALE_KIND_UNSPECIFIED}, "INVALID_KIND"),
        ({"sale_class": 7}, "INVALID_SALE_CLASS"),
        ({"at": day(-1)}, "BEFORE_PROGRAMME"),
        ({"at": datetime.now(UTC) + timedelta(days=2)}, "IN_THE_FUTURE"),
        ({"original_reference": "s0"}, "ORIGINAL_OF_SALE"),
        ({"biz_transactions": ["a", "a"]}, "INVALID_BIZ_TRANSACTIONS"),
        ({"biz_transactions": [""]}, "INVALID_BIZ_TRANSACTIONS"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(shop: Shop, fields: dict[str, Any], reason: str) -> None:
    before = len(await shop.service.recorded())
    assert await shop.refused(shop.report("s1", **fields)) == reason
    assert len(await shop.service.recorded()) == before


@pytest.mark.parametrize("reference", ["", "x" * 129, "a\nb", "a\0b", "a\u2028b"])
async def test_a_number_is_one_line_of_128_characters(shop: Shop, reference: str) -> None:
    assert await shop.refused(shop.report(reference)) == "INVALID_REFERENCE"
    assert await shop.refused(shop.report("销售-第 1 号")) == ""


async def test_a_time_must_be_given_and_be_one(shop: Shop) -> None:
    sale = shop.report("s1")
    sale.ClearField("occur_time")
    assert await shop.refused(sale) == "TIME_MISSING"
    sale.occur_time.CopyFrom(Timestamp(seconds=2**60))
    assert await shop.refused(sale) == "INVALID_TIME"


async def test_a_sale_before_its_member_joined_is_refused_at_that_moment_it_is_not(shop: Shop) -> None:
    await shop.enrol("dan", "ann", day(5))
    assert await shop.refused(shop.report("s1", "dan", at=day(5) - timedelta(seconds=1))) == "SALE_BEFORE_MEMBER"
    assert await shop.refused(shop.report("s1", "dan", at=day(5))) == ""


async def test_a_suspended_member_still_accrues(shop: Shop) -> None:
    await shop.hear(membership.MemberSuspended(member=shop.ids["bob"]))
    assert shop.earned(await shop.record(shop.report("s1"))) == {"cai": 800, "bob": 400, "ann": 200}
    await shop.hear(membership.MemberReinstated(member=shop.ids["bob"]))


async def test_another_programmes_member_and_sale_are_unknown(shop: Shop) -> None:
    await shop.open("rival")
    mallory = await shop.enrol("mallory", programme="rival")
    sale = await shop.record(shop.report("s1"))
    recording = pb.RecordSaleRequest(parent="programmes/rival", sale=shop.report("s2"))
    with pytest.raises(Refusal, match="OTHER_PROGRAMME"):
        await shop.service.command("RecordSale", recording)
    assert await shop.refused(shop.report("s2", mallory)) == "UNKNOWN_MEMBER"
    getting = pb.GetSaleRequest(name=sale.name.replace("shop", "rival"))
    with pytest.raises(Refusal, match="UNKNOWN_SALE"):
        await shop.service.query("GetSale", getting)
    explaining = pb.ExplainSaleRequest(parent="programmes/rival", sale="s1")
    with pytest.raises(Refusal, match="UNKNOWN_SALE"):
        await shop.service.query("ExplainSale", explaining)
    # The same number is free there.
    report = shop.report("s1", mallory)
    report.member = f"programmes/rival/members/{mallory}"
    other = await shop.service.command("RecordSale", pb.RecordSaleRequest(parent="programmes/rival", sale=report))
    assert other.name != sale.name


async def test_an_unknown_programme_is_refused(shop: Shop) -> None:
    with pytest.raises(Refusal, match="UNKNOWN_PROGRAMME"):
        await shop.service.query("ListSales", pb.ListSalesRequest(parent="programmes/nowhere"))


async def test_the_same_sale_again_changes_nothing(shop: Shop) -> None:
    first = await shop.record(shop.report("s1", amount="100"))
    before = len(await shop.service.recorded())
    assert await shop.record(shop.report("s1", amount="100.00")) == first
    assert await shop.record(shop.report("s1", amount="100", sale_class=pb.SALE_CLASS_RETAIL)) == first
    assert len(await shop.service.recorded()) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "100.01"},
        {"member": "bob"},
        {"at": day(1) + timedelta(microseconds=1)},
        {"sale_class": pb.SALE_CLASS_PERSONAL},
        {"kind": pb.SALE_KIND_RETURN},
        {"biz_transactions": ["urn:1"]},
    ],
)
async def test_another_content_under_the_same_number_is_refused(shop: Shop, fields: dict[str, Any]) -> None:
    await shop.record(shop.report("s1"))
    assert await shop.refused(shop.report("s1", **fields)) == "SALE_DIFFERS"


async def test_concurrent_reports_of_one_sale_record_it_once(shop: Shop) -> None:
    requests = [pb.RecordSaleRequest(parent=PARENT, sale=shop.report("s1")) for _ in range(8)]
    answers = await shop.service.commands("RecordSale", requests)
    assert {answer.name for answer in answers} == {answers[0].name}
    assert len(await shop.posted()) == 3


async def test_a_batch_takes_repeats_and_refuses_each_for_itself(shop: Shop) -> None:
    known = await shop.record(shop.report("s1"))
    results = await shop.batch(
        shop.report("s1"),
        shop.report("s1", amount="7"),
        shop.report("s2", amount="-1"),
        shop.giving_back("r3", "s3"),
        shop.report("s3"),
        shop.giving_back("r3", "s3"),
        shop.report("s3"),
    )
    assert [r.outcome for r in results] == [REPEATED, REFUSED, REFUSED, REFUSED, TAKEN, TAKEN, REPEATED]
    assert [r.problem.reason for r in results if r.outcome == REFUSED] == [
        "SALE_DIFFERS",
        "INVALID_AMOUNT",
        "UNKNOWN_SALE",
    ]
    assert results[0].name == known.name
    assert results[4].name == results[6].name


async def test_a_batch_that_only_checks_records_nothing(shop: Shop) -> None:
    before = len(await shop.service.recorded())
    sales = [shop.report("s1"), shop.giving_back("r1", "s1", amount="60"), shop.giving_back("r2", "s1", amount="60")]
    results = await shop.batch(*sales, validate_only=True)
    assert [(r.outcome, r.name, r.problem.reason) for r in results] == [
        (TAKEN, "", ""),
        (TAKEN, "", ""),
        (REFUSED, "", "RETURN_EXCEEDS_SALE"),
    ]
    assert len(await shop.service.recorded()) == before
    assert [r.outcome for r in await shop.batch(*sales)] == [TAKEN, TAKEN, REFUSED]


async def test_a_batch_has_a_limit(shop: Shop) -> None:
    with pytest.raises(Refusal, match="BATCH_TOO_LARGE"):
        await shop.batch(*[shop.report(f"s{n}") for n in range(501)])


async def test_a_moved_member_pays_the_sponsor_of_the_sales_time(shop: Shop) -> None:
    await shop.enrol("eve")
    await shop.move("cai", "eve", day(10))
    assert shop.earned(await shop.record(shop.report("s1", at=day(9)))) == {"cai": 800, "bob": 400, "ann": 200}
    assert shop.earned(await shop.record(shop.report("s2", at=day(10)))) == {"cai": 800, "eve": 400}
    # Late, from before the move.
    late = shop.report("s3", at=day(10) - timedelta(microseconds=1))
    assert shop.earned(await shop.record(late)) == {"cai": 800, "bob": 400, "ann": 200}
    await shop.move("bob", "eve", day(3))
    assert shop.earned(await shop.record(shop.report("s4", at=day(4)))) == {"cai": 800, "bob": 400, "eve": 200}
    # What was posted stays.
    assert shop.earned((await shop.explain("s1")).sale) == {"cai": 800, "bob": 400, "ann": 200}


async def test_sales_are_listed_by_time_and_id(shop: Shop) -> None:
    moments = [3, 1, 2, 1, 1, 2, 5]
    sales = [
        await shop.record(shop.report(f"s{n}", "bob" if n % 2 else "cai", at=day(d))) for n, d in enumerate(moments)
    ]
    expected = [sale.name for sale in sorted(sales, key=lambda sale: (sale.occur_time.seconds, sale.name))]

    async def pages(size: int, member: str = "") -> list[pb.Sale]:
        found: list[pb.Sale] = []
        token = ""
        while True:
            request = pb.ListSalesRequest(parent=PARENT, member=member, page_size=size, page_token=token)
            answer = await shop.service.query("ListSales", request)
            assert len(answer.sales) <= size
            found += answer.sales
            token = answer.next_page_token
            if not token:
                return found

    for size in (1, 2, 3, 100):
        assert [sale.name for sale in await pages(size)] == expected
    assert not any(sale.lines for sale in await pages(100))
    bobs = f"{PARENT}/members/{shop.ids['bob']}"
    assert [s.name for s in await pages(2, bobs)] == [
        name for name in expected if name in {s.name for s in sales if s.member == bobs}
    ]
    with pytest.raises(Refusal, match="INVALID_PAGE_TOKEN"):
        await shop.service.query("ListSales", pb.ListSalesRequest(parent=PARENT, page_token="MTo"))


async def test_a_sale_comes_back_as_it_was_recorded(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1", sale_class=pb.SALE_CLASS_PERSONAL))
    assert await shop.service.query("GetSale", pb.GetSaleRequest(name=sale.name)) == sale
    # A plan's stream is none of a sale.
    plan = (await shop.service.recorded())[0].stream
    for wrong in ("s1", "00000000-0000-4000-8000-000000000000", str(plan)):
        with pytest.raises(Refusal, match="UNKNOWN_SALE"):
            await shop.service.query("GetSale", pb.GetSaleRequest(name=f"{PARENT}/sales/{wrong}"))


async def test_rebuilt_views_equal_the_live_ones(shop: Shop) -> None:
    await shop.publish(version="2", levels="5%", effective=day(20))
    await shop.batch(
        shop.report("s1", biz_transactions=["urn:1"]),
        shop.giving_back("r1", "s1", amount="33.33"),
        shop.giving_back("r2", "s1", amount="33.33"),
        shop.giving_back("r3"),
        shop.report("s2", at=day(21)),
    )
    own = ["view_plans", "view_sales", "view_returned"]

    async def content() -> list[object]:
        return [await shop.service.log.read(lambda r, t=table: sorted(r.all(f"SELECT * FROM {t}"))) for table in own]

    live = await content()
    await shop.service.log.rebuild()
    assert await content() == live


async def test_a_plan_that_rounds_everything_to_nothing_posts_nothing(bare: Shop) -> None:
    await bare.publish(document(levels="0.000000001%"))
    sale = await bare.record(bare.report("s1", amount="1"))
    assert sale.plan
    assert not sale.lines
    assert await bare.posted() == []
