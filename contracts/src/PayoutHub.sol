// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {HubAccounting} from "./HubAccounting.sol";
import {IPayoutHub} from "./IPayoutHub.sol";

/**
 * One relay's purse for all its providers: see IPayoutHub.
 *
 * What is virtual is so for the planted bugs of `contracts/test/mutants` alone; nothing that is deployed overrides it.
 */
contract PayoutHub is IPayoutHub, EIP712, Nonces, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PAYOUT_TYPEHASH =
        keccak256("Payout(bytes32 hubId,address payee,uint128 cumulativeAmount)");
    bytes32 public constant PAYOUT_TO_TYPEHASH = keccak256(
        "PayoutTo(address payee,address to,uint128 minCumulative,uint128 maxFee,uint256 nonce,uint256 deadline)"
    );
    /// @inheritdoc IPayoutHub
    address public immutable token;
    /// @inheritdoc IPayoutHub
    address public immutable owner;
    /// @inheritdoc IPayoutHub
    address public immutable signer;
    /// @inheritdoc IPayoutHub
    bytes32 public immutable hubId;

    /// @inheritdoc IPayoutHub
    mapping(address payee => uint256) public paid;

    /**
     * Whoever deploys it has no power over it. All three are for ever. Errors: NotToken, ZeroAddress.
     * @param token_ what it pays in; must be a contract
     * @param owner_ may take the money out at any time, and nothing else
     * @param signer_ says what payees have earned; can't take money out but by a payout
     */
    constructor(address token_, address owner_, address signer_) EIP712("Afterglow Payout Hub", "1") {
        require(token_.code.length != 0, NotToken());
        require(owner_ != address(0) && signer_ != address(0), ZeroAddress());
        token = token_;
        owner = owner_;
        signer = signer_;
        hubId = _idOf(token_, owner_, signer_);
    }

    /// @inheritdoc IPayoutHub
    function redeem(PayoutRow[] calldata rows) external virtual nonReentrant returns (uint256 total) {
        bytes32 separator = _separator();
        for (uint256 i = 0; i < rows.length; ++i) {
            PayoutRow calldata row = rows[i];
            address payee = row.payee;
            uint256 cumulativeAmount = row.cumulativeAmount;
            (uint256 owed, bytes4 fault) = _owed(row, payee, cumulativeAmount, separator);
            if (fault == 0) {
                _setPaid(payee, cumulativeAmount);
                if (_tryPay(payee, owed)) {
                    total += owed;
                    continue;
                }
                _takeBack(payee, cumulativeAmount - owed);
                fault = _transferFault(owed);
            }
            emit PayoutSkipped(payee, fault);
        }
    }

    /// @inheritdoc IPayoutHub
    function redeemTo(PayoutToRow[] calldata rows) external nonReentrant returns (uint256 total) {
        for (uint256 i = 0; i < rows.length; ++i) {
            // A call of its own, so that a row is paid whole or not at all.
            try this.payTo(rows[i], msg.sender) returns (uint256 owed) {
                total += owed;
            } catch (bytes memory reason) {
                emit PayoutSkipped(rows[i].payout.payee, bytes4(reason));
            }
        }
    }

    /// One row of `redeemTo`; the hub calls it itself and nobody else can.
    function payTo(PayoutToRow calldata row, address submitter) external virtual returns (uint256 owed) {
        require(msg.sender == address(this), NotOwner());
        address payee = row.payout.payee;
        uint256 cumulativeAmount = row.payout.cumulativeAmount;
        bytes4 fault;
        (owed, fault) = _owed(row.payout, payee, cumulativeAmount, _separator());
        require(fault != AmountNotIncreasing.selector, AmountNotIncreasing());
        require(fault == 0, InvalidSignature());
        require(block.timestamp <= row.deadline, AuthorizationExpired());
        require(cumulativeAmount >= row.minCumulative, PayoutTooLow());
        require(_isFeeAllowed(row.fee, row.maxFee, owed), FeeTooHigh());
        require(_isSignedByPayee(row), InvalidSignature());
        require(IERC20(token).balanceOf(address(this)) >= owed, Unfunded());

        _useNonceOf(payee, row.nonce);
        _setPaid(payee, cumulativeAmount);
        emit RedeemedTo(payee, row.to, row.payout.cumulativeAmount, row.fee);
        IERC20(token).safeTransfer(row.to, owed - row.fee);
        if (row.fee != 0) IERC20(token).safeTransfer(submitter, row.fee);
    }

    /// @inheritdoc IPayoutHub
    function deposit(uint256 amount) external virtual nonReentrant {
        uint256 before = IERC20(token).balanceOf(address(this));
        emit Deposited(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        require(IERC20(token).balanceOf(address(this)) == before + amount, DepositMismatch());
    }

    /// @inheritdoc IPayoutHub
    function withdraw(address to, uint256 amount) external virtual nonReentrant {
        _onlyOwner();
        emit Withdrawn(to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc IPayoutHub
    function nonces(address payee) public view override(IPayoutHub, Nonces) returns (uint256) {
        return super.nonces(payee);
    }

    /// @inheritdoc IPayoutHub
    function getPayoutDigest(address payee, uint128 cumulativeAmount) public view returns (bytes32) {
        return _payoutDigest(_separator(), payee, cumulativeAmount);
    }

    /// @inheritdoc IPayoutHub
    function domainSeparator() external view returns (bytes32) {
        return _separator();
    }

    // ---- inside ------------------------------------------------------------------------------------------------

    function _idOf(address token_, address owner_, address signer_) internal view virtual returns (bytes32) {
        return keccak256(abi.encode(token_, owner_, signer_, address(this), block.chainid));
    }

    function _onlyOwner() internal view virtual {
        require(msg.sender == owner, NotOwner());
    }

    function _setPaid(address payee, uint256 cumulativeAmount) internal virtual {
        paid[payee] = cumulativeAmount;
    }

    function _tryPay(address payee, uint256 amount) internal virtual returns (bool) {
        return IERC20(token).trySafeTransfer(payee, amount);
    }

    /// The token refused: nothing was paid after all.
    function _takeBack(address payee, uint256 before) internal virtual {
        paid[payee] = before;
    }

    function _useNonceOf(address payee, uint256 nonce) internal virtual {
        _useCheckedNonce(payee, nonce);
    }

    function _isFeeAllowed(uint256 fee, uint256 maxFee, uint256 payment) internal view virtual returns (bool) {
        return HubAccounting.isFeeAllowed(fee, maxFee, payment);
    }

    function _separator() internal view virtual returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// EIP-712, in memory that the next digest uses again: a batch of payouts must not pay for growing memory.
    function _payoutDigest(bytes32 separator, address payee, uint256 cumulativeAmount)
        private
        view
        returns (bytes32 digest)
    {
        bytes32 typehash = PAYOUT_TYPEHASH;
        bytes32 id = hubId;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typehash)
            mstore(add(at, 0x20), id)
            mstore(add(at, 0x40), shr(96, shl(96, payee)))
            mstore(add(at, 0x60), cumulativeAmount)
            let structHash := keccak256(at, 0x80)
            mstore(at, hex"1901")
            mstore(add(at, 0x02), separator)
            mstore(add(at, 0x22), structHash)
            digest := keccak256(at, 0x42)
        }
    }

    /// @return owed what the row's payee has not got yet
    /// @return fault the selector of what is wrong with the row, or zero
    function _owed(PayoutRow calldata row, address payee, uint256 cumulativeAmount, bytes32 separator)
        internal
        view
        virtual
        returns (uint256 owed, bytes4 fault)
    {
        owed = HubAccounting.owed(paid[payee], cumulativeAmount);
        if (owed == 0) return (0, AmountNotIncreasing.selector);
        (address found,,) =
            ECDSA.tryRecover(_payoutDigest(separator, payee, cumulativeAmount), row.v, row.r, row.s);
        if (found != signer) return (0, InvalidSignature.selector); // the signer is not zero
    }

    function _isSignedByPayee(PayoutToRow calldata row) internal view virtual returns (bool) {
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    PAYOUT_TO_TYPEHASH,
                    row.payout.payee,
                    row.to,
                    row.minCumulative,
                    row.maxFee,
                    row.nonce,
                    row.deadline
                )
            )
        );
        (address found,,) = ECDSA.tryRecover(digest, row.v, row.r, row.s);
        return found != address(0) && found == row.payout.payee;
    }

    function _transferFault(uint256 owed) private view returns (bytes4) {
        return IERC20(token).balanceOf(address(this)) < owed ? Unfunded.selector : PaymentRefused.selector;
    }
}
