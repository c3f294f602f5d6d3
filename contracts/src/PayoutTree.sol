// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Leaves and paths of the payout tree
/// @notice A leaf is keccak256(keccak256(abi.encode(chain id, vault, programme, payee, account, token, cumulative))):
/// hashed twice, so that no inner node can pass for a leaf, and bound to chain, vault, programme and token, so that a
/// proof is good for one place only. Inner nodes hash their two children in ascending order. All as in OpenZeppelin's
/// StandardMerkleTree and MerkleProof, and tested against them; written in assembly because this is what a batch does
/// most: it halves the gas of a proof.
library PayoutTree {
    /// @notice The encoding of a leaf with everything that is the same for a batch; `leafOf` fills in the rest.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return encoded seven words
    function template(bytes32 programme, address token) internal view returns (bytes memory encoded) {
        return abi.encode(block.chainid, address(this), programme, bytes32(0), address(0), token, uint256(0));
    }

    /// @notice The leaf of one payee.
    /// @param encoded from `template`; its three open words are written over
    /// @param payee random id of the payee
    /// @param account where the money goes
    /// @param cumulative all that the payee has earned
    /// @return leaf the hash
    function leafOf(bytes memory encoded, bytes32 payee, address account, uint256 cumulative)
        internal
        pure
        returns (bytes32 leaf)
    {
        // Word n of the encoding stands at 0x20 * (n + 1), after the length.
        assembly ("memory-safe") {
            mstore(add(encoded, 0x80), payee)
            mstore(add(encoded, 0xa0), account)
            mstore(add(encoded, 0xe0), cumulative)
            mstore(0x00, keccak256(add(encoded, 0x20), 0xe0))
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @notice Where a path leads.
    /// @param leaf where it begins
    /// @param proof the siblings from the bottom up
    /// @return root where it ends
    function rootOf(bytes32 leaf, bytes32[] calldata proof) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := leaf
            let end := add(proof.offset, shl(5, proof.length))
            for { let next := proof.offset } lt(next, end) { next := add(next, 0x20) } {
                let sibling := calldataload(next)
                // The smaller of the two goes to 0x00, the other one to 0x20.
                let place := shl(5, gt(root, sibling))
                mstore(place, root)
                mstore(xor(place, 0x20), sibling)
                root := keccak256(0x00, 0x40)
            }
        }
    }
}
