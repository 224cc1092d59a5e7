// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The part of EIP-3009 that channels are opened by, with the packed signature of USDC 2.2.
interface ITokenWithAuthorization {
    /// Moves `value` from `from` to the caller, who must be `to`. @param signature 65 bytes r, s, v
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external;
}
