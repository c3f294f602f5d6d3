"""Disputes about posted lines, and corrections as new lines."""

from collections.abc import Callable
from typing import Any

import pytest

from fenxiao.api.commission.v1 import commission_pb2 as pb
from fenxiao.api.commission.v1 import events_pb2 as public
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.verify.disputes import check_disputes
from fenxiao.verify.export import Export
from fenxiao.verify.facts import gather, unpack
from fenxiao.verify.ledger import replay
from fenxiao.verify.lines import check_lines
from fenxiao.verify.periods import check_periods
from fenxiao.verify.report import Report
from libs.eventlog.encryption import KeyStore
from services.commission.tests.shop import PARENT, Shop, day
from services.commission.tests.test_explain_periods import explain, lines_of_periods, member
from services.commission.tests.test_periods import FEBRUARY, JANUARY, MONTHLY, close
from services.commission.tests.test_verified import exported

UPHELD, REJECTED = pb.DISPUTE_OUTCOME_UPHELD, pb.DISPUTE_OUTCOME_REJECTED


async def open_(shop: Shop, line: str, name: str = "bob", reason: str = "Too little.", **more: Any) -> pb.Dispute:
    request = pb.OpenDisputeRequest(parent=PARENT, line=line, member=member(shop, name), reason=reason, **more)
    return await shop.service.command("OpenDispute", request)


async def answer(shop: Shop, dispute: str, text: str = "We look.") -> pb.Dispute:
    return await shop.service.command("AnswerDispute", pb.AnswerDisputeRequest(name=dispute, answer=text))


async def resolve(
    shop: Shop, dispute: str, correction: int = 0, outcome: Any = UPHELD, why: str = "So it is."
) -> pb.Dispute:
    request = pb.ResolveDisputeRequest(name=dispute, outcome=outcome, correction_minor=correction, why=why)
    return await shop.service.command("ResolveDispute", request)


async def show(shop: Shop, dispute: str) -> pb.Dispute:
    return await shop.service.query("GetDispute", pb.GetDisputeRequest(name=dispute))


async def disputed(shop: Shop, amount: str = "100") -> tuple[pb.Sale, pb.Dispute]:
    """A sale of Cai's on which Bob earns 4 %, and Bob's dispute about it."""
    sale = await shop.record(shop.report("s1", amount=amount))
    return sale, await open_(shop, sale.lines[1].id)


