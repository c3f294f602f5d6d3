// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CommissionVault} from "../src/CommissionVault.sol";
import {ICommissionVault} from "../src/ICommissionVault.sol";
import {TestToken} from "../src/TestToken.sol";
import {VaultTest} from "./VaultTest.t.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice Money in, surplus out, the list of tokens, the roles and the pause.
contract FundsTest is VaultTest {
    function test_fund_counts_what_arrived() public {
        TestToken(token).mint(merchant, 500);
        vm.prank(merchant);
        IERC20(token).approve(address(vault), 500);
        vm.expectEmit(address(vault));
        emit ICommissionVault.Funded(PROGRAMME, token, merchant, 500);
        vm.prank(merchant);
        vault.fund(PROGRAMME, token, 500);

        vm.assertEq(vault.funded(PROGRAMME, token), 500);
        vm.assertEq(vault.funded(keccak256("other"), token), 0);
        vm.assertEq(vault.surplus(PROGRAMME, token), 500);
        vm.assertEq(_balance(address(vault)), 500);
    }

    function test_fund_refuses_a_token_not_on_the_list() public {
        vm.prank(admin);
        vault.setTokenAllowed(token, false);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.TokenNotAllowed.selector, token));
        vault.fund(PROGRAMME, token, 1);
    }

    function test_fund_refuses_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.ZeroAmount.selector));
        vault.fund(PROGRAMME, token, 0);
    }

    function test_fund_refuses_more_than_can_be_counted() public {
        uint256 most = type(uint128).max;
        _fund(most);
        TestToken(token).mint(merchant, 1);
        vm.prank(merchant);
        IERC20(token).approve(address(vault), 1);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(128), most + 1));
        vm.prank(merchant);
        vault.fund(PROGRAMME, token, 1);
    }

    function test_money_sent_past_fund_belongs_to_no_programme() public {
        TestToken(token).mint(address(vault), 100);
        vm.assertEq(vault.funded(PROGRAMME, token), 0);
        vm.assertEq(vault.surplus(PROGRAMME, token), 0);
    }

    function test_surplus_can_be_withdrawn_and_what_is_owed_cannot() public {
        _fund(1_000);
        _propose(1, 0, keccak256("root"), 700);
        vm.assertEq(vault.surplus(PROGRAMME, token), 300);

        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.SurplusExceeded.selector, 300, 301));
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, merchant, 301);

        vm.expectEmit(address(vault));
        emit ICommissionVault.SurplusWithdrawn(PROGRAMME, token, merchant, 300);
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, merchant, 300);
        vm.assertEq(vault.funded(PROGRAMME, token), 700);
        vm.assertEq(vault.surplus(PROGRAMME, token), 0);
        vm.assertEq(_balance(merchant), 300);

        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.ZeroAmount.selector));
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, merchant, 0);
    }

    function test_surplus_counts_what_a_veto_sets_free() public {
        _fund(1_000);
        _propose(1, 0, keccak256("root"), 700);
        vm.prank(guardian);
        vault.veto(PROGRAMME, token, 1);
        vm.assertEq(vault.surplus(PROGRAMME, token), 1_000);
    }

    function test_token_list() public {
        vm.assertEq(vault.tokenAllowed(token), true);
        vm.expectEmit(address(vault));
        emit ICommissionVault.TokenAllowed(token, false);
        vm.prank(admin);
        vault.setTokenAllowed(token, false);
        vm.assertEq(vault.tokenAllowed(token), false);

        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.NotAContract.selector, stranger));
        vm.prank(admin);
        vault.setTokenAllowed(stranger, true);
    }

    function test_a_token_off_the_list_is_still_paid_out() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(1, 2, 3));
        _fund(6);
        _distribute(items);
        vm.prank(admin);
        vault.setTokenAllowed(token, false);
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 6);
    }

    function test_pause_stops_proposing_and_paying_and_takes_nothing() public {
        ICommissionVault.Claim[] memory items = _payees(_amounts(1, 2, 3));
        _fund(10);
        bytes32 root = _distribute(items);
        vm.prank(pauser);
        vault.pause();

        bytes memory paused = abi.encodeWithSelector(Pausable.EnforcedPause.selector);
        vm.expectRevert(paused);
        vault.claimMany(PROGRAMME, token, items);
        vm.expectRevert(paused);
        vault.claim(PROGRAMME, token, items[0]);
        vm.expectRevert(paused);
        _propose(2, root, keccak256("next"), 10);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.SurplusExceeded.selector, 4, 5));
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, admin, 5);
        _fund(1);

        vm.prank(admin);
        vault.unpause();
        vm.assertEq(vault.claimMany(PROGRAMME, token, items), 6);
    }

    function test_every_role_is_needed() public {
        _expectDenied(vault.DEFAULT_ADMIN_ROLE());
        vault.withdrawSurplus(PROGRAMME, token, stranger, 1);
        _expectDenied(vault.DEFAULT_ADMIN_ROLE());
        vault.setTokenAllowed(token, false);
        _expectDenied(vault.DEFAULT_ADMIN_ROLE());
        vault.unpause();
        _expectDenied(vault.PROPOSER_ROLE());
        vault.proposeRoot(PROGRAMME, token, 1, 0, keccak256("root"), 0, DATA_HASH, PLAN_HASH);
        _expectDenied(vault.GUARDIAN_ROLE());
        vault.veto(PROGRAMME, token, 1);
        _expectDenied(vault.PAUSER_ROLE());
        vault.pause();
    }

    function test_construction() public {
        vm.assertEq(vault.activationDelay(), DELAY);
        vm.assertEq(new CommissionVault(admin, proposer, guardian, pauser, 0).activationDelay(), 0);

        uint256 longest = vault.MAX_ACTIVATION_DELAY();
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.DelayTooLong.selector, longest + 1, longest));
        new CommissionVault(admin, proposer, guardian, pauser, longest + 1);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.InvalidAccount.selector, address(0)));
        new CommissionVault(admin, proposer, address(0), pauser, DELAY);
    }

    function testFuzz_owed_is_never_withdrawn(uint128 amount, uint128 total, uint128 wanted) public {
        uint256 fundedAmount = bound(amount, 1, type(uint128).max);
        uint256 owed = bound(total, 0, fundedAmount);
        _fund(fundedAmount);
        _propose(1, 0, keccak256("root"), owed);
        uint256 take = bound(wanted, 1, type(uint128).max);
        if (take > fundedAmount - owed) {
            vm.expectRevert(
                abi.encodeWithSelector(ICommissionVault.SurplusExceeded.selector, fundedAmount - owed, take)
            );
        }
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, admin, take);
        vm.assertGe(_balance(address(vault)), owed, "owed");
    }

    function _expectDenied(bytes32 role) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, stranger, role)
        );
        vm.prank(stranger);
    }
}
