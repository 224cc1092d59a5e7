// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelAccounting} from "../src/ChannelAccounting.sol";

/**
 * What each call does to a channel's two amounts, for a solver: before beside after. A proof of its own, with ChannelProof's
 * moves and no others: asked for both at once, the solver gives up on either.
 */
contract ChannelGrowthProof {
    struct State {
        bool open;
        bool finalized;
        uint128 deposit;
        uint128 settled;
        uint256 closeRequestedAt;
    }

    function open(State memory s, uint128 amount) external pure {
        require(!s.open && !s.finalized && amount != 0 && s.deposit == 0 && s.settled == 0);
        s.open = true;
        s.deposit = amount;
        assert(s.deposit > 0 && s.settled == 0);
    }

    function topUp(State memory s, uint128 amount) external pure {
        require(s.open && amount != 0);
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        s.closeRequestedAt = 0;
        s.deposit += amount;
        assert(s.deposit > deposit);
        assert(s.settled == settled);
    }

    function topUpByAnother(State memory s, uint128 amount) external pure {
        require(s.open && amount != 0 && s.closeRequestedAt == 0);
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        s.deposit += amount;
        assert(s.deposit > deposit);
        assert(s.settled == settled);
    }

    function settle(State memory s, uint128 amount) external pure {
        require(s.open);
        require(ChannelAccounting.faultOf(s.deposit, s.settled, amount) == ChannelAccounting.Fault.None);
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        uint128 owed = ChannelAccounting.owed(s.settled, amount);
        s.settled = amount;
        assert(s.settled > settled);
        assert(s.settled - settled == owed);
        assert(s.deposit == deposit);
    }

    function close(State memory s) external pure {
        require(s.open && s.settled <= s.deposit);
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        uint128 refund = ChannelAccounting.refund(s.deposit, s.settled);
        s.open = false;
        s.finalized = true;
        assert(s.deposit == deposit);
        assert(s.settled == settled);
        assert(refund == deposit - settled);
    }

    function requestClose(State memory s, uint256 time) external pure {
        require(s.open && s.closeRequestedAt == 0 && time != 0);
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        s.closeRequestedAt = time;
        assert(s.deposit == deposit);
        assert(s.settled == settled);
    }

    function withdraw(State memory s, uint256 time, uint64 grace) external pure {
        require(s.open && s.settled <= s.deposit && s.closeRequestedAt <= time);
        require(ChannelAccounting.isWithdrawable(s.closeRequestedAt, grace, time));
        (uint128 deposit, uint128 settled) = (s.deposit, s.settled);
        uint128 refund = ChannelAccounting.refund(s.deposit, s.settled);
        s.open = false;
        s.finalized = true;
        assert(s.deposit == deposit);
        assert(s.settled == settled);
        assert(refund == deposit - settled);
    }
}
