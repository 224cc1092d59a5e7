// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Released} from "./Released.sol";

/// Puts contracts at places of our choice.
abstract contract Placed is Released {
    /// The constructor runs there. @param creation code with parameters
    function place(address where, bytes memory creation) internal {
        vm.etch(where, creation);
        (bool done, bytes memory code) = where.call("");
        vm.assertTrue(done, "placed");
        vm.etch(where, code);
    }
}
