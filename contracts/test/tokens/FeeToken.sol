// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITokenWithAuthorization} from "../../src/ITokenWithAuthorization.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Keeps 1% of each transfer.
contract FeeToken is ERC20("Fee", "FEE"), ITokenWithAuthorization {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// Anybody's money at once: signatures are not what this token is for.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes memory
    ) external {
        _transfer(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) _burn(to, value / 100);
    }
}
