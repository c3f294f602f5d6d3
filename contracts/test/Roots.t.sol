// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CommissionVault} from "../src/CommissionVault.sol";
import {ICommissionVault} from "../src/ICommissionVault.sol";
import {VaultTest} from "./VaultTest.t.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Proposing, waiting and veto.
contract RootsTest is VaultTest {
    bytes32 private constant FIRST = keccak256("first");
    bytes32 private constant SECOND = keccak256("second");
    bytes32 private constant THIRD = keccak256("third");

    function setUp() public override {
        super.setUp();
        _fund(1_000);
    }

    function test_there_is_no_root_at_first() public view {
        _expectActive(0, 0, 0, 0);
        _expectLatest(0, 0, 0, 0);
    }

    function test_a_root_waits_and_then_is_active() public {
        uint256 activeAt = block.timestamp + DELAY;
        vm.expectEmit(address(vault));
        emit ICommissionVault.RootProposed(PROGRAMME, token, 7, FIRST, 400, DATA_HASH, PLAN_HASH, activeAt);
        _propose(7, 0, FIRST, 400);

        _expectLatest(7, FIRST, 400, activeAt);
        vm.warp(activeAt - 1);
        _expectActive(0, 0, 0, 0);
        vm.warp(activeAt);
        _expectActive(7, FIRST, 400, activeAt);
    }

    function test_a_waiting_root_leaves_the_active_one_in_force() public {
        _propose(1, 0, FIRST, 400);
        vm.warp(block.timestamp + DELAY);
        uint256 since = block.timestamp;
        _propose(2, FIRST, SECOND, 500);
        _expectActive(1, FIRST, 400, since);
        _expectLatest(2, SECOND, 500, since + DELAY);
        vm.warp(since + DELAY);
        _propose(3, SECOND, THIRD, 500);
        _expectActive(2, SECOND, 500, since + DELAY);
        _expectLatest(3, THIRD, 500, since + 2 * DELAY);
    }

    function test_only_one_root_waits() public {
        uint256 activeAt = block.timestamp + DELAY;
        _propose(1, 0, FIRST, 400);
        vm.warp(activeAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.RootStillPending.selector, uint64(1), activeAt));
        _propose(2, FIRST, SECOND, 500);
        vm.warp(activeAt);
        _propose(2, FIRST, SECOND, 500);
    }

    function test_of_two_operators_the_second_is_refused() public {
        _propose(1, 0, FIRST, 400);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedPreviousRoot.selector, FIRST, bytes32(0)));
        _propose(1, 0, SECOND, 500);
    }

    function test_numbers_only_rise() public {
        _propose(5, 0, FIRST, 400);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NumberNotIncreasing.selector, uint64(5), uint64(5)));
        _propose(5, FIRST, SECOND, 400);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NumberNotIncreasing.selector, uint64(5), uint64(4)));
        _propose(4, FIRST, SECOND, 400);
    }

    function test_the_first_number_is_above_zero() public {
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NumberNotIncreasing.selector, uint64(0), uint64(0)));
        _propose(0, 0, FIRST, 400);
    }

    function test_the_total_never_falls() public {
        _propose(1, 0, FIRST, 400);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.TotalDecreased.selector, 400, 399));
        _propose(2, FIRST, SECOND, 399);
    }

    function test_the_total_must_be_funded() public {
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.Underfunded.selector, 1_001, 1_000, 1));
        _propose(1, 0, FIRST, 1_001);
        _propose(1, 0, FIRST, 1_000);
    }

    function test_funds_of_another_programme_do_not_count() public {
        _fund(keccak256("other"), 1_000);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.Underfunded.selector, 2_000, 1_000, 1_000));
        _propose(1, 0, FIRST, 2_000);
    }

    function test_an_empty_root_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.EmptyRoot.selector));
        _propose(1, 0, 0, 400);
    }

    function test_the_end_of_time_is_refused() public {
        vm.warp(type(uint40).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(40), type(uint40).max + DELAY
            )
        );
        _propose(1, 0, FIRST, 400);
    }

    function test_a_veto_of_the_first_root_leaves_none() public {
        _propose(1, 0, FIRST, 400);
        vm.expectEmit(address(vault));
        emit ICommissionVault.RootVetoed(PROGRAMME, token, 1, FIRST);
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 1);
        vm.warp(block.timestamp + DELAY);
        _expectActive(0, 0, 0, 0);
        _expectLatest(0, 0, 0, 0);
    }

    function test_a_veto_leaves_the_root_before_in_force() public {
        _propose(1, 0, FIRST, 400);
        vm.warp(block.timestamp + DELAY);
        uint256 since = block.timestamp;
        _propose(2, FIRST, SECOND, 900);
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 2);
        vm.warp(since + DELAY);
        _expectActive(1, FIRST, 400, since);
        _expectLatest(1, FIRST, 400, since);

        // The next one builds on what is in force, may be proposed at once, and does not use the vetoed number again.
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedPreviousRoot.selector, FIRST, SECOND));
        _propose(3, SECOND, THIRD, 500);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NumberNotIncreasing.selector, uint64(2), uint64(2)));
        _propose(2, FIRST, THIRD, 500);
        _propose(3, FIRST, THIRD, 500);
        vm.warp(since + 2 * DELAY);
        _expectActive(3, THIRD, 500, since + 2 * DELAY);
    }

    function test_what_is_active_cannot_be_vetoed() public {
        _propose(1, 0, FIRST, 400);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.RootNotPending.selector, uint64(1)));
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 1);
    }

    function test_a_veto_names_the_waiting_root() public {
        _propose(1, 0, FIRST, 400);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.RootNotPending.selector, uint64(2)));
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 2);
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 1);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.RootNotPending.selector, uint64(1)));
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 1);
    }

    function test_without_a_delay_a_root_is_active_at_once() public {
        vault = new CommissionVault(admin, proposer, guardian, pauser, 0);
        vm.prank(admin);
        vault.setTokenAllowed(token, true);
        _fund(400);
        _propose(1, 0, FIRST, 300);
        _expectActive(1, FIRST, 300, block.timestamp);
        _propose(2, FIRST, SECOND, 400);
        _expectActive(2, SECOND, 400, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.RootNotPending.selector, uint64(2)));
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 2);
    }

    function _expectActive(uint64 number, bytes32 root, uint256 total, uint256 since) private view {
        (uint64 number_, bytes32 root_, uint256 total_, uint256 since_) = vault.activeRoot(PROGRAMME, token);
        vm.assertEq(number_, number);
        vm.assertEq(root_, root);
        vm.assertEq(total_, total);
        vm.assertEq(since_, since);
    }

    function _expectLatest(uint64 number, bytes32 root, uint256 total, uint256 since) private view {
        (uint64 number_, bytes32 root_, uint256 total_, uint256 since_) = vault.latestRoot(PROGRAMME, token);
        vm.assertEq(number_, number);
        vm.assertEq(root_, root);
        vm.assertEq(total_, total);
        vm.assertEq(since_, since);
    }
}
