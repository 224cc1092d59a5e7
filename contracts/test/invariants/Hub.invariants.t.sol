// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Released} from "../support/Released.sol";
import {HubHandler} from "./HubHandler.sol";

contract HubInvariants is Released {
    HubHandler private _handler;

    function setUp() public {
        _handler = new HubHandler(hubCode());
    }

    /// Whom the fuzzer calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// One campaign for all of them.
    function invariant_K9_K12_hub() external view {
        vm.assertEq(_handler.fault(), "", "every rule holds");
    }
}
