"""The whole service, from public events and calls to public events and answers."""

import asyncio
import hashlib
from typing import Any

import pytest

from fenxiao.api.chain_bridge.v1 import events_pb2 as chain
from fenxiao.api.commission.v1 import events_pb2 as commission
from fenxiao.api.membership.v1 import events_pb2 as membership
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_address, parse_hash, programme_key
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree, verify_payout
from libs.servicekit.testing import Harness
from libs.servicekit.times import to_timestamp
from services.settlement.domain.accounts import Balances
from services.settlement.domain.errors import DoesNotFit
from services.settlement.features.watch_distribution import watch_distribution
from services.settlement.tests.given import (
    GBP,
    PARENT,
    PLAN,
    PROGRAMME,
    SCALE,
    TOKEN,
    account,
    day,
    line,
    payee,
    payouts_made,
    posted,
    wallet_bound,
)
from services.settlement.tests.world import World, balances_in


async def refusal(work: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.reason


async def test_from_a_posted_line_to_a_paid_one(world: World) -> None:
    await world.register()
    await world.hears(
        wallet_bound("anna"),
        wallet_bound("ben"),
        posted(line("l1", "anna", 800, day(14)), line("l2", "ben", 400, day(14)), at=day(0)),
    )
    assert await world.balances("anna") == Balances(accrued=800, held=800)

    closed = await world.close(31)
    assert (closed.name, closed.number, closed.state) == (
        f"{PARENT}/distributions/GBP-1",
        1,
        pb.DISTRIBUTION_STATE_CLOSED,
    )
    assert (closed.payees, closed.total_minor, closed.cumulative_units) == (2, 1200, str(1200 * SCALE))
    assert await world.balances("anna") == Balances(accrued=800, in_distribution=800)

    await world.propose(closed)
    assert (await world.distribution()).state == pb.DISTRIBUTION_STATE_PROPOSED
    await world.pay(("anna", 800, 800))
    active = await world.distribution()
    assert (active.state, active.paid_payees, active.paid_minor) == (pb.DISTRIBUTION_STATE_ACTIVE, 1, 800)
    await world.pay(("ben", 400, 400))
    assert (await world.distribution()).state == pb.DISTRIBUTION_STATE_PAID
    assert await world.balances("ben") == Balances(accrued=400, paid=400)
    assert await world.totals() == pb.Totals(
        currency=GBP, members=2, lines=2, accrued_minor=1200, paid_minor=1200, paid_members=2
    )


async def test_what_others_are_told(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800, day(14)), source="s7"))
    closed = await world.close(31)
    await world.propose(closed)
    await world.pay(("anna", 800, 800))
    asset, held, time, listed, distribution, booked = await world.service.published()
    assert isinstance(asset, settlement.AssetRegistered)
    assert held == settlement.LinesHeld(source="s7", currency=GBP, lines=["l1"])
    assert time == settlement.AdvancedTo(as_of=to_timestamp(day(31)))
    entry = settlement.EntitlementEntry(
        member="anna",
        payee=payee("anna"),
        account=account("anna"),
        cumulative_units=str(800 * SCALE),
        due_units=str(800 * SCALE),
    )
    assert listed == settlement.EntitlementsListed(currency=GBP, number=1, part=0, entries=[entry])
    assert (distribution.root, distribution.data_hash) == (closed.root, closed.data_hash)
    assert (distribution.parts, distribution.payees, list(distribution.plan_hashes)) == (1, 1, [PLAN])
    assert booked == settlement.PayoutsBooked(currency=GBP, number=1, transaction="0xpay", payees=1, total_minor=800)

    # Anybody can rebuild the tree from what was published.
    scope = PayoutScope(
        distribution.chain_id,
        parse_address(distribution.vault),
        programme_key(PROGRAMME),
        parse_address(distribution.token),
    )
    payouts = [Payout(parse_hash(e.payee), parse_address(e.account), int(e.cumulative_units)) for e in listed.entries]
    tree = PayoutTree(scope, payouts)
    assert tree.root == parse_hash(distribution.root)
    assert hashlib.sha256(b"".join(tree.export())).digest() == parse_hash(distribution.data_hash)


