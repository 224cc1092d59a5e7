// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {ChannelTest} from "./support/ChannelTest.sol";

/// Closing: by the payee, and by the payer with or without gas.
contract PaymentChannelCloseTest is ChannelTest {
    uint256 private constant BALANCE = 1e12;

    function testFuzz_K6_closePaysBothSidesAndFinalizes(uint128 settled, uint128 last) public {
        settled = uint128(within(settled, 0, DEPOSIT - 1));
        last = uint128(within(last, settled + 1, DEPOSIT));
        bytes32 id = opened();
        if (settled != 0) settle(id, settled);
        bytes memory signature = voucher(id, last);
        vm.expectEmit(address(channels));
        emit IPaymentChannel.ChannelClosed(id, last, DEPOSIT - last);
        vm.prank(payee);
        channels.close(id, last, signature);
        vm.assertEq(dollar.balanceOf(payee), last, "payee");
        vm.assertEq(dollar.balanceOf(payer), BALANCE - last, "payer");
        vm.assertEq(dollar.balanceOf(address(channels)), 0, "nothing stays");
        vm.assertTrue(channels.getChannel(id).finalized, "finalized");
        vm.assertEq(channels.getChannel(id).settled, last, "settled");
    }

    function test_K6_aPayeeMayForgoTheRestWithoutASignature() public {
        bytes32 id = opened();
        settle(id, 9);
        vm.prank(payee);
        channels.close(id, 9, "");
        vm.assertEq(dollar.balanceOf(payee), 9, "payee");
        vm.assertEq(dollar.balanceOf(payer), BALANCE - 9, "payer");
    }

    function test_K6_closeNeedsThePayeeAndAValidVoucher() public {
        bytes32 id = opened();
        bytes memory good = voucher(id, 9);
        bytes memory over = voucher(id, DEPOSIT + 1);
        vm.expectRevert(IPaymentChannel.NotPayee.selector);
        vm.prank(payer);
        channels.close(id, 9, good);
        vm.expectRevert(IPaymentChannel.InvalidSignature.selector);
        vm.prank(payee);
        channels.close(id, 9, "");
        vm.expectRevert(IPaymentChannel.AmountExceedsDeposit.selector);
        vm.prank(payee);
        channels.close(id, DEPOSIT + 1, over);
        vm.expectRevert(IPaymentChannel.ChannelNotFound.selector);
        vm.prank(payee);
        channels.close("missing", 9, good);
        vm.prank(payee);
        channels.close(id, 9, good);
        vm.expectRevert(IPaymentChannel.ChannelFinalized.selector);
        vm.prank(payee);
        channels.close(id, 10, good);
    }

    function test_K7_thePayerLeavesAfterTheGracePeriod() public {
        bytes32 id = opened();
        settle(id, 9);
        vm.expectEmit(address(channels));
        emit IPaymentChannel.CloseRequested(id, START + GRACE);
        vm.prank(payer);
        channels.requestClose(id);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, START, "requested");

        vm.warp(START + GRACE - 1);
        vm.expectRevert(IPaymentChannel.CloseNotReady.selector);
        vm.prank(payer);
        channels.withdraw(id);
        vm.warp(START + GRACE);
        vm.prank(payer);
        channels.withdraw(id);
        vm.assertEq(dollar.balanceOf(payer), BALANCE - 9, "payer");
        vm.assertTrue(channels.getChannel(id).finalized, "finalized");
        vm.expectRevert(IPaymentChannel.ChannelFinalized.selector);
        vm.prank(payer);
        channels.withdraw(id);
    }

    function test_K7_thePayeeStillSettlesDuringTheGracePeriod() public {
        bytes32 id = opened();
        vm.prank(payer);
        channels.requestClose(id);
        settle(id, 9);
        bytes memory signature = voucher(id, 10);
        vm.prank(payee);
        channels.close(id, 10, signature);
        vm.assertEq(dollar.balanceOf(payee), 10, "payee");
        vm.assertEq(dollar.balanceOf(payer), BALANCE - 10, "payer");
    }

    function test_K7_onlyThePayerRequestsAndWithdraws() public {
        bytes32 id = opened();
        vm.expectRevert(IPaymentChannel.NotPayer.selector);
        vm.prank(payee);
        channels.requestClose(id);
        vm.prank(payer);
        channels.requestClose(id);
        vm.warp(START + GRACE);
        vm.expectRevert(IPaymentChannel.NotPayer.selector);
        vm.prank(payee);
        channels.withdraw(id);
    }

    function test_K7_withdrawForPaysOnlyThePayer() public {
        bytes32 id = opened();
        vm.prank(payer);
        channels.requestClose(id);
        vm.expectRevert(IPaymentChannel.CloseNotReady.selector);
        channels.withdrawFor(id);
        vm.warp(START + GRACE);
        vm.prank(stranger);
        channels.withdrawFor(id);
        vm.assertEq(dollar.balanceOf(payer), BALANCE, "payer");
        vm.assertEq(dollar.balanceOf(stranger), BALANCE, "stranger");
    }

    function test_K7_aPayerWithoutGasLeavesByItsSignature() public {
        bytes32 id = opened();
        bytes memory signature = closeRequest(PAYER_KEY, id, START + 600);
        vm.prank(stranger);
        channels.requestCloseWithAuthorization(id, START + 600, signature);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, START, "requested");
        vm.warp(START + GRACE);
        vm.prank(stranger);
        channels.withdrawFor(id);
        vm.assertEq(dollar.balanceOf(payer), BALANCE, "payer");
    }

    function test_K7_aCloseRequestIsThePayersAndForItsTime() public {
        vm.prank(payer);
        bytes32 id = channels.open(payee, address(dollar), DEPOSIT, 0, session);
        bytes memory bySession = closeRequest(SESSION_KEY, id, START + 600);
        bytes memory good = closeRequest(PAYER_KEY, id, START + 600);
        bytes4 invalid = IPaymentChannel.InvalidSignature.selector;
        vm.expectRevert(invalid);
        channels.requestCloseWithAuthorization(id, START + 600, bySession);
        vm.expectRevert(invalid);
        channels.requestCloseWithAuthorization(id, START + 601, good);
        vm.expectRevert(invalid);
        channels.requestCloseWithAuthorization(id, START + 600, malleated(good));
        vm.expectRevert(invalid);
        channels.requestCloseWithAuthorization(id, START + 600, compacted(good));
        vm.warp(START + 601);
        vm.expectRevert(IPaymentChannel.AuthorizationExpired.selector);
        channels.requestCloseWithAuthorization(id, START + 600, good);
        vm.warp(START + 600);
        channels.requestCloseWithAuthorization(id, START + 600, good);
    }

    function test_K7_aPendingCloseIsNotPutOff() public {
        bytes32 id = opened();
        bytes memory request = closeRequest(PAYER_KEY, id, START + GRACE);
        vm.prank(payer);
        channels.requestClose(id);
        vm.warp(START + GRACE - 1);
        vm.expectRevert(IPaymentChannel.ClosePending.selector);
        vm.prank(stranger);
        channels.requestCloseWithAuthorization(id, START + GRACE, request);
        vm.expectRevert(IPaymentChannel.ClosePending.selector);
        vm.prank(payer);
        channels.requestClose(id);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, START, "requested");
    }

    function test_K8_thePayersOwnTopUpCancelsAClose() public {
        bytes32 id = opened();
        vm.prank(payer);
        channels.requestClose(id);
        vm.expectEmit(address(channels));
        emit IPaymentChannel.CloseCancelled(id);
        vm.prank(payer);
        channels.topUp(id, 1);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, 0, "cancelled");
        vm.warp(START + GRACE);
        vm.expectRevert(IPaymentChannel.CloseNotReady.selector);
        vm.prank(payer);
        channels.withdraw(id);
    }

    function test_K8_aCancelledRequestCannotBeReplayed() public {
        bytes32 id = opened();
        bytes memory request = closeRequest(PAYER_KEY, id, START + 600);
        channels.requestCloseWithAuthorization(id, START + 600, request);
        vm.prank(payer);
        channels.topUp(id, 1);
        vm.assertEq(channels.closesCancelled(id), 1, "cancelled");
        vm.expectRevert(IPaymentChannel.InvalidSignature.selector);
        channels.requestCloseWithAuthorization(id, START + 600, request);
        bytes memory next = closeRequest(PAYER_KEY, id, START + 600);
        channels.requestCloseWithAuthorization(id, START + 600, next);
    }

    /// A count that began anew would let the first request back in.
    function test_K8_theCountOfCancelledClosesNeverBeginsAnew() public {
        bytes32 id = opened();
        bytes memory first = closeRequest(PAYER_KEY, id, START + 600);
        vm.startPrank(payer);
        for (uint256 i = 0; i < 255; ++i) {
            channels.requestClose(id);
            channels.topUp(id, 1);
        }
        vm.assertEq(channels.closesCancelled(id), 255, "cancelled");
        channels.requestClose(id);
        vm.expectRevert(IPaymentChannel.ClosePending.selector);
        channels.topUp(id, 1);
        vm.expectRevert(IPaymentChannel.InvalidSignature.selector);
        channels.requestCloseWithAuthorization(id, START + 600, first);
        vm.warp(START + GRACE);
        channels.withdraw(id);
        vm.stopPrank();
        vm.assertEq(dollar.balanceOf(payer), BALANCE, "payer");
    }

    function test_K8_aRequestOutlivesTopUpsThatCancelNothing() public {
        bytes32 id = opened();
        bytes memory request = closeRequest(PAYER_KEY, id, START + 600);
        vm.prank(payer);
        channels.topUp(id, 1);
        channels.requestCloseWithAuthorization(id, START + 600, request);
    }
}
