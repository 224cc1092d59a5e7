// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Transfers answer in one of the ways that old tokens have: nothing at all (as USDT), or `false` in place of an error.
contract OddToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    bool private immutable _answersFalse;
    /// Who gets nothing.
    mapping(address => bool) public refused;

    constructor(bool answersFalse) {
        _answersFalse = answersFalse;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function burn(address from, uint256 amount) external {
        balanceOf[from] -= amount;
    }

    function refuse(address to) external {
        refused[to] = true;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        bool enough = balanceOf[from] >= amount && !refused[to];
        if (!_answersFalse) require(enough, "too little, or refused");
        if (enough) {
            balanceOf[from] -= amount;
            balanceOf[to] += amount;
        }
        if (!_answersFalse) return;
        assembly {
            mstore(0, enough)
            return(0, 32)
        }
    }
}
