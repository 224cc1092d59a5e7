// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * A channel's arithmetic: numbers in, numbers out. It stands apart from records, tokens and signatures so that a solver
 * can prove the invariants about it (`contracts/proofs/ChannelProof.sol`). All amounts are base units.
 */
library ChannelAccounting {
    /// What is wrong with settling to an amount.
    enum Fault {
        None,
        NotIncreasing,
        ExceedsDeposit
    }

    /// @return whether a channel of this deposit, settled so far, can be settled to this amount, or why not
    function faultOf(uint128 deposit, uint128 settled, uint128 cumulativeAmount) internal pure returns (Fault) {
        if (cumulativeAmount <= settled) return Fault.NotIncreasing;
        if (cumulativeAmount > deposit) return Fault.ExceedsDeposit;
        return Fault.None;
    }

    /// What a payee gets where `faultOf` found none.
    function owed(uint128 settled, uint128 cumulativeAmount) internal pure returns (uint128) {
        return cumulativeAmount - settled;
    }

    /// What a payer gets back at the end.
    function refund(uint128 deposit, uint128 settled) internal pure returns (uint128) {
        return deposit - settled;
    }

    /// Whether a payer may withdraw: a close was requested, and its grace period is over. Times are Unix seconds.
    function isWithdrawable(uint256 closeRequestedAt, uint256 grace, uint256 time) internal pure returns (bool) {
        return closeRequestedAt != 0 && time >= closeRequestedAt + grace;
    }
}
