// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {BoundedTransfer} from "./BoundedTransfer.sol";
import {ICommissionVault} from "./ICommissionVault.sol";
import {PayoutTree} from "./PayoutTree.sol";
import {Roots} from "./Roots.sol";
import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The vault that pays commissions
/// @notice What it promises, whoever holds the roles:
/// - nothing is paid twice: what a payee got is kept by programme, payee and token, and only the difference is paid;
/// - all payments of a programme stay within the total of the active root, and that within what was funded;
/// - one payee who cannot be paid stops nobody else, and keeps the credit;
/// - no role can take what an accepted root owes: there is no way out for funds but payment and true surplus.
/// What it trusts: the proposer for who is owed what, until a guardian looks; the admin for allowing honest tokens.
contract CommissionVault is ICommissionVault, AccessControl, Pausable, ReentrancyGuardTransient {
    using BoundedTransfer for address;
    using PayoutTree for bytes;
    using PayoutTree for bytes32;
    using Roots for Roots.Book;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev All that is kept for one programme and token.
    struct Pool {
        Roots.Book roots;
        // What came in, less the surplus that went out; and what was paid. One slot.
        uint128 funded;
        uint128 paidOut;
        mapping(bytes32 payee => uint256 cumulative) paid;
    }

    /// @dev What stays the same while a batch is paid, and what is left of its root's total.
    struct Batch {
        bytes32 programme;
        address token;
        bytes32 root;
        uint256 left;
        bytes leaf;
    }

    /// @notice May propose distributions.
    bytes32 public constant PROPOSER_ROLE = keccak256("PROPOSER_ROLE");
    /// @notice May veto distributions before they are active.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");
    /// @notice May pause. Only the admin ends a pause, so that a stolen pauser's key cannot end it.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice The longest activation delay: a typing error must not lock funds for years.
    uint256 public constant MAX_ACTIVATION_DELAY = 30 days;

    uint256 private immutable _ACTIVATION_DELAY;

    mapping(address token => bool allowed) private _allowed;
    mapping(bytes32 programme => mapping(address token => Pool pool)) private _pools;

    /// @notice Makes an empty vault. Roles can be given to others later, by the admin.
    /// @param admin gives and takes roles, allows tokens, withdraws surplus, ends a pause: best a timelock
    /// @param proposer may propose distributions
    /// @param guardian may veto them
    /// @param pauser may pause
    /// @param delay seconds between a proposal and its activity. With 0 a root is active at once and cannot be vetoed:
    /// for development only.
    constructor(address admin, address proposer, address guardian, address pauser, uint256 delay) {
        if (delay > MAX_ACTIVATION_DELAY) revert DelayTooLong(delay, MAX_ACTIVATION_DELAY);
        _ACTIVATION_DELAY = delay;
        _grantFirst(DEFAULT_ADMIN_ROLE, admin);
        _grantFirst(PROPOSER_ROLE, proposer);
        _grantFirst(GUARDIAN_ROLE, guardian);
        _grantFirst(PAUSER_ROLE, pauser);
    }

    // ---- money in, and surplus out

    /// @inheritdoc ICommissionVault
    function fund(bytes32 programme, address token, uint256 amount) external nonReentrant {
        if (!_allowed[token]) revert TokenNotAllowed(token);
        if (amount == 0) revert ZeroAmount();
        Pool storage pool = _pools[programme][token];
        pool.funded = (pool.funded + amount).toUint128();
        emit Funded(programme, token, msg.sender, amount);

        uint256 before = _balance(token);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = _balance(token) - before;
        if (received != amount) revert UnexpectedTransfer(amount, received);
    }

    /// @inheritdoc ICommissionVault
    function withdrawSurplus(bytes32 programme, address token, address to, uint256 amount)
        external
        nonReentrant
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        uint256 free = surplus(programme, token);
        if (amount == 0) revert ZeroAmount();
        if (amount > free) revert SurplusExceeded(free, amount);
        _pools[programme][token].funded -= amount.toUint128();
        emit SurplusWithdrawn(programme, token, to, amount);

        uint256 before = _balance(token);
        IERC20(token).safeTransfer(to, amount);
        _checkMoved(token, before, amount);
    }

    // ---- distributions

    /// @inheritdoc ICommissionVault
    function proposeRoot(
        bytes32 programme,
        address token,
        uint64 number,
        bytes32 previousRoot,
        bytes32 root,
        uint256 total,
        bytes32 dataHash,
        bytes32 planHash
    ) external whenNotPaused onlyRole(PROPOSER_ROLE) {
        uint256 activeAt = block.timestamp + _ACTIVATION_DELAY;
        Pool storage pool = _pools[programme][token];
        uint256 available = pool.funded;
        if (total > available) revert Underfunded(total, available, total - available);
        pool.roots.propose(previousRoot, root, number, total, activeAt);
        emit RootProposed(programme, token, number, root, total, dataHash, planHash, activeAt);
    }

    /// @inheritdoc ICommissionVault
    function veto(bytes32 programme, address token, uint64 number) external onlyRole(GUARDIAN_ROLE) {
        bytes32 root = _pools[programme][token].roots.veto(number);
        emit RootVetoed(programme, token, number, root);
    }

    // ---- payment

    /// @inheritdoc ICommissionVault
    function claim(bytes32 programme, address token, Claim calldata item)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        Pool storage pool = _pools[programme][token];
        Batch memory batch = _open(pool, programme, token);
        uint256 before = _balance(token);
        bytes memory problem;
        (amount, problem) = _pay(pool, batch, item);
        if (problem.length > 0) LowLevelCall.bubbleRevert(problem);
        _close(pool, token, before, amount);
    }

    /// @inheritdoc ICommissionVault
    function claimMany(bytes32 programme, address token, Claim[] calldata items)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        Pool storage pool = _pools[programme][token];
        Batch memory batch = _open(pool, programme, token);
        uint256 before = _balance(token);
        for (uint256 i = 0; i < items.length; ++i) {
            Claim calldata item = items[i];
            (uint256 due, bytes memory problem) = _pay(pool, batch, item);
            if (problem.length == 0) amount += due;
            else emit PayoutFailed(programme, token, item.payee, item.account, due, problem);
        }
        _close(pool, token, before, amount);
    }

    // ---- administration

    /// @inheritdoc ICommissionVault
    function setTokenAllowed(address token, bool allowed) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (allowed && token.code.length == 0) revert NotAContract(token);
        _allowed[token] = allowed;
        emit TokenAllowed(token, allowed);
    }

    /// @inheritdoc ICommissionVault
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @inheritdoc ICommissionVault
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    // ---- views

    /// @inheritdoc ICommissionVault
    function activationDelay() external view returns (uint256 seconds_) {
        return _ACTIVATION_DELAY;
    }

    /// @inheritdoc ICommissionVault
    function tokenAllowed(address token) external view returns (bool allowed) {
        return _allowed[token];
    }

    /// @inheritdoc ICommissionVault
    function paid(bytes32 programme, bytes32 payee, address token) external view returns (uint256 cumulative) {
        return _pools[programme][token].paid[payee];
    }

    /// @inheritdoc ICommissionVault
    function funded(bytes32 programme, address token) external view returns (uint256 amount) {
        return _pools[programme][token].funded;
    }

    /// @inheritdoc ICommissionVault
    function paidOut(bytes32 programme, address token) external view returns (uint256 amount) {
        return _pools[programme][token].paidOut;
    }

    /// @inheritdoc ICommissionVault
    function activeRoot(bytes32 programme, address token)
        external
        view
        returns (uint64 number, bytes32 root, uint256 total, uint256 activeAt)
    {
        return _show(_pools[programme][token].roots.active());
    }

    /// @inheritdoc ICommissionVault
    function latestRoot(bytes32 programme, address token)
        external
        view
        returns (uint64 number, bytes32 root, uint256 total, uint256 activeAt)
    {
        return _show(_pools[programme][token].roots.latest());
    }

    /// @inheritdoc ICommissionVault
    function surplus(bytes32 programme, address token) public view returns (uint256 amount) {
        Pool storage pool = _pools[programme][token];
        return pool.funded - pool.roots.latest().terms.total;
    }

    // ---- inside

    /// @dev Reads once what the items of a batch share.
    function _open(Pool storage pool, bytes32 programme, address token) private view returns (Batch memory batch) {
        Roots.Root storage root = pool.roots.active();
        if (root.terms.number == 0) revert NoActiveRoot();
        batch.programme = programme;
        batch.token = token;
        batch.root = root.hash;
        batch.left = root.terms.total - pool.paidOut;
        batch.leaf = PayoutTree.template(programme, token);
    }

    /// @dev Pays one item, and never reverts because of it but for want of gas.
    /// @return due what was open: zero if the payee has got it already
    /// @return problem why it stays open: one of the errors of this contract, encoded; empty if it was paid
    function _pay(Pool storage pool, Batch memory batch, Claim calldata item)
        private
        returns (uint256 due, bytes memory problem)
    {
        bytes32 payee = item.payee;
        uint256 cumulative = item.cumulative;
        uint256 before = pool.paid[payee];
        if (cumulative <= before) return (0, "");
        unchecked {
            due = cumulative - before;
        }
        problem = _problem(batch, item, due);
        if (problem.length > 0) return (due, problem);

        // Noted before the token is called; taken back if it did not pay.
        pool.paid[payee] = cumulative;
        address account = item.account;
        if (batch.token.tryTransfer(account, due)) {
            unchecked {
                batch.left -= due;
            }
            emit Paid(batch.programme, batch.token, payee, account, due, cumulative);
        } else {
            problem = abi.encodeWithSelector(TransferFailed.selector, BoundedTransfer.answer());
            pool.paid[payee] = before;
        }
    }

    /// @dev Why an item must not be paid; empty if it may be.
    function _problem(Batch memory batch, Claim calldata item, uint256 due) private view returns (bytes memory) {
        address account = item.account;
        bytes32 leaf = batch.leaf.leafOf(item.payee, account, item.cumulative);
        if (leaf.rootOf(item.proof) != batch.root) return abi.encodeWithSelector(InvalidProof.selector);
        if (due > batch.left) return abi.encodeWithSelector(TotalExceeded.selector, batch.left, due);
        if (account == address(0) || account == address(this)) {
            return abi.encodeWithSelector(InvalidAccount.selector, account);
        }
        return "";
    }

    /// @dev Adds a batch to the sum of all payments, once, and checks that no more has left than was paid.
    function _close(Pool storage pool, address token, uint256 balanceBefore, uint256 amount) private {
        if (amount == 0) return;
        pool.paidOut += amount.toUint128();
        _checkMoved(token, balanceBefore, amount);
    }

    /// @dev A token that takes its fee from the sender would spend the funds of others: nothing is paid then. A balance
    /// that fell by less is no harm: a payee may give something back. One look a batch is enough, and costs each payee
    /// little; if a token does so for one payee only, the others are paid one by one.
    function _checkMoved(address token, uint256 balanceBefore, uint256 amount) private view {
        uint256 balance = _balance(token);
        if (balance + amount < balanceBefore) revert UnexpectedTransfer(amount, balanceBefore - balance);
    }

    function _balance(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function _show(Roots.Root storage root) private view returns (uint64, bytes32, uint256, uint256) {
        return (root.terms.number, root.hash, root.terms.total, root.terms.activeAt);
    }

    function _grantFirst(bytes32 role, address account) private {
        if (account == address(0)) revert InvalidAccount(account);
        _grantRole(role, account);
    }
}
