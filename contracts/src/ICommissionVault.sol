// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a vault of commissions offers and promises
/// @notice Funds are kept by programme and token. A root says what each payee of a programme has earned in a token since
/// its start (cumulative); the vault pays the difference to what it has paid before, to anyone, at anyone's request.
interface ICommissionVault {
    /// @notice One payee's entitlement and the proof that it stands in the tree.
    /// @param payee random id of the payee; what was paid is kept by it, so that a new account is never paid twice
    /// @param account where the money goes
    /// @param cumulative all that the payee has earned in this token since the programme's start
    /// @param proof siblings from the leaf up to the root, pairs sorted as OpenZeppelin's StandardMerkleTree does
    struct Claim {
        bytes32 payee;
        address account;
        uint256 cumulative;
        bytes32[] proof;
    }

    /// @notice Money came in for a programme.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param from who paid
    /// @param amount how much arrived
    event Funded(bytes32 indexed programme, address indexed token, address indexed from, uint256 amount);

    /// @notice Money that nobody is owed went out again.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param to who got it
    /// @param amount how much
    event SurplusWithdrawn(bytes32 indexed programme, address indexed token, address indexed to, uint256 amount);

    /// @notice A distribution was proposed.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param number the distribution's number
    /// @param root root of the payout tree
    /// @param total sum of all cumulative entitlements in the tree
    /// @param dataHash hash of the exported tree, by which anybody finds and rebuilds it
    /// @param planHash hash of the sorted hashes of the plans by which it was computed
    /// @param activeAt time from which on it can be claimed, unless it is vetoed before
    event RootProposed(
        bytes32 indexed programme,
        address indexed token,
        uint64 number,
        bytes32 root,
        uint256 total,
        bytes32 dataHash,
        bytes32 planHash,
        uint256 activeAt
    );

    /// @notice A guardian stopped a distribution before it became active.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param number the distribution's number, which is not used again
    /// @param root its root
    event RootVetoed(bytes32 indexed programme, address indexed token, uint64 number, bytes32 root);

    /// @notice A payee got money.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param payee who was paid
    /// @param account where the money went
    /// @param amount what moved now
    /// @param cumulative what the payee has got since the programme's start
    event Paid(
        bytes32 indexed programme,
        address indexed token,
        bytes32 indexed payee,
        address account,
        uint256 amount,
        uint256 cumulative
    );

    /// @notice A payee of a batch could not be paid; the others were, and this one keeps the credit.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param payee who was not paid
    /// @param account where the money should have gone
    /// @param amount what should have moved
    /// @param reason one of the errors InvalidProof, TotalExceeded, InvalidAccount, TransferFailed, encoded
    event PayoutFailed(
        bytes32 indexed programme,
        address indexed token,
        bytes32 indexed payee,
        address account,
        uint256 amount,
        bytes reason
    );

    /// @notice A token was taken into the list of those that can be funded, or out of it.
    /// @param token the asset
    /// @param allowed whether it can be funded from now on
    event TokenAllowed(address indexed token, bool allowed);

    /// @notice The token is not on the list.
    error TokenNotAllowed(address token);
    /// @notice There is no contract at the token's address.
    error NotAContract(address token);
    /// @notice The account is none that could hold a role or get money.
    error InvalidAccount(address account);
    /// @notice The delay is longer than `MAX_ACTIVATION_DELAY`.
    error DelayTooLong(uint256 delay, uint256 longest);
    /// @notice An amount of zero says nothing.
    error ZeroAmount();
    /// @notice The token moved another amount than it was asked for: it takes fees, or its balances move by themselves.
    error UnexpectedTransfer(uint256 expected, uint256 moved);
    /// @notice More is asked for than is free; the rest is owed.
    error SurplusExceeded(uint256 surplus, uint256 amount);

    /// @notice A root of zero proves nothing.
    error EmptyRoot();
    /// @notice Numbers only rise, and one that was vetoed is not used again.
    error NumberNotIncreasing(uint64 newest, uint64 number);
    /// @notice The proposal builds on another root than the newest one in force: somebody was quicker, or it was vetoed.
    error UnexpectedPreviousRoot(bytes32 expected, bytes32 previous);
    /// @notice The root before is still waiting to become active, or for a veto.
    error RootStillPending(uint64 number, uint256 activeAt);
    /// @notice Entitlements never fall.
    error TotalDecreased(uint256 previous, uint256 total);
    /// @notice The programme's funds do not cover the distribution; `missing` more are needed.
    error Underfunded(uint256 total, uint256 funded, uint256 missing);
    /// @notice No root of this number is waiting; what is active cannot be vetoed any more.
    error RootNotPending(uint64 number);

