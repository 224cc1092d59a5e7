// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Vm} from "./support/Vm.sol";
import {ChannelTest} from "./support/ChannelTest.sol";

/// Drawing on vouchers, one and many.
contract PaymentChannelSettleTest is ChannelTest {
    function testFuzz_K3_settlePaysTheDifference(uint128 first, uint128 second) public {
        first = uint128(within(first, 1, DEPOSIT - 1));
        second = uint128(within(second, first + 1, DEPOSIT));
        bytes32 id = opened();
        settle(id, first);
        vm.assertEq(dollar.balanceOf(payee), first, "first");
        bytes memory signature = voucher(id, second);
        vm.expectEmit(address(channels));
        emit IPaymentChannel.Settled(id, second);
        vm.prank(payee);
        channels.settle(id, second, signature);
        vm.assertEq(dollar.balanceOf(payee), second, "second");
        vm.assertEq(channels.getChannel(id).settled, second, "settled");
    }

    function test_K3_settleIsThePayees() public {
        bytes32 id = opened();
        bytes memory signature = voucher(id, 9);
        vm.expectRevert(IPaymentChannel.NotPayee.selector);
        vm.prank(payer);
        channels.settle(id, 9, signature);
    }

    function test_K3_anEqualOrLowerAmountIsRefused() public {
        bytes32 id = opened();
        settle(id, 9);
        settleFails(id, 9, voucher(id, 9), IPaymentChannel.AmountNotIncreasing.selector);
        settleFails(id, 8, voucher(id, 8), IPaymentChannel.AmountNotIncreasing.selector);
        settleFails(id, 0, voucher(id, 0), IPaymentChannel.AmountNotIncreasing.selector);
    }

    function test_K3_moreThanTheDepositIsRefused() public {
        bytes32 id = opened();
        bytes memory signature = voucher(id, DEPOSIT + 1);
        settleFails(id, DEPOSIT + 1, signature, IPaymentChannel.AmountExceedsDeposit.selector);
        settle(id, DEPOSIT);
    }

    function test_K3_aMissingOrFinalizedChannelIsRefused() public {
        settleFails(keccak256("none"), 9, voucher(keccak256("none"), 9), IPaymentChannel.ChannelNotFound.selector);
        bytes32 id = opened();
        vm.prank(payee);
        channels.close(id, 0, "");
        settleFails(id, 9, voucher(id, 9), IPaymentChannel.ChannelFinalized.selector);
    }

    function test_K2_theNamedSignerSignsAndThePayerNoMore() public {
        vm.prank(payer);
        bytes32 id = channels.open(payee, address(dollar), DEPOSIT, 0, session);
        settleFails(id, 9, voucher(id, 9), IPaymentChannel.InvalidSignature.selector);
        bytes memory signature = voucherBy(SESSION_KEY, id, 9);
        vm.prank(payee);
        channels.settle(id, 9, signature);
        vm.assertEq(dollar.balanceOf(payee), 9, "paid");
    }

    function testFuzz_K2_anotherSignerOrAmountIsRefused(uint256 key, uint128 amount) public {
        key = within(key, 1, CURVE_ORDER - 1);
        vm.assume(key != PAYER_KEY && amount != 9);
        bytes32 id = opened();
        settleFails(id, 9, voucherBy(key, id, 9), IPaymentChannel.InvalidSignature.selector);
        settleFails(id, 9, voucher(id, amount), IPaymentChannel.InvalidSignature.selector);
    }

    function testFuzz_K2_bytesThatAreNoSignatureAreRefused(bytes calldata signature) public {
        settleFails(opened(), 9, signature, IPaymentChannel.InvalidSignature.selector);
    }

    function test_K4_settleManyPaysAllRowsAtOnce() public {
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](5);
        for (uint128 i = 0; i < 5; ++i) {
            rows[i] = row(opened(bytes32(uint256(i))), i + 1);
        }
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 15, "total");
        vm.assertEq(dollar.balanceOf(payee), 15, "paid");
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 0, "stale");
    }

    function test_K4_settleManyLeavesOutEveryFailingRowAndSaysWhy() public {
        bytes32 good = opened("good");
        bytes32 alsoGood = opened("also good");
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](10);
        bytes4[] memory reasons = new bytes4[](8);
        rows[0] = row(good, 100);
        (rows[1], reasons[0]) = (row("missing", 5), IPaymentChannel.ChannelNotFound.selector);
        (rows[2], reasons[1]) = (row(_finalized(), 5), IPaymentChannel.ChannelFinalized.selector);
        (rows[3], reasons[2]) = (row(good, 100), IPaymentChannel.AmountNotIncreasing.selector);
        (rows[4], reasons[3]) = (row(good, DEPOSIT + 1), IPaymentChannel.AmountExceedsDeposit.selector);
        (rows[5], reasons[4]) = (rowBy(STRANGER_KEY, good, 101), IPaymentChannel.InvalidSignature.selector);
        (rows[6], reasons[5]) = (_malleatedRow(good, 102), IPaymentChannel.InvalidSignature.selector);
        (rows[7], reasons[6]) = (row(_ofAnotherPayee(), 5), IPaymentChannel.NotPayee.selector);
        (rows[8], reasons[7]) = (row(_ofAnotherToken(), 5), IPaymentChannel.NotPayee.selector);
        rows[9] = row(alsoGood, 50);

        vm.recordLogs();
        vm.prank(payee);
        vm.assertEq(channels.settleMany(address(dollar), rows), 150, "total");
        uint256 found;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IPaymentChannel.VoucherSkipped.selector) continue;
            vm.assertEq(bytes32(logs[i].data), bytes32(reasons[found]), vm.toString(found));
            ++found;
        }
        vm.assertEq(found, reasons.length, "skipped");
        vm.assertEq(dollar.balanceOf(payee), 150, "paid");
    }

    function test_K4_whoIsNobodysPayeeGetsNothing() public {
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](2);
        rows[0] = row(opened(), 9);
        rows[1] = row("missing", 9);
        vm.prank(stranger);
        vm.assertEq(channels.settleMany(address(dollar), rows), 0, "total");
        vm.assertEq(dollar.balanceOf(stranger), 1e12, "balance");
    }

    function _finalized() private returns (bytes32 id) {
        id = opened("finalized");
        vm.prank(payee);
        channels.close(id, 0, "");
    }

    function _ofAnotherPayee() private returns (bytes32) {
        vm.prank(payer);
        return channels.open(stranger, address(dollar), DEPOSIT, 0, address(0));
    }

    function _ofAnotherToken() private returns (bytes32) {
        TestDollar other = new TestDollar();
        other.mint(payer, DEPOSIT);
        vm.startPrank(payer);
        other.approve(address(channels), DEPOSIT);
        bytes32 id = channels.open(payee, address(other), DEPOSIT, 0, address(0));
        vm.stopPrank();
        return id;
    }

    function _malleatedRow(bytes32 id, uint128 amount) private view returns (IPaymentChannel.VoucherRow memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(malleated(voucher(id, amount)));
        return IPaymentChannel.VoucherRow(id, amount, v, r, s);
    }
}
