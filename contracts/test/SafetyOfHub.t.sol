// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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

    function test_safety_aReentrantTokenGetsNowhere() public {
        ReentrantToken token = new ReentrantToken();
        hub = newHub(address(token), address(token), signer);
        token.mint(address(hub), 1000);
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](1);
        rows[0] = payout(payee, 500);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(hub.redeem, (rows));
        calls[1] = abi.encodeCall(hub.withdraw, (payee, 1));
        calls[2] = abi.encodeCall(hub.deposit, (1));
        calls[3] = abi.encodeCall(hub.payTo, (payoutTo(PAYEE_KEY, 600, payee, 0, 0, 0), payee));
        for (uint128 i = 0; i < calls.length; ++i) {
            token.callBack(address(hub), calls[i]);
            redeemOne(payout(payee, i + 1));
        }
        vm.assertEq(token.tried(), calls.length, "tried");
        vm.assertEq(token.succeeded(), 0, "succeeded");
        vm.assertEq(token.balanceOf(payee), calls.length, "paid once each");
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
