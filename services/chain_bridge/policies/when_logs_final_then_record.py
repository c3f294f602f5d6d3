"""When the vault's logs are final, they become facts: each block's once, with the cursor, in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import structlog
from pydantic import BaseModel

from fenxiao.proofs.hashes import checksum_address, to_hex
from libs.eventlog import Meta, Reader, Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents
from services.chain_bridge.adapters.chain import LOGS_A_QUERY, Chain, NodeDown
from services.chain_bridge.adapters.vault import (
    PAID,
    PAYOUT_FAILED,
    ROOT_PROPOSED,
    TOPICS,
    VaultLog,
    decode_log,
    explain_revert,
)
from services.chain_bridge.domain.events import Payment, PayoutFailed, PayoutsMade, RootProposed
from services.chain_bridge.domain.streams import stream_of

ACTOR = "chain"

logger = structlog.get_logger(__name__)


async def when_logs_final_then_record(running: Running) -> None:
    """Follows the final blocks without gaps."""
    chain = running.use(Chain)
    while True:
        try:
            while await _read_on(running, chain):
                pass
        except NodeDown:
            pass  # the sender has said so already
        await asyncio.sleep(chain.poll_seconds)


async def _read_on(running: Running, chain: Chain) -> bool:
    """Reads the next range of final blocks. Says whether there may be more."""
    final = chain.head.final
    cursor = await running.log.read(intents.read_cursor)
    if cursor is not None:
        if final < cursor[0]:
            logger.error("final_head_went_back", cursor=cursor[0], final=final)
            return False
        if final == cursor[0]:
            return False
        before = await chain.call("eth_getBlockByNumber", hex(cursor[0]), False)
        if before is None or before["hash"] != cursor[1]:
            # The books are never rolled back: a person has to find out which chain this is.
            logger.error("final_block_changed", block=cursor[0])
            return False
    first = cursor[0] + 1 if cursor else 0
    last = min(final, first + LOGS_A_QUERY - 1)
    if last < first or not chain.chain_id:
        return False
    end = await chain.call("eth_getBlockByNumber", hex(last), False)
    logs = [found for raw in await chain.logs(first, last, TOPICS) if (found := decode_log(raw)) is not None]
    gas: dict[str, int] = {}
    times: dict[int, datetime] = {}
    for log in logs:
        if log.transaction not in gas:
            receipt = await chain.receipt(log.transaction)
            gas[log.transaction] = int(receipt["gasUsed"], 16) if receipt else 0
        if log.block not in times:
            block = await chain.call("eth_getBlockByNumber", hex(log.block), False)
            times[log.block] = datetime.fromtimestamp(int(block["timestamp"], 16), UTC)

    def record(tx: Tx) -> None:
        for transaction, group in groupby(logs, lambda log: log.transaction):
            _record(tx, list(group), gas[transaction], times)
        intents.write_cursor(tx, last, end["hash"])

    await running.log.write(record)
    return last < final


def _record(tx: Tx, logs: Sequence[VaultLog], gas_used: int, times: Mapping[int, datetime]) -> None:
    """The facts of one transaction, for each programme and currency that it concerns."""
    by_scope: dict[tuple[bytes, str], list[VaultLog]] = {}
    for log in logs:
        by_scope.setdefault((log.programme, log.token), []).append(log)
    for (key, token), group in by_scope.items():
        known = _distribution(tx, key, token)
        if known is None:
            continue  # somebody else's programme in the same vault
        programme, currency, newest = known
        facts = list(_facts(group, currency, newest, token, gas_used))
        stream = stream_of(programme, currency)
        meta = Meta(programme, ACTOR, correlation_id=group[0].transaction)
        tx.append(stream, facts, after=len(tx.load(stream)), meta=meta, occurred_at=times[group[0].block])


def _distribution(reader: Reader, key: bytes, token: str) -> tuple[str, str, int] | None:
    row = reader.one(
        "SELECT programme, currency, MAX(number) FROM view_distributions WHERE programme_key=? AND token=?"
        " GROUP BY programme, currency",
        (to_hex(key), token),
    )
    return (row[0], row[1], int(row[2])) if row else None


def _facts(logs: Sequence[VaultLog], currency: str, newest: int, token: str, gas_used: int) -> list[BaseModel]:
    facts: list[BaseModel] = []
    payments: list[Payment] = []
    for log in logs:
        values: tuple[Any, ...] = log.values
        if log.event == ROOT_PROPOSED:
            number, root, _total, _data, _plan, active_at = values
            facts.append(
                RootProposed(
                    currency=currency,
                    number=number,
                    root=to_hex(root),
                    transaction=log.transaction,
                    block=log.block,
                    active_at=active_at,
                    gas_used=gas_used,
                )
            )
        elif log.event == PAID:
            account, units, cumulative = values
            payments.append(
                Payment(payee=to_hex(log.payee), account=_checksum(account), units=units, cumulative_units=cumulative)
            )
        elif log.event == PAYOUT_FAILED:
            account, _units, reason = values
            facts.append(
                PayoutFailed(
                    currency=currency,
                    number=newest,
                    payee=to_hex(log.payee),
                    account=_checksum(account),
                    transaction=log.transaction,
                    reason=explain_revert(reason),
                )
            )
    if payments:
        facts.append(
            PayoutsMade(
                currency=currency,
                number=newest,
                token=token,
                transaction=logs[0].transaction,
                block=logs[0].block,
                gas_used=gas_used,
                payments=tuple(payments),
            )
        )
    return facts


def _checksum(account: str) -> str:
    return checksum_address(bytes.fromhex(account[2:]))
