// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IPayoutHub} from "./IPayoutHub.sol";

/// One relay's purse for all its providers: see IPayoutHub.
contract PayoutHub is IPayoutHub, EIP712, Nonces, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant PAYOUT_TYPEHASH =
        keccak256("Payout(bytes32 hubId,address payee,uint128 cumulativeAmount)");
    bytes32 public constant PAYOUT_TO_TYPEHASH = keccak256(
        "PayoutTo(address payee,address to,uint128 minCumulative,uint128 maxFee,uint256 nonce,uint256 deadline)"
    );
    /// A fee is at most one part in this many: 2%.
    uint256 private constant FEE_PARTS = 50;

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

    constructor(address token_, address owner_, address signer_) EIP712("Afterglow Payout Hub", "1") {
        require(token_.code.length != 0, NotToken());
        require(owner_ != address(0) && signer_ != address(0), ZeroAddress());
        token = token_;
        owner = owner_;
        signer = signer_;
        hubId = keccak256(abi.encode(token_, owner_, signer_, address(this), block.chainid));
    }

    /// @inheritdoc IPayoutHub
    function redeem(PayoutRow[] calldata rows) external nonReentrant returns (uint256 total) {
        bytes32 separator = _domainSeparatorV4();
        for (uint256 i = 0; i < rows.length; ++i) {
            PayoutRow calldata row = rows[i];
            address payee = row.payee;
            uint256 cumulativeAmount = row.cumulativeAmount;
            (uint256 owed, bytes4 fault) = _owed(row, payee, cumulativeAmount, separator);
            if (fault == 0) {
                paid[payee] = cumulativeAmount;
                if (IERC20(token).trySafeTransfer(payee, owed)) {
                    total += owed;
                    continue;
                }
                paid[payee] = cumulativeAmount - owed;
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
    function payTo(PayoutToRow calldata row, address submitter) external returns (uint256 owed) {
        require(msg.sender == address(this), NotOwner());
        address payee = row.payout.payee;
        uint256 cumulativeAmount = row.payout.cumulativeAmount;
        bytes4 fault;
        (owed, fault) = _owed(row.payout, payee, cumulativeAmount, _domainSeparatorV4());
        require(fault != AmountNotIncreasing.selector, AmountNotIncreasing());
        require(fault == 0, InvalidSignature());
        require(block.timestamp <= row.deadline, AuthorizationExpired());
        require(cumulativeAmount >= row.minCumulative, PayoutTooLow());
        require(row.fee <= row.maxFee && row.fee <= owed / FEE_PARTS, FeeTooHigh());
        require(_isSignedByPayee(row), InvalidSignature());
        require(IERC20(token).balanceOf(address(this)) >= owed, Unfunded());

        _useCheckedNonce(payee, row.nonce);
        paid[payee] = cumulativeAmount;
        emit RedeemedTo(payee, row.to, row.payout.cumulativeAmount, row.fee);
        IERC20(token).safeTransfer(row.to, owed - row.fee);
        if (row.fee != 0) IERC20(token).safeTransfer(submitter, row.fee);
    }

    /// @inheritdoc IPayoutHub
    function deposit(uint256 amount) external nonReentrant {
        uint256 before = IERC20(token).balanceOf(address(this));
        emit Deposited(msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        require(IERC20(token).balanceOf(address(this)) == before + amount, DepositMismatch());
    }

    /// @inheritdoc IPayoutHub
    function withdraw(address to, uint256 amount) external nonReentrant {
        require(msg.sender == owner, NotOwner());
        emit Withdrawn(to, amount);
        IERC20(token).safeTransfer(to, amount);
    }

    /// @inheritdoc IPayoutHub
    function getPayoutDigest(address payee, uint128 cumulativeAmount) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(PAYOUT_TYPEHASH, hubId, payee, cumulativeAmount)));
    }

    /// @inheritdoc IPayoutHub
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @return owed what the row's payee has not got yet
    /// @return fault the selector of what is wrong with the row, or zero
    function _owed(PayoutRow calldata row, address payee, uint256 cumulativeAmount, bytes32 separator)
        private
        view
        returns (uint256 owed, bytes4 fault)
    {
        uint256 before = paid[payee];
        if (cumulativeAmount <= before) return (0, AmountNotIncreasing.selector);
        bytes32 structHash = keccak256(abi.encode(PAYOUT_TYPEHASH, hubId, payee, cumulativeAmount));
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, structHash);
        (address found,,) = ECDSA.tryRecover(digest, row.v, row.r, row.s);
        if (found != signer) return (0, InvalidSignature.selector); // the signer is not zero
        return (cumulativeAmount - before, 0);
    }

    function _isSignedByPayee(PayoutToRow calldata row) private view returns (bool) {
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
