"""The bridge on a real node with the real contracts: everybody is paid once, whatever comes between."""

import asyncio
from typing import Any

import pytest

from fenxiao.proofs.hashes import keccak256, to_hex
from services.chain_bridge.adapters import chain as adapter
from services.chain_bridge.adapters import vault
from services.chain_bridge.adapters.chain import Chain, NodeRefused
from services.chain_bridge.domain.events import PayoutFailed, PayoutsMade, RootProposed, RootVetoed
from services.chain_bridge.domain.log import CheckpointMade, LeavesSequenced
from services.chain_bridge.policies import when_intent_planned_then_send as sending
from services.chain_bridge.tests.world import CURRENCY, NO_ROOT, SENDER, Killed, World, account, due, payee


async def test_300_payees_are_paid_in_two_payments(world: World) -> None:
    amounts = due(300)
    world.node.fund(sum(amounts.values()))
    tree = await world.close(1, amounts)
    world.run()
    await world.until(lambda: world.all_paid(amounts))

    await world.check(amounts)
    (root,) = await world.facts(RootProposed)
    assert (root.number, root.root) == (1, to_hex(tree.root))
    payments = await world.facts(PayoutsMade)
    assert [(len(one.payments), one.number, one.currency) for one in payments] == [(150, 1, CURRENCY)] * 2
    assert {p.account for one in payments for p in one.payments} == {account(i) for i in amounts}
    await world.until(lambda: _all_final(world))
    transactions = await world.intents()
    assert list(transactions) == ["propose_root:GBP-1", "pay:GBP-1:0", "pay:GBP-1:1"]
    assert all(one.block and one.gas_used and one.hash and one.final_time for one in transactions.values())
    assert await world.reasons() == []


async def test_all_payments_go_out_in_one_step(world: World) -> None:
    amounts = due(750)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.pause()
    world.node.hold_blocks()
    world.node.mine(5)
    await world.beat()
    states = await world.states()
    assert [state for purpose, state in states.items() if purpose.startswith("pay:")] == ["broadcast"] * 5
    rows = await world.service.log.read(lambda r: r.all("SELECT nonce FROM intents ORDER BY seq"))
    assert rows == [(n,) for n in range(6)]

    world.node.release_blocks()
    world.run()
    await world.until(lambda: world.all_paid(amounts))


async def test_a_later_distribution_pays_the_difference(world: World) -> None:
    first, second = due(5), {0: 400, 1: 101, 2: 102, 3: 103, 4: 104, 5: 50}
    world.node.fund(sum(second.values()))
    await world.close(1, first)
    world.run()
    await world.until(lambda: world.all_paid(first))
    await world.close(2, second)
    await world.until(lambda: world.all_paid(second))
    await world.check(second)
    newest = (await world.facts(PayoutsMade))[-1]
    assert newest.number == 2
    assert {(p.payee, p.units) for p in newest.payments} == {(to_hex(payee(0)), 300), (to_hex(payee(5)), 50)}


async def test_underfunded_says_so_and_goes_on_when_funded(world: World) -> None:
    amounts = due(3)
    world.node.fund(100)
    await world.close(1, amounts)
    world.run()
    await world.until(world.reasons)
    assert await world.reasons() == [
        "the vault is short of 203 units: it holds 100 of the 303 that are owed;"
        " fund it, and the distribution goes on by itself"
    ]
    assert await world.states() == {"propose_root:GBP-1": "parked"}
    world.node.fund(203)
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)
    assert len(await world.reasons()) == 1


@pytest.mark.parametrize("first", [True, False], ids=["after-a-write", "before-a-write"])
async def test_killed_at_every_write(world: World, *, first: bool) -> None:
    """A new process after each single write: each dies right behind its first, or right before its second."""
    amounts = due(160)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    deaths = 0
    while not await _all_final(world) or not await world.all_paid(amounts):
        world.kill_at_write(1 if first else 2, committed=first)
        task = world.run()
        await world.until(lambda: _all_final(world), task)
        deaths += task.done() and isinstance(task.exception(), Killed)
        await world.restart()
    assert deaths >= 8
    await world.check(amounts)
    assert int(world.node.rpc.call("eth_getTransactionCount", SENDER, "latest"), 16) == 3
    assert await world.reasons() == []


