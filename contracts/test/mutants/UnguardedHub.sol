// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PayoutHub} from "../../src/PayoutHub.sol";
import {ReentrancyGuardTransient, Unguarded} from "./Unguarded.sol";

/// PayoutHub with one function that lacks the guard, or a `redeem` that pays before it writes, or both.
contract UnguardedHub is PayoutHub, Unguarded {
    bool private immutable _isOrdered;
    uint256 private _before;

    constructor(bytes4 function_, bool isGuarded, bool isOrdered, address token_, address owner_, address signer_)
        PayoutHub(token_, owner_, signer_)
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

    function _setPaid(address payee, uint256 cumulativeAmount) internal override {
        if (!_isOrdered) _before = paid[payee];
        super._setPaid(payee, cumulativeAmount);
    }

    function _tryPay(address payee, uint256 amount) internal override returns (bool done) {
        uint256 written = paid[payee];
        if (!_isOrdered) paid[payee] = _before;
        done = super._tryPay(payee, amount);
        if (!_isOrdered) paid[payee] = written;
    }
}
