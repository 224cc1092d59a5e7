// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelAccounting} from "../src/ChannelAccounting.sol";

/**
 * What a channel's money can do, for a solver: any of these calls, with any numbers, at any time. The proof is by
 * induction: `start` shows that the invariant holds at first, each other call that it leads from any state in which the
 * invariant holds to another such state; the solver looks at every number there is.
 *
 * The rules are ChannelAccounting's, the very functions that PaymentChannel calls; the rest is what PaymentChannel does
 * around them, without tokens and signatures. A voucher's signature is `signed`. Never deployed. `npm run prove` runs
 * it, `docs/proofs.md` says what follows.
 */
contract ChannelProof {
    struct State {
        bool open;
        bool finalized;
        uint128 deposit;
        uint128 settled;
        uint256 closeRequestedAt;
        /// The highest amount that the payer signed so far.
        uint128 signed;
        uint256 time;
        uint256 grace;
        /// What the contract holds in this token, what of it is other channels', and what went where.
        uint256 held;
        uint256 others;
        uint256 toPayee;
        uint256 toPayer;
    }

    /// Before anything happened.
    function start(uint64 grace) external pure {
        State memory s;
        s.grace = grace;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    // ---- the invariant -------------------------------------------------------------------------------------------

    function _holds(State memory s) private pure returns (bool) {
        return _isBounded(s) && _isConserved(s) && _isOrdered(s);
    }

    function _isBounded(State memory s) private pure returns (bool) {
        return s.settled <= s.deposit && s.settled <= s.signed;
    }

    /// Not a unit comes from nothing or is lost: an open channel's rest is held, a final one's was paid out.
    function _isConserved(State memory s) private pure returns (bool) {
        if (s.toPayee != s.settled) return false;
        if (s.open) return s.toPayer == 0 && s.held + s.settled == s.others + s.deposit;
        return s.held == s.others && s.toPayee + s.toPayer == s.deposit;
    }

    /// A final channel is over; one that never was has nothing; no request is of the future.
    function _isOrdered(State memory s) private pure returns (bool) {
        return
            !(s.open && s.finalized) && (s.open || s.finalized || s.deposit == 0) && s.closeRequestedAt <= s.time;
    }

    // ---- what anybody can make happen: from any state in which the invariant holds to one in which it holds -----

    function open(State memory s, uint128 amount) external pure {
        require(_holds(s));
        require(!s.open && !s.finalized && amount != 0);
        s.open = true;
        s.deposit = amount;
        s.held += amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function topUp(State memory s, uint128 amount) external pure {
        require(_holds(s));
        require(s.open && amount != 0);
        s.closeRequestedAt = 0;
        s.deposit += amount;
        s.held += amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function topUpByAnother(State memory s, uint128 amount) external pure {
        require(_holds(s));
        require(s.open && amount != 0 && s.closeRequestedAt == 0);
        s.deposit += amount;
        s.held += amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function sign(State memory s, uint128 amount) external pure {
        require(_holds(s));
        if (amount > s.signed) s.signed = amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function settle(State memory s, uint128 amount) external pure {
        require(_holds(s));
        require(s.open && amount <= s.signed);
        require(ChannelAccounting.faultOf(s.deposit, s.settled, amount) == ChannelAccounting.Fault.None);
        uint128 owed = ChannelAccounting.owed(s.settled, amount);
        assert(amount > s.settled);
        s.settled = amount;
        s.held -= owed;
        s.toPayee += owed;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    /// `close` with a voucher is `settle`, and then this.
    function close(State memory s) external pure {
        require(_holds(s));
        require(s.open);
        uint128 refund = ChannelAccounting.refund(s.deposit, s.settled);
        s.open = false;
        s.finalized = true;
        s.held -= refund;
        s.toPayer += refund;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function requestClose(State memory s) external pure {
        require(_holds(s));
        require(s.open && s.closeRequestedAt == 0 && s.time != 0);
        s.closeRequestedAt = s.time;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function withdraw(State memory s) external pure {
        require(_holds(s));
        require(s.open && ChannelAccounting.isWithdrawable(s.closeRequestedAt, s.grace, s.time));
        assert(s.closeRequestedAt != 0 && s.time >= s.closeRequestedAt + s.grace);
        uint128 refund = ChannelAccounting.refund(s.deposit, s.settled);
        s.open = false;
        s.finalized = true;
        s.held -= refund;
        s.toPayer += refund;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function wait(State memory s, uint64 time) external pure {
        require(_holds(s));
        s.time += time;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function othersBring(State memory s, uint256 amount) external pure {
        require(_holds(s));
        s.others += amount;
        s.held += amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    function othersTake(State memory s, uint256 amount) external pure {
        require(_holds(s));
        require(amount <= s.others);
        s.others -= amount;
        s.held -= amount;
        assert(_isBounded(s));
        assert(_isConserved(s));
        assert(_isOrdered(s));
    }

    // ---- what follows ---------------------------------------------------------------------------------------------

    /// Whoever asked for a close and waited leaves with the whole rest, and the contract has it.
    function aPayerCanLeave(State memory s) external pure {
        require(_holds(s));
        if (!s.open || s.closeRequestedAt == 0 || s.time < s.closeRequestedAt + s.grace) return;
        assert(ChannelAccounting.isWithdrawable(s.closeRequestedAt, s.grace, s.time));
        assert(s.held >= ChannelAccounting.refund(s.deposit, s.settled));
    }

    /// A voucher above what is settled and within the deposit can always be settled, also while a close is pending.
    function aPayeeCanSettle(State memory s, uint128 amount) external pure {
        require(_holds(s));
        if (!s.open || amount <= s.settled || amount > s.deposit) return;
        assert(ChannelAccounting.faultOf(s.deposit, s.settled, amount) == ChannelAccounting.Fault.None);
        assert(s.held >= ChannelAccounting.owed(s.settled, amount));
    }
}