async def test_a_small_programme_with_debts(world: World) -> None:
    """Four members; one returns more than he earned, one is in debt after being paid, one has no wallet."""
    await world.register()
    await world.hears(
        wallet_bound("anna"),
        wallet_bound("ben"),
        wallet_bound("cai"),
        posted(line("l1", "anna", 1000, day(14)), line("l2", "ben", 500, day(14)), source="s1"),
        posted(line("l3", "cai", 300, day(15)), source="s2"),
        posted(line("l4", "dora", 200, day(16)), source="s3"),
        posted(line("r1", "anna", -250), source="s4"),
        posted(line("r2", "ben", -700), source="s5"),
    )
    preview = await world.preview(31)
    assert (preview.payees, preview.total_minor, preview.withheld_members, preview.withheld_minor) == (2, 1050, 1, 200)
    closed = await world.close(31)
    assert (closed.payees, closed.total_minor, closed.cumulative_units) == (2, 1050, preview.cumulative_units)
    await world.propose(closed)
    await world.pay(("anna", 750, 750), ("cai", 300, 300))
    await world.hears(posted(line("r3", "cai", -120, reverses="l3"), source="s6"))

    assert await world.balances("anna") == Balances(accrued=1000, clawed_back=-250, paid=750)
    assert await world.balances("ben") == Balances(accrued=500, clawed_back=-700, debt=200)
    assert await world.balances("cai") == Balances(accrued=300, clawed_back=-120, paid=300, debt=120)
    assert await world.balances("dora") == Balances(accrued=200, payable=200)
    totals = await world.totals()
    assert totals == pb.Totals(
        currency=GBP,
        members=4,
        lines=7,
        accrued_minor=2000,
        clawed_back_minor=-1070,
        payable_minor=200,
        paid_minor=1050,
        debt_minor=320,
        debtors=2,
        paid_members=2,
    )

    # What cai earns next is held in full, then settles the debt.
    await world.hears(posted(line("l5", "cai", 200, day(60)), source="s7"), wallet_bound("dora"))
    assert await world.balances("cai") == Balances(accrued=500, clawed_back=-120, held=200, paid=300, debt=120)
    second = await world.close(60)
    assert (second.number, second.payees, second.total_minor) == (2, 2, 280)
    assert second.cumulative_units == str(1330 * SCALE)
    assert await world.balances("cai") == Balances(accrued=500, clawed_back=-120, in_distribution=80, paid=300)
    listed = {entry.member: (entry.cumulative_units, entry.due_units) for entry in await world.listed(2)}
    assert listed == {
        "anna": (str(750 * SCALE), "0"),
        "cai": (str(380 * SCALE), str(80 * SCALE)),
        "dora": (str(200 * SCALE), str(200 * SCALE)),
    }


async def test_a_clawback_cancels_the_named_line_then_those_released_last(world: World) -> None:
    await world.hears(
        posted(line("l1", "anna", 10, day(5)), source="s1"),
        posted(line("l2", "anna", 10, day(20)), source="s2"),
        posted(line("l3", "anna", 10, day(9)), source="s3"),
        posted(line("r1", "anna", -14, reverses="l1"), source="s4"),
    )
    held = await world.service.log.read(lambda reader: reader.all("SELECT line, held_minor FROM view_lines"))
    assert dict(held) == {"l1": 0, "l2": 6, "l3": 10, "r1": 0}


async def test_a_refused_closing_changes_nothing(world: World) -> None:
    assert await refusal(world.close(31)) == "ASSET_NOT_REGISTERED"
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800, day(14))))
    before = len(await world.service.recorded())
    assert await refusal(world.close(13)) == "NOTHING_TO_PAY"
    assert await refusal(world.close(365_000)) == "AS_OF_IN_FUTURE"
    no_time = pb.CloseDistributionRequest(parent=PARENT, currency=GBP)
    assert await refusal(world.service.command("CloseDistribution", no_time)) == "AS_OF_MISSING"
    assert len(await world.service.recorded()) == before
    # The refused closing as of day 13 has not moved the time.
    await world.close(14)


