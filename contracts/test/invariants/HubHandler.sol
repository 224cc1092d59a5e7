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
    /// What left for a payee, wherever it went; what of it submitters kept.
    mapping(address payee => uint256) private _sent;
    mapping(address payee => uint256) private _fees;
    mapping(address account => uint256) private _held;
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

    function redeem(uint64[5] calldata amounts, uint256 mistakes) external checked {
        IPayoutHub.PayoutRow[] memory rows = new IPayoutHub.PayoutRow[](amounts.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            rows[i] = _row(payee(amounts[i] >> 3), amounts[i], mistakes >> (8 * i));
        }
        hub.redeem(rows);
        for (uint256 i = 0; i < PAYEES; ++i) {
            _sent[_payees[i]] += _gainOf(_payees[i]);
        }
    }

    /// To the payee itself, to another one or to somebody else. The handler submits it, and so fees are the handler's.
    function redeemTo(uint256 who, uint256 to, uint64 amount, uint64 fee, uint256 mistake) external checked {
        IPayoutHub.PayoutToRow[] memory rows = new IPayoutHub.PayoutToRow[](1);
        IPayoutHub.PayoutToRow memory row = rows[0];
        address by = payee(who);
        row.payout = _row(by, amount, mistake);
        row.to = to % 5 < PAYEES ? payee(to % 5) : address(0xE15E);
        row.maxFee = fee;
        row.fee = mistake % 3 == 0 ? fee : fee / 100;
        row.nonce = hub.nonces(by);
        row.deadline = block.timestamp;
        bytes32 hash = keccak256(
            abi.encode(hub.PAYOUT_TO_TYPEHASH(), by, row.to, uint256(0), uint256(fee), row.nonce, row.deadline)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", hub.domainSeparator(), hash));
        (row.r, row.s, row.v) = split(signed(_key(who), digest));
        uint256 total = hub.redeemTo(rows);
        uint256 arrived = _gainOf(row.to);
        uint256 kept = _gainOf(address(this));
        _sent[by] += arrived + kept;
        _fees[by] += kept;
        bool isRight = total == 0 ? arrived + kept == 0 : kept == row.fee && arrived == total - kept;
        _demand(isRight, "K11: it goes where the payee wants it");
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
        for (uint256 i = 0; i < PAYEES; ++i) {
            address to = _payees[i];
            uint256 now_ = hub.paid(to);
            _demand(now_ >= _lastPaid[to], "K9: paid only grows");
            _demand(now_ <= signedUpTo[to], "K9: paid <= signed");
            _demand(now_ == _sent[to], "K9: paid is what was sent for the payee");
            _demand(_fees[to] * 50 <= now_, "K11: fees <= 2%");
            if (now_ != _lastPaid[to]) _lastPaid[to] = now_;
            paid += now_;
        }
        _demand(dollar.balanceOf(address(hub)) + paid + drained == funded, "K12: money is conserved");
    }

    /// Since it was asked last.
    function _gainOf(address account) private returns (uint256 gain) {
        uint256 held = dollar.balanceOf(account);
        gain = held - _held[account];
        if (gain != 0) _held[account] = held;
    }

    function _demand(bool holds, string memory rule) private {
        if (!holds && bytes(fault).length == 0) fault = rule;
    }

    function _key(uint256 number) private pure returns (uint256) {
        return 0xCAFE + number % PAYEES;
    }

    /// One in four is signed by somebody else.
    function _row(address to, uint128 amount, uint256 mistake) private returns (IPayoutHub.PayoutRow memory) {
        if (mistake % 4 != 0 && amount > signedUpTo[to]) signedUpTo[to] = amount;
        uint256 key = mistake % 4 == 0 ? 0xBAD : SIGNER_KEY;
        (bytes32 r, bytes32 s, uint8 v) = split(signed(key, hub.getPayoutDigest(to, amount)));
        return IPayoutHub.PayoutRow(to, amount, v, r, s);
    }
}
