// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayoutHub} from "../../src/IPayoutHub.sol";
import {PayoutHub} from "../../src/PayoutHub.sol";
import {TestDollar} from "../../src/TestDollar.sol";
import {Released} from "./Released.sol";
import {Vm} from "./Vm.sol";

/// A funded hub, its owner and signer, and payees with keys.
abstract contract HubTest is Released {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant FUNDS = 1_000_000_000;
    uint256 internal constant SIGNER_KEY = 0x516E;
    uint256 internal constant PAYEE_KEY = 0xB0B;
    uint256 internal constant OTHER_KEY = 0x07E;

    address internal immutable relay = vm.addr(0x0E1A);
    address internal immutable signer = vm.addr(SIGNER_KEY);
    address internal immutable payee = vm.addr(PAYEE_KEY);
    address internal immutable other = vm.addr(OTHER_KEY);
    address internal immutable submitter = vm.addr(0x5B);

    PayoutHub internal hub;
    TestDollar internal dollar;

    function setUp() public virtual {
        vm.warp(START);
        dollar = new TestDollar();
        hub = newHub(address(dollar), relay, signer);
        dollar.mint(relay, FUNDS);
        vm.startPrank(relay);
        dollar.approve(address(hub), FUNDS);
        hub.deposit(FUNDS);
        vm.stopPrank();
    }

    function payout(address to, uint128 amount) internal view returns (IPayoutHub.PayoutRow memory) {
        return payoutBy(SIGNER_KEY, hub, to, amount);
    }

    function payoutBy(uint256 key, PayoutHub where, address to, uint128 amount)
        internal
        view
        returns (IPayoutHub.PayoutRow memory)
    {
        (bytes32 r, bytes32 s, uint8 v) = split(signed(key, where.getPayoutDigest(to, amount)));
        return IPayoutHub.PayoutRow(to, amount, v, r, s);
    }

    function redeemOne(IPayoutHub.PayoutRow memory row) internal returns (uint256) {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](1);
        rows[0] = row;
        vm.prank(submitter);
        return hub.redeem(rows);
    }

    /// An instruction of the payee, signed by `key`, with a deadline in ten minutes.
    function payoutTo(uint256 key, uint128 amount, address to, uint128 minCumulative, uint128 maxFee, uint128 fee)
        internal
        view
        returns (IPayoutHub.PayoutToRow memory row)
    {
        row.payout = payout(payee, amount);
        row.to = to;
        row.minCumulative = minCumulative;
        row.maxFee = maxFee;
        row.fee = fee;
        row.nonce = hub.nonces(payee);
        row.deadline = START + 600;
        bytes32 hash = keccak256(
            abi.encode(hub.PAYOUT_TO_TYPEHASH(), payee, to, minCumulative, maxFee, row.nonce, row.deadline)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", hub.domainSeparator(), hash));
        (row.r, row.s, row.v) = split(signed(key, digest));
    }

    function redeemOneTo(IPayoutHub.PayoutToRow memory row) internal returns (uint256) {
        IPayoutHub.PayoutToRow[] memory rows = new IPayoutHub.PayoutToRow[](1);
        rows[0] = row;
        vm.prank(submitter);
        return hub.redeemTo(rows);
    }

    /// The row pays nothing, for this reason.
    function skips(IPayoutHub.PayoutRow memory row, bytes4 reason) internal {
        vm.recordLogs();
        vm.assertEq(redeemOne(row), 0, "paid");
        _lastLogIsASkip(row.payee, reason);
    }

    function skipsTo(IPayoutHub.PayoutToRow memory row, bytes4 reason) internal {
        vm.recordLogs();
        vm.assertEq(redeemOneTo(row), 0, "paid");
        _lastLogIsASkip(row.payout.payee, reason);
    }

    function _lastLogIsASkip(address to, bytes4 reason) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1, "one event");
        vm.assertEq(logs[0].emitter, address(hub), "emitter");
        vm.assertEq(logs[0].topics[0], IPayoutHub.PayoutSkipped.selector, "event");
        vm.assertEq(logs[0].topics[1], bytes32(uint256(uint160(to))), "payee");
        vm.assertEq(bytes32(logs[0].data), bytes32(reason), "reason");
    }
}
