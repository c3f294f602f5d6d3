// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PayoutTree} from "../src/PayoutTree.sol";
import {Base} from "./Base.t.sol";
import {MerkleTree} from "./MerkleTree.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice Shows what a vault at this contract's address would compute.
contract Tree {
    using PayoutTree for bytes;

    function leaf(bytes32 programme, address token, bytes32 payee, address account, uint256 cumulative)
        external
        view
        returns (bytes32)
    {
        return PayoutTree.template(programme, token).leafOf(payee, account, cumulative);
    }

    function root(bytes32 from, bytes32[] calldata proof) external pure returns (bytes32 computed, bytes32 expected) {
        return (PayoutTree.rootOf(from, proof), MerkleProof.processProofCalldata(proof, from));
    }
}

/// @notice The leaf, and the tests' own tree, against trees that OpenZeppelin's JavaScript library has built. The other
/// parts of the project that build or check trees test against the same file.
contract PayoutTreeTest is Base {
    function test_leaves_roots_and_proofs_equal_those_of_the_standard_merkle_tree() public {
        // forge-lint: disable-next-line(unsafe-cheatcode)
        string memory json = vm.readFile("test/vectors/payout_tree.json");
        Tree vault = Tree(vm.parseJsonAddress(json, ".vault"));
        vm.etch(address(vault), type(Tree).runtimeCode);
        vm.assertEq(block.chainid, vm.parseJsonUint(json, ".chainId"));

        uint256 trees = 0;
        for (string memory tree = ".trees[0]"; vm.keyExistsJson(json, tree); tree = _at(".trees", ++trees)) {
            bytes32[] memory leaves = _leaves(json, tree, vault);
            bytes32[] memory nodes = MerkleTree.build(leaves);
            vm.assertEq(nodes[0], vm.parseJsonBytes32(json, string.concat(tree, ".root")));
            for (uint256 i = 0; i < leaves.length; ++i) {
                string memory proof = string.concat(_at(string.concat(tree, ".payouts"), i), ".proof");
                vm.assertEq(
                    abi.encode(MerkleTree.proof(nodes, leaves[i])), abi.encode(vm.parseJsonBytes32Array(json, proof))
                );
            }
        }
        vm.assertEq(trees, 4);
    }

    function testFuzz_paths_lead_where_those_of_openzeppelin_do(bytes32 leaf, bytes32[] calldata proof) public {
        (bytes32 computed, bytes32 expected) = new Tree().root(leaf, proof);
        vm.assertEq(computed, expected);
    }

    function _leaves(string memory json, string memory tree, Tree vault)
        private
        view
        returns (bytes32[] memory leaves)
    {
        string memory list = string.concat(tree, ".payouts");
        uint256 count = 0;
        while (vm.keyExistsJson(json, _at(list, count))) ++count;
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            string memory payout = _at(list, i);
            leaves[i] = vault.leaf(
                vm.parseJsonBytes32(json, ".programme"),
                vm.parseJsonAddress(json, ".token"),
                vm.parseJsonBytes32(json, string.concat(payout, ".payee")),
                vm.parseJsonAddress(json, string.concat(payout, ".account")),
                vm.parseJsonUint(json, string.concat(payout, ".cumulative"))
            );
            vm.assertEq(leaves[i], vm.parseJsonBytes32(json, string.concat(payout, ".leaf")));
        }
    }

    function _at(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]");
    }
}
