"""The main job, from real orders to paid members: its right answer, and that doing it again changes nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2
from fenxiao.api.membership.v1 import membership_pb2
from fenxiao.api.settlement.v1 import settlement_pb2
from fenxiao.client import Client
from fenxiao.client.client import pages
from fenxiao.client.imports import import_members, import_sales
from fenxiao.errors import Refusal
from fenxiao.verify import Chain, read_export, verify
from libs.localnet import wallets
from libs.localnet.demo import Demo
from libs.localnet.network import LocalNetwork
from libs.localnet.scenarios import gift_wholesale
from libs.localnet.services import SERVICES
from tests.support import gift
from tests.support.shop import stamp
from tests.support.stores import parked, row_counts

pytestmark = [pytest.mark.network, pytest.mark.asyncio(loop_scope="session")]


async def statements(client: Client) -> AsyncIterator[settlement_pb2.Statement]:
    request = settlement_pb2.ListStatementsRequest(
        parent=gift.PARENT, currency=gift.CURRENCY, page_size=1000, with_lines=True
    )
    async for page in pages(client.settlement.ListStatements, request):
        for statement in page.statements:
            yield statement


async def members(client: Client) -> list[membership_pb2.Member]:
    request = membership_pb2.ListMembersRequest(parent=gift.PARENT, page_size=1000)
    return [member async for page in pages(client.membership.ListMembers, request) for member in page.members]


def chain_of(network: LocalNetwork) -> Chain:
    deployment = network.endpoints.deployment
    return Chain(network.endpoints.rpc_url, deployment.vault.address, deployment.token.address, deployment.block)


async def test_the_right_answer(demo: Demo) -> None:
    assert {name: demo.figures[name] for name in gift.RIGHT} == gift.RIGHT
    assert demo.figures["members"] == gift.MEMBERS
    assert demo.figures["checks"] > gift.RIGHT["lines"]
    assert parked(demo.home, SERVICES) == []


async def test_each_statement_is_the_sum_of_its_lines(demo: Demo, client: Client) -> None:
    above = below = lines = 0
    async for statement in statements(client):
        amounts = [line.amount_minor for line in statement.lines]
        net = sum(amounts)
        lines += len(amounts)
        assert statement.line_count == len(amounts)
        assert statement.accrued_minor == sum(amount for amount in amounts if amount > 0)
        assert statement.clawed_back_minor == sum(amount for amount in amounts if amount < 0)
        assert statement.net_minor == net
        # Everything is paid out or carried forward as a debt: nothing is left held, payable or on its way.
        assert (statement.held_minor, statement.payable_minor, statement.in_distribution_minor) == (0, 0, 0)
        assert (statement.paid_minor, statement.debt_minor) == (max(net, 0), max(-net, 0))
        above += net > 0
        below += net < 0
    assert lines == gift.RIGHT["lines"]
    assert above == gift.RIGHT["paid_members"]
    assert below == gift.RIGHT["debtors"]


async def test_each_member_has_on_his_wallet_what_his_statement_says(
    demo: Demo, network: LocalNetwork, client: Client
) -> None:
    wallet_of = {member.name.rpartition("/")[2]: member.wallet.account for member in await members(client)}
    assert len(set(wallet_of.values())) == gift.MEMBERS
    expected = {wallet_of[found.member.rpartition("/")[2]]: found.paid_minor async for found in statements(client)}
    chain = chain_of(network)
    accounts = sorted(wallet_of.values())
    balances = dict(zip(accounts, chain.balances(accounts, chain.final_block()), strict=True))
    assert balances == {account: expected.get(account, 0) for account in accounts}
    assert sum(balances.values()) == gift.RIGHT["paid"]
    assert set(wallet_of.values()) == {wallets.wallet(number)[0] for number in range(gift.MEMBERS)}


async def test_the_vault_has_paid_each_payee_once(demo: Demo, network: LocalNetwork, client: Client) -> None:
    chain = chain_of(network)
    paid = Counter(t.receiver for t in chain.transfers(chain.final_block()) if t.sender == chain.vault)
    theirs = {wallets.wallet(number)[0] for number in range(gift.MEMBERS)}
    assert {account: times for account, times in paid.items() if account in theirs and times != 1} == {}
    assert len(paid.keys() & theirs) == gift.RIGHT["paid_members"]
    request = chain_bridge_pb2.ListTransactionsRequest(parent=gift.PARENT, page_size=100)
    transactions = (await client.chain_bridge.ListTransactions(request)).transactions
    assert {t.state for t in transactions} == {chain_bridge_pb2.TRANSACTION_STATE_FINAL}
    assert sum(t.payees for t in transactions) == gift.RIGHT["paid_members"]


async def test_a_second_import_changes_nothing_and_says_so(demo: Demo, client: Client) -> None:
    before = row_counts(demo.home, SERVICES)
    again = await import_members(client, gift.PROGRAMME, gift.file("members.csv"))
    assert (again.taken, again.repeated, again.refused) == (0, gift.MEMBERS, 0)
    again = await import_sales(client, gift.PROGRAMME, gift.file("sales.csv"))
    assert (again.taken, again.repeated, again.refused) == (0, gift.LINES_OF_SALES, 0)
    assert row_counts(demo.home, SERVICES) == before


async def test_settling_again_pays_nothing_twice(demo: Demo, network: LocalNetwork, client: Client) -> None:
    chain = chain_of(network)
    before = row_counts(demo.home, SERVICES), chain.transfers(chain.final_block())
    request = settlement_pb2.CloseDistributionRequest(
        parent=gift.PARENT,
        currency=gift.CURRENCY,
        as_of=stamp(gift_wholesale.AS_OF),
        request_id="demo-settle",
    )
    # The same request gets its first answer; a new one is told that there is nothing to pay.
    assert (await client.settlement.CloseDistribution(request)).name == f"{gift.PARENT}/distributions/GBP-1"
    request.request_id = "once-more"
    with pytest.raises(Refusal) as caught:
        await client.settlement.CloseDistribution(request)
    assert caught.value.reason == "NOTHING_TO_PAY"
    assert (row_counts(demo.home, SERVICES), chain.transfers(chain.final_block())) == before


async def test_what_was_exported_verifies_without_any_service(demo: Demo, network: LocalNetwork) -> None:
    export = read_export(demo.home.root / "export" / gift.PROGRAMME)
    report = await asyncio.to_thread(verify, export, chain_of(network))
    checks = {check.name: check for check in report.checks}
    assert report.passed, [(check.name, check.details[:1]) for check in report.checks if check.failed]
    counted = {name: checks[name].checked for name in ("lines", "statements", "roots", "payouts", "balances")}
    assert counted["lines"] == gift.LINES_OF_SALES
    assert counted["statements"] >= gift.RIGHT["paid_members"] + gift.RIGHT["debtors"]
    assert counted["roots"] == 1
    assert counted["payouts"] == gift.RIGHT["paid_members"] + 1
    # Each payment: to a proved wallet, as much as is kept as paid, arrived, and in the balance.
    assert counted["balances"] == 4 * gift.RIGHT["paid_members"]


async def test_the_verifier_sees_a_statement_that_is_a_penny_off(demo: Demo, network: LocalNetwork) -> None:
    def penny(export: Any) -> None:
        export.statements[7].paid_minor += 1

    def other_amount(export: Any) -> None:
        from fenxiao.api.commission.v1 import events_pb2

        for event in export.events["commission"]:
            if event.data.Is(events_pb2.LinesPosted.DESCRIPTOR):
                lines = events_pb2.LinesPosted.FromString(event.data.value)
                lines.lines[0].amount_minor += 1
                event.data.Pack(lines)
                return

    for tamper, sees in ((penny, "statements"), (other_amount, "lines")):
        export = read_export(demo.home.root / "export" / gift.PROGRAMME)
        tamper(export)
        report = await asyncio.to_thread(verify, export, None)
        assert sees in {check.name for check in report.checks if check.failed}
