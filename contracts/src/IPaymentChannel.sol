// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * Unidirectional payment channels by `draft-evm-session-00`: a payer locks a deposit for one payee and signs vouchers
 * of a growing cumulative amount; the payee draws what the highest voucher says. All amounts are base units of the
 * channel's token, all times Unix seconds. Nobody has a power over the money of others; nothing can be upgraded.
 *
 * A voucher is EIP-712 under the domain {"EVM Payment Channel", "1", chain id, this contract}:
 * `Voucher(bytes32 channelId,uint128 cumulativeAmount)`, 65 bytes with a low s, by an account with a key: the
 * channel's `authorizedSigner`, or the payer where that is zero. A contract that pays must name such a signer.
 *
 * Tokens must move exactly what they are asked to: a deposit that arrives as another amount is refused.
 */
interface IPaymentChannel {
    /// The draft's channel state. A finalized record stays for ever, so that its id is never opened again.
    struct Channel {
        address payer;
        address payee;
        address token;
        /// Zero: the payer signs.
        address authorizedSigner;
        uint128 deposit;
        /// What the payee has drawn so far, cumulative.
        uint128 settled;
        /// Zero: no close is pending.
        uint64 closeRequestedAt;
        bool finalized;
    }

    /// A voucher with its signature taken apart.
    struct VoucherRow {
        bytes32 channelId;
        uint128 cumulativeAmount;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    event ChannelOpened(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed payee,
        address token,
        address authorizedSigner,
        bytes32 salt,
        uint128 deposit
    );
    /// @param deposit the channel's whole deposit after it
    event ToppedUp(bytes32 indexed channelId, uint128 additionalDeposit, uint128 deposit);
    event Settled(bytes32 indexed channelId, uint128 cumulativeAmount);
    /// A row of `settleMany` that was left out. @param reason the selector of the error that `settle` would give
    event VoucherSkipped(bytes32 indexed channelId, bytes4 reason);
    /// @param withdrawableAt from when on the payer may withdraw
    event CloseRequested(bytes32 indexed channelId, uint256 withdrawableAt);
    event CloseCancelled(bytes32 indexed channelId);
    /// @param settled what the payee had in all; `refund` went to the payer
    event ChannelClosed(bytes32 indexed channelId, uint128 settled, uint128 refund);

    error ChannelAlreadyExists();
    error ChannelNotFound();
    error ChannelFinalized();
    error NotPayer();
    error NotPayee();
    /// A cumulative amount at or below what is settled.
    error AmountNotIncreasing();
    error AmountExceedsDeposit();
    /// Not 65 bytes, a high s, no key that fits, or another signer's.
    error InvalidSignature();
    /// An EIP-3009 nonce that is not the one derived from the parameters.
    error NonceMismatch();
    error AuthorizationExpired();
    /// Withdrawing without a pending close, or before its grace period is over.
    error CloseNotReady();
    /// A close is pending: it can't be requested again, and only the payer itself may top up, who cancels it by that; a
    /// channel's 256th close can't be cancelled any more.
    error ClosePending();
    error ZeroDeposit();
    error DepositOverflow();
    /// The token moved another amount than it was asked to.
    error DepositMismatch();

    /// Seconds between a payer's request to close and its withdrawal: the payee's time to settle.
    function CLOSE_GRACE_PERIOD() external view returns (uint64);

    /**
     * Opens a channel from the caller, who must have approved `deposit`. Anybody may call.
     * Errors: ZeroDeposit, ChannelAlreadyExists (also for a finalized one), DepositMismatch, and the token's.
     * @param salt chosen at random by the payer: another one for each channel
     */
    function open(address payee, address token, uint128 deposit, bytes32 salt, address authorizedSigner)
        external
        returns (bytes32 channelId);

    /**
     * Opens a channel from `from` by its EIP-3009 authorization. Anybody may submit it; nothing in it can be changed.
     * Errors: those of `open`, NonceMismatch.
     * @param nonce keccak256(abi.encode(from, payee, token, salt, authorizedSigner))
     * @param signature of `ReceiveWithAuthorization` to this contract, under the token's domain
     */
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
    ) external returns (bytes32 channelId);

