// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ITokenWithAuthorization} from "../../src/ITokenWithAuthorization.sol";
import {PaymentChannel} from "../../src/PaymentChannel.sol";

/// What a mutant does wrong.
enum ChannelBug {
    /// What the tests are shown to pass on: all that is written anew below does what the original does.
    None,
    IdWithoutChain,
    IdWithoutContract,
    DomainWithoutChain,
    DomainWithoutContract,
    VoucherOfAnyChannel,
    TakesAnySignature,
    TakesAHighS,
    TakesACompactSignature,
    AsksContractsForTheirConsent,
    KeyedOnSignatures,
    TakesALowerAmount,
    SettlesBeyondTheDeposit,
    PaysTheWholeVoucherAgain,
    ForgetsWhatIsSettled,
    VouchersExpire,
    TopUpReplacesTheDeposit,
    RefundsTheWholeDeposit,
    ReopensTheFinalized,
    FinalizedGoOn,
    ZeroCountsAsElapsed,
    WithdrawsWithoutGrace,
    NobodyLeavesUnserved,
    NothingIsSettledWhileClosing,
    StrangersActForThePayer,
    RelayedTopUpsCancelACloseToo,
    RelayedTopUpsAreThePayersOnly,
    CloseRequestsAreForgotten,
    CloseRequestsNeverExpire,
    SignersRequestCloses,
    ACloseCanBePutOff,
    CancelledRequestsWorkAgain,
    TheCountOfCancelledClosesBeginsAnew,
    WhoWithdrawsIsPaid,
    PaysWhoWasPaidBefore,
    AnybodySettles,
    OneBadRowBlocksTheBatch,
    BatchesTakeRowsOfOthers,
    BatchesTakeUnsignedRows,
    BatchesTakeAHighS,
    AuthorizationsOpenAnything,
    NamedSignersAreIgnored,
    TrustsTheTokenWithAmounts,
    TrustsTheTokenWithAuthorizedAmounts,
    IgnoresWhatTokensAnswer,
    WantsTokensToAnswer
}

/**
 * PaymentChannel with one bug. All of them are one contract, since the compiler takes a second for each. The tests of
 * `ChannelMutants.t.sol` demand that each bug is caught.
 */