async def test_node_stopped_and_started_in_the_middle(world: World) -> None:
    amounts = due(200)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.until(lambda: _sent(world, "pay:GBP-1:0"))
    await asyncio.to_thread(world.node.stop)
    await asyncio.sleep(0.3)
    await asyncio.to_thread(world.node.start)
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)


async def test_a_node_that_lost_its_mempool_gets_the_transactions_again(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    world.node.hold_blocks()
    await world.close(1, amounts)
    task = world.run()
    await world.until(lambda: _sent(world, "propose_root:GBP-1"))
    world.node.rpc.call("anvil_dropAllTransactions")
    world.node.release_blocks()
    await world.until(lambda: world.all_paid(amounts), task)
    await world.check(amounts)


async def test_a_reorganisation_takes_a_mined_transaction_back(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    world.node.hold_blocks()
    await world.close(1, amounts)
    await world.beat()
    world.node.mine()
    await world.beat()
    assert await world.states() == {"propose_root:GBP-1": "mined"}
    world.node.rpc.call("anvil_reorg", 1, [])
    await world.beat()
    assert await world.states() == {"propose_root:GBP-1": "broadcast"}
    world.node.release_blocks()
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)
    assert len(await world.facts(RootProposed)) == 1


async def test_somebody_else_claims_in_between(world: World) -> None:
    amounts = due(160)
    world.node.fund(sum(amounts.values()))
    tree = await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.pause()
    world.node.mine(1, seconds=10)  # the root is active
    world.claim(tree, 0, 7)
    await world.restart()
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)
    payments = await world.facts(PayoutsMade)
    assert {p.payee for p in payments[0].payments} == {to_hex(payee(0)), to_hex(payee(7))}
    assert len(payments) == 3


async def test_a_payment_that_others_have_made_is_not_sent(world: World) -> None:
    amounts = due(2)
    world.node.fund(sum(amounts.values()))
    tree = await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.pause()
    world.node.hold_blocks()
    world.node.mine(5)
    # Claimed, but not mined when the bridge looks: it plans its own payment, whose trial then pays nobody.
    items = [(one, tree.proof(one.payee)) for one in tree.payouts]
    call = {"to": world.node.place.vault.address, "data": to_hex(vault.claim_many(world.scope, items))}
    world.node.rpc.call("eth_sendTransaction", {"from": world.node.place.admin, "gas": hex(5_000_000), **call})
    await world.chain.look(SENDER)
    world.node.mine(1)
    await world.beat()
    assert await world.states() == {"propose_root:GBP-1": "final", "pay:GBP-1:0": "planned"}
    assert (await world.intents())["pay:GBP-1:0"].problem == "somebody else is paying them"
    world.node.mine(4)
    await world.beat()
    assert await world.states() == {"propose_root:GBP-1": "final", "pay:GBP-1:0": "dead"}
    await world.check(amounts)
    assert await world.reasons() == []