async def refused(work: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await work
    return refusal.value.reason


def faults(export: Export) -> dict[str, list[str]]:
    report = Report("shop")
    facts = gather(export, report)
    for check in (check_lines, check_periods, check_disputes):
        check(facts, report)
    return {check.name: check.details for check in report.checks if check.failed}


async def test_a_dispute_is_opened_answered_and_upheld(shop: Shop) -> None:
    sale, dispute = await disputed(shop)
    assert (dispute.state, dispute.member, dispute.line) == (
        pb.DISPUTE_STATE_OPEN,
        member(shop, "bob"),
        sale.lines[1].id,
    )
    assert (await answer(shop, dispute.name)).state == pb.DISPUTE_STATE_ANSWERED
    done = await resolve(shop, dispute.name, 150)
    assert (done.state, done.correction_minor, done.currency) == (pb.DISPUTE_STATE_UPHELD, 150, "GBP")
    correction = (await shop.posted())[-1]
    assert (correction.line, correction.amount_minor, correction.member) == (
        done.correction_line,
        150,
        shop.ids["bob"],
    )
    assert (correction.component, correction.level, correction.reverses) == ("team", 1, "")
    # Held like the line was.
    assert correction.conditions[0].return_window.until == sale.lines[1].hold_until
    shown = await show(shop, dispute.name)
    assert (shown.reason, shown.answer, shown.why) == ("Too little.", "We look.", "So it is.")
    assert (shown.opened_by, shown.answered_by, shown.resolved_by) == ("tester",) * 3
    assert faults(await exported(shop)) == {}


async def test_a_rejected_dispute_posts_nothing(shop: Shop) -> None:
    _, dispute = await disputed(shop)
    before = len(await shop.posted())
    assert (await resolve(shop, dispute.name, outcome=REJECTED)).state == pb.DISPUTE_STATE_REJECTED
    assert len(await shop.posted()) == before
    assert faults(await exported(shop)) == {}


async def test_what_is_taken_back_names_its_line_and_is_not_held(shop: Shop) -> None:
    sale, dispute = await disputed(shop)
    await resolve(shop, dispute.name, -400)
    correction = (await shop.posted())[-1]
    assert (correction.amount_minor, correction.reverses, len(correction.conditions)) == (-400, sale.lines[1].id, 0)
    assert faults(await exported(shop)) == {}


async def test_no_more_is_taken_back_than_is_left(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1"))
    await shop.record(shop.giving_back("r1", "s1", amount="25"))
    line = sale.lines[1].id
    first = await open_(shop, line)
    assert await refused(resolve(shop, first.name, -301)) == "CORRECTION_EXCEEDS_LINE"
    await resolve(shop, first.name, -200)
    second = await open_(shop, line)
    assert await refused(resolve(shop, second.name, -101)) == "CORRECTION_EXCEEDS_LINE"
    await resolve(shop, second.name, 50)
    third = await open_(shop, line)
    assert await refused(resolve(shop, third.name, -151)) == "CORRECTION_EXCEEDS_LINE"
    await resolve(shop, third.name, -150)
    assert faults(await exported(shop)) == {}


async def test_what_was_taken_back_can_be_given_back_and_no_more(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1"))
    back = await shop.record(shop.giving_back("r1", "s1", amount="50"))
    dispute = await open_(shop, back.lines[1].id)
    for amount in (-1, 201):
        assert await refused(resolve(shop, dispute.name, amount)) == "CORRECTION_EXCEEDS_LINE"
    await resolve(shop, dispute.name, 200)
    correction = (await shop.posted())[-1]
    assert correction.conditions[0].return_window.until == sale.lines[1].hold_until
    again = await open_(shop, back.lines[1].id)
    assert await refused(resolve(shop, again.name, 1)) == "CORRECTION_EXCEEDS_LINE"
    assert faults(await exported(shop)) == {}


async def test_lines_of_periods_are_corrected_too(bare: Shop) -> None:
    await bare.publish(MONTHLY)
    await bare.record(bare.report("s1", "cai", "100", at=day(3)))
    await close(bare, JANUARY)
    await bare.record(bare.giving_back("r1", "s1", amount="60", at=day(40)))
    await close(bare, FEBRUARY)
    first, second = await lines_of_periods(bare)
    dispute = await open_(bare, first.line, "cai")
    assert await refused(resolve(bare, dispute.name, -401)) == "CORRECTION_EXCEEDS_LINE"
    await resolve(bare, dispute.name, -400)
    taken = await open_(bare, second.line, "cai")
    await resolve(bare, taken.name, 600)
    correction = (await bare.posted())[-1]
    assert correction.conditions == first.conditions
    # What closings post is not changed by it.
    await close(bare, "2026-03-01")
    assert len(await lines_of_periods(bare)) == 2
    assert faults(await exported(bare)) == {}


async def test_a_correction_is_explained_and_shown_with_its_sale(shop: Shop) -> None:
    sale, dispute = await disputed(shop)
    done = await resolve(shop, dispute.name, -100)
    why = (await explain(shop, done.correction_line)).derivation
    line = sale.lines[1].id
    assert why.explanation_en == (
        f"A dispute about line {line} under component 'team' was upheld: 1.00 GBP is taken back."
    )
    assert why.explanation_zh == f"对明细 {line}（组件“team”）的异议成立，扣回 1.00 英镑。"
    assert [one.type for one in why.evidence] == [
        "PlanPublished",
        "LinesPosted",
        "DisputeOpened",
        "DisputeResolved",
        "LinesPosted",
    ]
    assert why.evidence[-1].resource == dispute.name
    assert (await shop.explain("s1")).derivations[-1] == why


async def test_a_member_disputes_own_lines_only(shop: Shop) -> None:
    sale = await shop.record(shop.report("s1"))
    assert await refused(open_(shop, sale.lines[1].id, "cai")) == "NOT_OWN_LINE"
    assert await refused(open_(shop, "00000000-0000-4000-8000-000000000000")) == "UNKNOWN_LINE"


async def test_the_same_again_changes_nothing_and_another_content_is_refused(shop: Shop) -> None:
    sale, dispute = await disputed(shop)
    line = sale.lines[1].id
    assert await open_(shop, line) == dispute
    assert await refused(open_(shop, line, reason="Something else.")) == "DISPUTE_UNDER_WAY"
    answered = await answer(shop, dispute.name)
    assert await answer(shop, dispute.name) == answered
    assert await refused(answer(shop, dispute.name, "No.")) == "DISPUTE_NOT_OPEN"
    done = await resolve(shop, dispute.name, -1)
    count = len(await shop.service.recorded())
    assert await resolve(shop, dispute.name, -1) == done
    assert await refused(resolve(shop, dispute.name, -2)) == "DISPUTE_RESOLVED"
    assert await refused(resolve(shop, dispute.name, outcome=REJECTED)) == "DISPUTE_RESOLVED"
    assert await refused(answer(shop, dispute.name, "Late.")) == "DISPUTE_NOT_OPEN"
    assert len(await shop.service.recorded()) == count
    # Once it is over, the line can be disputed again.
    assert (await open_(shop, line)).name != dispute.name


async def test_an_end_says_what_it_corrects(shop: Shop) -> None:
    _, dispute = await disputed(shop)
    assert await refused(resolve(shop, dispute.name)) == "CORRECTION_MISSING"
    assert await refused(resolve(shop, dispute.name, 1, REJECTED)) == "CORRECTION_OF_REJECTED"
    assert await refused(resolve(shop, dispute.name, 1, pb.DISPUTE_OUTCOME_UNSPECIFIED)) == "INVALID_OUTCOME"


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001, "a\0b"])
async def test_texts_are_bounded(shop: Shop, text: str) -> None:
    sale, dispute = await disputed(shop)
    assert await refused(open_(shop, sale.lines[0].id, "cai", reason=text)) == "INVALID_TEXT"
    assert await refused(answer(shop, dispute.name, text)) == "INVALID_TEXT"
    assert await refused(resolve(shop, dispute.name, 1, why=text)) == "INVALID_TEXT"


async def test_another_programmes_dispute_is_unknown(shop: Shop) -> None:
    await shop.open("rival")
    _, dispute = await disputed(shop)
    for name in (dispute.name.replace("shop", "rival"), f"{PARENT}/disputes/nothing"):
        assert await refused(show(shop, name)) == "UNKNOWN_DISPUTE"


async def test_the_verifiers_books_hold_corrections(shop: Shop) -> None:
    _, dispute = await disputed(shop)
    await resolve(shop, dispute.name, -150)
    report = Report("shop")
    facts = gather(await exported(shop), report)
    for data in facts.postings:
        if isinstance(data, public.LinesPosted):
            held = settlement.LinesHeld(source=data.source, currency="GBP", lines=[one.line for one in data.lines])
            facts.ledger.append((day(9), held))
    books = replay(facts, report)
    assert not any(check.failed for check in report.checks)
    account = books.accounts["GBP", shop.ids["bob"]]
    assert (account.accrued, account.clawed_back, account.held_minor) == (400, -150, 250)


async def test_what_is_said_stands_nowhere_in_clear_and_can_be_erased(shop: Shop, tmp_path: Any) -> None:
    sale = await shop.record(shop.report("s1"))
    secret = "Zebra crossing 斑马线"
    dispute = await open_(shop, sale.lines[1].id, reason=secret, request_id="r1")
    await answer(shop, dispute.name, secret)
    await resolve(shop, dispute.name, 1, why=secret)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    published = b"".join(event.SerializeToString() for event in await shop.service.published())
    for content in (stored, published):
        assert b"Zebra" not in content
        assert "斑马线".encode() not in content
    assert (await show(shop, dispute.name)).reason == secret
    shop.service.running.use(KeyStore).destroy(dispute.name.rpartition("/")[2])
    shown = await show(shop, dispute.name)
    assert (shown.reason, shown.answer, shown.why) == ("", "", "")
    assert (shown.state, shown.correction_minor) == (pb.DISPUTE_STATE_UPHELD, 1)
    assert faults(await exported(shop)) == {}


async def test_in_an_erased_dispute_nothing_more_is_said(shop: Shop) -> None:
    _, dispute = await disputed(shop)
    shop.service.running.use(KeyStore).destroy(dispute.name.rpartition("/")[2])
    assert await refused(answer(shop, dispute.name)) == "DISPUTE_ERASED"


async def test_disputes_are_listed_page_by_page_and_by_what_is_asked(shop: Shop) -> None:
    names: list[str] = []
    for number in range(5):
        sale = await shop.record(shop.report(f"s{number}"))
        line, who = (sale.lines[1].id, "bob") if number % 2 else (sale.lines[0].id, "cai")
        names.append((await open_(shop, line, who)).name)
    await resolve(shop, names[1], outcome=REJECTED)

    async def listed(size: int = 100, **only: Any) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            request = pb.ListDisputesRequest(parent=PARENT, page_size=size, page_token=token, **only)
            page = await shop.service.query("ListDisputes", request)
            assert not any(one.reason for one in page.disputes)
            found += [one.name for one in page.disputes]
            token = page.next_page_token
            if not token:
                return found

    for size in (1, 2, 100):
        assert await listed(size) == names
    assert await listed(member=member(shop, "bob")) == [names[1], names[3]]
    assert await listed(state=pb.DISPUTE_STATE_REJECTED) == [names[1]]
    assert await listed(line=(await show(shop, names[2])).line) == [names[2]]


async def test_views_rebuilt_equal_the_live_ones(shop: Shop) -> None:
    _, dispute = await disputed(shop)
    await answer(shop, dispute.name)
    await resolve(shop, dispute.name, -7)

    async def rows() -> list[Any]:
        tables = ("disputes", "lines", "returned", "period_lines")
        return await shop.service.log.read(lambda r: [sorted(r.all(f"SELECT * FROM view_{one}")) for one in tables])

    before = await rows()
    await shop.service.log.rebuild()
    assert await rows() == before


def raise_correction(data: Any) -> bool:
    if isinstance(data, public.LinesPosted) and len(data.lines) == 1:
        data.lines[0].amount_minor += 1
        return True
    return False


def hold_shorter(data: Any) -> bool:
    if isinstance(data, public.LinesPosted) and len(data.lines) == 1:
        del data.lines[0].conditions[:]
        return True
    return False


def reject(data: Any) -> bool:
    if isinstance(data, public.DisputeResolved):
        data.outcome = "rejected"
        return True
    return False


def take_everything(data: Any) -> bool:
    if isinstance(data, public.DisputeResolved):
        data.correction_minor = -401
        return True
    return False


def give_to_another(data: Any) -> bool:
    if isinstance(data, public.LinesPosted) and len(data.lines) == 1:
        data.lines[0].member = "00000000-0000-4000-8000-000000000000"
        return True
    return False


@pytest.mark.parametrize("change", [raise_correction, hold_shorter, reject, take_everything, give_to_another])
async def test_a_correction_that_no_dispute_authorises_shows(shop: Shop, change: Callable[[Any], bool]) -> None:
    _, dispute = await disputed(shop)
    await resolve(shop, dispute.name, 10)
    export = await exported(shop)
    for event in export.events["commission"]:
        data = unpack(event)
        if change(data):
            event.data.Pack(data)
            break
    else:
        pytest.fail("nothing was changed")
    assert "corrections" in faults(export)


@pytest.mark.parametrize("cls", [public.DisputeOpened, public.DisputeResolved])
async def test_a_correction_without_its_dispute_shows(shop: Shop, cls: type[Any]) -> None:
    _, dispute = await disputed(shop)
    await resolve(shop, dispute.name, 10)
    export = await exported(shop)
    events = export.events["commission"]
    events.remove(next(event for event in events if isinstance(unpack(event), cls)))
    assert faults(export)
