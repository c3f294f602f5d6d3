// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {BoundedTransfer} from "../src/BoundedTransfer.sol";
import {ICommissionVault} from "../src/ICommissionVault.sol";
import {Vm} from "./Base.t.sol";
import {HostileToken} from "./HostileToken.sol";
import {VaultTest} from "./VaultTest.t.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice Payment under tokens that mean harm, or are just odd: one item never stops the others.
contract HostileTest is VaultTest {
    ICommissionVault.Claim[] private _items;

    function setUp() public override {
        super.setUp();
        _fund(1_000);
        ICommissionVault.Claim[] memory items = _payees(_amounts(100, 200, 300));
        _distribute(items);
        for (uint256 i = 0; i < items.length; ++i) {
            _items.push(items[i]);
        }
    }

    function _newToken() internal override returns (address) {
        return address(new HostileToken());
    }

    function test_a_blacklisted_payee_keeps_the_credit_until_paid() public {
        _expectFailsAlone(
            HostileToken.Manner.Refuse, abi.encodeWithSelector(HostileToken.Blacklisted.selector, _wallet(1))
        );
        _treat(HostileToken.Manner.Honest);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 200);
        vm.assertEq(_balance(_wallet(1)), 200);
    }

    function test_a_silent_refusal_fails_alone() public {
        _expectFailsAlone(HostileToken.Manner.RefuseSilently, "");
    }

    function test_false_fails_alone() public {
        _expectFailsAlone(HostileToken.Manner.ReturnFalse, abi.encode(false));
    }

    function test_a_token_that_pays_and_denies_it_is_refused() public {
        // Answers neither true nor false, having moved the money all the same: the look at the balance finds it.
        _treat(HostileToken.Manner.ReturnTwo);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedTransfer.selector, 400, 600));
        vault.claimMany(PROGRAMME, token, _items);
    }

    function test_an_answer_of_one_byte_is_no_true() public {
        _treat(HostileToken.Manner.ReturnOneByte);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.TransferFailed.selector, bytes(hex"01")));
        vault.claim(PROGRAMME, token, _items[1]);
    }

    function test_a_burner_of_gas_fails_alone_and_burns_little() public {
        uint256 before = gasleft();
        _expectFailsAlone(HostileToken.Manner.BurnGas, "");
        vm.assertLt(before - gasleft(), BoundedTransfer.TRANSFER_GAS + 600_000, "gas");
    }

    function test_a_revert_with_a_bomb_fails_alone_and_is_cut() public {
        bytes memory cut = new bytes(BoundedTransfer.ANSWER_LIMIT);
        cut[31] = bytes1(uint8(7));
        _expectFailsAlone(HostileToken.Manner.RefuseWithBomb, cut);
    }

    function test_a_long_answer_that_begins_with_true_is_true() public {
        _expectPaid(HostileToken.Manner.ReturnBomb);
    }

    function test_a_token_that_returns_nothing_pays() public {
        _expectPaid(HostileToken.Manner.ReturnNothing);
    }

    function test_a_fee_on_the_receiver_is_not_ours_to_pay() public {
        _treat(HostileToken.Manner.TakeFeeFromReceiver);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 600);
        vm.assertEq(_balance(_wallet(1)), 199);
        vm.assertEq(_balance(address(vault)), 400);
    }

    function test_a_fee_on_the_vault_is_refused() public {
        _treat(HostileToken.Manner.TakeFeeFromSender);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedTransfer.selector, 600, 601));
        vault.claimMany(PROGRAMME, token, _items);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedTransfer.selector, 200, 201));
        vault.claim(PROGRAMME, token, _items[1]);
        vm.assertEq(_balance(address(vault)), 1_000);
    }

    function test_a_payee_who_gives_back_stops_nobody() public {
        _treat(HostileToken.Manner.GiveBack);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 600);
        vm.assertEq(_balance(address(vault)), 600);
        vm.assertEq(vault.surplus(PROGRAMME, token), 400);
    }

    function test_claiming_again_from_within_is_refused_and_nothing_is_paid_twice() public {
        _expectNoWayBackIn(abi.encodeCall(vault.claimMany, (PROGRAMME, token, _items)));
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 0);
    }

    function test_claiming_one_from_within_is_refused() public {
        _expectNoWayBackIn(abi.encodeCall(vault.claim, (PROGRAMME, token, _items[2])));
    }

    function test_funding_from_within_is_refused() public {
        _expectNoWayBackIn(abi.encodeCall(vault.fund, (PROGRAMME, token, 1)));
    }

    function test_withdrawing_from_within_is_refused() public {
        bytes32 role = vault.DEFAULT_ADMIN_ROLE();
        vm.prank(admin);
        vault.grantRole(role, token);
        _expectNoWayBackIn(abi.encodeCall(vault.withdrawSurplus, (PROGRAMME, token, stranger, 1)));
    }

    function test_a_fee_on_funding_is_refused() public {
        HostileToken(token).mint(merchant, 100);
        HostileToken(token).treat(merchant, HostileToken.Manner.TakeFeeFromReceiver);
        vm.prank(merchant);
        IERC20(token).approve(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedTransfer.selector, 100, 99));
        vm.prank(merchant);
        vault.fund(PROGRAMME, token, 100);
    }

    function test_funding_that_is_answered_with_false_is_refused() public {
        HostileToken(token).mint(merchant, 100);
        HostileToken(token).treat(merchant, HostileToken.Manner.ReturnFalse);
        vm.prank(merchant);
        IERC20(token).approve(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, token));
        vm.prank(merchant);
        vault.fund(PROGRAMME, token, 100);
    }

    function test_a_fee_on_withdrawal_is_refused() public {
        HostileToken(token).treat(admin, HostileToken.Manner.TakeFeeFromSender);
        vm.expectRevert(abi.encodeWithSelector(ICommissionVault.UnexpectedTransfer.selector, 400, 401));
        vm.prank(admin);
        vault.withdrawSurplus(PROGRAMME, token, admin, 400);
    }

    function test_an_address_without_code_is_no_token() public {
        vm.assertEq(BoundedTransfer.tryTransfer(stranger, merchant, 1), false);
    }

    function test_too_little_gas_is_told_from_a_failing_token() public {
        bytes memory call = abi.encodeCall(vault.claimMany, (PROGRAMME, token, _items));
        (bool success, bytes memory answer) = address(vault).call{gas: BoundedTransfer.GAS_NEEDED}(call);
        vm.assertFalse(success, "starved");
        // Only the error's selector counts, not the gas that it names.
        // forge-lint: disable-next-line(unsafe-typecast)
        vm.assertTrue(bytes4(answer) == BoundedTransfer.InsufficientGas.selector, "the error");
    }

    /// @dev Whatever gas the caller sends: either the batch reverts as a whole, or nobody has failed for want of gas.
    function testFuzz_too_little_gas_fails_nobody(uint256 gasSent) public {
        vm.recordLogs();
        bytes memory call = abi.encodeCall(vault.claimMany, (PROGRAMME, token, _items));
        (bool success,) = address(vault).call{gas: bound(gasSent, 30_000, 600_000)}(call);
        vm.assertEq(_balance(address(vault)), success ? 400 : 1_000);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            vm.assertFalse(logs[i].topics[0] == ICommissionVault.PayoutFailed.selector, "starved");
        }
    }

    /// @dev Any mixture of manners among the payees: who can be paid is, once; the rest keep their credit and are paid
    /// when the token has come to its senses.
    function testFuzz_any_mixture_ends_with_everybody_paid_once(uint256 seed) public {
        for (uint256 i = 0; i < _items.length; ++i) {
            uint256 manner = uint256(keccak256(abi.encode(seed, i))) % uint256(HostileToken.Manner.ReturnNothing);
            HostileToken(token).treat(_wallet(i), HostileToken.Manner(manner));
        }
        uint256 amount = vault.claimMany(PROGRAMME, token, _items);
        vm.assertEq(amount, 1_000 - _balance(address(vault)));
        for (uint256 i = 0; i < _items.length; ++i) {
            HostileToken(token).treat(_wallet(i), HostileToken.Manner.Honest);
        }
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 600 - amount);
        for (uint256 i = 0; i < _items.length; ++i) {
            vm.assertEq(_balance(_wallet(i)), _items[i].cumulative);
        }
    }

    function _treat(HostileToken.Manner manner) private {
        HostileToken(token).treat(_wallet(1), manner);
    }

    function _expectFailsAlone(HostileToken.Manner manner, bytes memory answer) private {
        _treat(manner);
        bytes memory problem = abi.encodeWithSelector(ICommissionVault.TransferFailed.selector, answer);
        vm.expectEmit(address(vault));
        emit ICommissionVault.PayoutFailed(PROGRAMME, token, _payee(1), _wallet(1), 200, problem);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 400);
        vm.assertEq(_paid(1), 0);
        vm.assertEq(vault.paidOut(PROGRAMME, token), 400);
        vm.assertEq(_balance(address(vault)), 600);

        vm.expectRevert(problem);
        vault.claim(PROGRAMME, token, _items[1]);
    }

    function _expectPaid(HostileToken.Manner manner) private {
        _treat(manner);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 600);
        vm.assertEq(_balance(_wallet(1)), 200);
    }

    function _expectNoWayBackIn(bytes memory call) private {
        _treat(HostileToken.Manner.CallBack);
        HostileToken(token).callBack(address(vault), call);
        vm.assertEq(vault.claimMany(PROGRAMME, token, _items), 600);
        vm.assertEq(
            HostileToken(token).answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        vm.assertEq(vault.paidOut(PROGRAMME, token), 600);
    }
}
