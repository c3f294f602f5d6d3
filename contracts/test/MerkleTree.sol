// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @notice A tree as OpenZeppelin's StandardMerkleTree builds it: leaves sorted, pairs sorted, all nodes in one array in
/// which the root is first, the children of i are 2i+1 and 2i+2, and the leaves stand at the end, backwards.
library MerkleTree {
    /// @notice All nodes over some leaves, which need not be sorted yet.
    function build(bytes32[] memory leaves) internal pure returns (bytes32[] memory nodes) {
        bytes32[] memory sorted = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            sorted[i] = leaves[i];
        }
        Arrays.sort(sorted);
        nodes = new bytes32[](2 * sorted.length - 1);
        uint256 last = nodes.length - 1;
        for (uint256 i = 0; i < sorted.length; ++i) {
            nodes[last - i] = sorted[i];
        }
        for (uint256 i = sorted.length - 1; i > 0; --i) {
            nodes[i - 1] = Hashes.commutativeKeccak256(nodes[2 * i - 1], nodes[2 * i]);
        }
    }

    /// @notice The siblings of a leaf, from the bottom up.
    function proof(bytes32[] memory nodes, bytes32 leaf) internal pure returns (bytes32[] memory siblings) {
        uint256 place = nodes.length / 2;
        while (nodes[place] != leaf) ++place;
        uint256 depth = 0;
        for (uint256 i = place; i > 0; i = (i - 1) / 2) {
            ++depth;
        }
        siblings = new bytes32[](depth);
        for (uint256 level = 0; place > 0; place = (place - 1) / 2) {
            siblings[level++] = nodes[place % 2 == 1 ? place + 1 : place - 1];
        }
    }
}
