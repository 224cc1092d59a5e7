// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Calls a target back in the middle of a transfer, and remembers whether that went through and what it was told.
contract ReentrantToken is ERC20("Reentrant", "RE") {
    address private _target;
    bytes private _call;
    uint256 public tried;
    uint256 public succeeded;
    /// By the last call back.
    bytes public answer;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// From now on. @param target nobody to stop it
    function callBack(address target, bytes calldata data) external {
        _target = target;
        _call = data;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0)) return;
        ++tried;
        bool done;
        (done, answer) = _target.call(_call);
        if (done) ++succeeded;
    }
}
