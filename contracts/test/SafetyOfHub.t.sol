// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IPayoutHub} from "../src/IPayoutHub.sol";
import {PayoutHub} from "../src/PayoutHub.sol";
import {OddToken} from "./tokens/OddToken.sol";
import {ReentrantToken} from "./tokens/ReentrantToken.sol";
import {HubTest} from "./support/HubTest.sol";

/// The safety list as far as it is about the hub.
contract SafetyOfHubTest is HubTest {
    function test_safety_chainContractAndPartsAreInTheId() public {
        bytes32 id = hub.hubId();
        vm.assertTrue(id != newHub(address(dollar), relay, signer).hubId(), "contract");
        vm.assertTrue(id != newHub(address(dollar), other, signer).hubId(), "owner");
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        PayoutHub elsewhere = newHub(address(dollar), relay, signer);
        vm.assertEq(elsewhere.hubId(), keccak256(abi.encode(dollar, relay, signer, elsewhere, chain + 1)), "chain");
    }

    function test_safety_aPayoutIsNoGoodAtAnotherHubOrOnAnotherChain() public {
        PayoutHub twin = newHub(address(dollar), relay, signer);
        skips(payoutBy(SIGNER_KEY, twin, payee, 9), IPayoutHub.InvalidSignature.selector);
        IPayoutHub.PayoutRow memory row = payout(payee, 9);
        vm.chainId(block.chainid + 1);
        skips(row, IPayoutHub.InvalidSignature.selector);
    }

    function testFuzz_safety_payoutsDoNotExpire(uint32 later) public {
        IPayoutHub.PayoutRow memory row = payout(payee, 9);
        vm.warp(START + later);
        vm.assertEq(redeemOne(row), 9, "paid");
    }

    /// As with channels: each call is stopped by the guard alone, and goes through outside of a transfer.
    function test_safety_aReentrantTokenGetsNowhere() public {
        ReentrantToken token = new ReentrantToken();
        // The token owns the hub and has something to deposit.
        hub = newHub(address(token), address(token), signer);
        token.mint(address(hub), 1000);
        token.mint(address(token), 1);
        vm.prank(address(token));
        token.approve(address(hub), 1);
        token.mint(relay, 100);
        vm.prank(relay);
        token.approve(address(hub), 100);
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](1);
        rows[0] = payout(payee, 500);
        IPayoutHub.PayoutToRow[] memory rowsTo = new IPayoutHub.PayoutToRow[](1);
        rowsTo[0] = payoutTo(PAYEE_KEY, 600, payee, 0, 0, 0);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(hub.redeem, (rows));
        calls[1] = abi.encodeCall(hub.withdraw, (payee, 1));
        calls[2] = abi.encodeCall(hub.deposit, (1));
        calls[3] = abi.encodeCall(hub.redeemTo, (rowsTo));
        for (uint128 i = 0; i < calls.length; ++i) {
            token.callBack(address(hub), calls[i]);
            redeemOne(payout(payee, i + 1));
            vm.prank(relay);
            hub.deposit(1);
        }
        vm.assertEq(token.succeeded(), 0, "succeeded");
        vm.assertEq(token.tried(), 2 * calls.length, "tried");
        vm.assertEq(token.balanceOf(payee), calls.length, "paid once each");

        token.callBack(address(0), "");
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(address(token));
            (bool done,) = address(hub).call(calls[i]);
            vm.assertTrue(done, string.concat("only the guard stopped it: ", vm.toString(i)));
        }
        vm.assertEq(token.balanceOf(payee), 601, "all went through");
        vm.assertEq(token.balanceOf(address(hub)), 404, "all went through");
    }

    /// What is paid is written before the money moves: whoever looks in the middle sees what will be.
    function test_safety_aTokenThatLooksSeesWhatWillBe() public {
        ReentrantToken token = new ReentrantToken();
        hub = newHub(address(token), relay, signer);
        token.mint(address(hub), 1000);
        token.callBack(address(hub), abi.encodeCall(hub.paid, (payee)));
        redeemOne(payout(payee, 500));
        vm.assertEq(abi.decode(token.answer(), (uint256)), 500, "redeemed");
        redeemOneTo(payoutTo(PAYEE_KEY, 600, payee, 0, 0, 0));
        vm.assertEq(abi.decode(token.answer(), (uint256)), 600, "redeemed elsewhere");
    }

    /// A token redeems the same payout again from within: the guard or the order alone would keep the money.
    function test_safety_aReentrantPayeeIsPaidOnce() public {
        ReentrantToken token = new ReentrantToken();
        hub = newHub(address(token), relay, signer);
        token.mint(address(hub), 1000);
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](1);
        rows[0] = payout(payee, 400);
        token.callBack(address(hub), abi.encodeCall(hub.redeem, (rows)));
        hub.redeem(rows);
        vm.assertEq(token.balanceOf(payee), 400, "paid once");
    }

    function test_safety_oddTokensPayOrSkip() public {
        OddToken silent = new OddToken(false);
        hub = newHub(address(silent), relay, signer);
        silent.mint(address(hub), 10);
        vm.assertEq(redeemOne(payout(payee, 4)), 4, "nothing answered");
        skips(payout(payee, 20), IPayoutHub.Unfunded.selector);

        OddToken answering = new OddToken(true);
        hub = newHub(address(answering), relay, signer);
        answering.mint(address(hub), 10);
        vm.assertEq(redeemOne(payout(payee, 4)), 4, "true answered");
        skips(payout(payee, 20), IPayoutHub.Unfunded.selector);
        vm.assertEq(hub.paid(payee), 4, "paid");
    }

    function test_safety_oddTokensPayWhereThePayeeWants() public {
        OddToken silent = _hubOfOdd(false);
        vm.assertEq(redeemOneTo(payoutTo(PAYEE_KEY, 100, other, 0, 2, 2)), 100, "nothing answered");
        vm.assertEq(silent.balanceOf(other), 98, "to");
        vm.assertEq(silent.balanceOf(submitter), 2, "fee");

        OddToken answering = _hubOfOdd(true);
        vm.assertEq(redeemOneTo(payoutTo(PAYEE_KEY, 100, other, 0, 2, 2)), 100, "true answered");
        answering.refuse(other);
        vm.assertEq(redeemOneTo(payoutTo(PAYEE_KEY, 200, other, 0, 0, 0)), 0, "false answered");
        answering.refuse(submitter);
        vm.assertEq(redeemOneTo(payoutTo(PAYEE_KEY, 200, payee, 0, 2, 2)), 0, "false answered to the fee");
        vm.assertEq(answering.balanceOf(payee), 0, "all or nothing");
        vm.assertEq(hub.paid(payee), 100, "paid");
    }

    function test_safety_oddTokensAreBroughtAndTaken() public {
        OddToken silent = _hubOfOdd(false);
        silent.mint(relay, 10);
        vm.startPrank(relay);
        hub.deposit(10);
        hub.withdraw(other, 5);
        vm.stopPrank();
        vm.assertEq(silent.balanceOf(address(hub)), 1005, "nothing answered");

        OddToken answering = _hubOfOdd(true);
        answering.refuse(other);
        vm.startPrank(relay);
        hub.withdraw(relay, 1000);
        hub.deposit(1000);
        vm.expectPartialRevert(SafeERC20.SafeERC20FailedOperation.selector);
        hub.withdraw(other, 5);
        vm.expectPartialRevert(SafeERC20.SafeERC20FailedOperation.selector);
        hub.deposit(5);
        vm.assertEq(answering.balanceOf(address(hub)), 1000, "true answered");
    }

    /// A hub that has 1000 of it.
    function _hubOfOdd(bool answersFalse) private returns (OddToken token) {
        token = new OddToken(answersFalse);
        hub = newHub(address(token), relay, signer);
        token.mint(address(hub), 1000);
    }

    function test_lesson_oneBadRowBlocksNoBatch() public {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](5);
        rows[0] = payoutBy(OTHER_KEY, hub, payee, 5);
        rows[1] = payout(address(0), 5);
        rows[2] = payout(payee, type(uint128).max);
        rows[3] = payout(other, 0);
        rows[4] = payout(other, 7);
        vm.assertEq(hub.redeem(rows), 7, "total");
    }
}
