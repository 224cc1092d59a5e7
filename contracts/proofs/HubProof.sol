// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HubAccounting} from "../src/HubAccounting.sol";

/**
 * What a hub's money can do as far as one payee sees it, for a solver: see ChannelProof. All other payees together are
 * `othersRedeem`, who take what they like.
 */
contract HubProof {
    struct State {
        /// The highest cumulative amount that the hub's signer signed for the payee, and what the hub says it paid.
        uint128 signed;
        uint256 paid;
        /// What the payee got, what those kept who submitted for it, what others got.
        uint256 received;
        uint256 fees;
        uint256 others;
        /// What the owner brought and took, and what is there.
        uint256 funded;
        uint256 drained;
        uint256 held;
    }

    /// Before anything happened.
    function start() external pure {
        State memory s;
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    // ---- the invariant -------------------------------------------------------------------------------------------

    function _holds(State memory s) private pure returns (bool) {
        return _isBounded(s) && _isSent(s) && _isConserved(s);
    }

    function _isBounded(State memory s) private pure returns (bool) {
        return s.paid <= s.signed;
    }

    /// `paid` is what was sent, to the payee or as fees, of which there are at most 2%.
    function _isSent(State memory s) private pure returns (bool) {
        return s.received + s.fees == s.paid && s.fees * 50 <= s.paid;
    }

    /// Not a unit comes from nothing or is lost.
    function _isConserved(State memory s) private pure returns (bool) {
        return s.held + s.paid + s.others + s.drained == s.funded;
    }

    // ---- what anybody can make happen ----------------------------------------------------------------------------

    function sign(State memory s, uint128 amount) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        if (amount > s.signed) s.signed = amount;
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    function redeem(State memory s, uint128 cumulativeAmount, bool refused) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        require(cumulativeAmount <= s.signed);
        uint256 owed = HubAccounting.owed(s.paid, cumulativeAmount);
        require(owed != 0);
        s.paid = cumulativeAmount;
        assert(s.paid > before);
        if (refused || s.held < owed) {
            s.paid = cumulativeAmount - owed;
            assert(s.paid == before);
        } else {
            s.held -= owed;
            s.received += owed;
        }
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    function redeemTo(State memory s, uint128 cumulativeAmount, uint128 fee, uint128 maxFee) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        require(cumulativeAmount <= s.signed);
        uint256 owed = HubAccounting.owed(s.paid, cumulativeAmount);
        require(owed != 0 && s.held >= owed);
        require(HubAccounting.isFeeAllowed(fee, maxFee, owed));
        assert(fee <= maxFee);
        s.paid = cumulativeAmount;
        assert(s.paid > before);
        s.held -= owed;
        s.received += owed - fee;
        s.fees += fee;
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    function othersRedeem(State memory s, uint256 amount) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        require(amount <= s.held);
        s.held -= amount;
        s.others += amount;
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    function fund(State memory s, uint256 amount) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        s.funded += amount;
        s.held += amount;
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    function drain(State memory s, uint256 amount) external pure {
        require(_holds(s));
        uint256 before = s.paid;
        require(amount <= s.held);
        s.held -= amount;
        s.drained += amount;
        assert(s.paid >= before);
        assert(_isBounded(s));
        assert(_isSent(s));
        assert(_isConserved(s));
    }

    // ---- what follows ---------------------------------------------------------------------------------------------

    /// A payout of more than was paid is owed in full, whoever was paid in between.
    function aPayoutIsOwed(State memory s, uint128 cumulativeAmount) external pure {
        require(_holds(s));
        if (cumulativeAmount <= s.paid) return;
        assert(HubAccounting.owed(s.paid, cumulativeAmount) == cumulativeAmount - s.paid);
    }

    function aFeeIsAtMostTwoPercent(uint256 fee, uint256 maxFee, uint128 payment) external pure {
        if (!HubAccounting.isFeeAllowed(fee, maxFee, payment)) return;
        assert(fee * 50 <= payment);
    }
}
