// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICommissionVault} from "../src/ICommissionVault.sol";
import {VaultTest} from "./VaultTest.t.sol";

/// @notice What payment and proposal cost in whole transactions: calldata and the 21,000 of a transaction included. The
/// figures are kept in snapshots/; a change shows as a failure.
contract GasTest is VaultTest {
    uint256 private constant BATCH = 200;

    /// forge-config: default.isolate = true
    function test_payment_of_200_payees_in_a_tree_of_200() public {
        _measurePayments(BATCH, "tree of 200");
    }

    /// forge-config: default.isolate = true
    function test_payment_of_200_payees_in_a_tree_of_1000() public {
        _measurePayments(1_000, "tree of 1000");
    }

    /// forge-config: default.isolate = true
    function test_proposal() public {
        _fund(1_000);
        _propose(1, 0, keccak256("first"), 100);
        _record("propose, first root");
        vm.warp(block.timestamp + DELAY);
        _propose(2, keccak256("first"), keccak256("second"), 200);
        _record("propose, second root");
        vm.warp(block.timestamp + DELAY);
        _propose(3, keccak256("second"), keccak256("third"), 300);
        uint256 later = _record("propose, later root");
        vm.assertLe(later, 51_000, "later proposal");
    }

    function _measurePayments(uint256 leaves, string memory name) private {
        // Amounts as of a currency with cents, two significant bytes: 256 to 65,535.
        uint256[] memory amounts = new uint256[](leaves);
        for (uint256 i = 0; i < leaves; ++i) {
            amounts[i] = 5_000 + 11 * i;
        }
        _fund(1e9);
        ICommissionVault.Claim[] memory items = _payees(amounts);
        uint256 first = _pay(items, string.concat("first payment, per payee, ", name));
        for (uint256 i = 0; i < leaves; ++i) {
            items[i].cumulative += 3_000 + i;
        }
        uint256 later = _pay(items, string.concat("later payment, per payee, ", name));
        vm.assertLt(first, 63_992, "a claim loop in OpenZeppelin's way, first");
        vm.assertLt(later, 26_786, "a claim loop in OpenZeppelin's way, later");
    }

    function _pay(ICommissionVault.Claim[] memory items, string memory name) private returns (uint256 each) {
        _distribute(items);
        ICommissionVault.Claim[] memory batch = new ICommissionVault.Claim[](BATCH);
        uint256 due = 0;
        for (uint256 i = 0; i < BATCH; ++i) {
            batch[i] = items[i];
            due += items[i].cumulative;
        }
        uint256 before = vault.paidOut(PROGRAMME, token);
        uint256 amount = vault.claimMany(PROGRAMME, token, batch);
        each = vm.lastCallGas().gasTotalUsed / BATCH;
        vm.assertEq(amount, due - before);
        vm.snapshotValue("Gas", name, each);
    }

    function _record(string memory name) private returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue("Gas", name, gas);
    }
}
