// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelAccounting} from "./ChannelAccounting.sol";
import {IPaymentChannel} from "./IPaymentChannel.sol";

/**
 * The channels' records and every rule about amounts and phases: no tokens, no signatures, no calls.
 *
 * For each channel settled <= deposit; both only grow; a finalized channel changes no more and is never opened again.
 *
 * A payee and its token are written once and shared by all its channels: an open channel costs two slots where the
 * draft's state has five, and one more where a signer is named.
 *
 * What is virtual is so for the planted bugs of `contracts/test/mutants` alone; nothing that is deployed overrides it.
 */
abstract contract ChannelLedger is IPaymentChannel {
    enum Phase {
        Missing,
        Open,
        Finalized
    }

    struct Record {
        address payer;
        /// Zero: no close is pending.
        uint40 closeRequestedAt;
        uint32 route;
        uint8 closesCancelled;
        Phase phase;
        bool signerNamed;
        uint128 deposit;
        uint128 settled;
        /// Written only if `signerNamed`.
        address authorizedSigner;
    }

    struct Route {
        address payee;
        address token;
    }

    mapping(bytes32 channelId => Record) internal _records;
    mapping(uint32 number => Route) internal _routes;
    /// Numbers start at 1. Zero means that nobody opened such a channel yet.
    mapping(address payee => mapping(address token => uint32 number)) internal _routeNumber;
    uint32 private _routeCount;

    /// @inheritdoc IPaymentChannel
    function getChannel(bytes32 channelId) external view returns (Channel memory) {
        Record storage record = _records[channelId];
        Route storage route = _routes[record.route];
        return Channel({
            payer: record.payer,
            payee: route.payee,
            token: route.token,
            authorizedSigner: record.authorizedSigner,
            deposit: record.deposit,
            settled: record.settled,
            closeRequestedAt: record.closeRequestedAt,
            finalized: record.phase == Phase.Finalized
        });
    }

    /// @inheritdoc IPaymentChannel
    function closesCancelled(bytes32 channelId) external view returns (uint8) {
        return _records[channelId].closesCancelled;
    }

    function _create(bytes32 channelId, address payer, uint32 route, address signer, uint128 deposit)
        internal
        virtual
    {
        require(deposit != 0, ZeroDeposit());
        Record storage record = _records[channelId];
        require(record.phase == Phase.Missing, ChannelAlreadyExists());
        record.payer = payer;
        record.route = route;
        record.phase = Phase.Open;
        record.deposit = deposit;
        if (signer != address(0)) {
            record.signerNamed = true;
            record.authorizedSigner = signer;
        }
    }

    /// @return deposit the whole deposit after it
    function _addDeposit(Record storage record, uint128 amount) internal virtual returns (uint128 deposit) {
        require(amount != 0, ZeroDeposit());
        uint256 sum = uint256(record.deposit) + amount;
        require(sum <= type(uint128).max, DepositOverflow());
        deposit = uint128(sum);
        record.deposit = deposit;
    }

    /**
     * Why a channel can't be settled by the payee of this route to this amount: the selector of an error, or zero.
     */
    function _settlementFault(Record storage record, uint32 route, uint128 cumulativeAmount)
        internal
        view
        virtual
        returns (bytes4)
    {
        Phase phase = record.phase;
        if (phase == Phase.Missing) return ChannelNotFound.selector;
        if (phase == Phase.Finalized) return ChannelFinalized.selector;
        if (record.route != route) return NotPayee.selector;
        return _amountFault(record, cumulativeAmount);
    }

    /// Why an open channel can't be settled to this amount: the selector of an error, or zero.
    function _amountFault(Record storage record, uint128 cumulativeAmount) internal view virtual returns (bytes4) {
        ChannelAccounting.Fault fault = ChannelAccounting.faultOf(record.deposit, record.settled, cumulativeAmount);
        if (fault == ChannelAccounting.Fault.None) return 0;
        return fault == ChannelAccounting.Fault.NotIncreasing
            ? AmountNotIncreasing.selector
            : AmountExceedsDeposit.selector;
    }

    /// Only after `_amountFault` found none. @return owed what the payee is to be paid
    function _raiseSettled(Record storage record, uint128 cumulativeAmount)
        internal
        virtual
        returns (uint128 owed)
    {
        owed = ChannelAccounting.owed(record.settled, cumulativeAmount);
        record.settled = cumulativeAmount;
    }

    function _startClose(Record storage record) internal virtual {
        require(record.closeRequestedAt == 0, ClosePending());
        record.closeRequestedAt = uint40(block.timestamp);
    }

    /// Reverts where it was done 255 times already. @return cancelled whether a close was pending
    function _cancelClose(Record storage record) internal virtual returns (bool cancelled) {
        cancelled = record.closeRequestedAt != 0;
        if (!cancelled) return false;
        // A count that began anew would let old signed requests back in.
        require(record.closesCancelled != type(uint8).max, ClosePending());
        record.closeRequestedAt = 0;
        unchecked {
            record.closesCancelled++;
        }
    }

    /// @return settled what the payee had in all @return refund what the payer is to be paid
    function _finalize(Record storage record) internal virtual returns (uint128 settled, uint128 refund) {
        record.phase = Phase.Finalized;
        settled = record.settled;
        refund = ChannelAccounting.refund(record.deposit, settled);
    }

    /// @return record of a channel that is open; reverts for any other
    function _openRecord(bytes32 channelId) internal view virtual returns (Record storage record) {
        record = _records[channelId];
        Phase phase = record.phase;
        require(phase != Phase.Missing, ChannelNotFound());
        require(phase != Phase.Finalized, ChannelFinalized());
    }

    /// The number of a payee and a token, given at its first use.
    function _routeTo(address payee, address token) internal returns (uint32 number) {
        number = _routeNumber[payee][token];
        if (number == 0) {
            number = ++_routeCount;
            _routeNumber[payee][token] = number;
            _routes[number] = Route(payee, token);
        }
    }
}
