// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayoutHub} from "../src/IPayoutHub.sol";
import {PaymentChannel} from "../src/PaymentChannel.sol";
import {PayoutHub} from "../src/PayoutHub.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Placed} from "./support/Placed.sol";

/**
 * Carries out each case of `test/vectors/payments.json` on contracts at the places and on the chains that it names: ids
 * and digests are those that TypeScript has, and what was signed there is accepted here.
 */
contract VectorsTest is Placed {
    string private _json;
    string private _at;

    function setUp() public {
        _json = vm.readFile("test/vectors/payments.json");
        vm.warp(1_900_000_000);
    }

    function test_K1_K2_K5_K7_channelsAsInTypeScript() public {
        for (uint256 i = 0; i < 24; ++i) {
            _use(i);
            _channel();
        }
    }

    function test_K9_K10_K11_payoutsAsInTypeScript() public {
        for (uint256 i = 0; i < 24; ++i) {
            _use(i);
            _hub();
        }
    }

    function _channel() private {
        PaymentChannel channels = PaymentChannel(_account("channel"));
        place(address(channels), abi.encodePacked(channelCode(), abi.encode(uint64(60))));
        TestDollar dollar = _placeDollar();
        uint128 deposit = uint128(_number("deposit"));
        uint128 more = uint128(_number("additionalDeposit"));
        dollar.mint(_account("payer"), uint256(deposit) + more);
        bytes32 id = channels.openWithAuthorization(
            _account("payee"),
            address(dollar),
            deposit,
            _word("salt"),
            _account("authorizedSigner"),
            _account("payer"),
            0,
            _number("deadline"),
            _word("openNonce"),
            _bytes("openSignature")
        );
        vm.assertEq(id, _word("channelId"), _at);
        channels.topUpWithAuthorization(
            id,
            more,
            _account("payer"),
            _word("topUpSalt"),
            0,
            _number("deadline"),
            _word("topUpNonce"),
            _bytes("topUpSignature")
        );
        uint128 amount = uint128(_number("cumulativeAmount"));
        vm.assertEq(channels.getVoucherDigest(id, amount), _word("voucherDigest"), _at);
        bytes memory signature = _bytes("voucherSignature");
        vm.prank(_account("payee"));
        channels.settle(id, amount, signature);
        vm.assertEq(dollar.balanceOf(_account("payee")), amount, _at);
        channels.requestCloseWithAuthorization(id, _number("deadline"), _bytes("closeRequestSignature"));
    }

    function _hub() private {
        TestDollar dollar = _placeDollar();
        PayoutHub hub = PayoutHub(_account("hub"));
        bytes memory parts = abi.encode(address(dollar), _account("owner"), _account("hubSigner"));
        place(address(hub), abi.encodePacked(hubCode(), parts));
        vm.assertEq(hub.hubId(), _word("hubId"), _at);
        uint128 amount = uint128(_number("payoutAmount"));
        address payee = _account("payee");
        vm.assertEq(hub.getPayoutDigest(payee, amount), _word("payoutDigest"), _at);
        dollar.mint(address(hub), uint256(amount) + 1);

        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](1);
        rows[0] = _payout(payee, amount, "payoutSignature");
        vm.assertEq(hub.redeem(rows), amount, _at);

        IPayoutHub.PayoutToRow[] memory instructed = new IPayoutHub.PayoutToRow[](1);
        instructed[0].payout = _payout(payee, amount + 1, "nextPayoutSignature");
        instructed[0].to = _account("to");
        instructed[0].minCumulative = uint128(_number("minCumulative"));
        instructed[0].maxFee = uint128(_number("maxFee"));
        instructed[0].deadline = _number("deadline");
        (instructed[0].r, instructed[0].s, instructed[0].v) = split(_bytes("payoutToSignature"));
        vm.assertEq(hub.redeemTo(instructed), 1, _at);
        vm.assertEq(dollar.balanceOf(_account("to")), 1, _at);
    }

    function _payout(address payee, uint128 amount, string memory signature)
        private
        view
        returns (IPayoutHub.PayoutRow memory)
    {
        (bytes32 r, bytes32 s, uint8 v) = split(_bytes(signature));
        return IPayoutHub.PayoutRow(payee, amount, v, r, s);
    }

    function _placeDollar() private returns (TestDollar dollar) {
        dollar = TestDollar(_account("token"));
        place(address(dollar), type(TestDollar).creationCode);
    }

    function _use(uint256 index) private {
        _at = string.concat(".cases[", vm.toString(index), "]");
        vm.chainId(_number("chainId"));
    }

    function _key(string memory name) private view returns (string memory) {
        return string.concat(_at, ".", name);
    }

    function _number(string memory name) private view returns (uint256) {
        return vm.parseJsonUint(_json, _key(name));
    }

    function _account(string memory name) private view returns (address) {
        return vm.parseJsonAddress(_json, _key(name));
    }

    function _word(string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, _key(name));
    }

    function _bytes(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(_json, _key(name));
    }
}
