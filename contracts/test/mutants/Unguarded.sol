// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// Takes the guard against reentry away from one function.
abstract contract Unguarded is ReentrancyGuardTransient {
    bytes4 internal immutable _function;
    bool private immutable _isGuarded;

    constructor(bytes4 function_, bool isGuarded) {
        _function = function_;
        _isGuarded = isGuarded;
    }

    function _reentrancyGuardStorageSlot() internal pure virtual override returns (bytes32) {
        // What is deployed picks its slot without a look at anything, and so the compiler wants this to be pure, too.
        function() internal view returns (bytes32) slot = _slot;
        function() internal pure returns (bytes32) asPure;
        assembly {
            asPure := slot
        }
        return asPure();
    }

    /// Without the guard another one at each look: what is left of the gas never comes again.
    function _slot() private view returns (bytes32) {
        if (_isGuarded || msg.sig != _function) return super._reentrancyGuardStorageSlot();
        return bytes32(gasleft());
    }
}
