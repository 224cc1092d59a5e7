// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPayoutHub} from "../../src/IPayoutHub.sol";
import {PayoutHub} from "../../src/PayoutHub.sol";
import {TestDollar} from "../../src/TestDollar.sol";
import {Released} from "../support/Released.sol";

/// Lets the fuzzer redeem good and bad payouts in any order and batch, fund and drain the hub. No action reverts.
contract HubHandler is Released {
    uint256 private constant SIGNER_KEY = 0x516E;
    uint256 public constant PAYEES = 4;

    PayoutHub public immutable hub;
    TestDollar public immutable dollar;
    mapping(address payee => uint128) public signedUpTo;
    uint256 public funded;
    uint256 public drained;
    /// The first rule that was broken, in words; empty while all hold.
    string public fault;
    mapping(address payee => uint256) private _lastPaid;
    address[PAYEES] private _payees;

    /// @param code the creation code of the contract to try
    constructor(bytes memory code) {
        dollar = new TestDollar();
        hub = PayoutHub(create(code, abi.encode(dollar, this, vm.addr(SIGNER_KEY))));
        for (uint256 i = 0; i < PAYEES; ++i) {
            _payees[i] = vm.addr(_key(i));
        }
    }

    /// Looks at everything once after each action: asking from outside would take several times as long.
    modifier checked() {
        _;
        _inspect();
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

    function _inspect() private {
        uint256 paid;
        uint256 received;
        for (uint256 i = 0; i < PAYEES; ++i) {
            address to = _payees[i];
            uint256 now_ = hub.paid(to);
            uint256 got = dollar.balanceOf(to);
            _demand(now_ >= _lastPaid[to], "K9: paid only grows");
            _demand(now_ <= signedUpTo[to], "K9: paid <= signed");
            _demand(got <= now_, "K9: received <= paid");
            if (now_ != _lastPaid[to]) _lastPaid[to] = now_;
            paid += now_;
            received += got;
        }
        // The handler submits, so fees are what it has.
        uint256 fees = dollar.balanceOf(address(this));
        _demand(received + fees == paid, "K9: paid is what was sent");
        _demand(fees * 50 <= paid, "K11: fees <= 2%");
        _demand(dollar.balanceOf(address(hub)) + paid + drained == funded, "K12: money is conserved");
    }

    function _demand(bool holds, string memory rule) private {
        if (!holds && bytes(fault).length == 0) fault = rule;
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