async def test_closing_again_pays_nothing_twice(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800, day(14))))
    closed = await world.close(31, request_id="r1")
    assert await world.close(31, request_id="r1") == closed
    assert await refusal(world.close(32, request_id="r1")) == "REQUEST_ID_REUSED"
    assert await refusal(world.close(31)) == "DISTRIBUTION_IN_PROGRESS"
    await world.propose(closed)
    assert await refusal(world.close(31)) == "NOTHING_TO_PAY"
    assert await refusal(world.close(30)) == "AS_OF_GOES_BACK"
    assert (await world.preview(31)).total_minor == 0


async def test_a_preview_changes_nothing(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800, day(14))))
    before = len(await world.service.recorded())
    assert (await world.preview(13)).total_minor == 0
    assert (await world.preview(31)).total_minor == 800
    assert len(await world.service.recorded()) == before
    assert await world.balances("anna") == Balances(accrued=800, held=800)


async def test_a_suspended_member_waits_until_reinstated(world: World) -> None:
    await world.register()
    await world.hears(
        membership.MemberSuspended(member="anna"),
        wallet_bound("anna"),
        wallet_bound("ben"),
        posted(line("l1", "anna", 800, day(14)), line("l2", "ben", 100, day(14))),
    )
    preview = await world.preview(31)
    assert (preview.payees, preview.withheld_members, preview.withheld_minor) == (1, 1, 800)
    await world.propose(await world.close(31))
    assert await world.balances("anna") == Balances(accrued=800, payable=800)
    await world.hears(membership.MemberReinstated(member="anna"))
    assert (await world.close(31)).total_minor == 800


async def test_a_member_without_a_wallet_waits_for_one(world: World) -> None:
    await world.register()
    await world.hears(posted(line("l1", "anna", 800)))
    assert await refusal(world.close(31)) == "NOTHING_TO_PAY"
    await world.hears(wallet_bound("anna"))
    assert (await world.close(31)).total_minor == 800


