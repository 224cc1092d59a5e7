// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The hub's arithmetic, apart from tokens and signatures for the same reason as ChannelAccounting's.
library HubAccounting {
    /// A fee is at most one part in this many: 2%.
    uint256 internal constant FEE_PARTS = 50;

    /// @return what a payee is owed by a payout of this cumulative amount; zero: nothing that it did not get already
    function owed(uint256 paid, uint256 cumulativeAmount) internal pure returns (uint256) {
        return cumulativeAmount > paid ? cumulativeAmount - paid : 0;
    }

    /// Whether the submitter may keep this much of a payment.
    function isFeeAllowed(uint256 fee, uint256 maxFee, uint256 payment) internal pure returns (bool) {
        return fee <= maxFee && fee <= payment / FEE_PARTS;
    }
}
