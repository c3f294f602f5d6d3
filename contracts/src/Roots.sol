// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICommissionVault} from "./ICommissionVault.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The roots of one programme and token
/// @notice Two are enough: the one in force, and the next one while it waits. A third cannot be proposed until the
/// waiting one is active or vetoed, and then takes the place of the one out of force; so a proposal writes over used
/// storage, which costs a quarter of fresh storage.
library Roots {
    /// @notice One distribution, in two storage slots.
    /// @param hash root of the payout tree
    /// @param terms all else
    struct Root {
        bytes32 hash;
        Terms terms;
    }

    /// @notice What holds for a root; one slot.
    /// @param total sum of all cumulative entitlements in the tree
    /// @param number the distribution's number; zero if the place is empty
    /// @param activeAt when it becomes active
    /// @param vetoed whether a guardian stopped it
    struct Terms {
        uint128 total;
        uint64 number;
        uint40 activeAt;
        bool vetoed;
    }

    /// @notice The two roots. At most one is vetoed, and at most one is waiting.
    /// @param places which is the newer one follows from their numbers
    struct Book {
        Root[2] places;
    }

    /// @notice The newest root that is not vetoed; an empty one if there is none.
    /// @param book where to look
    /// @return root the root
    function latest(Book storage book) internal view returns (Root storage root) {
        (uint256 index,,) = _read(book);
        return book.places[index];
    }

    /// @notice The newest root that can be claimed; an empty one if there is none.
    /// @param book where to look
    /// @return root the root
    function active(Book storage book) internal view returns (Root storage root) {
        (uint256 index, Terms memory last,) = _read(book);
        // If the newest one waits, the other one was active when it was proposed, or is empty.
        return book.places[_waits(last) ? 1 - index : index];
    }

    /// @notice Puts in the next root.
    /// @param book where to
    /// @param previous the hash of the newest root that is not vetoed
    /// @param hash root of the payout tree
    /// @param number higher than every number before, vetoed ones included
    /// @param total sum of the entitlements, not less than before
    /// @param activeAt when it becomes active
    function propose(Book storage book, bytes32 previous, bytes32 hash, uint64 number, uint256 total, uint256 activeAt)
        internal
    {
        (uint256 index, Terms memory last, Terms memory other) = _read(book);
        bytes32 expected = book.places[index].hash;
        if (hash == 0) revert ICommissionVault.EmptyRoot();
        if (expected != previous) revert ICommissionVault.UnexpectedPreviousRoot(expected, previous);
        uint64 newest = other.vetoed ? other.number : last.number;
        if (number <= newest) revert ICommissionVault.NumberNotIncreasing(newest, number);
        if (_waits(last)) revert ICommissionVault.RootStillPending(last.number, last.activeAt);
        if (total < last.total) revert ICommissionVault.TotalDecreased(last.total, total);

        Root storage free = book.places[1 - index];
        free.hash = hash;
        free.terms = Terms({
            total: SafeCast.toUint128(total), number: number, activeAt: SafeCast.toUint40(activeAt), vetoed: false
        });
    }

    /// @notice Stops the waiting root.
    /// @param book where it stands
    /// @param number its number
    /// @return hash its root
    function veto(Book storage book, uint64 number) internal returns (bytes32 hash) {
        (uint256 index, Terms memory last,) = _read(book);
        if (last.number != number || !_waits(last)) revert ICommissionVault.RootNotPending(number);
        book.places[index].terms.vetoed = true;
        return book.places[index].hash;
    }

    /// @dev Where the newest root that is not vetoed stands, and the terms of it and of the other one.
    function _read(Book storage book) private view returns (uint256 index, Terms memory last, Terms memory other) {
        other = book.places[0].terms;
        last = book.places[1].terms;
        index = 1;
        if (last.number > other.number ? last.vetoed : !other.vetoed) {
            (index, last, other) = (0, other, last);
        }
    }

    function _waits(Terms memory terms) private view returns (bool) {
        // A validator can shift the time by seconds; the delay is hours or days.
        // forge-lint: disable-next-line(block-timestamp)
        return terms.activeAt > block.timestamp;
    }
}
