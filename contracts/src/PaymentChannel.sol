// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ChannelAccounting} from "./ChannelAccounting.sol";
import {ChannelLedger} from "./ChannelLedger.sol";
import {IPaymentChannel} from "./IPaymentChannel.sol";
import {ITokenWithAuthorization} from "./ITokenWithAuthorization.sol";

/**
 * Unidirectional payment channels by `draft-evm-session-00`: see IPaymentChannel.
 *
 * Each function that moves money first checks, then writes, then calls the token, behind a guard against reentry.
 */
contract PaymentChannel is ChannelLedger, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channelId,uint128 cumulativeAmount)");
    bytes32 public constant CLOSE_REQUEST_TYPEHASH =
        keccak256("CloseRequest(bytes32 channelId,uint256 cancelled,uint256 deadline)");

    /// @inheritdoc IPaymentChannel
    uint64 public immutable CLOSE_GRACE_PERIOD;

    /// Whoever deploys it has no power over it. @param closeGracePeriod seconds, for ever: see CLOSE_GRACE_PERIOD
    constructor(uint64 closeGracePeriod) EIP712("EVM Payment Channel", "1") {
        CLOSE_GRACE_PERIOD = closeGracePeriod;
    }

    // ---- deposits ----------------------------------------------------------------------------------------------

    /// @inheritdoc IPaymentChannel
    function open(address payee, address token, uint128 deposit, bytes32 salt, address authorizedSigner)
        external
        nonReentrant
        returns (bytes32 channelId)
    {
        channelId = _openChannel(msg.sender, payee, token, deposit, salt, authorizedSigner);
        _pull(token, msg.sender, deposit);
    }

    /// @inheritdoc IPaymentChannel
    function openWithAuthorization(
        address payee,
        address token,
        uint128 deposit,
        bytes32 salt,
        address authorizedSigner,
        address from,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external nonReentrant returns (bytes32 channelId) {
        _checkNonce(nonce, keccak256(abi.encode(from, payee, token, salt, authorizedSigner)));
        channelId = _openChannel(from, payee, token, deposit, salt, authorizedSigner);
        _pullWithAuthorization(token, from, deposit, validAfter, validBefore, nonce, signature);
    }

    /// @inheritdoc IPaymentChannel
    function topUp(bytes32 channelId, uint128 additionalDeposit) external virtual nonReentrant {
        Record storage record = _openRecord(channelId);
        _onlyPayer(record);
        if (_cancelClose(record)) emit CloseCancelled(channelId);
        emit ToppedUp(channelId, additionalDeposit, _addDeposit(record, additionalDeposit));
        _pull(_routes[record.route].token, msg.sender, additionalDeposit);
    }

    /// @inheritdoc IPaymentChannel
    function topUpWithAuthorization(
        bytes32 channelId,
        uint128 additionalDeposit,
        address from,
        bytes32 topUpSalt,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external virtual nonReentrant {
        Record storage record = _openRecord(channelId);
        require(record.closeRequestedAt == 0, ClosePending());
        _checkNonce(nonce, keccak256(abi.encode(channelId, additionalDeposit, from, topUpSalt)));
        emit ToppedUp(channelId, additionalDeposit, _addDeposit(record, additionalDeposit));
        address token = _routes[record.route].token;
        _pullWithAuthorization(token, from, additionalDeposit, validAfter, validBefore, nonce, signature);
    }

    // ---- the payee ---------------------------------------------------------------------------------------------

    /// @inheritdoc IPaymentChannel
    function settle(bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature)
        external
        virtual
        nonReentrant
    {
        (Record storage record, address token) = _recordOfPayee(channelId);
        uint128 owed = _settle(record, channelId, cumulativeAmount, signature);
        _pay(token, msg.sender, owed);
    }

    /// @inheritdoc IPaymentChannel
    function settleMany(address token, VoucherRow[] calldata rows)
        external
        virtual
        nonReentrant
        returns (uint256 total)
    {
        uint32 route = _routeNumber[msg.sender][token];
        bytes32 separator = _separator();
        for (uint256 i = 0; i < rows.length; ++i) {
            VoucherRow calldata row = rows[i];
            Record storage record = _records[row.channelId];
            bytes4 fault = _settlementFault(record, route, row.cumulativeAmount);
            if (fault == 0) {
                bytes32 digest = _voucherDigest(separator, row.channelId, row.cumulativeAmount);
                if (!_isSignedBy(_signer(record), digest, row.v, row.r, row.s)) fault = InvalidSignature.selector;
            }
            if (fault == 0) {
                total += _raiseSettled(record, row.cumulativeAmount);
                emit Settled(row.channelId, row.cumulativeAmount);
            } else {
                emit VoucherSkipped(row.channelId, fault);
            }
        }
        if (total != 0) _pay(token, msg.sender, total);
    }

    /// @inheritdoc IPaymentChannel
    function close(bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature) external nonReentrant {
        (Record storage record, address token) = _recordOfPayee(channelId);
        uint128 owed = 0;
        if (cumulativeAmount > record.settled) owed = _settle(record, channelId, cumulativeAmount, signature);
        _finalizeAndRefund(record, channelId, token);
        if (owed != 0) _pay(token, msg.sender, owed);
    }

    // ---- the payer ---------------------------------------------------------------------------------------------

    /// @inheritdoc IPaymentChannel
    function requestClose(bytes32 channelId) external nonReentrant {
        Record storage record = _openRecord(channelId);
        _onlyPayer(record);
        _startClose(record);
        emit CloseRequested(channelId, block.timestamp + CLOSE_GRACE_PERIOD);
    }

    /// @inheritdoc IPaymentChannel
    function requestCloseWithAuthorization(bytes32 channelId, uint256 deadline, bytes calldata payerSignature)
        external
        virtual
        nonReentrant
    {
        Record storage record = _openRecord(channelId);
        require(block.timestamp <= deadline, AuthorizationExpired());
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(CLOSE_REQUEST_TYPEHASH, channelId, uint256(record.closesCancelled), deadline))
        );
        _requireSignedBy(record.payer, digest, payerSignature);
        _startClose(record);
        emit CloseRequested(channelId, block.timestamp + CLOSE_GRACE_PERIOD);
    }

    /// @inheritdoc IPaymentChannel
    function withdraw(bytes32 channelId) external nonReentrant {
        Record storage record = _openRecord(channelId);
        _onlyPayer(record);
        _withdraw(record, channelId);
    }

    /// @inheritdoc IPaymentChannel
    function withdrawFor(bytes32 channelId) external nonReentrant {
        _withdraw(_openRecord(channelId), channelId);
    }

    // ---- ids and digests ---------------------------------------------------------------------------------------

    /// @inheritdoc IPaymentChannel
    function computeChannelId(address payer, address payee, address token, bytes32 salt, address authorizedSigner)
        public
        view
        virtual
        returns (bytes32)
    {
        return keccak256(abi.encode(payer, payee, token, salt, authorizedSigner, address(this), block.chainid));
    }

    /// @inheritdoc IPaymentChannel
    function getVoucherDigest(bytes32 channelId, uint128 cumulativeAmount) public view returns (bytes32) {
        return _voucherDigest(_separator(), channelId, cumulativeAmount);
    }

    /// @inheritdoc IPaymentChannel
    function domainSeparator() external view returns (bytes32) {
        return _separator();
    }

    // ---- inside ------------------------------------------------------------------------------------------------

    function _openChannel(
        address payer,
        address payee,
        address token,
        uint128 deposit,
        bytes32 salt,
        address authorizedSigner
    ) private returns (bytes32 channelId) {
        channelId = computeChannelId(payer, payee, token, salt, authorizedSigner);
        _create(channelId, payer, _routeTo(payee, token), authorizedSigner, deposit);
        emit ChannelOpened(channelId, payer, payee, token, authorizedSigner, salt, deposit);
    }

    function _checkNonce(bytes32 given, bytes32 derived) internal view virtual {
        require(given == derived, NonceMismatch());
    }

    function _onlyPayer(Record storage record) internal view virtual {
        require(msg.sender == record.payer, NotPayer());
    }

    /// The last step of whatever pays.
    function _pay(address token, address to, uint256 amount) internal virtual {
        IERC20(token).safeTransfer(to, amount);
    }

    function _pull(address token, address from, uint128 amount) internal virtual {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        require(IERC20(token).balanceOf(address(this)) == before + amount, DepositMismatch());
    }

    function _pullWithAuthorization(
        address token,
        address from,
        uint128 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal virtual {
        uint256 before = IERC20(token).balanceOf(address(this));
        ITokenWithAuthorization(token)
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, signature);
        require(IERC20(token).balanceOf(address(this)) == before + amount, DepositMismatch());
    }

    /// An open channel that the caller is the payee of.
    function _recordOfPayee(bytes32 channelId)
        internal
        view
        virtual
        returns (Record storage record, address token)
    {
        record = _openRecord(channelId);
        Route storage route = _routes[record.route];
        require(msg.sender == route.payee, NotPayee());
        token = route.token;
    }

    /// @return owed what is to be paid to the payee, who called
    function _settle(Record storage record, bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature)
        internal
        returns (uint128 owed)
    {
        _revertFor(_amountFault(record, cumulativeAmount));
        _requireSignedBy(_signer(record), getVoucherDigest(channelId, cumulativeAmount), signature);
        owed = _raiseSettled(record, cumulativeAmount);
        emit Settled(channelId, cumulativeAmount);
    }

    function _separator() internal view virtual returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// EIP-712, in memory that the next digest uses again: a batch of vouchers must not pay for growing memory.
    function _voucherDigest(bytes32 separator, bytes32 channelId, uint128 cumulativeAmount)
        internal
        view
        virtual
        returns (bytes32 digest)
    {
        bytes32 typehash = VOUCHER_TYPEHASH;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typehash)
            mstore(add(at, 0x20), channelId)
            mstore(add(at, 0x40), shr(128, shl(128, cumulativeAmount)))
            let structHash := keccak256(at, 0x60)
            mstore(at, hex"1901")
            mstore(add(at, 0x02), separator)
            mstore(add(at, 0x22), structHash)
            digest := keccak256(at, 0x42)
        }
    }

    function _requireSignedBy(address signer, bytes32 digest, bytes calldata signature) internal view virtual {
        (address found,,) = ECDSA.tryRecoverCalldata(digest, signature);
        require(found != address(0) && found == signer, InvalidSignature());
    }

    function _isSignedBy(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        internal
        view
        virtual
        returns (bool)
    {
        (address found,,) = ECDSA.tryRecover(digest, v, r, s);
        return found != address(0) && found == signer;
    }

    function _signer(Record storage record) private view returns (address) {
        return record.signerNamed ? record.authorizedSigner : record.payer;
    }

    function _withdraw(Record storage record, bytes32 channelId) internal virtual {
        bool ready = ChannelAccounting.isWithdrawable(record.closeRequestedAt, CLOSE_GRACE_PERIOD, block.timestamp);
        require(ready, CloseNotReady());
        _finalizeAndRefund(record, channelId, _routes[record.route].token);
    }

    function _finalizeAndRefund(Record storage record, bytes32 channelId, address token) internal virtual {
        (uint128 settled, uint128 refund) = _finalize(record);
        emit ChannelClosed(channelId, settled, refund);
        if (refund != 0) _pay(token, record.payer, refund);
    }

    /// Reverts with an error that has no parameters, given its selector; zero is no fault.
    function _revertFor(bytes4 fault) private pure {
        if (fault == 0) return;
        assembly ("memory-safe") {
            mstore(0, fault)
            revert(0, 4)
        }
    }
}
