// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {PaymentChannel} from "../src/PaymentChannel.sol";
import {FeeToken} from "./tokens/FeeToken.sol";
import {OddToken} from "./tokens/OddToken.sol";
import {RebasingToken} from "./tokens/RebasingToken.sol";
import {ReentrantToken} from "./tokens/ReentrantToken.sol";
import {ChannelTest} from "./support/ChannelTest.sol";

/// A signer that is a contract and says yes to everything.
contract AgreeableWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// The channel's safety list, line by line. What went wrong for others is in `Lessons.t.sol`.
contract SafetyTest is ChannelTest {
    function test_safety_chainAndContractAreInTheId() public {
        PaymentChannel twin = newChannels(GRACE);
        bytes32 here = channels.computeChannelId(payer, payee, address(dollar), 0, address(0));
        vm.assertTrue(here != twin.computeChannelId(payer, payee, address(dollar), 0, address(0)), "contract");
        vm.chainId(block.chainid + 1);
        vm.assertTrue(here != channels.computeChannelId(payer, payee, address(dollar), 0, address(0)), "chain");
    }

    function test_safety_chainAndContractAreInTheDomain() public {
        PaymentChannel twin = newChannels(GRACE);
        bytes32 id = opened();
        settleFails(
            id, 9, signed(PAYER_KEY, twin.getVoucherDigest(id, 9)), IPaymentChannel.InvalidSignature.selector
        );
        bytes memory signature = voucher(id, 9);
        vm.chainId(block.chainid + 1);
        settleFails(id, 9, signature, IPaymentChannel.InvalidSignature.selector);
    }

    function test_safety_aFinalizedIdIsNeverReopened() public {
        opened("money of others");
        bytes32 id = opened();
        settle(id, 9);
        bytes memory signature = voucher(id, DEPOSIT);
        vm.prank(payee);
        channels.close(id, 9, "");
        vm.expectRevert(IPaymentChannel.ChannelAlreadyExists.selector);
        opened();
        settleFails(id, DEPOSIT, signature, IPaymentChannel.ChannelFinalized.selector);

        id = opened("withdrawn");
        vm.prank(payer);
        channels.requestClose(id);
        vm.warp(START + GRACE);
        vm.prank(payer);
        channels.withdraw(id);
        vm.expectRevert(IPaymentChannel.ChannelAlreadyExists.selector);
        opened("withdrawn");
    }

    function test_safety_onlyLowSAnd65Bytes() public {
        bytes32 id = opened();
        bytes4 invalid = IPaymentChannel.InvalidSignature.selector;
        bytes memory good = voucher(id, 9);
        settleFails(id, 9, malleated(good), invalid);
        settleFails(id, 9, compacted(good), invalid);
        settleFails(id, 9, abi.encodePacked(good, uint8(0)), invalid);
        settleFails(id, 9, "", invalid);
        (bytes32 r, bytes32 s, uint8 v) = split(good);
        settleFails(id, 9, abi.encodePacked(r, s, v - 27), invalid);
        settleFails(id, 9, abi.encodePacked(bytes32(0), bytes32(0), v), invalid);
        vm.prank(payee);
        channels.settle(id, 9, good);
    }

    function test_safety_stateIsKeyedOnAmountsNotOnSignatures() public {
        bytes32 id = opened();
        settle(id, 9);
        // Another valid signature over the same amount changes nothing either.
        (uint8 v, bytes32 r, bytes32 s) =
            vm.signWithNonceUnsafe(PAYER_KEY, channels.getVoucherDigest(id, 9), 0xA0CE);
        bytes memory another = abi.encodePacked(r, s, v);
        vm.assertTrue(keccak256(another) != keccak256(voucher(id, 9)), "another");
        settleFails(id, 9, another, IPaymentChannel.AmountNotIncreasing.selector);
        settleFails(id, 9, voucher(id, 9), IPaymentChannel.AmountNotIncreasing.selector);
        settleFails(id, 9, malleated(voucher(id, 9)), IPaymentChannel.AmountNotIncreasing.selector);
    }

    function testFuzz_safety_cumulativeIncreasingAndWithinTheDeposit(uint128[8] memory amounts) public {
        opened("money of others");
        bytes32 id = opened();
        uint128 settled;
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint128 amount = uint128(within(amounts[i], 0, DEPOSIT + DEPOSIT / 4));
            if (amount > settled && amount <= DEPOSIT) {
                settle(id, amount);
                settled = amount;
            } else {
                bytes4 reason = amount <= settled
                    ? IPaymentChannel.AmountNotIncreasing.selector
                    : IPaymentChannel.AmountExceedsDeposit.selector;
                settleFails(id, amount, voucher(id, amount), reason);
            }
            vm.assertEq(dollar.balanceOf(payee), settled, "paid");
        }
    }

    function testFuzz_safety_vouchersDoNotExpire(uint32 later) public {
        bytes32 id = opened();
        bytes memory signature = voucher(id, 9);
        vm.warp(START + later);
        vm.prank(payee);
        channels.settle(id, 9, signature);
    }

    function testFuzz_safety_aZeroCloseRequestNeverCountsAsElapsed(uint40 time) public {
        bytes32 id = opened();
        vm.warp(time);
        vm.expectRevert(IPaymentChannel.CloseNotReady.selector);
        vm.prank(payer);
        channels.withdraw(id);
        vm.expectRevert(IPaymentChannel.CloseNotReady.selector);
        channels.withdrawFor(id);
    }

    function test_safety_nobodyElsesTopUpCancelsAClose() public {
        bytes32 id = opened();
        vm.prank(payer);
        channels.requestClose(id);
        _relayedTopUpFails(id, PAYER_KEY);
        _relayedTopUpFails(id, STRANGER_KEY);
        vm.expectRevert(IPaymentChannel.NotPayer.selector);
        vm.prank(stranger);
        channels.topUp(id, 9);
        vm.assertEq(channels.getChannel(id).closeRequestedAt, START, "pending");
    }

    function test_safety_aFeeOnTransferTokenIsRefused() public {
        FeeToken token = new FeeToken();
        token.mint(payer, 1000);
        vm.prank(payer);
        token.approve(address(channels), 1000);
        vm.expectRevert(IPaymentChannel.DepositMismatch.selector);
        vm.prank(payer);
        channels.open(payee, address(token), 1000, 0, address(0));
        bytes32 nonce = keccak256(abi.encode(payer, payee, address(token), bytes32(0), address(0)));
        vm.expectRevert(IPaymentChannel.DepositMismatch.selector);
        channels.openWithAuthorization(payee, address(token), 1000, 0, address(0), payer, 0, START, nonce, "");
    }

    function test_safety_aRebasingTokenIsRefusedWhereItRounds() public {
        RebasingToken token = new RebasingToken();
        token.mint(payer, 1000);
        token.rebase(1.7e18);
        vm.startPrank(payer);
        token.approve(address(channels), 1000);
        vm.expectRevert(IPaymentChannel.DepositMismatch.selector);
        channels.open(payee, address(token), 1000, 0, address(0));
        vm.stopPrank();
    }

    function test_safety_aTokenThatShrinksHurtsOnlyItsOwnChannels() public {
        RebasingToken token = new RebasingToken();
        token.mint(payer, 1000);
        vm.startPrank(payer);
        token.approve(address(channels), 1000);
        bytes32 shrunk = channels.open(payee, address(token), 1000, 0, address(0));
        vm.stopPrank();
        bytes32 id = opened();
        token.rebase(0.5e18);
        bytes memory signature = voucher(shrunk, 1000);
        vm.expectRevert();
        vm.prank(payee);
        channels.settle(shrunk, 1000, signature);
        settle(id, DEPOSIT);
        vm.assertEq(dollar.balanceOf(payee), DEPOSIT, "paid");
    }

    function test_safety_tokensThatAnswerNothingWork() public {
        OddToken token = new OddToken(false);
        bytes32 id = _openedIn(token);
        settle(id, 400);
        vm.prank(payee);
        channels.close(id, 0, "");
        vm.assertEq(token.balanceOf(payee), 400, "payee");
        vm.assertEq(token.balanceOf(payer), 600, "payer");
    }

    function test_safety_aTokenThatAnswersFalseIsAFailure() public {
        OddToken token = new OddToken(true);
        vm.expectRevert();
        vm.prank(stranger);
        channels.open(payee, address(token), 1000, 0, address(0));
        bytes32 id = _openedIn(token);
        settle(id, 1000);
        vm.assertEq(token.balanceOf(payee), 1000, "payee");
    }

    function test_safety_aPaymentThatATokenAnswersFalseToIsAFailure() public {
        OddToken token = new OddToken(true);
        bytes32 id = _openedIn(token);
        token.burn(address(channels), 1000);
        bytes memory signature = voucher(id, 1000);
        vm.expectRevert();
        vm.prank(payee);
        channels.settle(id, 1000, signature);
        vm.assertEq(channels.getChannel(id).settled, 0, "settled");
    }

    function test_safety_anAccountThatIsNoTokenIsRefused() public {
        vm.expectRevert();
        vm.prank(payer);
        channels.open(payee, stranger, 1000, 0, address(0));
    }

    /// Every call that the token makes in the middle of a transfer is stopped by the guard, and by nothing else: all of
    /// them go through in the end, one after the other, when the token makes them outside of one.
    function test_safety_aReentrantTokenGetsNowhere() public {
        ReentrantToken token = new ReentrantToken();
        bytes32 victim = _openedBy(payer, token, payee, "victim");
        bytes[] memory calls = _callsOf(token);
        for (uint128 i = 0; i < calls.length; ++i) {
            token.callBack(address(channels), calls[i]);
            settle(victim, i + 1);
            vm.prank(payer);
            channels.topUp(victim, 1);
        }
        vm.assertEq(token.succeeded(), 0, "succeeded");
        vm.assertEq(token.tried(), 2 * calls.length, "tried");
        vm.assertEq(token.balanceOf(address(channels)), 5000, "held");
        vm.assertEq(token.balanceOf(payee), calls.length, "paid once each");

        token.callBack(address(0), "");
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(address(token));
            (bool done,) = address(channels).call(calls[i]);
            vm.assertTrue(done, string.concat("only the guard stopped it: ", vm.toString(i)));
        }
        // What is left: the victim's, the token's own with two top-ups, and the two that were opened.
        vm.assertEq(token.balanceOf(address(channels)), 1000 + 1002 + 2, "held in the end");
    }

    /// Each function that has the guard, in an order and on channels that let each go through by itself. The token is a
    /// payer and a payee, so that no access check stands in for the guard; both its channels to leave are ripe.
    function _callsOf(ReentrantToken token) private returns (bytes[] memory calls) {
        bytes32 left = _openedBy(payer, token, payee, "left");
        bytes32 ripe = _openedBy(address(token), token, payee, "ripe");
        vm.prank(payer);
        channels.requestClose(left);
        vm.prank(address(token));
        channels.requestClose(ripe);
        vm.warp(START + GRACE);
        bytes32 id = _openedBy(payer, token, address(token), 0);
        bytes32 own = _openedBy(address(token), token, payee, 0);
        token.mint(address(token), 4);
        vm.prank(address(token));
        token.approve(address(channels), 2);
        calls = new bytes[](11);
        calls[0] = abi.encodeCall(channels.settle, (id, 500, voucher(id, 500)));
        calls[1] = abi.encodeCall(channels.settleMany, (address(token), _one(id, 700)));
        calls[2] = abi.encodeCall(channels.withdrawFor, (left));
        calls[3] = abi.encodeCall(channels.open, (payee, address(token), 1, "again", address(0)));
        calls[4] = abi.encodeCall(channels.topUp, (own, 1));
        calls[5] = abi.encodeCall(
            channels.requestCloseWithAuthorization,
            (id, block.timestamp, closeRequest(PAYER_KEY, id, block.timestamp))
        );
        calls[6] = abi.encodeCall(channels.close, (id, 0, ""));
        calls[7] = _openByAuthorization(token, "relayed");
        calls[8] = _topUpByAuthorization(token, own);
        calls[9] = abi.encodeCall(channels.requestClose, (own));
        calls[10] = abi.encodeCall(channels.withdraw, (ripe));
    }

    /// Of the token's own money: one unit.
    function _openByAuthorization(ReentrantToken token, bytes32 salt) private view returns (bytes memory) {
        address from = address(token);
        bytes32 nonce = keccak256(abi.encode(from, payee, from, salt, address(0)));
        return abi.encodeCall(
            channels.openWithAuthorization, (payee, from, 1, salt, address(0), from, 0, START, nonce, "")
        );
    }

    function _topUpByAuthorization(ReentrantToken token, bytes32 id) private view returns (bytes memory) {
        address from = address(token);
        bytes32 nonce = keccak256(abi.encode(id, uint128(1), from, bytes32(0)));
        return abi.encodeCall(channels.topUpWithAuthorization, (id, 1, from, 0, 0, START, nonce, ""));
    }

    /// The state is written before the money moves: whoever looks in the middle sees what will be.
    function test_safety_aTokenThatLooksSeesWhatWillBe() public {
        ReentrantToken token = new ReentrantToken();
        token.mint(address(token), 2);
        address self = address(token);
        _look(token, channels.computeChannelId(self, payee, self, "relayed", address(0)));
        _succeeds(payee, _openByAuthorization(token, "relayed"));
        vm.assertEq(_seen(token).deposit, 1, "opened by authorization");
        _look(token, channels.computeChannelId(payer, payee, self, 0, address(0)));
        bytes32 id = _openedBy(payer, token, payee, 0);
        vm.assertEq(_seen(token).deposit, 1000, "opened");
        settle(id, 100);
        vm.assertEq(_seen(token).settled, 100, "settled");
        IPaymentChannel.VoucherRow[] memory rows = _one(id, 300);
        vm.prank(payee);
        channels.settleMany(self, rows);
        vm.assertEq(_seen(token).settled, 300, "settled in a batch");
        vm.prank(payer);
        channels.topUp(id, 5);
        vm.assertEq(_seen(token).deposit, 1005, "topped up");
        _succeeds(payee, _topUpByAuthorization(token, id));
        vm.assertEq(_seen(token).deposit, 1006, "topped up by authorization");
        vm.prank(payee);
        channels.close(id, 0, "");
        vm.assertTrue(_seen(token).finalized, "closed");
        _leaves(token, "withdraw", abi.encodeWithSelector(channels.withdraw.selector));
        _leaves(token, "withdrawFor", abi.encodeWithSelector(channels.withdrawFor.selector));
    }

    /// @param call all of it, but for the channel
    function _leaves(ReentrantToken token, bytes32 salt, bytes memory call) private {
        bytes32 id = _openedBy(payer, token, payee, salt);
        vm.prank(payer);
        channels.requestClose(id);
        vm.warp(block.timestamp + GRACE);
        _look(token, id);
        _succeeds(payer, abi.encodePacked(call, id));
        vm.assertTrue(_seen(token).finalized, "withdrawn");
    }

    /// From now on the token asks for this channel.
    function _look(ReentrantToken token, bytes32 id) private {
        token.callBack(address(channels), abi.encodeCall(channels.getChannel, (id)));
    }

    function _succeeds(address from, bytes memory data) private {
        vm.prank(from);
        (bool done,) = address(channels).call(data);
        vm.assertTrue(done, "went through");
    }

    /// A payee that is its token calls `settle` again from within: the guard or the order alone would keep the money.
    function test_safety_aReentrantPayeeIsPaidOnce() public {
        ReentrantToken token = new ReentrantToken();
        _openedBy(payer, token, payee, "of others");
        bytes32 id = _openedBy(payer, token, address(token), 0);
        bytes memory data = abi.encodeCall(channels.settle, (id, 500, voucher(id, 500)));
        token.callBack(address(channels), data);
        vm.prank(address(token));
        (bool done,) = address(channels).call(data);
        vm.assertTrue(done, "settled");
        vm.assertEq(token.balanceOf(address(token)), 500, "paid once");
    }

    function test_safety_onlyAccountsWithAKeySign() public {
        AgreeableWallet wallet = new AgreeableWallet();
        vm.prank(payer);
        bytes32 id = channels.open(payee, address(dollar), DEPOSIT, 0, address(wallet));
        settleFails(id, 9, voucher(id, 9), IPaymentChannel.InvalidSignature.selector);
        settleFails(id, 9, "", IPaymentChannel.InvalidSignature.selector);
    }

    function _relayedTopUpFails(bytes32 id, uint256 key) private {
        bytes32 nonce = keccak256(abi.encode(id, uint128(9), vm.addr(key), bytes32(0)));
        bytes memory signature = authorization(key, 9, START + 600, nonce);
        vm.expectRevert(IPaymentChannel.ClosePending.selector);
        vm.prank(vm.addr(key));
        channels.topUpWithAuthorization(id, 9, vm.addr(key), 0, 0, START + 600, nonce, signature);
    }

    function _openedIn(OddToken token) private returns (bytes32 id) {
        token.mint(payer, 1000);
        vm.startPrank(payer);
        token.approve(address(channels), 1000);
        id = channels.open(payee, address(token), 1000, 0, address(0));
        vm.stopPrank();
    }

    /// A channel of 1000.
    function _openedBy(address from, ReentrantToken token, address to, bytes32 salt) private returns (bytes32 id) {
        token.mint(from, 2000);
        vm.startPrank(from);
        token.approve(address(channels), 2000);
        id = channels.open(to, address(token), 1000, salt, address(0));
        vm.stopPrank();
    }

    function _seen(ReentrantToken token) private view returns (IPaymentChannel.Channel memory) {
        return abi.decode(token.answer(), (IPaymentChannel.Channel));
    }

    function _one(bytes32 id, uint128 amount) private view returns (IPaymentChannel.VoucherRow[] memory rows) {
        rows = new IPaymentChannel.VoucherRow[](1);
        rows[0] = row(id, amount);
    }
}
