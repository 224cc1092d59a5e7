// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {ChannelTest} from "./support/ChannelTest.sol";

/// Opening and topping up.
contract PaymentChannelDepositTest is ChannelTest {
    bytes32 private constant SALT = keccak256("salt");

    function test_K1_openStoresTheDraftsState() public {
        bytes32 id = channels.computeChannelId(payer, payee, address(dollar), SALT, session);
        vm.expectEmit(address(channels));
        emit IPaymentChannel.ChannelOpened(id, payer, payee, address(dollar), session, SALT, DEPOSIT);
        vm.prank(payer);
        vm.assertEq(channels.open(payee, address(dollar), DEPOSIT, SALT, session), id, "id");

        IPaymentChannel.Channel memory channel = channels.getChannel(id);
        vm.assertEq(channel.payer, payer, "payer");
        vm.assertEq(channel.payee, payee, "payee");
        vm.assertEq(channel.token, address(dollar), "token");
        vm.assertEq(channel.authorizedSigner, session, "signer");
        vm.assertEq(channel.deposit, DEPOSIT, "deposit");
        vm.assertEq(channel.settled, 0, "settled");
        vm.assertEq(channel.closeRequestedAt, 0, "no close");
        vm.assertTrue(!channel.finalized, "open");
        vm.assertEq(dollar.balanceOf(address(channels)), DEPOSIT, "held");
    }

    function test_K1_aChannelThatNeverWasIsAllZero() public view {
        IPaymentChannel.Channel memory channel = channels.getChannel(SALT);
        vm.assertEq(keccak256(abi.encode(channel)), keccak256(new bytes(8 * 32)), "zero");
    }

    function testFuzz_K1_idIsTheHashOfItsParts(
        address from,
        address to,
        address token,
        bytes32 salt,
        address signer
    ) public view {
        bytes32 expected = keccak256(abi.encode(from, to, token, salt, signer, address(channels), block.chainid));
        vm.assertEq(channels.computeChannelId(from, to, token, salt, signer), expected, "id");
    }

    function test_K1_openTwiceIsRefused() public {
        opened(SALT);
        vm.expectRevert(IPaymentChannel.ChannelAlreadyExists.selector);
        opened(SALT);
    }

    function test_K5_openWithNothingIsRefused() public {
        vm.expectRevert(IPaymentChannel.ZeroDeposit.selector);
        vm.prank(payer);
        channels.open(payee, address(dollar), 0, SALT, address(0));
    }

    function test_K5_openWithAuthorizationNeedsNoTransactionOfThePayer() public {
        vm.prank(stranger);
        bytes32 id = _openFor(payee, DEPOSIT, SALT, session, openNonce(SALT, session), _authorized());
        IPaymentChannel.Channel memory channel = channels.getChannel(id);
        vm.assertEq(channel.payer, payer, "payer");
        vm.assertEq(channel.deposit, DEPOSIT, "deposit");
        vm.assertEq(id, channels.computeChannelId(payer, payee, address(dollar), SALT, session), "id");
        vm.assertEq(dollar.balanceOf(address(channels)), DEPOSIT, "held");
    }

    function test_K5_anAuthorizationOpensOnlyWhatItsNonceIsBoundTo() public {
        bytes memory signature = _authorized();
        bytes32 nonce = openNonce(SALT, session);
        bytes4 mismatch = IPaymentChannel.NonceMismatch.selector;
        vm.expectRevert(mismatch);
        _openFor(stranger, DEPOSIT, SALT, session, nonce, signature);
        vm.expectRevert(mismatch);
        _openFor(payee, DEPOSIT, keccak256("other"), session, nonce, signature);
        vm.expectRevert(mismatch);
        _openFor(payee, DEPOSIT, SALT, stranger, nonce, signature);
        // With a nonce that fits the changed parameters the token refuses: the payer did not sign it.
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _openFor(
            stranger,
            DEPOSIT,
            SALT,
            session,
            keccak256(abi.encode(payer, stranger, address(dollar), SALT, session)),
            signature
        );
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _openFor(payee, DEPOSIT + 1, SALT, session, nonce, signature);
    }

    function test_K5_topUpAddsToTheDeposit() public {
        bytes32 id = opened();
        vm.expectEmit(address(channels));
        emit IPaymentChannel.ToppedUp(id, 7, DEPOSIT + 7);
        vm.prank(payer);
        channels.topUp(id, 7);
        vm.assertEq(channels.getChannel(id).deposit, DEPOSIT + 7, "deposit");
        vm.assertEq(dollar.balanceOf(address(channels)), DEPOSIT + 7, "held");
    }

    function test_K5_topUpIsThePayersAndNeedsAnOpenChannel() public {
        bytes32 id = opened();
        vm.expectRevert(IPaymentChannel.NotPayer.selector);
        vm.prank(stranger);
        channels.topUp(id, 7);
        vm.expectRevert(IPaymentChannel.ZeroDeposit.selector);
        vm.prank(payer);
        channels.topUp(id, 0);
        vm.expectRevert(IPaymentChannel.ChannelNotFound.selector);
        vm.prank(payer);
        channels.topUp(SALT, 7);
        vm.prank(payee);
        channels.close(id, 0, "");
        vm.expectRevert(IPaymentChannel.ChannelFinalized.selector);
        vm.prank(payer);
        channels.topUp(id, 7);
    }

    function test_K5_aDepositStaysBelow2To128() public {
        bytes32 id = opened();
        dollar.mint(payer, type(uint128).max);
        vm.expectRevert(IPaymentChannel.DepositOverflow.selector);
        vm.prank(payer);
        channels.topUp(id, type(uint128).max - DEPOSIT + 1);
        vm.prank(payer);
        channels.topUp(id, type(uint128).max - DEPOSIT);
        vm.assertEq(channels.getChannel(id).deposit, type(uint128).max, "deposit");
    }

    function testFuzz_K5_anybodyCanPayForATopUpByAuthorization(bytes32 topUpSalt, uint128 amount, bool byPayer)
        public
    {
        amount = uint128(within(amount, 1, 1e12 - DEPOSIT));
        bytes32 id = opened();
        uint256 key = byPayer ? PAYER_KEY : STRANGER_KEY;
        bytes32 nonce = keccak256(abi.encode(id, amount, vm.addr(key), topUpSalt));
        bytes memory signature = authorization(key, amount, START + 1, nonce);
        vm.prank(payee);
        channels.topUpWithAuthorization(id, amount, vm.addr(key), topUpSalt, 0, START + 1, nonce, signature);
        vm.assertEq(channels.getChannel(id).deposit, DEPOSIT + amount, "deposit");
        vm.assertEq(channels.getChannel(id).payer, payer, "payer");

        vm.expectPartialRevert(ERC3009.ERC3009UsedAuthorization.selector);
        channels.topUpWithAuthorization(id, amount, vm.addr(key), topUpSalt, 0, START + 1, nonce, signature);
    }

    function test_K5_aTopUpAuthorizationIsBoundToItsChannelAndAmount() public {
        bytes32 id = opened();
        bytes32 other = opened(SALT);
        bytes32 nonce = keccak256(abi.encode(id, uint128(9), payer, SALT));
        bytes memory signature = authorization(PAYER_KEY, 9, START + 1, nonce);
        bytes4 mismatch = IPaymentChannel.NonceMismatch.selector;
        vm.expectRevert(mismatch);
        channels.topUpWithAuthorization(other, 9, payer, SALT, 0, START + 1, nonce, signature);
        vm.expectRevert(mismatch);
        channels.topUpWithAuthorization(id, 8, payer, SALT, 0, START + 1, nonce, signature);
        vm.expectRevert(mismatch);
        channels.topUpWithAuthorization(id, 9, stranger, SALT, 0, START + 1, nonce, signature);
        vm.expectRevert(mismatch);
        channels.topUpWithAuthorization(id, 9, payer, 0, 0, START + 1, nonce, signature);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        vm.warp(START + 1);
        channels.topUpWithAuthorization(id, 9, payer, SALT, 0, START + 1, nonce, signature);
    }

    function _authorized() private view returns (bytes memory) {
        return authorization(PAYER_KEY, DEPOSIT, START + 600, openNonce(SALT, session));
    }

    function _openFor(
        address to,
        uint128 deposit,
        bytes32 salt,
        address signer,
        bytes32 nonce,
        bytes memory signature
    ) private returns (bytes32) {
        return channels.openWithAuthorization(
            to, address(dollar), deposit, salt, signer, payer, 0, START + 600, nonce, signature
        );
    }
}
