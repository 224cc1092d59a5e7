// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {ReentrancyGuardTransient, Unguarded} from "./Unguarded.sol";

/// PaymentChannel with one function that lacks the guard, or calls the token before it writes, or both.
contract UnguardedChannel is PaymentChannel, Unguarded {
    bool private immutable _isOrdered;
    /// What the function has written already, and what was there before.
    bytes32 private _changed;
    Record private _before;

    constructor(bytes4 function_, bool isGuarded, bool isOrdered, uint64 grace)
        PaymentChannel(grace)
        Unguarded(function_, isGuarded)
    {
        _isOrdered = isOrdered;
    }

    function _reentrancyGuardStorageSlot()
        internal
        pure
        override(ReentrancyGuardTransient, Unguarded)
        returns (bytes32)
    {
        return super._reentrancyGuardStorageSlot();
    }

    // ---- what is written -----------------------------------------------------------------------------------------

    function _create(bytes32 channelId, address payer, uint32 route, address signer, uint128 deposit)
        internal
        override
    {
        _remember(_records[channelId]);
        super._create(channelId, payer, route, signer, deposit);
    }

    function _addDeposit(Record storage record, uint128 amount) internal override returns (uint128) {
        _remember(record);
        return super._addDeposit(record, amount);
    }

    function _raiseSettled(Record storage record, uint128 amount) internal override returns (uint128) {
        _remember(record);
        return super._raiseSettled(record, amount);
    }

    function _finalize(Record storage record) internal override returns (uint128, uint128) {
        _remember(record);
        return super._finalize(record);
    }

    function _remember(Record storage record) private {
        if (_isOrdered || msg.sig != _function || _changed != 0) return;
        _before = record;
        bytes32 slot;
        assembly {
            slot := record.slot
        }
        _changed = slot;
    }

    // ---- calls to the token --------------------------------------------------------------------------------------

    /// While the token is called nothing is written yet.
    modifier late() {
        bytes32 slot = _changed;
        _changed = 0;
        Record storage record;
        assembly {
            record.slot := slot
        }
        Record memory then_ = record;
        if (slot != 0) _write(slot, _before);
        _;
        if (slot != 0) _write(slot, then_);
    }

    function _write(bytes32 slot, Record memory value) private {
        Record storage record;
        assembly {
            record.slot := slot
        }
        record.payer = value.payer;
        record.closeRequestedAt = value.closeRequestedAt;
        record.route = value.route;
        record.closesCancelled = value.closesCancelled;
        record.phase = value.phase;
        record.signerNamed = value.signerNamed;
        record.deposit = value.deposit;
        record.settled = value.settled;
        record.authorizedSigner = value.authorizedSigner;
    }

    function _pay(address token, address to, uint256 amount) internal override late {
        super._pay(token, to, amount);
    }

    function _pull(address token, address from, uint128 amount) internal override late {
        super._pull(token, from, amount);
    }

    function _pullWithAuthorization(
        address token,
        address from,
        uint128 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal override late {
        super._pullWithAuthorization(token, from, amount, validAfter, validBefore, nonce, signature);
    }
}
