// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Balances are shares of a supply that changes: transfers lose to rounding, and a rebase changes everybody's balance.
contract RebasingToken {
    mapping(address => uint256) private _shares;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 private _perShare = 1e18;

    function mint(address to, uint256 amount) external {
        _shares[to] += amount * 1e18 / _perShare;
    }

    function rebase(uint256 perShare) external {
        _perShare = perShare;
    }

    function balanceOf(address account) public view returns (uint256) {
        return _shares[account] * _perShare / 1e18;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) public returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        uint256 shares = amount * 1e18 / _perShare;
        _shares[from] -= shares;
        _shares[to] += shares;
        return true;
    }
}