    /// @notice There is nothing that could be claimed yet.
    error NoActiveRoot();
    /// @notice The proof does not lead to the newest active root.
    error InvalidProof();
    /// @notice The tree holds more than the total with which it was proposed.
    error TotalExceeded(uint256 left, uint256 amount);
    /// @notice The token did not pay; the first 256 bytes of its answer follow.
    error TransferFailed(bytes answer);

    /// @notice Adds money to a programme. Anyone may.
    /// @param programme keccak256 of the programme's id
    /// @param token an allowed token, of which the caller has approved `amount`
    /// @param amount how much; exactly this must arrive
    function fund(bytes32 programme, address token, uint256 amount) external;

    /// @notice Takes out money that nobody is owed: what exceeds the total of the newest root that is not vetoed.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param to who gets it
    /// @param amount how much, at most `surplus`
    function withdrawSurplus(bytes32 programme, address token, address to, uint256 amount) external;

    /// @notice Proposes the next distribution. It becomes active after the activation delay unless a guardian vetoes.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param number higher than every number before
    /// @param previousRoot the newest root that is not vetoed, on which this one builds; zero for the first
    /// @param root root of the payout tree
    /// @param total sum of all cumulative entitlements in the tree: never less than before, never more than was funded
    /// @param dataHash hash of the exported tree
    /// @param planHash hash of the sorted hashes of the plans by which it was computed
    function proposeRoot(
        bytes32 programme,
        address token,
        uint64 number,
        bytes32 previousRoot,
        bytes32 root,
        uint256 total,
        bytes32 dataHash,
        bytes32 planHash
    ) external;

    /// @notice Stops a distribution that is not active yet. The one before stays in force.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param number the distribution's number
    function veto(bytes32 programme, address token, uint64 number) external;

    /// @notice Pays one payee what is still open, at anyone's request. Reverts with the reason if that cannot be done.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param item the payee, with the proof
    /// @return amount what was paid; zero if nothing was open any more
    function claim(bytes32 programme, address token, Claim calldata item) external returns (uint256 amount);

    /// @notice Pays many payees what is still open, at anyone's request. Who has been paid already is passed over; who
    /// cannot be paid is reported by `PayoutFailed` and keeps the credit.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @param items the payees, each with the proof
    /// @return amount what was paid to all of them together
    function claimMany(bytes32 programme, address token, Claim[] calldata items) external returns (uint256 amount);

    /// @notice Lets a token be funded, or stops that. What was funded before is paid out all the same.
    /// @param token the asset
    /// @param allowed whether it can be funded from now on
    function setTokenAllowed(address token, bool allowed) external;

    /// @notice Stops proposing and paying until `unpause`. What is owed stays owed.
    function pause() external;

    /// @notice Lets proposing and paying go on.
    function unpause() external;

    /// @notice Seconds between a proposal and its activity, the time for a veto.
    /// @return seconds_ the delay
    function activationDelay() external view returns (uint256 seconds_);

    /// @notice Whether a token can be funded.
    /// @param token the asset
    /// @return allowed true if it stands on the list
    function tokenAllowed(address token) external view returns (bool allowed);

    /// @notice What a payee has got since the programme's start.
    /// @param programme keccak256 of the programme's id
    /// @param payee the payee
    /// @param token the asset
    /// @return cumulative the sum of all payments
    function paid(bytes32 programme, bytes32 payee, address token) external view returns (uint256 cumulative);

    /// @notice What was put in for a programme, less the surplus that was taken out.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return amount since the programme's start
    function funded(bytes32 programme, address token) external view returns (uint256 amount);

    /// @notice What all payees of a programme have got.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return amount since the programme's start
    function paidOut(bytes32 programme, address token) external view returns (uint256 amount);

    /// @notice What could be withdrawn because nobody is owed it.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return amount funds beyond the newest total that is not vetoed
    function surplus(bytes32 programme, address token) external view returns (uint256 amount);

    /// @notice The root by which claims are checked now; all zero if there is none.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return number the distribution's number
    /// @return root its root
    /// @return total sum of the entitlements
    /// @return activeAt since when
    function activeRoot(bytes32 programme, address token)
        external
        view
        returns (uint64 number, bytes32 root, uint256 total, uint256 activeAt);

    /// @notice The newest root that is not vetoed, active or not: the next proposal builds on it. All zero if none.
    /// @param programme keccak256 of the programme's id
    /// @param token the asset
    /// @return number the distribution's number
    /// @return root its root
    /// @return total sum of the entitlements
    /// @return activeAt from when on
    function latestRoot(bytes32 programme, address token)
        external
        view
        returns (uint64 number, bytes32 root, uint256 total, uint256 activeAt);
}
