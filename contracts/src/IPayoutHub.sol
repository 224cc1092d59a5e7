// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * One relay's purse for all its providers. The relay's `signer` signs, off the chain, how much a payee has earned in
 * all; anybody brings such a payout here, and the payee gets what it has not got yet. Joining costs nothing.
 *
 * Amounts are base units of `token`, times Unix seconds. The owner may take the money out at any time: what a payee holds is a claim
 * against the relay, not a deposit. What protects it is frequent payout.
 *
 * The token is the relay's choice, made once. One that calls receivers back would let a payee spoil a whole batch.
 *
 * A payout is EIP-712 under the domain {"Afterglow Payout Hub", "1", chain id, this contract}:
 * `Payout(bytes32 hubId,address payee,uint128 cumulativeAmount)`. It never expires; a higher one replaces it.
 */
interface IPayoutHub {
    struct PayoutRow {
        address payee;
        uint128 cumulativeAmount;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /**
     * A payout to where the payee wants it, by its own signature over
     * `PayoutTo(address payee,address to,uint128 minCumulative,uint128 maxFee,uint256 nonce,uint256 deadline)`.
     */
    struct PayoutToRow {
        PayoutRow payout;
        address to;
        /// The payout must be at least this high, so that an old one can't use the instruction up.
        uint128 minCumulative;
        /// Most that the payee lets whoever submits it keep.
        uint128 maxFee;
        /// What the submitter keeps: at most `maxFee`, and 2% of what is paid.
        uint128 fee;
        /// `nonces(payee)`; used up by a payment.
        uint256 nonce;
        /// Unix seconds: the last at which it is followed.
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// A plain `redeem` leaves no event here: the token's `Transfer` from the hub to the payee is its record.
    event RedeemedTo(address indexed payee, address indexed to, uint128 cumulativeAmount, uint128 fee);
    /// A row that was left out. @param reason the selector of one of the errors below, or of the token's
    event PayoutSkipped(address indexed payee, bytes4 reason);
    event Deposited(address indexed from, uint256 amount);
    event Withdrawn(address indexed to, uint256 amount);

    error NotOwner();
    error NotToken();
    error ZeroAddress();
    /// At or below what is paid already.
    error AmountNotIncreasing();
    /// Malformed, or not by the hub's signer (a payout) or the payee (an instruction).
    error InvalidSignature();
    /// The hub has less than is owed.
    error Unfunded();
    /// The token refused this payee.
    error PaymentRefused();
    error DepositMismatch();
    error PayoutTooLow();
    error FeeTooHigh();
    error AuthorizationExpired();

    /// What it pays in, an ERC-20. Like `owner` and `signer` it is given once and can't be changed.
    function token() external view returns (address);
    /// Who may `withdraw`, and nothing else.
    function owner() external view returns (address);
    /// Whose signature makes a payout; an account with a key.
    function signer() external view returns (address);
    /// keccak256(abi.encode(token, owner, signer, this contract, chain id))
    function hubId() external view returns (bytes32);
    /// What was sent for a payee so far, fees included; base units, cumulative.
    function paid(address payee) external view returns (uint256);
    /// How many of a payee's instructions were followed: the `nonce` of its next one.
    function nonces(address payee) external view returns (uint256);

    /**
     * Pays each row's payee its cumulative amount less what it got before. Anybody may call. A row that is stale, badly
     * signed, not covered by the hub's balance or refused by the token is left out, and named by `PayoutSkipped`.
     * @return total what was paid
     */
    function redeem(PayoutRow[] calldata rows) external returns (uint256 total);

    /**
     * Pays each row's payee what it has not got yet, to where the payee wants it, less the caller's fee. Anybody may call,
     * and is who gets the fees. A row is paid whole, or left out and named by `PayoutSkipped`: for what `redeem` would
     * leave it out for; for AuthorizationExpired, PayoutTooLow, FeeTooHigh; for a nonce that is not the payee's next
     * (InvalidAccountNonce); or because the token refused `to` or the caller.
     * @return total what was paid, fees included
     */
    function redeemTo(PayoutToRow[] calldata rows) external returns (uint256 total);

    /// Adds to the hub. Anybody may call after approving; a plain transfer does the same. Errors: DepositMismatch.
    function deposit(uint256 amount) external;

    /// Takes money out, at once and without a limit. The owner only. Errors: NotOwner, and the token's.
    function withdraw(address to, uint256 amount) external;

    /// What the signer signs, for anybody to compare. @param cumulativeAmount base units of `token`
    function getPayoutDigest(address payee, uint128 cumulativeAmount) external view returns (bytes32);

    /// EIP-712, of payouts and instructions. Another one on each chain, a fork of this one included.
    function domainSeparator() external view returns (bytes32);
}