    /**
     * Adds to a deposit. The payer only; cancels its pending close, 255 times at most.
     * Errors: ChannelNotFound, ChannelFinalized, NotPayer, ClosePending, ZeroDeposit, DepositOverflow, DepositMismatch.
     * @param additionalDeposit base units of the channel's token
     */
    function topUp(bytes32 channelId, uint128 additionalDeposit) external;

    /**
     * Adds to a deposit from `from`, who need not be the payer. Anybody may submit it; refused while a close is pending.
     * Errors: those of `topUp` but NotPayer, NonceMismatch, ClosePending.
     * @param nonce keccak256(abi.encode(channelId, additionalDeposit, from, topUpSalt))
     */
    function topUpWithAuthorization(
        bytes32 channelId,
        uint128 additionalDeposit,
        address from,
        bytes32 topUpSalt,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /**
     * Pays the difference between a voucher and what is settled to the payee. The payee only.
     * Errors: ChannelNotFound, ChannelFinalized, NotPayee, AmountNotIncreasing, AmountExceedsDeposit, InvalidSignature.
     */
    function settle(bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature) external;

    /**
     * Settles many of the caller's channels of one token in one payment. A row that fails is left out, whatever its
     * fault, and named by `VoucherSkipped`. The payee only: rows of others are left out.
     * @return total what was paid
     */
    function settleMany(address token, VoucherRow[] calldata rows) external returns (uint256 total);

    /**
     * Closes: pays the last voucher to the payee and the rest to the payer. The payee only. With an amount at or below
     * what is settled the payee forgoes the rest and needs no signature.
     * Errors: ChannelNotFound, ChannelFinalized, NotPayee, AmountExceedsDeposit, InvalidSignature.
     */
    function close(bytes32 channelId, uint128 cumulativeAmount, bytes calldata signature) external;

    /// Starts the grace period. The payer only. Errors: ChannelNotFound, ChannelFinalized, NotPayer, ClosePending.
    function requestClose(bytes32 channelId) external;

    /**
     * The same by the payer's signature, submitted by anybody, so that a payer without gas can leave:
     * `CloseRequest(bytes32 channelId,uint256 cancelled,uint256 deadline)` under the vouchers' domain, where
     * `cancelled` is `closesCancelled(channelId)`: once cancelled, a request can't be replayed.
     * Errors: ChannelNotFound, ChannelFinalized, ClosePending, AuthorizationExpired, InvalidSignature.
     * @param deadline Unix seconds: the last at which it is accepted
     * @param payerSignature 65 bytes, by the payer itself: a named signer's is not enough
     */
    function requestCloseWithAuthorization(bytes32 channelId, uint256 deadline, bytes calldata payerSignature)
        external;

    /**
     * Pays what is not settled to the payer after the grace period. The payer only.
     * Errors: ChannelNotFound, ChannelFinalized, NotPayer, CloseNotReady.
     */
    function withdraw(bytes32 channelId) external;

    /// The same for a payer without gas: anybody may call, and only the payer is paid.
    function withdrawFor(bytes32 channelId) external;

    /// All zero for a channel that never was.
    function getChannel(bytes32 channelId) external view returns (Channel memory);

    /// How often the payer took back a request to close, 255 at most: part of the next signed request.
    function closesCancelled(bytes32 channelId) external view returns (uint8);

    /**
     * keccak256(abi.encode(payer, payee, token, salt, authorizedSigner, this contract, chain id)). Anybody may ask, before
     * there is such a channel as well.
     * @param authorizedSigner zero where the payer signs
     */
    function computeChannelId(address payer, address payee, address token, bytes32 salt, address authorizedSigner)
        external
        view
        returns (bytes32);

    /// What a voucher's signer signs, for anybody to compare. @param cumulativeAmount base units of the channel's token
    function getVoucherDigest(bytes32 channelId, uint128 cumulativeAmount) external view returns (bytes32);

    /// EIP-712, of vouchers and requests to close. Another one on each chain, a fork of this one included.
    function domainSeparator() external view returns (bytes32);
}
