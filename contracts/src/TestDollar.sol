// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20, ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ITokenWithAuthorization} from "./ITokenWithAuthorization.sol";

/**
 * A dollar for test chains, with USDC's 6 decimals and its EIP-3009 in both forms of signature. Anybody mints it: never
 * to be used where money is meant. EIP-712 domain: {"Test Dollar", "1", chain id, this contract}.
 */
contract TestDollar is ERC3009, ITokenWithAuthorization {
    constructor() ERC20("Test Dollar", "tUSD") EIP712("Test Dollar", "1") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// The faucet. Anybody may call.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external {
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
    }

    /// @inheritdoc ITokenWithAuthorization
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes memory signature
    ) external {
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
    }

    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        require(signature.length == 65, ECDSA.ECDSAInvalidSignatureLength(signature.length));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }
}
