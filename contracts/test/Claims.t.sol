// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICommissionVault} from "../src/ICommissionVault.sol";
import {VaultTest} from "./VaultTest.t.sol";

/// @notice Payment under an honest token.
contract ClaimsTest is VaultTest {
    function setUp() public override {
        super.setUp();
        _fund(1_000);
    }

    function test_anyone_pays_everybody() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        for (uint256 i = 0; i < items.length; ++i) {
            vm.expectEmit(address(vault));
            emit ICommissionVault.Paid(PROGRAMME, token, _payee(i), _wallet(i), (i + 1) * 100, (i + 1) * 100);
        }
        vm.prank(stranger);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 600);

        for (uint256 i = 0; i < items.length; ++i) {
            vm.assertEq(_paid(i), items[i].cumulative);
            vm.assertEq(_balance(_wallet(i)), items[i].cumulative);
        }
        vm.assertEq(vault.paidOut(PROGRAMME, token), 600);
        vm.assertEq(vault.funded(PROGRAMME, token), 1_000);
        vm.assertEq(_balance(address(vault)), 400);
    }

    function test_a_second_batch_pays_nobody_and_does_not_fail() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        vault.claimMany(PROGRAMME, token, items);
        vm.recordLogs();
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 0);
        vm.assertEq(vault.claim(PROGRAMME, token, items[0]), 0);
        vm.assertEq(vm.getRecordedLogs().length, 0);
        vm.assertEq(vault.paidOut(PROGRAMME, token), 600);
    }

    function test_a_payee_twice_in_a_batch_is_paid_once() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        items[2] = items[0];
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 300);
        vm.assertEq(_balance(_wallet(0)), 100);
    }

    function test_the_next_root_pays_the_difference() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        vault.claimMany(PROGRAMME, token, items);
        items[1].cumulative = 250;
        _distribute(items);
        vm.expectEmit(address(vault));
        emit ICommissionVault.Paid(PROGRAMME, token, _payee(1), _wallet(1), 50, 250);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 50);
        vm.assertEq(_balance(_wallet(1)), 250);
    }

    function test_a_new_account_gets_the_difference_only() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        vault.claimMany(PROGRAMME, token, items);
        items[0].account = stranger;
        items[0].cumulative = 130;
        _distribute(items);
        vm.assertEq(vault.claim(PROGRAMME, token, items[0]), 30);
        vm.assertEq(_balance(stranger), 30);
        vm.assertEq(_balance(_wallet(0)), 100);
    }

    function test_two_payees_may_share_an_account() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        items[1].account = items[0].account;
        _distribute(items);
        vault.claimMany(PROGRAMME, token, items);
        vm.assertEq(_balance(_wallet(0)), 300);
    }

    function test_only_the_newest_active_root_can_be_claimed() public {
        ICommissionVault.Claim[] memory old = _payees(_amounts(100, 200, 300));
        _distribute(old);
        ICommissionVault.Claim[] memory items = _payees(_amounts(150, 200, 300));
        _distribute(items);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.InvalidProof.selector));
        vault.claim(PROGRAMME, token, old[0]);
        vm.assertEq(vault.claim(PROGRAMME, token, items[0]), 150);
    }

    function test_a_waiting_root_does_not_stop_the_active_one() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        bytes32 root = _distribute(items);
        ICommissionVault.Claim[] memory next = _payees(_amounts(150, 200, 300));
        _propose(2, root, _prove(PROGRAMME, next), 650);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.InvalidProof.selector));
        vault.claim(PROGRAMME, token, next[0]);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 600);
    }

    function test_nothing_is_paid_before_a_root_is_active() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _propose(1, 0, _prove(PROGRAMME, items), 600);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NoActiveRoot.selector));
        vault.claimMany(PROGRAMME, token, items);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NoActiveRoot.selector));
        vault.claim(PROGRAMME, token, items[0]);
    }

    function test_a_wrong_proof_fails_alone() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        items[1].cumulative = 999;
        vm.expectEmit(address(vault));
        emit ICommissionVault.PayoutFailed(
            PROGRAMME, token, _payee(1), _wallet(1), 999, abi.encodeWithSelector(ICommissionVault.InvalidProof.selector)
        );
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 400);
        vm.assertEq(_paid(1), 0);
    }

    function test_a_proof_of_another_programme_fails() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        bytes32 root = _prove(keccak256("other"), items);
        _propose(1, 0, root, 600);
        vm.warp(block.timestamp + DELAY);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 0);
    }

    function test_an_account_that_cannot_be_meant_keeps_its_credit() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        items[0].account = address(0);
        items[1].account = address(vault);
        _distribute(items);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 300);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.InvalidAccount.selector, address(0)));
        vault.claim(PROGRAMME, token, items[0]);
        vm.assertEq(_paid(1), 0);
    }

    function test_a_tree_of_more_than_its_total_pays_no_more_than_that() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _propose(1, 0, _prove(PROGRAMME, items), 450);
        vm.warp(block.timestamp + DELAY);
        vm.expectEmit(address(vault));
        emit ICommissionVault.PayoutFailed(
            PROGRAMME,
            token,
            _payee(2),
            _wallet(2),
            300,
            abi.encodeWithSelector(ICommissionVault.TotalExceeded.selector, 150, 300)
        );
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 300);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.TotalExceeded.selector, 150, 300));
        vault.claim(PROGRAMME, token, items[2]);
    }

    function test_a_tree_of_one_leaf_needs_no_proof() public {
        ICommissionVault.Claim[] memory items = _payees(_same(70, 1));
        _distribute(items);
        vm.assertEq(items[0].proof.length, 0);
        vm.assertEq(vault.claim(PROGRAMME, token, items[0]), 70);
    }

    function test_an_empty_batch_does_nothing() public {
        _distribute(_payees(_same(70, 1)));
        vm.assertEq(vault.claimMany(PROGRAMME, token, new ICommissionVault.Claim[](0)), 0);
    }

    function testFuzz_everybody_gets_what_is_due_in_any_order(uint96[] memory dues, uint256 seed) public {
        uint256 count = bound(dues.length, 1, 40);
        uint256[] memory amounts = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            amounts[i] = i < dues.length ? dues[i] : i;
        }
        ICommissionVault.Claim[] memory items = _payees(amounts);
        uint256 total = _sum(items);
        if (total > 0) _fund(total);
        _distribute(items);
        // Some by themselves first, then all of them.
        for (uint256 i = 0; i < count; ++i) {
            if (uint256(keccak256(abi.encode(seed, i))) % 3 == 0) vault.claim(PROGRAMME, token, items[i]);
        }
        vault.claimMany(PROGRAMME, token, items);
        for (uint256 i = 0; i < count; ++i) {
            vm.assertEq(_balance(_wallet(i)), amounts[i]);
        }
        vm.assertEq(vault.paidOut(PROGRAMME, token), total);
    }

    function testFuzz_nothing_but_the_leaf_itself_is_paid(bytes32 payee, address to, uint256 cumulative) public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        (items[0].payee, items[0].account, items[0].cumulative) = (payee, to, bound(cumulative, 1, type(uint256).max));
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.InvalidProof.selector));
        vault.claim(PROGRAMME, token, items[0]);
    }
}
