// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TestToken} from "../src/TestToken.sol";
import {Base} from "./Base.t.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract TestTokenTest is Base {
    function test_its_owner_mints() public {
        TestToken token = new TestToken("Test pound", "GBP", 2);
        vm.assertEq(token.name(), "Test pound");
        vm.assertEq(token.symbol(), "GBP");
        vm.assertEq(token.decimals(), 2);
        address holder = account("holder");
        token.mint(holder, 5);
        vm.assertEq(token.balanceOf(holder), 5);

        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, holder));
        vm.prank(holder);
        token.mint(holder, 5);
    }
}
