"""What the scenarios that pay commissions share: the token, the money, the distribution, the verifier."""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Final

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as chain_pb
from fenxiao.api.settlement.v1 import points_pb2 as points_pb
from fenxiao.api.settlement.v1 import settlement_pb2 as pb
from fenxiao.client import Client
from fenxiao.client.client import pages
from fenxiao.client.export import export
from fenxiao.client.streams import await_paid
from fenxiao.money import format_minor
from fenxiao.verify import Chain, Report, read_export, verify
from libs.localnet.home import HomeError
from libs.localnet.scenarios.stage import Stage, stamp
from libs.localnet.steps import Demo

BATCH: Final = 500


async def register_asset(demo: Demo, client: Client, stage: Stage) -> None:
    """Name the token that a programme pays in: the network's own."""
    deployment = demo.network.endpoints.deployment
    asset = pb.Asset(
        currency=stage.currency,
        chain_id=deployment.chain_id,
        vault=deployment.vault.address,
        token=deployment.token.address,
        token_decimals=deployment.token_decimals,
    )
    await client.settlement.RegisterAsset(
        pb.RegisterAssetRequest(parent=stage.parent, asset=asset, request_id="demo-asset")
    )


async def fund(demo: Demo, client: Client, stage: Stage, as_of: datetime) -> str:
    """Ask what will be due, and put exactly that into the vault, as the merchant would."""
    preview = await client.settlement.PreviewDistribution(
        pb.PreviewDistributionRequest(parent=stage.parent, currency=stage.currency, as_of=stamp(as_of))
    )
    await demo.network.fund(stage.programme, int(preview.cumulative_units))
    return f"{format_minor(preview.total_minor, stage.currency)} for {preview.payees:,} payees"


async def settle(demo: Demo, client: Client, stage: Stage, as_of: datetime) -> str:
    """Close the distribution, and watch the contract pay until nobody is left."""
    closed = await client.settlement.CloseDistribution(
        pb.CloseDistributionRequest(
            parent=stage.parent, currency=stage.currency, as_of=stamp(as_of), request_id="demo-settle"
        )
    )
    state = await await_paid(
        client,
        closed.name,
        lambda news: demo.display.update("settle", f"{news.paid_payees:,} of {news.payees:,} paid"),
    )
    if state.state != pb.DISTRIBUTION_STATE_PAID:
        raise HomeError(f"the distribution is blocked: {state.problem}")
    request = chain_pb.ListTransactionsRequest(parent=stage.parent, page_size=BATCH)
    transactions = [
        transaction
        async for page in pages(client.chain_bridge.ListTransactions, request)
        for transaction in page.transactions
    ]
    payments = [transaction for transaction in transactions if transaction.payees]
    payees = sum(transaction.payees for transaction in payments)
    demo.figures["transactions"] = len(transactions)
    demo.figures["gas_per_payee"] = sum(t.gas_used for t in payments) // max(payees, 1)
    return f"{payees:,} payees in {len(payments)} payments"


async def advance(client: Client, stage: Stage, as_of: datetime) -> None:
    """Time has come to a moment: what is due by then is released."""
    await client.settlement.AdvanceTime(points_pb.AdvanceTimeRequest(parent=stage.parent, as_of=stamp(as_of)))


async def held(client: Client, stage: Stage, component: str) -> Counter[tuple[str, ...]]:
    """How many lines of a component wait for what; for nothing those of which nothing is held."""
    request = pb.ListStatementsRequest(parent=stage.parent, currency=stage.currency, page_size=BATCH, with_lines=True)
    return Counter(
        [
            tuple(pb.LineWait.Name(wait).removeprefix("LINE_WAIT_").lower() for wait in line.waits_for)
            async for page in pages(client.settlement.ListStatements, request)
            for statement in page.statements
            for line in statement.lines
            if line.component == component
        ]
    )


async def verified(demo: Demo, client: Client, stage: Stage) -> Report:
    """Recompute every statement from events and plan, and hold it against the chain, as a stranger would."""
    folder = demo.home.root / "export" / stage.programme
    folder.parent.mkdir(parents=True, exist_ok=True)
    await export(client, stage.programme, folder)
    endpoints = demo.network.endpoints
    deployment = endpoints.deployment
    chain = Chain(endpoints.rpc_url, deployment.vault.address, deployment.token.address, deployment.block)
    report = await asyncio.to_thread(lambda: verify(read_export(folder), chain))
    demo.figures |= {"verified": report.passed, "checks": sum(check.checked for check in report.checks)}
    if not report.passed:
        failed = next(check for check in report.checks if check.failed)
        raise HomeError(f"the verifier found {failed.failed} wrong in {failed.name}: {failed.details[0]}")
    return report
