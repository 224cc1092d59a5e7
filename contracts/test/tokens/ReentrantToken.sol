// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITokenWithAuthorization} from "../../src/ITokenWithAuthorization.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Calls a target back in the middle of a transfer, and remembers whether that went through and what it was told.
contract ReentrantToken is ERC20("Reentrant", "RE"), ITokenWithAuthorization {
    address private _target;
    bytes private _call;
    /// One call back at a time: what it moves itself is moved as usual.
    bool private _isCalling;
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
        if (_target == address(0) || _isCalling) return;
        ++tried;
        _isCalling = true;
        bool done;
        (done, answer) = _target.call(_call);
        _isCalling = false;
        if (done) ++succeeded;
    }
}
