// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayoutHub} from "../src/IPayoutHub.sol";
import {PayoutHub} from "../src/PayoutHub.sol";
import {BlocklistToken} from "./tokens/BlocklistToken.sol";
import {FeeToken} from "./tokens/FeeToken.sol";
import {HubTest} from "./support/HubTest.sol";

contract PayoutHubTest is HubTest {
    function test_K9_idIsTheHashOfItsParts() public view {
        bytes32 expected = keccak256(abi.encode(address(dollar), relay, signer, address(hub), block.chainid));
        vm.assertEq(hub.hubId(), expected, "hub id");
    }

    function testFuzz_K10_anybodyRedeemsTheDifferenceForThePayee(uint128 first, uint128 second) public {
        first = uint128(within(first, 1, FUNDS - 1));
        second = uint128(within(second, first + 1, FUNDS));
        vm.assertEq(redeemOne(payout(payee, first)), first, "total");
        vm.assertEq(redeemOne(payout(payee, second)), second - first, "difference");
        vm.assertEq(dollar.balanceOf(payee), second, "balance");
        vm.assertEq(hub.paid(payee), second, "paid");
        vm.assertEq(dollar.balanceOf(submitter), 0, "submitter");
    }

    function test_K10_equalOrLowerPayoutsAreSkipped() public {
        redeemOne(payout(payee, 9));
        skips(payout(payee, 9), IPayoutHub.AmountNotIncreasing.selector);
        skips(payout(payee, 8), IPayoutHub.AmountNotIncreasing.selector);
        skips(payout(payee, 0), IPayoutHub.AmountNotIncreasing.selector);
    }

    function testFuzz_K10_badlySignedPayoutsAreSkipped(uint256 key, uint128 amount) public {
        key = within(key, 1, CURVE_ORDER - 1);
        vm.assume(key != SIGNER_KEY && amount != 9);
        bytes4 invalid = IPayoutHub.InvalidSignature.selector;
        skips(payoutBy(key, hub, payee, 9), invalid);
        IPayoutHub.PayoutRow memory row = payout(payee, 9);
        row.cumulativeAmount = amount == 0 ? 1 : amount;
        skips(row, invalid);
        row = payout(payee, 9);
        row.payee = other;
        skips(row, invalid);
        (row.r, row.s, row.v) = split(malleated(abi.encodePacked(row.r, row.s, row.v)));
        row.payee = payee;
        skips(row, invalid);
    }

    function test_K10_aPayoutBeyondTheFundsIsSkippedAndLaterRowsArePaid() public {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](3);
        rows[0] = payout(payee, 100);
        rows[1] = payout(other, uint128(FUNDS));
        rows[2] = payout(relay, uint128(FUNDS) - 100);
        vm.expectEmit(address(hub));
        emit IPayoutHub.PayoutSkipped(other, IPayoutHub.Unfunded.selector);
        vm.assertEq(hub.redeem(rows), FUNDS, "total");
        vm.assertEq(hub.paid(other), 0, "still owed");
        dollar.mint(address(hub), FUNDS);
        vm.assertEq(redeemOne(rows[1]), FUNDS, "paid once funded");
    }

    function test_K10_aBlockedPayeeIsSkippedAndPaidOnceItIsNot() public {
        BlocklistToken token = new BlocklistToken();
        hub = newHub(address(token), relay, signer);
        token.mint(address(hub), FUNDS);
        token.setBlocked(other, true);
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](3);
        rows[0] = payout(payee, 5);
        rows[1] = payout(other, 6);
        rows[2] = payout(relay, 7);
        vm.expectEmit(address(hub));
        emit IPayoutHub.PayoutSkipped(other, IPayoutHub.PaymentRefused.selector);
        vm.assertEq(hub.redeem(rows), 12, "total");
        vm.assertEq(hub.paid(other), 0, "nothing");
        token.setBlocked(other, false);
        vm.assertEq(redeemOne(rows[1]), 6, "later");
    }

    function test_K10_onePayeeTwiceInABatchGetsTheHighest() public {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](3);
        rows[0] = payout(payee, 10);
        rows[1] = payout(payee, 30);
        rows[2] = payout(payee, 20);
        vm.assertEq(hub.redeem(rows), 30, "total");
        vm.assertEq(dollar.balanceOf(payee), 30, "balance");
    }

    function test_K12_onlyTheOwnerTakesMoneyOut() public {
        vm.expectRevert(IPayoutHub.NotOwner.selector);
        vm.prank(signer);
        hub.withdraw(signer, 1);
        vm.expectEmit(address(hub));
        emit IPayoutHub.Withdrawn(other, FUNDS);
        vm.prank(relay);
        hub.withdraw(other, FUNDS);
        vm.assertEq(dollar.balanceOf(other), FUNDS, "withdrawn");
    }

    function test_K12_anybodyFunds() public {
        dollar.mint(other, 5);
        vm.startPrank(other);
        dollar.approve(address(hub), 5);
        vm.expectEmit(address(hub));
        emit IPayoutHub.Deposited(other, 5);
        hub.deposit(5);
        vm.assertEq(dollar.balanceOf(address(hub)), FUNDS + 5, "funds");
    }

    function test_K12_aDepositThatArrivesShortIsRefused() public {
        FeeToken token = new FeeToken();
        hub = newHub(address(token), relay, signer);
        token.mint(relay, 1000);
        vm.startPrank(relay);
        token.approve(address(hub), 1000);
        vm.expectRevert(IPayoutHub.DepositMismatch.selector);
        hub.deposit(1000);
    }

    function test_K12_aHubNeedsATokenAnOwnerAndASigner() public {
        vm.expectRevert(IPayoutHub.NotToken.selector);
        newHub(other, relay, signer);
        vm.expectRevert(IPayoutHub.ZeroAddress.selector);
        newHub(address(dollar), address(0), signer);
        vm.expectRevert(IPayoutHub.ZeroAddress.selector);
        newHub(address(dollar), relay, address(0));
    }

    function test_K11_aPayeeIsPaidWhereItWantsLessTheFee() public {
        IPayoutHub.PayoutToRow memory row = payoutTo(PAYEE_KEY, 1000, other, 1000, 20, 20);
        vm.expectEmit(address(hub));
        emit IPayoutHub.RedeemedTo(payee, other, 1000, 20);
        vm.assertEq(redeemOneTo(row), 1000, "total");
        vm.assertEq(dollar.balanceOf(other), 980, "other");
        vm.assertEq(dollar.balanceOf(submitter), 20, "fee");
        vm.assertEq(dollar.balanceOf(payee), 0, "payee");
        vm.assertEq(hub.paid(payee), 1000, "paid");
        vm.assertEq(hub.nonces(payee), 1, "nonce");
    }

    function test_K11_aFeeIsAtMostTwoPercentOfWhatIsPaid() public {
        redeemOne(payout(payee, 1000));
        skipsTo(payoutTo(PAYEE_KEY, 2000, payee, 0, 100, 21), IPayoutHub.FeeTooHigh.selector);
        skipsTo(payoutTo(PAYEE_KEY, 2000, payee, 0, 19, 20), IPayoutHub.FeeTooHigh.selector);
        vm.assertEq(redeemOneTo(payoutTo(PAYEE_KEY, 2000, payee, 0, 100, 20)), 1000, "total");
        vm.assertEq(dollar.balanceOf(payee), 1980, "payee");
    }

    function test_K11_onlyThePayeeInstructs() public {
        skipsTo(payoutTo(OTHER_KEY, 1000, other, 0, 0, 0), IPayoutHub.InvalidSignature.selector);
        IPayoutHub.PayoutToRow memory row = payoutTo(PAYEE_KEY, 1000, other, 0, 0, 0);
        row.to = submitter;
        skipsTo(row, IPayoutHub.InvalidSignature.selector);
        row = payoutTo(PAYEE_KEY, 1000, other, 0, 0, 0);
        (row.r, row.s, row.v) = split(malleated(abi.encodePacked(row.r, row.s, row.v)));
        skipsTo(row, IPayoutHub.InvalidSignature.selector);
    }

    function test_K11_anInstructionWorksOnceInItsTimeForItsPayout() public {
        skipsTo(payoutTo(PAYEE_KEY, 999, other, 1000, 0, 0), IPayoutHub.PayoutTooLow.selector);
        IPayoutHub.PayoutToRow memory row = payoutTo(PAYEE_KEY, 1000, other, 1000, 0, 0);
        redeemOneTo(row);
        skipsTo(row, IPayoutHub.AmountNotIncreasing.selector);
        row.payout = payout(payee, 2000);
        skipsTo(row, bytes4(keccak256("InvalidAccountNonce(address,uint256)")));
        row = payoutTo(PAYEE_KEY, 2000, other, 0, 0, 0);
        vm.warp(START + 601);
        skipsTo(row, IPayoutHub.AuthorizationExpired.selector);
    }

    function test_K11_anInstructedPayoutNeedsAValidPayoutAndFunds() public {
        IPayoutHub.PayoutToRow memory row = payoutTo(PAYEE_KEY, 1000, other, 0, 0, 0);
        row.payout = payoutBy(OTHER_KEY, hub, payee, 1000);
        skipsTo(row, IPayoutHub.InvalidSignature.selector);
        row.payout = payout(payee, 1000);
        bytes memory high = malleated(abi.encodePacked(row.payout.r, row.payout.s, row.payout.v));
        (row.payout.r, row.payout.s, row.payout.v) = split(high);
        skipsTo(row, IPayoutHub.InvalidSignature.selector);
        row = payoutTo(PAYEE_KEY, uint128(FUNDS) + 1, other, 0, 0, 0);
        skipsTo(row, IPayoutHub.Unfunded.selector);
        vm.assertEq(hub.nonces(payee), 0, "nonce");
    }

    function test_K11_oneRefusedRowLeavesNoTraceAndBlocksNoOther() public {
        BlocklistToken token = new BlocklistToken();
        hub = newHub(address(token), relay, signer);
        token.mint(address(hub), FUNDS);
        token.setBlocked(submitter, true);
        IPayoutHub.PayoutToRow[] memory rows = new IPayoutHub.PayoutToRow[](2);
        rows[0] = payoutTo(PAYEE_KEY, 1000, other, 0, 20, 20);
        rows[1] = payoutTo(PAYEE_KEY, 900, other, 0, 20, 0);
        vm.prank(submitter);
        vm.assertEq(hub.redeemTo(rows), 900, "total");
        vm.assertEq(hub.paid(payee), 900, "paid");
        vm.assertEq(token.balanceOf(other), 900, "other");
    }

    function test_K11_nobodyButTheHubPaysARow() public {
        IPayoutHub.PayoutToRow memory row = payoutTo(PAYEE_KEY, 1000, other, 0, 0, 0);
        vm.expectRevert(IPayoutHub.NotOwner.selector);
        vm.prank(relay);
        hub.payTo(row, relay);
    }
}
