// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {PayoutHub} from "../../src/PayoutHub.sol";
import {Test} from "./Test.sol";

/**
 * The contracts as they are deployed: the bytecode that `npm run build:contracts` made. Coverage can only be counted in
 * what was compiled with the tests, so there `CONTRACTS_FROM_SOURCE` asks for that.
 */
abstract contract Released is Test {
    function newChannels(uint64 grace) internal returns (PaymentChannel) {
        return PaymentChannel(create(channelCode(), abi.encode(grace)));
    }

    function newHub(address token, address owner, address signer) internal returns (PayoutHub) {
        return PayoutHub(create(hubCode(), abi.encode(token, owner, signer)));
    }

    function channelCode() internal view virtual returns (bytes memory) {
        return _isFromSource() ? type(PaymentChannel).creationCode : _released("PaymentChannel");
    }

    function hubCode() internal view virtual returns (bytes memory) {
        return _isFromSource() ? type(PayoutHub).creationCode : _released("PayoutHub");
    }

    function _released(string memory name) private view returns (bytes memory) {
        return vm.getCode(string.concat("contracts/out/release/", name, ".sol/", name, ".json"));
    }

    function _isFromSource() private view returns (bool) {
        return vm.envOr("CONTRACTS_FROM_SOURCE", false);
    }

    /// Reverts with the constructor's own error.
    function create(bytes memory code, bytes memory parameters) internal returns (address made) {
        bytes memory whole = abi.encodePacked(code, parameters);
        assembly ("memory-safe") {
            made := create(0, add(whole, 0x20), mload(whole))
            if iszero(made) {
                returndatacopy(mload(0x40), 0, returndatasize())
                revert(mload(0x40), returndatasize())
            }
        }
    }
}
