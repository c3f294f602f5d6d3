"""The bridge without a chain: what it plans, what it answers, and that it bears a node that is not there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from eth_abi.abi import decode

from fenxiao.api.chain_bridge.v1 import chain_bridge_pb2 as pb
from fenxiao.api.settlement.v1 import events_pb2 as settlement
from fenxiao.errors import Refusal
from fenxiao.proofs.hashes import parse_hash, programme_key, to_hex
from fenxiao.proofs.payout_tree import Payout, PayoutScope, PayoutTree
from libs.eventlog import Tx
from libs.servicekit import SettingsError
from libs.servicekit.testing import Harness
from services.chain_bridge.adapters import intents, vault
from services.chain_bridge.adapters.cursor import Cursor, write_cursor
from services.chain_bridge.domain.events import Payment, PayoutFailed, PayoutsMade, RootProposed, RootVetoed
from services.chain_bridge.policies.when_root_active_then_pay import when_root_active_then_pay
from services.chain_bridge.shared import book
from services.chain_bridge.tests.world import NO_ROOT, SENDER, account, log_settings, payee
from services.chain_bridge.views.roots import in_force, newest_in_force, paid_so_far
from services.chain_bridge.wiring import SERVICE

VAULT = account(1000)
TOKEN = account(1001)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def service(keystore: Path, tmp_path: Path) -> AsyncIterator[Harness]:
    async with Harness(
        SERVICE,
        tmp_path,
        rpc_url="http://127.0.0.1:1",
        vault_address=VAULT,
        keystore_file=str(keystore / "keystore.json"),
        keystore_password_file=str(keystore / "password"),
        **log_settings(keystore),
        chain_poll_seconds="0.01",
    ) as service:
        yield service


def tree_of(programme: str, payees: int) -> PayoutTree:
    scope = PayoutScope(1, bytes.fromhex(VAULT[2:]), programme_key(programme), bytes.fromhex(TOKEN[2:]))
    return PayoutTree(scope, [Payout(payee(i), bytes.fromhex(account(i)[2:]), 100 + i) for i in range(payees)])


async def close(
    service: Harness, number: int, *, payees: int = 3, programme: str = "shop", root: str = "", parts: int = 1
) -> PayoutTree:
    tree = tree_of(programme, payees)
    size = -(-payees // parts)
    for part in range(parts):
        entries = [
            settlement.EntitlementEntry(
                payee=to_hex(one.payee), account=to_hex(one.account), cumulative_units=str(one.cumulative)
            )
            for one in tree.payouts[part * size : (part + 1) * size]
        ]
        listed = settlement.EntitlementsListed(currency="GBP", number=number, part=part, entries=entries)
        await service.receive(listed, source="settlement", programme=programme)
    closed = settlement.DistributionClosed(
        currency="GBP",
        number=number,
        chain_id=1,
        vault=VAULT,
        token=TOKEN,
        programme_key=to_hex(programme_key(programme)),
        root=root or to_hex(tree.root),
        previous_root=NO_ROOT,
        data_hash=to_hex(tree.data_hash),
        plan_hashes=["11" * 32],
        cumulative_units=str(tree.total),
    )
    await service.receive(closed, source="settlement", programme=programme)
    return tree


async def enter(service: Harness, *facts: Any, programme: str = "shop") -> None:
    await service.log.write(
        lambda tx: book.enter(tx, programme, "GBP", facts, actor=book.CHAIN, cause="0x1", occurred_at=NOW)
    )


def proposed(number: int, tree: PayoutTree, active_at: int) -> RootProposed:
    return RootProposed(
        currency="GBP",
        number=number,
        root=to_hex(tree.root),
        transaction="0x1",
        block=1,
        active_at=active_at,
        gas_used=1,
    )


def paid(units: int, *, cumulative: int, number: int = 1) -> PayoutsMade:
    payment = Payment(payee=to_hex(payee(0)), account=account(0), units=units, cumulative_units=cumulative)
    return PayoutsMade(
        currency="GBP", number=number, token=TOKEN, transaction="0x2", block=2, gas_used=9, payments=(payment,)
    )


async def transactions(
    service: Harness, programme: str = "shop", *, page_size: int = 0, page_token: str = ""
) -> pb.ListTransactionsResponse:
    request = pb.ListTransactionsRequest(parent=f"programmes/{programme}", page_size=page_size, page_token=page_token)
    return await service.query("ListTransactions", request)


async def plan_payments(service: Harness, time: int) -> None:
    await service.log.write(lambda tx: write_cursor(tx, Cursor(1, "0x1", time)))
    await when_root_active_then_pay(service.running)()


async def test_given_a_closed_distribution_then_its_root_is_to_be_proposed(service: Harness) -> None:
    tree = await close(service, 1, payees=5, parts=2)
    (intent,) = await service.log.read(lambda r: intents.in_state(r, (intents.State.PLANNED,)))
    assert (intent.purpose, intent.number, intent.payees, intent.nonce) == ("propose_root:GBP-1", 1, 0, None)
    types = ["bytes32", "address", "uint64", "bytes32", "bytes32", "uint256", "bytes32", "bytes32"]
    key, token, number, previous, root, total, data, plans = decode(types, intent.data[4:])
    assert (key, token, number, root, total) == (programme_key("shop"), TOKEN.lower(), 1, tree.root, tree.total)
    assert (previous, data, plans) == (parse_hash(NO_ROOT), tree.data_hash, vault.plan_hash(["11" * 32]))


async def test_given_entitlements_that_do_not_give_the_root_then_nothing_is_planned(service: Harness) -> None:
    with pytest.raises(Refusal, match="do not give the root"):
        await close(service, 1, root="0x" + "77" * 32)
    assert not (await transactions(service)).transactions


async def test_given_an_active_root_then_payments_are_planned_once(service: Harness) -> None:
    tree = await close(service, 1, payees=160)
    await enter(service, proposed(1, tree, active_at=100))
    await plan_payments(service, 99)
    assert len((await transactions(service)).transactions) == 1
    await plan_payments(service, 100)
    await plan_payments(service, 101)
    found = (await transactions(service)).transactions
    assert [(one.purpose, one.payees) for one in found] == [
        ("pay:GBP-1:1", 80),
        ("pay:GBP-1:0", 80),
        ("propose_root:GBP-1", 0),
    ]


async def test_given_a_payee_who_was_paid_then_he_is_left_out(service: Harness) -> None:
    tree = await close(service, 1, payees=3)
    await enter(service, proposed(1, tree, active_at=100), paid(100, cumulative=100))
    await plan_payments(service, 100)
    assert (await transactions(service)).transactions[0].payees == 2


async def test_given_a_veto_then_nothing_is_paid(service: Harness) -> None:
    tree = await close(service, 1)
    veto = RootVetoed(currency="GBP", number=1, root=to_hex(tree.root), transaction="0x3", block=3)
    await enter(service, proposed(1, tree, active_at=100), veto)
    await plan_payments(service, 1000)
    assert [one.purpose for one in (await transactions(service)).transactions] == ["propose_root:GBP-1"]


async def test_given_a_root_on_chain_that_nobody_closed_then_the_other_programmes_are_paid(service: Harness) -> None:
    tree = await close(service, 1)
    other = await close(service, 1, programme="other")
    await enter(service, proposed(7, tree, active_at=100))
    await enter(service, proposed(1, other, active_at=100), programme="other")
    await plan_payments(service, 100)
    assert len((await transactions(service)).transactions) == 1
    assert len((await transactions(service, "other")).transactions) == 2


async def test_given_a_newer_root_then_payments_without_a_nonce_are_given_up(service: Harness) -> None:
    first = await close(service, 1)
    await enter(service, proposed(1, first, active_at=100))
    await plan_payments(service, 100)
    payment = next(
        one for one in await service.log.read(lambda r: intents.in_state(r, (intents.State.PLANNED,))) if one.payees
    )
    await service.log.write(lambda tx: intents.move(tx, payment, intents.State.PARKED, "no"))
    second = await close(service, 2, payees=4)
    await enter(service, proposed(2, second, active_at=200))
    await plan_payments(service, 200)
    by_purpose = {one.purpose: one for one in (await transactions(service)).transactions}
    assert by_purpose["pay:GBP-1:0"].problem == "not needed: GBP-2 pays them too"
    assert by_purpose["pay:GBP-1:0"].state == pb.TRANSACTION_STATE_FINAL
    # Whoever held it in his hands meanwhile cannot send it, and takes no nonce for it.
    signed = await service.log.write(lambda tx: intents.sign(tx, payment.id, SENDER, 5, lambda _: (b"", "0x")))
    assert signed is None
    assert await service.log.read(lambda r: r.all("SELECT * FROM nonces")) == []


async def test_nonces_follow_one_another_and_the_chain(service: Harness) -> None:
    for number in range(1, 4):
        await close(service, number)
    waiting = await service.log.read(lambda r: intents.in_state(r, (intents.State.PLANNED,)))
    taken: list[int | None] = []
    for intent, on_chain in zip(waiting, (4, 4, 9), strict=True):

        def sign(tx: Tx, key: str = intent.id, on_chain: int = on_chain) -> intents.Intent | None:
            return intents.sign(tx, key, SENDER, on_chain, lambda nonce: (bytes([nonce]), f"0x{nonce}"))

        signed = await service.log.write(sign)
        assert signed is not None
        assert signed.raw == bytes([signed.nonce or 0])
        taken.append(signed.nonce)
    assert taken == [4, 5, 9]


async def test_payments_belong_to_the_root_in_force(service: Harness) -> None:
    first, second = await close(service, 1), await close(service, 2, payees=4)
    await enter(service, proposed(1, first, active_at=100), proposed(2, second, active_at=200))
    assert await service.log.read(lambda r: [in_force(r, "shop", "GBP", t) for t in (99, 100, 199, 200)]) == [
        0,
        1,
        1,
        2,
    ]


async def test_own_views_can_be_made_anew(service: Harness) -> None:
    tree = await close(service, 1)
    failed = PayoutFailed(currency="GBP", number=1, payee="0x1", account=VAULT, transaction="0x4", reason="no")
    await enter(service, proposed(1, tree, active_at=100), paid(60, cumulative=60), failed, paid(40, cumulative=100))

    async def seen() -> Any:
        return await service.log.read(
            lambda r: (
                newest_in_force(r, 100),
                paid_so_far(r, "shop", "GBP"),
                r.all("SELECT * FROM view_versions ORDER BY stream"),
            )
        )

    before = await seen()
    assert before[:2] == ([("shop", "GBP", 1)], {payee(0): 100})
    await service.log.rebuild()
    assert await seen() == before
    # And the streams go on where they were.
    await enter(service, paid(1, cumulative=101))


async def test_what_others_see(service: Harness) -> None:
    tree = await close(service, 1)
    veto = RootVetoed(currency="GBP", number=1, root=to_hex(tree.root), transaction="0x3", block=3)
    await enter(service, proposed(1, tree, active_at=100), paid(60, cumulative=60), veto)
    root, payouts, blocked = await service.published()
    assert (root.root, root.active_at, root.number) == (to_hex(tree.root), 100, 1)
    assert [(one.units, one.cumulative_units) for one in payouts.payees] == [("60", "60")]
    assert (blocked.purpose, blocked.reason) == (
        "propose_root:GBP-1",
        f"a guardian has vetoed the root {to_hex(tree.root)} in 0x3",
    )


async def test_transactions_come_by_pages_newest_first(service: Harness) -> None:
    for number in range(1, 6):
        await close(service, number)
    await close(service, 1, programme="other")
    first = await transactions(service, page_size=2)
    second = await transactions(service, page_size=2, page_token=first.next_page_token)
    third = await transactions(service, page_size=2, page_token=second.next_page_token)
    purposes = [one.purpose for page in (first, second, third) for one in page.transactions]
    assert purposes == [f"propose_root:GBP-{number}" for number in (5, 4, 3, 2, 1)]
    assert not third.next_page_token
    assert {one.state for one in first.transactions} == {pb.TRANSACTION_STATE_PLANNED}
    assert first.transactions[0].name.startswith("programmes/shop/transactions/")


async def test_the_status_counts_what_is_open(service: Harness) -> None:
    for number in range(1, 4):
        await close(service, number)
    opened = await service.log.read(lambda r: intents.in_state(r, (intents.State.PLANNED,)))
    await service.log.write(lambda tx: intents.move(tx, opened[0], intents.State.PARKED, "no"))
    await service.log.write(lambda tx: intents.move(tx, opened[1], intents.State.DEAD, "no"))
    status = await service.query("GetChainStatus", pb.GetChainStatusRequest(parent="programmes/shop"))
    assert (status.open_intents, status.parked_intents) == (2, 1)
    assert (status.vault, status.sender, status.sender_balance_wei) == (VAULT, SENDER, "0")


async def test_a_closed_intent_is_not_opened_again(service: Harness) -> None:
    await close(service, 1)
    (intent,) = await service.log.read(lambda r: intents.in_state(r, (intents.State.PLANNED,)))
    assert await service.log.write(lambda tx: intents.move(tx, intent, intents.State.DEAD, "done"))
    assert not await service.log.write(lambda tx: intents.move(tx, intent, intents.State.PARKED, "late"))
    assert (await transactions(service)).transactions[0].problem == "done"


async def test_a_node_that_is_not_there_is_waited_for(service: Harness) -> None:
    await close(service, 1)
    background, *_ = SERVICE.background
    task = asyncio.ensure_future(background(service.running))
    await asyncio.sleep(0.2)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await transactions(service)).transactions[0].state == pb.TRANSACTION_STATE_PLANNED


@pytest.mark.parametrize(
    "wrong",
    [{"vault_address": "0x1"}, {"vault_block": "x"}, {"chain_poll_seconds": "soon"}, {"keystore_password_file": ""}],
)
def test_wrong_settings_are_named(keystore: Path, tmp_path: Path, wrong: dict[str, str]) -> None:
    (tmp_path / "wrong").write_text("not the password")
    given = {
        "rpc_url": "http://127.0.0.1:1",
        "vault_address": VAULT,
        "keystore_file": str(keystore / "keystore.json"),
        "keystore_password_file": str(keystore / "password"),
        **log_settings(keystore),
        **{name: value or str(tmp_path / "wrong") for name, value in wrong.items()},
    }
    with pytest.raises(SettingsError, match=next(iter(wrong)).upper()):
        Harness(SERVICE, tmp_path, **given)
