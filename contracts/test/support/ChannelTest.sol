// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../../src/IPaymentChannel.sol";
import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {TestDollar} from "../../src/TestDollar.sol";
import {Released} from "./Released.sol";

/// A payer, a payee and a stranger, each with a key, and a channel contract that the payer has approved.
abstract contract ChannelTest is Released {
    uint64 internal constant GRACE = 6 hours;
    uint128 internal constant DEPOSIT = 5_000_000;
    uint256 internal constant START = 1_800_000_000;

    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant PAYEE_KEY = 0xB0B;
    uint256 internal constant STRANGER_KEY = 0xE5E;
    uint256 internal constant SESSION_KEY = 0x5E55;

    address internal immutable payer = vm.addr(PAYER_KEY);
    address internal immutable payee = vm.addr(PAYEE_KEY);
    address internal immutable stranger = vm.addr(STRANGER_KEY);
    address internal immutable session = vm.addr(SESSION_KEY);

    PaymentChannel internal channels;
    TestDollar internal dollar;

    function setUp() public virtual {
        vm.warp(START);
        channels = newChannels(GRACE);
        dollar = new TestDollar();
        dollar.mint(payer, 1e12);
        dollar.mint(stranger, 1e12);
        vm.prank(payer);
        dollar.approve(address(channels), type(uint256).max);
        vm.prank(stranger);
        dollar.approve(address(channels), type(uint256).max);
    }

    function opened() internal returns (bytes32) {
        return opened(0);
    }

    function opened(bytes32 salt) internal returns (bytes32) {
        vm.prank(payer);
        return channels.open(payee, address(dollar), DEPOSIT, salt, address(0));
    }

    function voucher(bytes32 channelId, uint128 amount) internal view returns (bytes memory) {
        return voucherBy(PAYER_KEY, channelId, amount);
    }

    function voucherBy(uint256 key, bytes32 channelId, uint128 amount) internal view returns (bytes memory) {
        return signed(key, channels.getVoucherDigest(channelId, amount));
    }

    function row(bytes32 channelId, uint128 amount) internal view returns (IPaymentChannel.VoucherRow memory) {
        return rowBy(PAYER_KEY, channelId, amount);
    }

    function rowBy(uint256 key, bytes32 channelId, uint128 amount)
        internal
        view
        returns (IPaymentChannel.VoucherRow memory)
    {
        (bytes32 r, bytes32 s, uint8 v) = split(voucherBy(key, channelId, amount));
        return IPaymentChannel.VoucherRow(channelId, amount, v, r, s);
    }

    function settle(bytes32 channelId, uint128 amount) internal {
        bytes memory signature = voucher(channelId, amount);
        vm.prank(payee);
        channels.settle(channelId, amount, signature);
    }

    /// By the payee, who expects an error.
    function settleFails(bytes32 channelId, uint128 amount, bytes memory signature, bytes4 reason) internal {
        vm.expectRevert(reason);
        vm.prank(payee);
        channels.settle(channelId, amount, signature);
    }

    function closeRequest(uint256 key, bytes32 channelId, uint256 deadline) internal view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                channels.CLOSE_REQUEST_TYPEHASH(),
                channelId,
                uint256(channels.closesCancelled(channelId)),
                deadline
            )
        );
        return signed(key, keccak256(abi.encodePacked(hex"1901", channels.domainSeparator(), hash)));
    }

    /// What `from` signs so that somebody else can bring its money here.
    function authorization(uint256 key, uint256 value, uint256 validBefore, bytes32 nonce)
        internal
        view
        returns (bytes memory)
    {
        return authorizationFor(key, dollar, address(channels), value, validBefore, nonce);
    }

    function openNonce(bytes32 salt, address authorizedSigner) internal view returns (bytes32) {
        return keccak256(abi.encode(payer, payee, address(dollar), salt, authorizedSigner));
    }
}
