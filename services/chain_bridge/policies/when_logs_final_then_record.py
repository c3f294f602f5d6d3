"""When the vault's logs are final, they become facts: each block's once, with the cursor, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

import structlog
from pydantic import BaseModel

from fenxiao.proofs.hashes import checksum_address, parse_address, to_hex
from libs.eventlog import Tx
from libs.servicekit import Running
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.adapters.chain import Chain, NodeDown, NodeRefused
from services.chain_bridge.adapters.cursor import Cursor, read_cursor, write_cursor
from services.chain_bridge.adapters.vault import VaultLog
from services.chain_bridge.domain.events import Payment, PayoutFailed, PayoutsMade, RootProposed, RootVetoed
from services.chain_bridge.domain.intents import purpose_of_root
from services.chain_bridge.heartbeat import Halt, Step
from services.chain_bridge.shared import book
from services.chain_bridge.views.distributions import Asset, asset_of, terms_of
from services.chain_bridge.views.roots import in_force

BLOCKS_A_QUERY = 1_000
"""Blocks asked for in one `eth_getLogs`; fewer where the node refuses so many."""

logger = structlog.get_logger(__name__)


def when_logs_final_then_record(running: Running) -> Step:
    """Follows the final blocks without gaps."""
    return _Reader(running).step


class _Reader:
    def __init__(self, running: Running) -> None:
        self._chain = running.use(Chain)
        self._log = running.log
        self._span = BLOCKS_A_QUERY
        self._compared = False

    async def step(self) -> None:
        """Reads everything up to the newest final block."""
        cursor = await self._log.read(read_cursor)
        if cursor is not None:
            await self._compare(cursor)
        first = cursor.block + 1 if cursor else self._chain.first_block
        final = self._chain.head.final
        while first <= final:
            last = min(final, first + self._span - 1)
            try:
                raw = await self._chain.logs(first, last, vault.TOPICS)
            except NodeRefused as refused:
                if self._span == 1:
                    raise
                self._span //= 2
                logger.info("fewer_blocks_a_query", blocks=self._span, reason=str(refused))
                continue
            await self._record([log for one in raw if (log := vault.decode_log(one)) is not None], last)
            self._span = min(self._span * 2, BLOCKS_A_QUERY)
            first = last + 1

    async def _compare(self, cursor: Cursor) -> None:
        """Raises `Halt` if the chain does not go on from where the books end: they are never rolled back."""
        final = self._chain.head.final
        if final < cursor.block:
            self._compared = False
            raise Halt(f"block {cursor.block} was final, and the node does not call it so any more")
        if self._compared and final == cursor.block:
            return
        there = await self._chain.block(cursor.block)
        self._compared = there["hash"] == cursor.hash
        if not self._compared:
            raise Halt(f"the final block {cursor.block} was {cursor.hash}, on this chain it is {there['hash']}")

    async def _record(self, logs: Sequence[VaultLog], last: int) -> None:
        gas: dict[str, int] = {}
        times: dict[int, int] = {}
        for log in logs:
            if log.transaction not in gas:
                receipt = await self._chain.receipt(log.transaction)
                if receipt is None:
                    raise NodeDown(f"eth_getTransactionReceipt: there is none for the final {log.transaction}")
                gas[log.transaction] = int(receipt["gasUsed"], 16)
            if log.block not in times:
                times[log.block] = int((await self._chain.block(log.block))["timestamp"], 16)
        end = await self._chain.block(last)
        cursor = Cursor(last, end["hash"], int(end["timestamp"], 16))

        def record(tx: Tx) -> None:
            for transaction, group in groupby(logs, lambda log: log.transaction):
                _enter(tx, list(group), gas[transaction], times)
            write_cursor(tx, cursor)

        await self._log.write(record)
        self._compared = True


def _enter(tx: Tx, logs: Sequence[VaultLog], gas_used: int, times: Mapping[int, int]) -> None:
    """The facts of one transaction, for each programme and currency that it concerns."""
    by_pool: dict[tuple[bytes, str], list[VaultLog]] = {}
    for log in logs:
        by_pool.setdefault((log.programme, log.token), []).append(log)
    for (key, token), group in by_pool.items():
        asset = asset_of(tx, key, token)
        if asset is None:
            continue  # somebody else's programme in the same vault
        time = times[group[0].block]
        number = in_force(tx, asset.programme, asset.currency, time)
        facts = _facts(group, asset.currency, number, token, gas_used)
        for fact in facts:
            if isinstance(fact, RootProposed):
                _stands(tx, asset, fact)
        book.enter(
            tx,
            asset.programme,
            asset.currency,
            facts,
            actor=book.CHAIN,
            cause=group[0].transaction,
            occurred_at=datetime.fromtimestamp(time, UTC),
        )


def _stands(tx: Tx, asset: Asset, fact: RootProposed) -> None:
    """Sent by us or by whoever else may propose: the same root is not sent again."""
    terms = terms_of(tx, asset.programme, asset.currency, fact.number)
    if terms is not None and terms.root == fact.root:
        intents.drop_done(tx, asset.programme, purpose_of_root(asset.currency, fact.number))


def _facts(logs: Sequence[VaultLog], currency: str, paid_from: int, token: str, gas_used: int) -> list[BaseModel]:
    facts: list[BaseModel] = []
    payments: list[Payment] = []
    for log in logs:
        if log.event == vault.ROOT_PROPOSED:
            number, root, _total, _data, _plan, active_at = log.values
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
        elif log.event == vault.ROOT_VETOED:
            number, root = log.values
            facts.append(
                RootVetoed(
                    currency=currency,
                    number=number,
                    root=to_hex(root),
                    transaction=log.transaction,
                    block=log.block,
                )
            )
        elif log.event == vault.PAID:
            account, units, cumulative = log.values
            payments.append(
                Payment(payee=to_hex(log.payee), account=_checksum(account), units=units, cumulative_units=cumulative)
            )
        elif log.event == vault.PAYOUT_FAILED:
            account, _units, reason = log.values
            facts.append(
                PayoutFailed(
                    currency=currency,
                    number=paid_from,
                    payee=to_hex(log.payee),
                    account=_checksum(account),
                    transaction=log.transaction,
                    reason=vault.read_revert(reason).text,
                )
            )
    if payments:
        facts.append(
            PayoutsMade(
                currency=currency,
                number=paid_from,
                token=token,
                transaction=logs[0].transaction,
                block=logs[0].block,
                gas_used=gas_used,
                payments=tuple(payments),
            )
        )
    return facts


def _checksum(account: str) -> str:
    return checksum_address(parse_address(account))
