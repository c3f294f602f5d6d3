// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A token transfer that cannot do harm to who asks for it
/// @notice OpenZeppelin's SafeERC20 reverts, copies whatever the token returns and hands it all the gas; in a batch one
/// item could then stop the others. Here the token gets a bounded amount of gas, at most 256 bytes of its answer are
/// ever copied, and failure is a value. What counts as success is the same as there.
library BoundedTransfer {
    /// @notice Gas that a token may use for one transfer: several times what the known ones need.
    uint256 internal constant TRANSFER_GAS = 200_000;

    /// @notice Gas that must be left before the call, so that the token surely gets its share (EIP-150 keeps back a
    /// 64th) and enough remains to note the outcome. Otherwise a caller could make payments fail by sending little gas.
    uint256 internal constant GAS_NEEDED = TRANSFER_GAS * 64 / 63 + 20_000;

    /// @notice Bytes of the token's answer that are kept.
    uint256 internal constant ANSWER_LIMIT = 256;

    /// @notice The caller has sent too little gas to tell a failing token from a starved one.
    error InsufficientGas(uint256 left, uint256 needed);

    /// @notice Transfers from this contract.
    /// @param token the asset
    /// @param to who gets it
    /// @param amount how much
    /// @return success whether the token did it: it did not revert, and returned true, or nothing while having code
    function tryTransfer(address token, address to, uint256 amount) internal returns (bool success) {
        if (gasleft() < GAS_NEEDED) revert InsufficientGas(gasleft(), GAS_NEEDED);
        uint256 gasLimit = TRANSFER_GAS;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0xa9059cbb)) // transfer(address,uint256)
            mstore(add(data, 0x04), to)
            mstore(add(data, 0x24), amount)
            mstore(0x00, 0)
            success := call(gasLimit, token, 0, data, 0x44, 0x00, 0x20)
            if success {
                switch returndatasize()
                case 0 { success := iszero(iszero(extcodesize(token))) }
                default { success := and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1)) }
            }
        }
    }

    /// @notice What the token answered, right after `tryTransfer`.
    /// @return data its first bytes, as many as are kept
    function answer() internal pure returns (bytes memory data) {
        uint256 limit = ANSWER_LIMIT;
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, limit) { size := limit }
            data := mload(0x40)
            mstore(data, size)
            // Whole words are reserved and zeroed at the end, so that what follows in memory stays aligned and clean.
            let end := add(add(data, 0x20), and(add(size, 0x1f), not(0x1f)))
            mstore(sub(end, 0x20), 0)
            mstore(data, size)
            returndatacopy(add(data, 0x20), 0x00, size)
            mstore(0x40, end)
        }
    }
}
