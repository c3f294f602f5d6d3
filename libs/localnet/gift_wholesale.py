"""The demo's scenario: one month of a gift wholesaler's orders, from sale to paid commission.

Each step is what a merchant would do, through the public APIs, and gives what is shown behind its name.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as chain_pb
from fenxiao.api.commission.v1 import commission_pb2 as commission_pb
from fenxiao.api.membership.v1 import membership_pb2 as membership_pb
from fenxiao.api.settlement.v1 import settlement_pb2 as settlement_pb
from fenxiao.client import Client
from fenxiao.client.client import pages
from fenxiao.client.export import export
from fenxiao.client.imports import ImportResult, Progress, import_members, import_sales
from fenxiao.client.streams import await_paid
from fenxiao.money import format_minor
from fenxiao.verify import Chain, read_export, verify
from libs.localnet import binding, wallets
from libs.localnet.home import HomeError
from libs.localnet.network import repository_root
from libs.localnet.steps import Demo

PROGRAMME: Final = "gift-wholesale"
PARENT: Final = f"programmes/{PROGRAMME}"
CURRENCY: Final = "GBP"
STARTS: Final = datetime(2010, 12, 1, tzinfo=UTC)
AS_OF: Final = datetime(2011, 2, 1, tzinfo=UTC)
BATCH: Final = 500


def _file(name: str) -> Path:
    return repository_root() / "examples" / "gift_wholesale" / name


def _stamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def _client(demo: Demo) -> Client:
    return Client.from_home(demo.home.root)


def _progress(demo: Demo, step: str) -> Any:
    def show(progress: Progress) -> None:
        demo.display.update(step, f"{progress.lines:,}")

    return show


def _taken(result: ImportResult) -> str:
    if result.refused:
        first = result.problems[0]
        raise HomeError(f"{result.refused} {result.kind} were refused; line {first.line}: {first.message}")
    return f"{result.taken:,} taken"


async def open_programme(demo: Demo) -> str:
    """Open the merchant's programme, name the token that it pays in, and publish its plan."""
    deployment = demo.network.endpoints.deployment
    async with _client(demo) as client:
        programme = membership_pb.Programme(
            display_name="Gift wholesale", currency=CURRENCY, time_zone="Europe/London", start_time=_stamp(STARTS)
        )
        await client.membership.CreateProgramme(
            membership_pb.CreateProgrammeRequest(
                programme_id=PROGRAMME, programme=programme, request_id="demo-programme"
            )
        )
        asset = settlement_pb.Asset(
            currency=CURRENCY,
            chain_id=deployment.chain_id,
            vault=deployment.vault.address,
            token=deployment.token.address,
            token_decimals=deployment.token_decimals,
        )
        await client.settlement.RegisterAsset(
            settlement_pb.RegisterAssetRequest(parent=PARENT, asset=asset, request_id="demo-asset")
        )
        plan = await client.commission.PublishPlan(
            commission_pb.PublishPlanRequest(
                parent=PARENT, document=_file("plan.yaml").read_bytes(), request_id="demo-plan"
            )
        )
    return f"plan {plan.version}, {plan.hash[:12]}…"


async def enrol_members(demo: Demo) -> str:
    """Import the members, each below a sponsor."""
    async with _client(demo) as client:
        result = await import_members(client, PROGRAMME, _file("members.csv"), report=_progress(demo, "members"))
    demo.figures["members"] = result.taken
    return _taken(result)


async def bind_wallets(demo: Demo) -> str:
    """Bind a wallet for each member, by the signature of the wallet's owner."""
    async with _client(demo) as client:
        done = await binding.bind_wallets(
            client, PARENT, wallets.MEMBERS, lambda count: demo.display.update("wallets", f"{count:,}")
        )
    return f"{done.bound:,} bound by signature"


async def record_sales(demo: Demo) -> str:
    """Import a month of sales and returns; their commission lines are computed with them."""
    async with _client(demo) as client:
        result = await import_sales(client, PROGRAMME, _file("sales.csv"), report=_progress(demo, "sales"))
    return _taken(result)


async def fund_vault(demo: Demo) -> str:
    """Ask what will be due, and put exactly that into the vault, as the merchant would."""
    async with _client(demo) as client:
        preview = await client.settlement.PreviewDistribution(
            settlement_pb.PreviewDistributionRequest(parent=PARENT, currency=CURRENCY, as_of=_stamp(AS_OF))
        )
    await demo.network.fund(PROGRAMME, int(preview.cumulative_units))
    return f"{format_minor(preview.total_minor, CURRENCY)} for {preview.payees:,} payees"


async def settle(demo: Demo) -> str:
    """Close the distribution, and watch the contract pay until nobody is left."""
    async with _client(demo) as client:
        closed = await client.settlement.CloseDistribution(
            settlement_pb.CloseDistributionRequest(
                parent=PARENT, currency=CURRENCY, as_of=_stamp(AS_OF), request_id="demo-settle"
            )
        )
        state = await await_paid(
            client,
            closed.name,
            lambda news: demo.display.update("settle", f"{news.paid_payees:,} of {news.payees:,} paid"),
        )
        if state.state != settlement_pb.DISTRIBUTION_STATE_PAID:
            raise HomeError(f"the distribution is blocked: {state.problem}")
        request = chain_pb.ListTransactionsRequest(parent=PARENT, page_size=BATCH)
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


async def verify_all(demo: Demo) -> str:
    """Recompute every statement from events and plan, and hold it against the chain, as a stranger would."""
    folder = demo.home.root / "export" / PROGRAMME
    folder.parent.mkdir(parents=True, exist_ok=True)
    async with _client(demo) as client:
        await export(client, PROGRAMME, folder)
        totals = await client.settlement.GetTotals(settlement_pb.GetTotalsRequest(parent=PARENT, currency=CURRENCY))
    endpoints = demo.network.endpoints
    deployment = endpoints.deployment
    chain = Chain(endpoints.rpc_url, deployment.vault.address, deployment.token.address, deployment.block)
    report = await asyncio.to_thread(lambda: verify(read_export(folder), chain))
    demo.figures |= {
        "sales": report.figures["sales"],
        "returns": report.figures["returns"],
        "lines": report.figures["lines"],
        "accrued": totals.accrued_minor,
        "clawed_back": totals.clawed_back_minor,
        "paid": totals.paid_minor,
        "paid_members": totals.paid_members,
        "debt": totals.debt_minor,
        "debtors": totals.debtors,
        "verified": report.passed,
        "checks": sum(check.checked for check in report.checks),
    }
    if not report.passed:
        failed = next(check for check in report.checks if check.failed)
        raise HomeError(f"the verifier found {failed.failed} wrong in {failed.name}: {failed.details[0]}")
    return f"{demo.figures['checks']:,} checks, all true"
