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
    PayoutsTakeAHighS,
    InstructionsTakeAHighS,
    DeadlinesAreIgnored,
    LeastPayoutsAreIgnored,
    InstructionsGoToThePayee,
    PaysInstructionsBeforeItWrites,
    PaysWhoWasPaidBefore,
    LosesAUnit,
    IgnoresWhatItsTokenAnswersToInstructions,
    WantsItsTokenToAnswerToInstructions,
    IgnoresWhatItsTokenAnswersToWithdrawals,
    WantsItsTokenToAnswerToWithdrawals,
    WantsItsTokenToAnswerToDeposits
}

/// PayoutHub with one bug: see ChannelMutant.
contract HubMutant is PayoutHub {
    using SafeERC20 for IERC20;

    HubBug private immutable _bug;
    uint256 private immutable _madeAt = block.timestamp;
    address private _paidBefore;

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
        bytes32 digest = getPayoutDigest(payee, row.cumulativeAmount);
        if (
            _bug == HubBug.PayoutsTakeAHighS && fault == InvalidSignature.selector
                && ecrecover(digest, row.v, row.r, row.s) == signer
        ) return (cumulativeAmount - paid[payee], 0);
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
        if (_bug == HubBug.IgnoresWhatItsTokenAnswers) {
            (done,) = token.call(abi.encodeCall(IERC20.transfer, (payee, amount)));
            return done;
        }
        address before = _paidBefore;
        _paidBefore = payee;
        if (_bug == HubBug.PaysWhoWasPaidBefore && before != address(0)) payee = before;
        if (_bug == HubBug.LosesAUnit) IERC20(token).trySafeTransfer(address(0xD1), 1);
        return super._tryPay(payee, amount);
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
        if (_bug == HubBug.InstructionsTakeAHighS && _isSignedInAnyForm(row)) return true;
        return _bug == HubBug.AnybodyInstructs || super._isSignedByPayee(row);
    }

    function _isSignedInAnyForm(PayoutToRow calldata row) private view returns (bool) {
        bytes32 hash = keccak256(
            abi.encode(
                PAYOUT_TO_TYPEHASH,
                row.payout.payee,
                row.to,
                row.minCumulative,
                row.maxFee,
                row.nonce,
                row.deadline
            )
        );
        return ecrecover(_hashTypedDataV4(hash), row.v, row.r, row.s) == row.payout.payee;
    }

    function payTo(PayoutToRow calldata row, address submitter) external override returns (uint256 owed) {
        require(msg.sender == address(this), NotOwner());
        address payee = row.payout.payee;
        uint256 cumulativeAmount = row.payout.cumulativeAmount;
        bytes4 fault;
        (owed, fault) = _owed(row.payout, payee, cumulativeAmount, _separator());
        require(fault != AmountNotIncreasing.selector, AmountNotIncreasing());
        require(fault == 0, InvalidSignature());
        bool isInTime = block.timestamp <= row.deadline;
        require(_bug == HubBug.DeadlinesAreIgnored || isInTime, AuthorizationExpired());
        bool isEnough = cumulativeAmount >= row.minCumulative;
        require(_bug == HubBug.LeastPayoutsAreIgnored || isEnough, PayoutTooLow());
        require(_isFeeAllowed(row.fee, row.maxFee, owed), FeeTooHigh());
        require(_isSignedByPayee(row), InvalidSignature());
        require(IERC20(token).balanceOf(address(this)) >= owed, Unfunded());

        _useNonceOf(payee, row.nonce);
        bool isLate = _bug == HubBug.PaysInstructionsBeforeItWrites;
        if (!isLate) _setPaid(payee, cumulativeAmount);
        emit RedeemedTo(payee, row.to, row.payout.cumulativeAmount, row.fee);
        _send(_bug == HubBug.InstructionsGoToThePayee ? payee : row.to, owed - row.fee);
        if (row.fee != 0) _send(submitter, row.fee);
        if (isLate) _setPaid(payee, cumulativeAmount);
    }

    function _send(address to, uint256 amount) private {
        _transfer(
            to,
            amount,
            _bug == HubBug.IgnoresWhatItsTokenAnswersToInstructions,
            _bug == HubBug.WantsItsTokenToAnswerToInstructions
        );
    }

    function withdraw(address to, uint256 amount) external override nonReentrant {
        _onlyOwner();
        emit Withdrawn(to, amount);
        _transfer(
            to,
            amount,
            _bug == HubBug.IgnoresWhatItsTokenAnswersToWithdrawals,
            _bug == HubBug.WantsItsTokenToAnswerToWithdrawals
        );
    }

    function _transfer(address to, uint256 amount, bool ignoresAnswers, bool wantsAnswers) private {
        if (ignoresAnswers) {
            (bool done,) = token.call(abi.encodeCall(IERC20.transfer, (to, amount)));
            require(done);
        } else if (wantsAnswers) {
            require(IERC20(token).transfer(to, amount));
        } else {
            IERC20(token).safeTransfer(to, amount);
        }
    }

    function deposit(uint256 amount) external override nonReentrant {
        uint256 before = IERC20(token).balanceOf(address(this));
        emit Deposited(msg.sender, amount);
        if (_bug == HubBug.WantsItsTokenToAnswerToDeposits) {
            require(IERC20(token).transferFrom(msg.sender, address(this), amount));
        } else {
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        }
        bool arrived = IERC20(token).balanceOf(address(this)) == before + amount;
        require(_bug == HubBug.TakesShortDeposits || arrived, DepositMismatch());
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