contract ChannelMutant is PaymentChannel {
    ChannelBug private immutable _bug;
    uint256 private immutable _madeAt = block.timestamp;
    mapping(bytes32 signatureHash => bool) private _used;
    address private _paidBefore;

    constructor(ChannelBug bug, uint64 grace) PaymentChannel(grace) {
        _bug = bug;
    }

    // ---- ids, domains, signatures --------------------------------------------------------------------------------

    function computeChannelId(address payer, address payee, address token, bytes32 salt, address authorizedSigner)
        public
        view
        override
        returns (bytes32)
    {
        if (_bug == ChannelBug.IdWithoutChain) {
            return keccak256(abi.encode(payer, payee, token, salt, authorizedSigner, address(this)));
        }
        if (_bug == ChannelBug.IdWithoutContract) {
            return keccak256(abi.encode(payer, payee, token, salt, authorizedSigner, block.chainid));
        }
        return super.computeChannelId(payer, payee, token, salt, authorizedSigner);
    }

    function _separator() internal view override returns (bytes32) {
        if (_bug == ChannelBug.DomainWithoutChain) return keccak256(abi.encode(address(this)));
        if (_bug == ChannelBug.DomainWithoutContract) return keccak256(abi.encode(block.chainid));
        return super._separator();
    }

    function _voucherDigest(bytes32 separator, bytes32 channelId, uint128 cumulativeAmount)
        internal
        view
        override
        returns (bytes32)
    {
        if (_bug == ChannelBug.VoucherOfAnyChannel) channelId = 0;
        return super._voucherDigest(separator, channelId, cumulativeAmount);
    }

    function _requireSignedBy(address signer, bytes32 digest, bytes calldata signature) internal view override {
        if (_bug == ChannelBug.TakesAnySignature) return;
        address found;
        if (_bug == ChannelBug.TakesAHighS && signature.length == 65) {
            found = ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        }
        if (_bug == ChannelBug.TakesACompactSignature && signature.length == 64) {
            uint256 vs = uint256(bytes32(signature[32:]));
            uint8 v = uint8(27 + (vs >> 255));
            found = ecrecover(digest, v, bytes32(signature[:32]), bytes32(vs & (2 ** 255 - 1)));
        }
        if (_bug == ChannelBug.AsksContractsForTheirConsent && signer.code.length != 0) {
            bytes memory question = abi.encodeWithSignature("isValidSignature(bytes32,bytes)", digest, signature);
            (bool done, bytes memory answer) = signer.staticcall(question);
            if (done && bytes4(answer) == 0x1626ba7e) found = signer;
        }
        if (found != address(0) && found == signer) return;
        super._requireSignedBy(signer, digest, signature);
    }

    function _isSignedBy(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        internal
        view
        override
        returns (bool)
    {
        if (_bug == ChannelBug.BatchesTakeAHighS && ecrecover(digest, v, r, s) == signer) return true;
        return _bug == ChannelBug.BatchesTakeUnsignedRows || super._isSignedBy(signer, digest, v, r, s);
    }

    // ---- amounts -------------------------------------------------------------------------------------------------

    function _amountFault(Record storage record, uint128 cumulativeAmount)
        internal
        view
        override
        returns (bytes4)
    {
        if (_bug == ChannelBug.TakesALowerAmount) {
            return cumulativeAmount > record.deposit ? AmountExceedsDeposit.selector : bytes4(0);
        }
        if (_bug == ChannelBug.SettlesBeyondTheDeposit) {
            return cumulativeAmount <= record.settled ? AmountNotIncreasing.selector : bytes4(0);
        }
        if (_bug == ChannelBug.VouchersExpire && block.timestamp > _madeAt + 1 days) {
            return AuthorizationExpired.selector;
        }
        if (_bug == ChannelBug.NothingIsSettledWhileClosing && record.closeRequestedAt != 0) {
            return ClosePending.selector;
        }
        return super._amountFault(record, cumulativeAmount);
    }

    function _raiseSettled(Record storage record, uint128 cumulativeAmount)
        internal
        override
        returns (uint128 owed)
    {
        uint128 settled = record.settled;
        if (_bug == ChannelBug.TakesALowerAmount && cumulativeAmount <= settled) {
            record.settled = cumulativeAmount;
            return 0;
        }
        owed = super._raiseSettled(record, cumulativeAmount);
        if (_bug == ChannelBug.PaysTheWholeVoucherAgain) owed = cumulativeAmount;
        if (_bug == ChannelBug.ForgetsWhatIsSettled) record.settled = settled;
    }

    function _addDeposit(Record storage record, uint128 amount) internal override returns (uint128 deposit) {
        deposit = super._addDeposit(record, amount);
        if (_bug == ChannelBug.TopUpReplacesTheDeposit) record.deposit = amount;
    }

    function _finalize(Record storage record) internal override returns (uint128 settled, uint128 refund) {
        (settled, refund) = super._finalize(record);
        if (_bug == ChannelBug.RefundsTheWholeDeposit) refund = record.deposit;
    }

    function _create(bytes32 channelId, address payer, uint32 route, address signer, uint128 deposit)
        internal
        override
    {
        bool finalized = _records[channelId].phase == Phase.Finalized;
        if (_bug == ChannelBug.ReopensTheFinalized && finalized) delete _records[channelId];
        if (_bug == ChannelBug.NamedSignersAreIgnored) signer = address(0);
        super._create(channelId, payer, route, signer, deposit);
    }

    function _openRecord(bytes32 channelId) internal view override returns (Record storage) {
        if (_bug == ChannelBug.FinalizedGoOn) return _records[channelId];
        return super._openRecord(channelId);
    }

    // ---- closing -------------------------------------------------------------------------------------------------

    function _withdraw(Record storage record, bytes32 channelId) internal override {
        uint256 elapsed = block.timestamp - record.closeRequestedAt;
        bool early = (_bug == ChannelBug.ZeroCountsAsElapsed && elapsed >= CLOSE_GRACE_PERIOD)
            || (_bug == ChannelBug.WithdrawsWithoutGrace && record.closeRequestedAt != 0);
        if (early) return _finalizeAndRefund(record, channelId, _routes[record.route].token);
        require(_bug != ChannelBug.NobodyLeavesUnserved || record.settled != 0, CloseNotReady());
        super._withdraw(record, channelId);
    }

    function _onlyPayer(Record storage record) internal view override {
        if (_bug != ChannelBug.StrangersActForThePayer) super._onlyPayer(record);
    }

    function topUpWithAuthorization(
        bytes32 channelId,
        uint128 additionalDeposit,
        address from,
        bytes32 topUpSalt,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external override nonReentrant {
        Record storage record = _openRecord(channelId);
        if (_bug == ChannelBug.RelayedTopUpsCancelACloseToo) _cancelClose(record);
        require(_bug != ChannelBug.RelayedTopUpsAreThePayersOnly || from == record.payer, NotPayer());
        require(record.closeRequestedAt == 0, ClosePending());
        _checkNonce(nonce, keccak256(abi.encode(channelId, additionalDeposit, from, topUpSalt)));
        emit ToppedUp(channelId, additionalDeposit, _addDeposit(record, additionalDeposit));
        address token = _routes[record.route].token;
        _pullWithAuthorization(token, from, additionalDeposit, validAfter, validBefore, nonce, signature);
    }

    function requestCloseWithAuthorization(bytes32 channelId, uint256 deadline, bytes calldata payerSignature)
        external
        override
        nonReentrant
    {
        Record storage record = _openRecord(channelId);
        bool isInTime = block.timestamp <= deadline;
        require(_bug == ChannelBug.CloseRequestsNeverExpire || isInTime, AuthorizationExpired());
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(CLOSE_REQUEST_TYPEHASH, channelId, uint256(record.closesCancelled), deadline))
        );
        bool bySigner = _bug == ChannelBug.SignersRequestCloses && record.signerNamed;
        _requireSignedBy(bySigner ? record.authorizedSigner : record.payer, digest, payerSignature);
        _startClose(record);
        emit CloseRequested(channelId, block.timestamp + CLOSE_GRACE_PERIOD);
    }

    function _startClose(Record storage record) internal override {
        if (_bug == ChannelBug.CloseRequestsAreForgotten) return;
        if (_bug == ChannelBug.ACloseCanBePutOff) record.closeRequestedAt = 0;
        super._startClose(record);
    }

    function _cancelClose(Record storage record) internal override returns (bool cancelled) {
        uint8 before = record.closesCancelled;
        if (_bug == ChannelBug.TheCountOfCancelledClosesBeginsAnew && before == 255) {
            record.closesCancelled = before = 0;
        }
        cancelled = super._cancelClose(record);
        if (_bug == ChannelBug.CancelledRequestsWorkAgain) record.closesCancelled = before;
    }

    function _finalizeAndRefund(Record storage record, bytes32 channelId, address token) internal override {
        if (_bug != ChannelBug.WhoWithdrawsIsPaid) return super._finalizeAndRefund(record, channelId, token);
        (, uint128 refund) = _finalize(record);
        if (refund != 0) _pay(token, msg.sender, refund);
    }

    // ---- the payee's side ----------------------------------------------------------------------------------------

    function settle(bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature)
        external
        override
        nonReentrant
    {
        (Record storage record, address token) = _recordOfPayee(channelId);
        if (_bug == ChannelBug.KeyedOnSignatures) {
            require(!_used[keccak256(signature)], AmountNotIncreasing());
            _used[keccak256(signature)] = true;
            record.settled = 0;
        }
        _pay(token, msg.sender, _settle(record, channelId, cumulativeAmount, signature));
    }

    function _recordOfPayee(bytes32 channelId)
        internal
        view
        override
        returns (Record storage record, address token)
    {
        if (_bug != ChannelBug.AnybodySettles) return super._recordOfPayee(channelId);
        record = _openRecord(channelId);
        token = _routes[record.route].token;
    }

    function _settlementFault(Record storage record, uint32 route, uint128 cumulativeAmount)
        internal
        view
        override
        returns (bytes4 fault)
    {
        if (_bug == ChannelBug.BatchesTakeRowsOfOthers) route = record.route;
        fault = super._settlementFault(record, route, cumulativeAmount);
        require(_bug != ChannelBug.OneBadRowBlocksTheBatch || fault == 0, InvalidSignature());
    }

    // ---- tokens --------------------------------------------------------------------------------------------------

    function _checkNonce(bytes32 given, bytes32 derived) internal view override {
        if (_bug != ChannelBug.AuthorizationsOpenAnything) super._checkNonce(given, derived);
    }

    function _pull(address token, address from, uint128 amount) internal override {
        if (_bug != ChannelBug.TrustsTheTokenWithAmounts) return super._pull(token, from, amount);
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        IERC20(token).transferFrom(from, address(this), amount);
    }

    function _pullWithAuthorization(
        address token,
        address from,
        uint128 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal override {
        if (_bug != ChannelBug.TrustsTheTokenWithAuthorizedAmounts) {
            return super._pullWithAuthorization(token, from, amount, validAfter, validBefore, nonce, signature);
        }
        ITokenWithAuthorization(token)
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, signature);
    }

    function _pay(address token, address to, uint256 amount) internal override {
        address before = _paidBefore;
        _paidBefore = to;
        if (_bug == ChannelBug.PaysWhoWasPaidBefore && before != address(0)) to = before;
        if (_bug == ChannelBug.IgnoresWhatTokensAnswer) {
            (bool done,) = token.call(abi.encodeCall(IERC20.transfer, (to, amount)));
            require(done);
        } else if (_bug == ChannelBug.WantsTokensToAnswer) {
            require(IERC20(token).transfer(to, amount));
        } else {
            super._pay(token, to, amount);
        }
    }
}
