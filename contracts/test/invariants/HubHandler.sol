// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayoutHub} from "../../src/IPayoutHub.sol";
import {PayoutHub} from "../../src/PayoutHub.sol";
import {TestDollar} from "../../src/TestDollar.sol";
import {Test} from "../support/Test.sol";

/// Lets the fuzzer redeem good and bad payouts in any order and batch, fund and drain the hub. No action reverts.
contract HubHandler is Test {
    uint256 private constant SIGNER_KEY = 0x516E;
    uint256 public constant PAYEES = 4;

    PayoutHub public immutable hub;
    TestDollar public immutable dollar;
    mapping(address payee => uint128) public signedUpTo;
    uint256 public funded;
    uint256 public drained;
    bool public wentBack;
    mapping(address payee => uint256) private _lastPaid;
    address[PAYEES] private _payees;

    constructor() {
        dollar = new TestDollar();
        hub = new PayoutHub(address(dollar), address(this), vm.addr(SIGNER_KEY));
        for (uint256 i = 0; i < PAYEES; ++i) {
            _payees[i] = vm.addr(_key(i));
        }
    }

    modifier checked() {
        _;
        for (uint256 i = 0; i < PAYEES; ++i) {
            uint256 paid = hub.paid(payee(i));
            if (paid < _lastPaid[payee(i)]) wentBack = true;
            _lastPaid[payee(i)] = paid;
        }
    }

    function redeem(uint64[5] calldata amounts, uint256 faults) external checked {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](amounts.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            rows[i] = _row(payee(amounts[i] >> 3), amounts[i], faults >> (8 * i));
        }
        hub.redeem(rows);
    }

    function redeemTo(uint256 who, uint64 amount, uint64 fee, uint256 fault) external checked {
        IPayoutHub.PayoutToRow[] memory rows = new IPayoutHub.PayoutToRow[](1);
        IPayoutHub.PayoutToRow memory row = rows[0];
        row.payout = _row(payee(who), amount, fault);
        row.to = payee(who);
        row.maxFee = fee;
        row.fee = fault % 3 == 0 ? fee : fee / 100;
        row.nonce = hub.nonces(payee(who));
        row.deadline = block.timestamp;
        bytes32 hash = keccak256(
            abi.encode(
                hub.PAYOUT_TO_TYPEHASH(), payee(who), row.to, uint256(0), uint256(fee), row.nonce, row.deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", hub.domainSeparator(), hash));
        (row.r, row.s, row.v) = split(signed(_key(who), digest));
        hub.redeemTo(rows);
    }

    function fund(uint64 amount) external checked {
        dollar.mint(address(hub), amount);
        funded += amount;
    }

    function drain(uint64 amount) external checked {
        uint256 most = dollar.balanceOf(address(hub));
        uint256 taken = amount < most ? amount : most;
        hub.withdraw(address(0xD0), taken);
        drained += taken;
    }

    function payee(uint256 number) public view returns (address) {
        return _payees[number % PAYEES];
    }

    function _key(uint256 number) private pure returns (uint256) {
        return 0xCAFE + number % PAYEES;
    }

    /// One in four is signed by somebody else.
    function _row(address to, uint128 amount, uint256 fault) private returns (IPayoutHub.PayoutRow memory) {
        if (fault % 4 != 0 && amount > signedUpTo[to]) signedUpTo[to] = amount;
        uint256 key = fault % 4 == 0 ? 0xBAD : SIGNER_KEY;
        (bytes32 r, bytes32 s, uint8 v) = split(signed(key, hub.getPayoutDigest(to, amount)));
        return IPayoutHub.PayoutRow(to, amount, v, r, s);
    }
}
