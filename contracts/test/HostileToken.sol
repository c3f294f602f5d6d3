// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TestToken} from "../src/TestToken.sol";

/// @notice A token that treats some payees badly, and can be told to call somebody during its transfers.
contract HostileToken is TestToken {
    enum Manner {
        Honest,
        Refuse,
        RefuseSilently,
        ReturnFalse,
        ReturnNothing,
        ReturnTwo,
        ReturnOneByte,
        BurnGas,
        ReturnBomb,
        RefuseWithBomb,
        TakeFeeFromReceiver,
        TakeFeeFromSender,
        CallBack,
        GiveBack
    }

    /// @notice What a blacklisted account hears.
    error Blacklisted(address account);

    /// @notice How each receiver is treated.
    mapping(address receiver => Manner manner) public manners;

    address private _callee;
    bytes private _call;
    /// @notice What the last call back answered.
    bytes public answer;

    constructor() TestToken("Hostile", "HOS", 2) {}

    /// @notice Treats a receiver so from now on.
    function treat(address receiver, Manner manner) external {
        manners[receiver] = manner;
    }

    /// @notice What is called during a transfer to a receiver of manner CallBack.
    function callBack(address callee, bytes calldata data) external {
        (_callee, _call) = (callee, data);
    }

    /// @dev By the manner for the receiver.
    function transfer(address to, uint256 amount) public override returns (bool) {
        Manner manner = manners[to];
        if (manner == Manner.Refuse) revert Blacklisted(to);
        if (manner == Manner.RefuseSilently) _end(true, 0, 0);
        if (manner == Manner.ReturnFalse) return false;
        if (manner == Manner.BurnGas) while (true) {}
        if (manner == Manner.RefuseWithBomb) _end(true, 20_000, 7);
        super.transfer(to, amount);
        if (manner == Manner.ReturnNothing) _end(false, 0, 0);
        if (manner == Manner.ReturnTwo) _end(false, 32, 2);
        if (manner == Manner.ReturnOneByte) _end(false, 1, 1 << 248);
        if (manner == Manner.ReturnBomb) _end(false, 20_000, 1);
        if (manner == Manner.TakeFeeFromReceiver) _burn(to, 1);
        if (manner == Manner.TakeFeeFromSender) _burn(msg.sender, 1);
        if (manner == Manner.GiveBack) _transfer(to, msg.sender, amount);
        if (manner == Manner.CallBack) {
            (bool success, bytes memory data) = _callee.call(_call);
            answer = data;
            require(!success, "the call back went through");
        }
        return true;
    }

    /// @dev By the manner for the receiver.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        super.transferFrom(from, to, amount);
        if (manners[from] == Manner.TakeFeeFromReceiver) _burn(to, 1);
        return manners[from] != Manner.ReturnFalse;
    }

    /// @dev Ends the call with so many bytes, of which the first word is given.
    function _end(bool refuse, uint256 size, uint256 word) private pure {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, word)
            if refuse { revert(data, size) }
            return(data, size)
        }
    }
}