@pytest.mark.usefixtures("long_delay")
async def test_a_vetoed_root_pays_nobody_and_the_next_one_does(world: World) -> None:
    node = world.node
    amounts = due(3)
    node.fund(2 * sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    veto = keccak256(b"veto(bytes32,address,uint64)")[:4] + world.scope.programme + bytes(12) + world.scope.token
    node.send(node.place.guardian, veto + (1).to_bytes(32, "big"))
    node.rpc.call("evm_increaseTime", 61)
    await world.until(lambda: _found(world, RootVetoed))
    (blocked,) = [one for one in await world.service.published() if type(one).__name__ == "DistributionBlocked"]
    assert (blocked.number, blocked.purpose) == (1, "propose_root:GBP-1")
    assert "vetoed" in blocked.reason

    await world.close(2, amounts, accounts={0: account(9)}, previous=NO_ROOT)
    await world.until(lambda: _count(world, RootProposed, 2))
    assert await world.paid() == {}
    node.rpc.call("evm_increaseTime", 61)
    await world.until(lambda: world.all_paid(amounts))
    assert node.balance_of(account(9)) == amounts[0]
    assert not any(purpose.startswith("pay:GBP-1") for purpose in await world.states())


@pytest.mark.usefixtures("long_delay")
async def test_a_proposal_waits_while_the_one_before_is_pending(world: World) -> None:
    node = world.node
    first, second = due(3), due(3, 200)
    node.fund(sum(second.values()))
    await world.close(1, first)
    await world.close(2, second)
    world.run()
    await world.until(lambda: _problem(world, "propose_root:GBP-2"))
    assert (await world.states())["propose_root:GBP-2"] == "planned"
    assert (await world.intents())["propose_root:GBP-2"].problem.startswith("distribution 1 is still pending")
    node.rpc.call("evm_increaseTime", 61)
    await world.until(lambda: _count(world, RootProposed, 2))
    node.rpc.call("evm_increaseTime", 61)
    await world.until(lambda: world.all_paid(second))
    await world.check(second)
    assert await world.reasons() == []


async def test_a_paused_vault_is_waited_for(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.restart()
    world.node.send(world.node.place.pauser, keccak256(b"pause()")[:4])
    world.run()
    await world.until(world.reasons)
    assert await world.reasons() == ["the vault is paused"]
    assert (await world.states())["pay:GBP-1:0"] == "parked"
    world.node.admin("unpause()")
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)


@pytest.mark.parametrize("reverts", [1, 3])
async def test_a_payment_that_reverts_on_chain(world: World, monkeypatch: pytest.MonkeyPatch, reverts: int) -> None:
    """Paused between trial and block: it is planned anew; if it was the last time allowed, a person has to look."""
    monkeypatch.setattr(sending, "REVERTS", reverts)
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: _found(world, RootProposed))
    await world.pause()
    world.node.hold_blocks()
    world.node.mine(5)
    await world.beat()
    assert (await world.states())["pay:GBP-1:0"] == "broadcast"
    quicker = {"from": world.node.place.pauser, "maxPriorityFeePerGas": hex(10**11), "maxFeePerGas": hex(10**12)}
    pause = {"to": world.node.place.vault.address, "data": to_hex(keccak256(b"pause()")[:4])}
    world.node.rpc.call("eth_sendTransaction", quicker | pause)
    world.node.release_blocks()
    world.run()
    await world.until(world.reasons)
    (reason,) = await world.reasons()
    assert (await world.states())["pay:GBP-1:0"] == "parked"
    lift = {"to": world.node.place.vault.address, "data": to_hex(keccak256(b"unpause()")[:4])}
    world.node.rpc.call("eth_sendTransaction", {"from": world.node.place.admin, **lift})
    if reverts == 1:
        assert reason.endswith("was mined and reverted")
        world.node.mine(5)
        await asyncio.sleep(0.5)
        assert (await world.states())["pay:GBP-1:0"] == "parked"
    else:
        assert reason == "the vault is paused"
        await world.until(lambda: world.all_paid(amounts))
        await world.check(amounts)


async def test_who_cannot_be_paid_keeps_the_credit_and_stops_nobody(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts, accounts={1: world.node.place.vault.address})
    world.run()
    await world.until(lambda: _found(world, PayoutFailed))
    (failed,) = await world.facts(PayoutFailed)
    assert (failed.number, failed.payee, failed.account) == (1, to_hex(payee(1)), world.node.place.vault.address)
    assert failed.reason.endswith("cannot be paid")
    await world.until(lambda: world.all_paid({0: amounts[0], 2: amounts[2]}))


async def test_a_payment_to_nobody_costs_no_gas(world: World) -> None:
    world.node.fund(100)
    await world.close(1, {0: 100}, accounts={0: world.node.place.vault.address})
    world.run()
    await world.until(world.reasons)
    (reason,) = await world.reasons()
    assert reason.endswith("cannot be paid")
    assert await world.states() == {"propose_root:GBP-1": "final", "pay:GBP-1:0": "parked"}
    # The next distribution pays another account, and what was parked is not needed any more.
    world.node.fund(50)
    await world.close(2, {0: 150})
    await world.until(lambda: world.all_paid({0: 150}))
    assert (await world.states())["pay:GBP-1:0"] == "dead"
    assert "GBP-2 pays them too" in (await world.intents())["pay:GBP-1:0"].problem


