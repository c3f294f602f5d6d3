// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CommissionVault} from "../src/CommissionVault.sol";
import {ICommissionVault} from "../src/ICommissionVault.sol";
import {TestToken} from "../src/TestToken.sol";
import {Base} from "./Base.t.sol";
import {MerkleTree} from "./MerkleTree.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A vault with its people, a token, and short ways to fund, distribute and claim.
abstract contract VaultTest is Base {
    uint256 internal constant DELAY = 1 days;
    bytes32 internal constant PROGRAMME = keccak256("gift-wholesale");
    bytes32 internal constant DATA_HASH = keccak256("data");
    bytes32 internal constant PLAN_HASH = keccak256("plan");

    CommissionVault internal vault;
    address internal token;

    address internal admin = account("admin");
    address internal proposer = account("proposer");
    address internal guardian = account("guardian");
    address internal pauser = account("pauser");
    address internal merchant = account("merchant");
    address internal stranger = account("stranger");

    function setUp() public virtual {
        vm.warp(1_300_000_000);
        vault = new CommissionVault(admin, proposer, guardian, pauser, DELAY);
        token = _newToken();
        vm.prank(admin);
        vault.setTokenAllowed(token, true);
    }

    /// @dev A test of another kind of token makes its own; its owner must be the test.
    function _newToken() internal virtual returns (address) {
        return address(new TestToken("Test pound", "GBP", 2));
    }

    function _fund(uint256 amount) internal {
        _fund(PROGRAMME, amount);
    }

    function _fund(bytes32 programme, uint256 amount) internal {
        TestToken(token).mint(merchant, amount);
        vm.prank(merchant);
        IERC20(token).approve(address(vault), amount);
        vm.prank(merchant);
        vault.fund(programme, token, amount);
    }

    /// @dev Payees 0, 1, 2 … with these cumulative entitlements; no proofs yet.
    function _payees(uint256[] memory cumulative) internal pure returns (ICommissionVault.Claim[] memory items) {
        items = new ICommissionVault.Claim[](cumulative.length);
        for (uint256 i = 0; i < items.length; ++i) {
            (items[i].payee, items[i].account, items[i].cumulative) = (_payee(i), _wallet(i), cumulative[i]);
        }
    }

    function _payee(uint256 i) internal pure returns (bytes32) {
        return keccak256(abi.encode("payee", i));
    }

    function _wallet(uint256 i) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("wallet", i)))));
    }

    /// @dev Builds the tree over some items and writes their proofs into them.
    function _prove(bytes32 programme, ICommissionVault.Claim[] memory items) internal view returns (bytes32 root) {
        bytes32[] memory leaves = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            leaves[i] = _leaf(programme, items[i]);
        }
        bytes32[] memory nodes = MerkleTree.build(leaves);
        for (uint256 i = 0; i < items.length; ++i) {
            items[i].proof = MerkleTree.proof(nodes, leaves[i]);
        }
        return nodes[0];
    }

    /// @dev The leaf as the design writes it down, not as the contract computes it.
    function _leaf(bytes32 programme, ICommissionVault.Claim memory item) internal view returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    abi.encode(
                        block.chainid, address(vault), programme, item.payee, item.account, token, item.cumulative
                    )
                )
            )
        );
    }

    function _propose(uint64 number, bytes32 previous, bytes32 root, uint256 total) internal {
        vm.prank(proposer);
        vault.proposeRoot(PROGRAMME, token, number, previous, root, total, DATA_HASH, PLAN_HASH);
    }

    /// @dev Proposes the next root over these items, the total being their sum, and lets it become active.
    function _distribute(ICommissionVault.Claim[] memory items) internal returns (bytes32 root) {
        root = _prove(PROGRAMME, items);
        (uint64 number, bytes32 previous,,) = vault.latestRoot(PROGRAMME, token);
        _propose(number + 1, previous, root, _sum(items));
        vm.warp(block.timestamp + DELAY);
    }

    function _sum(ICommissionVault.Claim[] memory items) internal pure returns (uint256 total) {
        for (uint256 i = 0; i < items.length; ++i) {
            total += items[i].cumulative;
        }
    }

    function _paid(uint256 i) internal view returns (uint256) {
        return vault.paid(PROGRAMME, _payee(i), token);
    }

    function _balance(address holder) internal view returns (uint256) {
        return IERC20(token).balanceOf(holder);
    }

    function _amounts(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory list) {
        list = new uint256[](3);
        (list[0], list[1], list[2]) = (a, b, c);
    }

    function _same(uint256 amount, uint256 times) internal pure returns (uint256[] memory list) {
        list = new uint256[](times);
        for (uint256 i = 0; i < times; ++i) {
            list[i] = amount;
        }
    }
}
