// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title An ERC-20 for development
/// @notice Its owner, who deployed it, mints as much as he likes: worth nothing, by design.
contract TestToken is ERC20, Ownable {
    uint8 private immutable _DECIMALS;

    /// @notice Makes a token that nobody holds yet.
    /// @param name_ its name
    /// @param symbol_ its symbol
    /// @param decimals_ digits of its minor unit: 2 where it stands for a currency with cents
    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) Ownable(msg.sender) {
        _DECIMALS = decimals_;
    }

    /// @notice Makes new money.
    /// @param to who gets it
    /// @param amount how much, in minor units
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @notice Digits of the minor unit.
    /// @return digits as given at construction
    function decimals() public view override returns (uint8 digits) {
        return _DECIMALS;
    }
}
