// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The draws of `scripts/payment-sequence.ts`, by the same counter.
abstract contract Draws {
    uint256 private _at;

    function drawFrom(uint256 start) internal {
        _at = start;
    }

    function drawWord() internal returns (bytes32) {
        return keccak256(abi.encodePacked("afterglow/differential", _at++));
    }

    function drawNumber() internal returns (uint256) {
        return uint256(drawWord());
    }

    function drawAddress() internal returns (address) {
        return address(uint160(drawNumber()));
    }

    /// Of any size below 2^128, and never nothing.
    function drawAmount() internal returns (uint128 amount) {
        uint256 size = drawNumber();
        amount = uint128(uint128(size) >> (drawNumber() % 128));
        if (amount == 0) amount = 1;
    }
}
