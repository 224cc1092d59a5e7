// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {PayoutHub} from "../../src/PayoutHub.sol";

/// What a mutant does wrong.
enum HubBug {
    /// See ChannelBug.
    None,
    PayoutsExpire,
    PaysThePastAgain,
    TakesAnyPayout,
    OneBadPayoutBlocksAll,
    ForgetsWhatIsPaid,
    RecordsTheLastPaymentOnly,
    WhatWasRefusedCountsAsPaid,
    IgnoresWhatItsTokenAnswers,
    AnybodyTakesMoneyOut,
    AnyFee,
    InstructionsWorkAgain,
    AnybodyInstructs,
    TakesShortDeposits,
    NoGuard,
    PaysBeforeItWrites,
    PaysBeforeItWritesWithoutAGuard
}

/// PayoutHub with one bug: see ChannelMutant.
contract HubMutant is PayoutHub {
    using SafeERC20 for IERC20;

    HubBug private immutable _bug;
    uint256 private immutable _madeAt = block.timestamp;

    constructor(HubBug bug, address token_, address owner_, address signer_) PayoutHub(token_, owner_, signer_) {
        _bug = bug;
    }

    function _owed(PayoutRow calldata row, address payee, uint256 cumulativeAmount, bytes32 separator)
        internal
        view
        override
        returns (uint256 owed, bytes4 fault)
    {
        if (_bug == HubBug.PayoutsExpire && block.timestamp > _madeAt + 1 days) {
            return (0, AuthorizationExpired.selector);
        }
        (owed, fault) = super._owed(row, payee, cumulativeAmount, separator);
        if (_bug == HubBug.PaysThePastAgain && fault == 0) owed = cumulativeAmount;
        if (_bug == HubBug.TakesAnyPayout && fault == InvalidSignature.selector) {
            return (cumulativeAmount - paid[payee], 0);
        }
        require(_bug != HubBug.OneBadPayoutBlocksAll || fault == 0, InvalidSignature());
    }

    function _setPaid(address payee, uint256 cumulativeAmount) internal override {
        if (_bug == HubBug.ForgetsWhatIsPaid) return;
        if (_bug == HubBug.RecordsTheLastPaymentOnly) cumulativeAmount -= paid[payee];
        super._setPaid(payee, cumulativeAmount);
    }

    function _takeBack(address payee, uint256 before) internal override {
        if (_bug != HubBug.WhatWasRefusedCountsAsPaid) super._takeBack(payee, before);
    }

    function _tryPay(address payee, uint256 amount) internal override returns (bool done) {
        if (_bug != HubBug.IgnoresWhatItsTokenAnswers) return super._tryPay(payee, amount);
        (done,) = token.call(abi.encodeCall(IERC20.transfer, (payee, amount)));
    }

    function _onlyOwner() internal view override {
        if (_bug != HubBug.AnybodyTakesMoneyOut) super._onlyOwner();
    }

    function _isFeeAllowed(uint256 fee, uint256 maxFee, uint256 payment) internal view override returns (bool) {
        return _bug == HubBug.AnyFee ? fee <= payment : super._isFeeAllowed(fee, maxFee, payment);
    }

    function _useNonceOf(address payee, uint256 nonce) internal override {
        if (_bug != HubBug.InstructionsWorkAgain) super._useNonceOf(payee, nonce);
    }

    function _isSignedByPayee(PayoutToRow calldata row) internal view override returns (bool) {
        return _bug == HubBug.AnybodyInstructs || super._isSignedByPayee(row);
    }

    function deposit(uint256 amount) external override nonReentrant {
        uint256 before = IERC20(token).balanceOf(address(this));
        emit Deposited(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        bool arrived = IERC20(token).balanceOf(address(this)) == before + amount;
        require(_bug == HubBug.TakesShortDeposits || arrived, DepositMismatch());
    }

    function redeem(PayoutRow[] calldata rows) external override returns (uint256) {
        bool open_ = _bug == HubBug.NoGuard || _bug == HubBug.PaysBeforeItWritesWithoutAGuard;
        return open_ ? _redeem(rows) : _redeemGuarded(rows);
    }

    function _redeemGuarded(PayoutRow[] calldata rows) private nonReentrant returns (uint256) {
        return _redeem(rows);
    }

    function _redeem(PayoutRow[] calldata rows) private returns (uint256 total) {
        bool late = _bug == HubBug.PaysBeforeItWrites || _bug == HubBug.PaysBeforeItWritesWithoutAGuard;
        for (uint256 i = 0; i < rows.length; ++i) {
            address payee = rows[i].payee;
            uint256 before = paid[payee];
            (uint256 owed, bytes4 fault) = _owed(rows[i], payee, rows[i].cumulativeAmount, _separator());
            if (fault == 0) {
                _setPaid(payee, late ? before : rows[i].cumulativeAmount);
                if (_tryPay(payee, owed)) {
                    if (late) _setPaid(payee, rows[i].cumulativeAmount);
                    total += owed;
                    continue;
                }
                _takeBack(payee, before);
                bool short = IERC20(token).balanceOf(address(this)) < owed;
                fault = short ? Unfunded.selector : PaymentRefused.selector;
            }
            emit PayoutSkipped(payee, fault);
        }
    }
}

// The hub's constructor asks for the id before a mutant's could name its bug: so these are contracts of their own.

contract IdWithoutContract is PayoutHub {
    constructor(address token_, address owner_, address signer_) PayoutHub(token_, owner_, signer_) {}

    function _idOf(address token_, address owner_, address signer_) internal view override returns (bytes32) {
        return keccak256(abi.encode(token_, owner_, signer_, block.chainid));
    }
}

contract IdWithoutChain is PayoutHub {
    constructor(address token_, address owner_, address signer_) PayoutHub(token_, owner_, signer_) {}

    function _idOf(address token_, address owner_, address signer_) internal view override returns (bytes32) {
        return keccak256(abi.encode(token_, owner_, signer_, address(this)));
    }
}

/// The place is both in the id and in the domain: it takes both bugs to lose it.
contract PayoutsForAnyPlace is PayoutHub {
    constructor(address token_, address owner_, address signer_) PayoutHub(token_, owner_, signer_) {}

    function _idOf(address token_, address owner_, address signer_) internal pure override returns (bytes32) {
        return keccak256(abi.encode(token_, owner_, signer_));
    }

    function _separator() internal pure override returns (bytes32) {
        return keccak256("Afterglow Payout Hub");
    }
}
