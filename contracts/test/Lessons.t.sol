// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {PaymentChannel} from "../src/PaymentChannel.sol";
import {BlocklistToken} from "./tokens/BlocklistToken.sol";
import {ChannelTest} from "./support/ChannelTest.sol";

/// What went wrong for others, as far as it is the channel's to prevent; the relay's part is in `docs/conformance.md`.
contract LessonsTest is ChannelTest {
    function test_lesson_aStaleChannelIsOfNoUse() public {
        opened("money of others");
        bytes32 id = opened();
        bytes memory last = voucher(id, DEPOSIT);
        bytes memory request = closeRequest(PAYER_KEY, id, START);
        vm.prank(payee);
        channels.close(id, 0, "");
        bytes4 final_ = IPaymentChannel.ChannelFinalized.selector;
        settleFails(id, DEPOSIT, last, final_);
        vm.expectRevert(final_);
        vm.prank(payee);
        channels.close(id, DEPOSIT, last);
        vm.expectRevert(final_);
        vm.prank(payer);
        channels.topUp(id, 1);
        vm.expectRevert(final_);
        channels.requestCloseWithAuthorization(id, START, request);
        vm.expectRevert(IPaymentChannel.ChannelAlreadyExists.selector);
        opened();
        vm.assertEq(dollar.balanceOf(payee), 0, "paid");
    }

    function test_lesson_aVoucherReplayedBySomebodyElsePaysNothing() public {
        bytes32 id = opened();
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](1);
        rows[0] = row(id, 9);
        bytes memory signature = voucher(id, 9);
        // The stranger is a payee in this token as well.
        vm.prank(payer);
        channels.open(stranger, address(dollar), DEPOSIT, 0, address(0));
        vm.prank(stranger);
        vm.assertEq(channels.settleMany(address(dollar), rows), 0, "total");
        vm.expectRevert(IPaymentChannel.NotPayee.selector);
        vm.prank(stranger);
        channels.settle(id, 9, signature);
        vm.expectRevert(IPaymentChannel.NotPayee.selector);
        vm.prank(stranger);
        channels.close(id, 9, signature);
        vm.assertEq(channels.getChannel(id).settled, 0, "settled");
    }

    /// A fork of the chain has the same state at the same address; a twin has another address on the same chain.
    function test_lesson_aSignatureIsNoGoodOnAnotherDeployment() public {
        bytes32 id = opened();
        bytes4 invalid = IPaymentChannel.InvalidSignature.selector;
        PaymentChannel twin = newChannels(GRACE);
        settleFails(id, 9, signed(PAYER_KEY, twin.getVoucherDigest(id, 9)), invalid);

        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](1);
        rows[0] = row(id, 9);
        bytes memory signature = voucher(id, 9);
        bytes memory request = closeRequest(PAYER_KEY, id, START);
        vm.chainId(block.chainid + 1);
        settleFails(id, 9, signature, invalid);
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 0, "total");
        vm.expectRevert(invalid);
        channels.requestCloseWithAuthorization(id, START, request);
    }

    function test_lesson_oneBadRowBlocksNoBatchOfVouchers() public {
        bytes32 id = opened();
        bytes32 next = opened("next");
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](4);
        rows[0] = row("nowhere", 5);
        rows[1] = rowBy(STRANGER_KEY, id, 5);
        rows[2] = row(id, DEPOSIT + 1);
        rows[3] = row(next, 7);
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 7, "total");
    }

    function test_lesson_aForcedCloseIsSeenInTheState() public {
        bytes32 id = opened();
        bytes memory request = closeRequest(PAYER_KEY, id, START);
        channels.requestCloseWithAuthorization(id, START, request);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, START, "seen");
    }

    function test_lesson_aVoucherIsNoGoodOnAnotherChannel() public {
        bytes32 id = opened();
        bytes32 next = opened("next");
        settleFails(next, 9, voucher(id, 9), IPaymentChannel.InvalidSignature.selector);
    }

    function test_lesson_aVoucherReplayedInOneBatchPaysOnce() public {
        bytes32 id = opened();
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](3);
        rows[0] = row(id, 9);
        rows[1] = row(id, 9);
        rows[2] = row(id, 10);
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 10, "total");
    }

    function test_lesson_aDeliveredVoucherIsClaimedBeforeAWithdrawal() public {
        bytes32 id = opened();
        vm.prank(payer);
        channels.requestClose(id);
        vm.warp(START + GRACE - 1);
        settle(id, DEPOSIT);
        vm.warp(START + GRACE);
        vm.prank(payer);
        channels.withdraw(id);
        vm.assertEq(dollar.balanceOf(payee), DEPOSIT, "claimed");
    }

    function test_lesson_aBlockedPayerCannotKeepAPayeeFromItsMoney() public {
        BlocklistToken token = new BlocklistToken();
        token.mint(payer, 1000);
        vm.startPrank(payer);
        token.approve(address(channels), 1000);
        bytes32 id = channels.open(payee, address(token), 1000, 0, address(0));
        vm.stopPrank();
        token.setBlocked(payer, true);
        bytes memory signature = voucher(id, 600);
        vm.expectRevert();
        vm.prank(payee);
        channels.close(id, 600, signature);
        settle(id, 600);
        vm.assertEq(token.balanceOf(payee), 600, "paid");
    }

    function test_lesson_aRelayedOpenThatSomebodyElseSentFirstIsTheSameChannel() public {
        bytes32 nonce = openNonce(0, address(0));
        bytes memory signature = authorization(PAYER_KEY, DEPOSIT, START + 600, nonce);
        vm.prank(stranger);
        bytes32 id = channels.openWithAuthorization(
            payee, address(dollar), DEPOSIT, 0, address(0), payer, 0, START + 600, nonce, signature
        );
        vm.expectRevert(IPaymentChannel.ChannelAlreadyExists.selector);
        vm.prank(payee);
        channels.openWithAuthorization(
            payee, address(dollar), DEPOSIT, 0, address(0), payer, 0, START + 600, nonce, signature
        );
        vm.assertEq(channels.getChannel(id).payer, payer, "as intended");
        vm.assertEq(channels.getChannel(id).deposit, DEPOSIT, "as intended");
    }
}