@pytest.mark.parametrize("cap", [None, 2_000_000])
async def test_a_payment_that_is_too_large_is_cut(
    world: World, monkeypatch: pytest.MonkeyPatch, cap: int | None
) -> None:
    """It is cut when it needs nearly all the gas there is, and also when its trial runs out of it."""
    monkeypatch.setattr(sending, "COMFORTABLE_GAS", 2_000_000)
    if cap:
        monkeypatch.setattr(adapter, "GAS_LIMIT", cap)
    amounts = due(51)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)
    assert await world.reasons() == []
    states = await world.states()
    assert {purpose for purpose, state in states.items() if state == "dead"} == {"pay:GBP-1:0"}
    transactions = await world.intents()
    assert [transactions[f"pay:GBP-1:0.{half}"].payees for half in (1, 2)] == [25, 26]


async def test_a_key_that_is_used_elsewhere(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    world.node.hold_blocks()
    await world.close(1, amounts)
    await world.beat()
    # Somebody with the same key is quicker: our transaction is thrown out by one with the same nonce.
    world.node.rpc.call("anvil_dropAllTransactions")
    raw, _ = world.signer.sign(
        chain_id=world.chain.chain_id, nonce=0, to=SENDER, data=b"", gas=30_000, fee=10**10, tip=10**9
    )
    world.node.rpc.call("eth_sendRawTransaction", to_hex(raw))
    world.node.mine(4)
    world.node.release_blocks()
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    await world.check(amounts)
    await world.until(lambda: _all_final(world))
    rows = await world.service.log.read(lambda r: r.all("SELECT nonce FROM intents ORDER BY seq"))
    assert rows == [(1,), (2,)]


async def test_no_money_for_gas(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    world.node.rpc.call("anvil_setBalance", SENDER, "0x0")
    await world.close(1, amounts)
    world.run()
    await world.until(world.reasons)
    assert await world.reasons() == [f"{SENDER} has 0 wei, too little to pay for gas"]
    world.node.rpc.call("anvil_setBalance", SENDER, hex(10**20))
    await world.until(lambda: world.all_paid(amounts))
    assert len(await world.reasons()) == 1


async def of_the_chain(world: World) -> list[Any]:
    """What is recorded but for the log, which goes on growing without a chain."""
    return [
        one for one in await world.service.recorded() if not isinstance(one.event, LeavesSequenced | CheckpointMade)
    ]


async def test_another_chain_halts_everything(world: World) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    before = await of_the_chain(world)
    await asyncio.to_thread(world.node.stop)
    await asyncio.to_thread(lambda: world.node.start(fresh=True))
    world.node.deploy()
    world.node.fund(1000)
    world.node.mine(100)
    await world.close(2, due(3, 200))
    await asyncio.sleep(1)
    assert await of_the_chain(world) == before
    assert (await world.states())["propose_root:GBP-2"] == "planned"
    assert int(world.node.rpc.call("eth_getTransactionCount", SENDER, "latest"), 16) == 0


async def test_a_node_that_gives_few_blocks_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = due(3)
    world.node.fund(sum(amounts.values()))
    logs = Chain.logs
    asked: list[int] = []

    async def few(self: Chain, first: int, last: int, topics: list[str]) -> list[dict[str, object]]:
        asked.append(last - first + 1)
        if last - first > 2:
            raise NodeRefused("query exceeds the range")
        return await logs(self, first, last, topics)

    monkeypatch.setattr(Chain, "logs", few)
    world.node.mine(20)
    await world.close(1, amounts)
    world.run()
    await world.until(lambda: world.all_paid(amounts))
    assert max(asked) > 3


async def _found(world: World, cls: type[object]) -> bool:
    return bool(await world.facts(cls))


async def _count(world: World, cls: type[object], count: int) -> bool:
    return len(await world.facts(cls)) == count


async def _sent(world: World, purpose: str) -> bool:
    return (await world.states()).get(purpose) in {"broadcast", "mined"}


async def _problem(world: World, purpose: str) -> bool:
    return bool((await world.intents())[purpose].problem)


async def _all_final(world: World) -> bool:
    states = (await world.states()).values()
    return len(states) > 1 and set(states) <= {"final", "dead"}
