// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICommissionVault} from "../src/ICommissionVault.sol";
import {HostileToken} from "./HostileToken.sol";
import {VaultTest} from "./VaultTest.t.sol";

/// @notice Everything that people, honest or not, may do with a vault of two programmes that share a token; and the
/// books that a careful observer would keep of it, by what the token says and not by what the vault says.
contract Actors is VaultTest {
    uint256 internal constant PAYEES = 6;

    struct Observed {
        uint256 total;
        uint64 number;
        uint256 paidOut;
        uint256 put;
        uint256 taken;
        uint256[PAYEES] due;
    }

    bytes32[2] internal _programmes = [PROGRAMME, keccak256("other")];
    mapping(bytes32 programme => Observed observed) internal _observed;
    // What is known of each root that was proposed: who is due what under it.
    mapping(bytes32 root => uint256[PAYEES] dues) internal _dues;

    /// @dev What must hold is checked after every action, here: what an invariant function writes down is forgotten.
    modifier thenCheck() {
        _;
        check();
    }

    function _newToken() internal override returns (address) {
        return address(new HostileToken());
    }

    /// @notice The merchant puts money in.
    function fund(uint256 which, uint256 amount) external thenCheck {
        bytes32 programme = _programmes[which % 2];
        uint256 put = bound(amount, 1, 1e9);
        _fund(programme, put);
        _observed[programme].put += put;
    }

    /// @notice The admin takes surplus out, or tries to take more.
    function withdraw(uint256 which, uint256 amount) external thenCheck {
        bytes32 programme = _programmes[which % 2];
        uint256 wanted = bound(amount, 1, vault.surplus(programme, token) + 10);
        vm.prank(admin);
        try vault.withdrawSurplus(programme, token, admin, wanted) {
            _observed[programme].taken += wanted;
        } catch {}
    }

    /// @notice The proposer proposes, now and then with a total that is too low for the tree.
    function propose(uint256 which, uint256[PAYEES] calldata raises, uint256 lie) external thenCheck {
        bytes32 programme = _programmes[which % 2];
        (uint64 number, bytes32 previous, uint256 before,) = vault.latestRoot(programme, token);
        uint256[] memory dues = new uint256[](PAYEES);
        for (uint256 i = 0; i < PAYEES; ++i) {
            dues[i] = _dues[previous][i] + bound(raises[i], 0, 1e6);
        }
        ICommissionVault.Claim[] memory items = _payees(dues);
        bytes32 root = _prove(programme, items);
        uint256 total = lie % 8 == 0 ? before : _sum(items);
        vm.prank(proposer);
        try vault.proposeRoot(programme, token, number + 2, previous, root, total, DATA_HASH, PLAN_HASH) {
            _rememberDues(root, dues);
        } catch {}
    }

    /// @notice A guardian stops what waits.
    function veto(uint256 which) external thenCheck {
        bytes32 programme = _programmes[which % 2];
        (uint64 number,,,) = vault.latestRoot(programme, token);
        vm.prank(guardian);
        try vault.veto(programme, token, number) {} catch {}
    }

    /// @notice Time goes by.
    function wait_(uint256 time) external thenCheck {
        vm.warp(block.timestamp + bound(time, 1, 2 * DELAY));
    }

    /// @notice Somebody claims for many, in any order, some twice, some under a root out of force, some made up.
    function claim(uint256 which, uint256 seed) external thenCheck {
        bytes32 programme = _programmes[which % 2];
        (, bytes32 active,,) = vault.activeRoot(programme, token);
        (, bytes32 latest,,) = vault.latestRoot(programme, token);
        if (active == 0) return;
        bytes32 from = seed % 5 == 0 ? latest : active;
        uint256[] memory dues = new uint256[](PAYEES);
        for (uint256 i = 0; i < PAYEES; ++i) {
            dues[i] = _dues[from][i];
        }
        ICommissionVault.Claim[] memory known = _payees(dues);
        _prove(programme, known);
        ICommissionVault.Claim[] memory items = new ICommissionVault.Claim[](PAYEES);
        for (uint256 i = 0; i < PAYEES; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            ICommissionVault.Claim memory item = known[dice % PAYEES];
            bool forged = dice >> 8 & 7 == 0;
            items[i] = ICommissionVault.Claim({
                payee: item.payee,
                account: item.account,
                cumulative: forged ? item.cumulative + 1 : item.cumulative,
                proof: item.proof
            });
        }
        vault.claimMany(programme, token, items);
    }

    /// @notice The token begins or ends to treat a payee badly.
    function treat(uint256 i, uint256 manner) external thenCheck {
        uint256 last = uint256(HostileToken.Manner.ReturnNothing);
        HostileToken(token).treat(_wallet(i % PAYEES), HostileToken.Manner(manner % 3 == 0 ? manner % last : 0));
    }

    /// @notice What must hold at any time.
    function check() public {
        uint256 owned = 0;
        uint256 received = 0;
        for (uint256 which = 0; which < 2; ++which) {
            owned += _checkProgramme(_programmes[which]);
            received += vault.paidOut(_programmes[which], token);
        }
        vm.assertEq(_balance(address(vault)), owned, "the vault holds what is funded and not paid out");
        for (uint256 i = 0; i < PAYEES; ++i) {
            received -= _balance(_wallet(i));
        }
        vm.assertEq(received, 0, "the payees hold what was paid out");
    }

    function _checkProgramme(bytes32 programme) private returns (uint256 owned) {
        Observed storage seen = _observed[programme];
        (uint64 number, bytes32 root, uint256 total,) = vault.activeRoot(programme, token);
        (,, uint256 next,) = vault.latestRoot(programme, token);
        (uint256 in_, uint256 out) = (vault.funded(programme, token), vault.paidOut(programme, token));

        vm.assertEq(in_, seen.put - seen.taken, "funded is what came in less what went out");
        vm.assertLe(out, total, "paid at most the active total");
        vm.assertLe(total, next, "totals rise");
        vm.assertLe(next, in_, "solvent");
        vm.assertGe(total, seen.total, "the active total never falls");
        vm.assertGe(number, seen.number, "the active number never falls");
        vm.assertGe(out, seen.paidOut, "payments are never taken back");

        uint256 sum = 0;
        for (uint256 i = 0; i < PAYEES; ++i) {
            uint256 paid = vault.paid(programme, _payee(i), token);
            vm.assertLe(paid, _dues[root][i], "nobody gets more than is due");
            vm.assertGe(paid, seen.due[i], "what a payee got is never forgotten");
            seen.due[i] = paid;
            sum += paid;
        }
        vm.assertEq(sum, out, "payments add up");
        (seen.total, seen.number, seen.paidOut) = (total, number, out);
        return in_ - out;
    }

    function _rememberDues(bytes32 root, uint256[] memory dues) private {
        for (uint256 i = 0; i < PAYEES; ++i) {
            _dues[root][i] = dues[i];
        }
    }
}

/// @notice Whatever the actors do in whatever order, the promises of the vault hold.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Actors private _actors;

    function setUp() public {
        _actors = new Actors();
        _actors.setUp();
    }

    /// @notice Tells forge whom to call.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actors);
    }

    /// @notice Tells forge what to call.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = Actors.fund.selector;
        selectors[1] = Actors.withdraw.selector;
        selectors[2] = Actors.propose.selector;
        selectors[3] = Actors.propose.selector;
        selectors[4] = Actors.veto.selector;
        selectors[5] = Actors.wait_.selector;
        selectors[6] = Actors.claim.selector;
        selectors[7] = Actors.claim.selector;
        selectors[8] = Actors.treat.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(_actors), selectors: selectors});
    }

    function invariant_solvent_monotone_and_never_twice() public {
        _actors.check();
    }
}