async def test_a_blocked_distribution_says_why_and_goes_on(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    closed = await world.close(31)
    await world.hears(
        chain.DistributionBlocked(currency=GBP, number=1, purpose="propose_root:GBP-1", reason="Underfunded")
    )
    blocked = await world.distribution()
    assert (blocked.state, blocked.problem) == (pb.DISTRIBUTION_STATE_BLOCKED, "propose_root:GBP-1: Underfunded")
    assert await refusal(world.close(31)) == "DISTRIBUTION_IN_PROGRESS"
    await world.propose(closed)
    assert (await world.distribution()).state == pb.DISTRIBUTION_STATE_PROPOSED
    assert (await world.distribution()).problem == ""


async def test_who_cannot_be_paid_keeps_the_credit(world: World) -> None:
    await world.register()
    await world.hears(
        wallet_bound("anna"), wallet_bound("ben"), posted(line("l1", "anna", 800), line("l2", "ben", 100))
    )
    closed = await world.close(31)
    await world.propose(closed)
    failed = chain.PayoutFailed(
        currency=GBP, number=1, payee=payee("anna"), account=account("anna"), transaction="0x1", reason="blacklisted"
    )
    await world.hears(failed)
    await world.pay(("ben", 100, 100))
    found = await world.distribution()
    assert found.state == pb.DISTRIBUTION_STATE_ACTIVE
    assert "1 payees could not be paid" in found.problem
    assert "blacklisted" in found.problem
    assert await world.balances("anna") == Balances(accrued=800, in_distribution=800)
    # A new wallet stands in the next tree, with the whole credit; being paid there pays the first distribution too.
    await world.hears(wallet_bound("anna", 2), posted(line("l3", "anna", 5, day(32))))
    second = await world.close(32)
    await world.propose(second)
    assert (await world.entitlement("anna")).account == account("anna", 2)
    await world.pay(("anna", 805, 805), number=2)
    for number in (1, 2):
        assert (await world.distribution(number)).state == pb.DISTRIBUTION_STATE_PAID
        assert (await world.distribution(number)).problem == ""


async def test_a_new_wallet_alone_is_listed_in_the_next_tree(world: World) -> None:
    await world.register()
    await world.hears(
        wallet_bound("anna"), wallet_bound("ben"), posted(line("l1", "anna", 800), line("l2", "ben", 100))
    )
    await world.propose(await world.close(31))
    await world.hears(wallet_bound("anna", 2), posted(line("l3", "ben", 5)))
    await world.propose(await world.close(32))
    entitlement = await world.entitlement("anna")
    assert (entitlement.distribution_number, entitlement.account) == (2, account("anna", 2))
    check_proof(entitlement)


def check_proof(entitlement: pb.Entitlement) -> None:
    scope = PayoutScope(
        entitlement.chain_id,
        parse_address(entitlement.vault),
        parse_hash(entitlement.programme_key),
        parse_address(entitlement.token),
    )
    payout = Payout(
        parse_hash(entitlement.payee), parse_address(entitlement.account), int(entitlement.cumulative_units)
    )
    proof = [parse_hash(sibling) for sibling in entitlement.proof]
    assert verify_payout(scope, payout, proof, parse_hash(entitlement.root))


async def test_a_proof_leads_to_the_root_that_is_paid_by(world: World) -> None:
    await world.register()
    members = [f"m{n}" for n in range(7)]
    await world.hears(*(wallet_bound(member) for member in members))
    await world.hears(*(posted(line(f"l{m}", m, 10 + n), source=m) for n, m in enumerate(members[:6])))
    assert await refusal(world.entitlement("m0")) == "NOT_ENTITLED"
    first = await world.close(31)
    entitlement = await world.entitlement("m3")
    assert (entitlement.root, entitlement.cumulative_units) == (first.root, str(13 * SCALE))
    check_proof(entitlement)
    await world.propose(first)

    await world.hears(posted(line("x1", "m3", 100), line("x2", "m6", 100), source="s9"))
    second = await world.close(32)
    await world.propose(second, active_at=2**40)
    # The second root waits: what was in the first is still collected by that, what is new by the second.
    assert (await world.entitlement("m3")).root == first.root
    newcomer = await world.entitlement("m6")
    assert newcomer.root == second.root
    check_proof(newcomer)
    # It pays, so it is active, whatever the clock here says.
    await world.pay(("m3", 113, 113), number=2)
    again = await world.entitlement("m3")
    assert (again.root, again.cumulative_units) == (second.root, str(113 * SCALE))
    check_proof(again)
    assert await refusal(world.entitlement("nobody")) == "NOT_ENTITLED"


@pytest.mark.parametrize(
    "event",
    [
        payouts_made([("anna", 801, 801)]),
        payouts_made([("anna", 800, 900)]),
        payouts_made([("stranger", 1, 1)]),
        chain.PayoutsMade(currency=GBP, token=payee("x")[:42], number=1, transaction="0x1"),
        chain.RootProposed(currency=GBP, number=1, root=PLAN, transaction="0x1"),
        chain.RootProposed(currency=GBP, number=2, root=PLAN, transaction="0x1"),
        chain.DistributionBlocked(currency=GBP, number=2),
        chain.PayoutFailed(currency=GBP, number=1, payee=payee("stranger")),
        membership.WalletBound(member="anna", payee=payee("other"), account=account("anna")),
        membership.WalletBound(member="ben", payee=payee("anna"), account=account("ben")),
        posted(line("r1", "anna", -5, reverses="unknown"), source="s2"),
        commission.LinesPosted(
            source="s2",
            currency=GBP,
            occur_time=to_timestamp(day(0)),
            lines=[
                commission.PostedLine(line="l9", member="anna", amount_minor=5, conditions=[commission.Condition()])
            ],
        ),
    ],
)
async def test_what_contradicts_the_ledger_halts(world: World, event: Any) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    await world.close(31)
    before = len(await world.service.recorded())
    with pytest.raises(DoesNotFit):
        await world.hears(event)
    assert len(await world.service.recorded()) == before


async def test_a_line_cannot_be_entered_twice(world: World) -> None:
    await world.hears(posted(line("l1", "anna", 800)))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await world.hears(posted(line("l1", "anna", 800), source="s2"))
    assert await world.balances("anna") == Balances(accrued=800, payable=800)


async def test_lines_of_nobody_are_no_entry(world: World) -> None:
    await world.hears(posted())
    assert await world.service.recorded() == []


async def test_time_is_one_for_all_currencies_of_a_programme(world: World) -> None:
    await world.register()
    await world.hears(
        wallet_bound("anna"),
        posted(line("l1", "anna", 800, day(14))),
        posted(line("l2", "anna", 500, day(14)), source="s2", currency="EUR"),
    )
    await world.close(31)
    request = pb.GetStatementRequest(name=f"{PARENT}/members/anna/statements/EUR")
    euros = balances_in(await world.service.query("GetStatement", request))
    assert euros == Balances(accrued=500, payable=500)


async def test_programmes_do_not_see_each_other(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    other = pb.GetStatementRequest(name="programmes/other/members/anna/statements/GBP")
    assert (await world.service.query("GetStatement", other)).accrued_minor == 0
    totals = pb.GetTotalsRequest(parent="programmes/other", currency=GBP)
    assert (await world.service.query("GetTotals", totals)).members == 0
    asset = pb.GetAssetRequest(name="programmes/other/assets/GBP")
    assert await refusal(world.service.query("GetAsset", asset)) == "ASSET_NOT_REGISTERED"


async def test_a_statement_shows_the_lines_of_its_period(world: World) -> None:
    await world.hears(
        *(posted(line(f"l{n}", "anna", 100 + n, day(n + 14)), source=f"s{n}", at=day(n)) for n in (2, 0, 1)),
        posted(line("r1", "anna", -50), source="s9", at=day(3)),
    )
    whole = await world.statement("anna")
    assert [entry.line for entry in whole.lines] == ["l0", "l1", "l2", "r1"]
    assert (whole.line_count, whole.accrued_minor, whole.clawed_back_minor, whole.net_minor) == (4, 303, -50, 253)
    first = whole.lines[0]
    assert first == pb.StatementLine(
        line="l0",
        source="s0",
        occur_time=to_timestamp(day(0)),
        component="direct",
        rate="0.08",
        base="1.25",
        amount_minor=100,
        hold_until=to_timestamp(day(14)),
        held_minor=100,
        waits_for=[pb.LINE_WAIT_RETURN_WINDOW],
    )
    assert not whole.lines[3].HasField("hold_until")
    part = await world.statement("anna", start_time=to_timestamp(day(1)), end_time=to_timestamp(day(3)))
    assert [entry.line for entry in part.lines] == ["l1", "l2"]
    assert (part.line_count, part.net_minor) == (2, 253)
    empty = await world.statement("nobody")
    assert (empty.line_count, balances_in(empty)) == (0, Balances())


async def test_statements_come_in_pages(world: World) -> None:
    for member in ("a", "b", "c"):
        await world.hears(posted(*(line(f"{member}{n}", member, 1) for n in range(3)), source=member))
    found: list[pb.Statement] = []
    token = ""
    while True:
        request = pb.ListStatementsRequest(
            parent=PARENT, currency=GBP, page_size=2, page_token=token, with_lines=bool(found)
        )
        answer = await world.service.query("ListStatements", request)
        found += answer.statements
        token = answer.next_page_token
        if not token:
            break
    assert [(s.member, s.line_count, len(s.lines)) for s in found] == [("a", 3, 0), ("b", 3, 0), ("c", 3, 3)]


async def test_a_page_ends_early_when_its_lines_are_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.settlement.features.list_statements.LINES_IN_A_PAGE", 4)
    for member in ("a", "b", "c"):
        await world.hears(posted(*(line(f"{member}{n}", member, 1) for n in range(2 if member < "c" else 9))))
    sizes: list[list[str]] = []
    token = ""
    while not sizes or token:
        request = pb.ListStatementsRequest(parent=PARENT, currency=GBP, page_token=token, with_lines=True)
        answer = await world.service.query("ListStatements", request)
        sizes.append([statement.member for statement in answer.statements])
        token = answer.next_page_token
    assert sizes == [["a", "b"], ["c"]]


async def test_distributions_come_in_pages(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"))
    for number in (1, 2, 3):
        await world.hears(posted(line(f"l{number}", "anna", 10), source=f"s{number}"))
        await world.propose(await world.close(number))
    numbers: list[int] = []
    token = ""
    while not numbers or token:
        request = pb.ListDistributionsRequest(parent=PARENT, page_size=2, page_token=token)
        answer = await world.service.query("ListDistributions", request)
        numbers += [distribution.number for distribution in answer.distributions]
        token = answer.next_page_token
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("name", ["GBP", "GBP-0", "GBP-x", "gbp-1", "GBP-99999999999999999999"])
async def test_a_distribution_is_named_by_currency_and_number(world: World, name: str) -> None:
    request = pb.GetDistributionRequest(name=f"{PARENT}/distributions/{name}")
    assert await refusal(world.service.query("GetDistribution", request)) == "INVALID_NAME"


async def test_an_unknown_distribution_or_currency_is_refused(world: World) -> None:
    assert await refusal(world.distribution(7)) == "UNKNOWN_DISTRIBUTION"
    totals = pb.GetTotalsRequest(parent=PARENT, currency="ABC")
    assert await refusal(world.service.query("GetTotals", totals)) == "UNKNOWN_CURRENCY"


async def test_an_asset_is_fixed(world: World) -> None:
    asset = await world.register()
    assert await world.register() == asset
    assert await world.service.query("GetAsset", pb.GetAssetRequest(name=asset.name)) == asset
    changed = pb.Asset()
    changed.CopyFrom(asset)
    changed.token_decimals = 6
    request = pb.RegisterAssetRequest(parent=PARENT, asset=changed)
    assert await refusal(world.service.command("RegisterAsset", request)) == "ASSET_FIXED"
    assert len(await world.service.recorded()) == 1


async def test_watching_ends_when_everybody_is_paid(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    closed = await world.close(31)
    call = world.service.call(pb.GetDistributionRequest(name=closed.name), "", "tester", "operator")
    request = pb.WatchDistributionRequest(name=closed.name)
    seen: list[int] = []
    ready = asyncio.Event()

    async def watch() -> None:
        async for distribution in watch_distribution(world.service.running, request, call):
            seen.append(distribution.state)
            ready.set()

    watching = asyncio.create_task(watch())
    await ready.wait()
    ready.clear()
    await world.propose(closed)
    await ready.wait()
    await world.pay(("anna", 800, 800))
    await watching
    assert seen == [pb.DISTRIBUTION_STATE_CLOSED, pb.DISTRIBUTION_STATE_PROPOSED, pb.DISTRIBUTION_STATE_PAID]


async def test_payments_are_in_the_token_only(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    await world.propose(await world.close(31))
    made = payouts_made([("anna", 800, 800)])
    made.token = TOKEN.lower()
    await world.hears(made)
    assert await world.balances("anna") == Balances(accrued=800, paid=800)


async def test_concurrent_closings_close_once(world: World) -> None:
    await world.register()
    await world.hears(wallet_bound("anna"), posted(line("l1", "anna", 800)))
    harness: Harness = world.service
    answers = await harness.commands(
        "CloseDistribution", [pb.CloseDistributionRequest(parent=PARENT, currency=GBP, as_of=to_timestamp(day(31)))] * 5
    )
    reasons = sorted(answer.reason if isinstance(answer, Refusal) else "" for answer in answers)
    assert reasons == ["", *["DISTRIBUTION_IN_PROGRESS"] * 4]
