// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../src/IPaymentChannel.sol";
import {IPayoutHub} from "../src/IPayoutHub.sol";
import {PaymentChannel} from "../src/PaymentChannel.sol";
import {PayoutHub} from "../src/PayoutHub.sol";
import {Draws} from "./support/Draws.sol";
import {Placed} from "./support/Placed.sol";
import {TrustingToken} from "./tokens/TrustingToken.sol";

/**
 * Ten thousand channels and hubs, drawn by the counter that `scripts/payment-sequence.ts` draws by, fold to the very
 * hashes that TypeScript came to. Ids and digests of vouchers and payouts are the contracts'. The nonces, and the
 * digests of close requests and instructions, are made here as TypeScript makes them: the contracts open and top up
 * each channel by those nonces. Of each case one of the five ways to bring a signature is carried out, with a
 * signature in a form that TypeScript refuses, and then with the good one that it accepts: the contracts must say so, too.
 */
contract DifferentialTest is Placed, Draws {
    uint256 private constant GROUPS = 100;
    uint256 private constant CASES = 100;
    uint256 private constant DRAWS = 32;

    enum Way {
        Settle,
        RequestClose,
        Redeem,
        RedeemTo,
        SettleMany
    }

    struct Case {
        Way way;
        uint256 signerKey;
        uint256 payeeKey;
        address payee;
        bytes32 id;
        uint128 amount;
        uint256 deadline;
        uint128 payoutAmount;
        IPayoutHub.PayoutToRow instruction;
        /// What is signed in this case.
        bytes32 digest;
    }

    PaymentChannel private _channels;
    PayoutHub private _hub;
    address private _token;
    uint256 private _signerKey;
    uint256 private _payerKey;
    uint256 private _namedKey;
    Case private _now;

    function test_K1_K2_K5_K7_K9_K11_tenThousandCasesAsInTypeScript() public {
        string memory json = vm.readFile("test/vectors/payment-sequence.json");
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, ".hashes");
        vm.assertEq(hashes.length, GROUPS, "groups");
        for (uint256 group = 0; group < GROUPS; ++group) {
            // A call of its own each: memory is given back.
            vm.assertEq(this.fold(group), hashes[group], string.concat("group ", vm.toString(group)));
        }
    }

    function fold(uint256 group) external returns (bytes32 running) {
        drawFrom(group * DRAWS * (CASES + 1));
        vm.chainId(1 + drawNumber() % 2 ** 40);
        _channels = PaymentChannel(drawAddress());
        _hub = PayoutHub(drawAddress());
        _token = drawAddress();
        address owner = drawAddress();
        _signerKey = drawNumber();
        _payerKey = drawNumber();
        _namedKey = drawNumber();
        place(address(_channels), abi.encodePacked(channelCode(), abi.encode(uint64(60))));
        place(_token, type(TrustingToken).creationCode);
        place(address(_hub), abi.encodePacked(hubCode(), abi.encode(_token, owner, vm.addr(_signerKey))));
        TrustingToken(_token).mint(address(_hub), 2 ** 200);
        running = _hub.hubId();
        for (uint256 i = 0; i < CASES; ++i) {
            drawFrom((group * (CASES + 1) + i + 1) * DRAWS);
            running = keccak256(abi.encodePacked(running, _case(Way(i % 5))));
        }
    }

    /// The draws and the folding have the order of the TypeScript.
    function _case(Way way) private returns (bytes memory) {
        _now.way = way;
        bytes memory channel = _channel(drawNumber() % 2 == 0);
        bytes memory payouts = _payouts();
        bytes memory good = signed(_now.signerKey, _now.digest);
        bytes memory bad = _spoiled(good);
        string memory which = string.concat("way ", vm.toString(uint256(way)));
        vm.assertTrue(!_isAccepted(bad), string.concat(which, ", spoiled"));
        vm.assertTrue(_isAccepted(good), string.concat(which, ", good"));
        return abi.encodePacked(channel, payouts, good, bad);
    }

    // ---- what is drawn -------------------------------------------------------------------------------------------

    function _channel(bool isNamed) private returns (bytes memory) {
        address payer = vm.addr(_payerKey);
        _now.payeeKey = drawNumber();
        // Only who instructs needs a key.
        bool instructs = _now.way == Way.RedeemTo;
        _now.payee = instructs ? vm.addr(_now.payeeKey) : address(uint160(_now.payeeKey));
        bytes32 salt = drawWord();
        address named = isNamed ? vm.addr(_namedKey) : address(0);
        _now.id = _channels.computeChannelId(payer, _now.payee, _token, salt, named);
        _now.amount = drawAmount();
        uint128 more = drawAmount();
        bytes32 topUpSalt = drawWord();
        bytes32 openNonce = keccak256(abi.encode(payer, _now.payee, _token, salt, named));
        bytes32 topUpNonce = keccak256(abi.encode(_now.id, more, payer, topUpSalt));
        _channels.openWithAuthorization(
            _now.payee, _token, type(uint128).max - more, salt, named, payer, 0, 0, openNonce, ""
        );
        _channels.topUpWithAuthorization(_now.id, more, payer, topUpSalt, 0, 0, topUpNonce, "");

        bytes32 voucher = _channels.getVoucherDigest(_now.id, _now.amount);
        bytes32 request = _closeRequest();
        if (_now.way == Way.Settle || _now.way == Way.SettleMany) {
            _now.signerKey = isNamed ? _namedKey : _payerKey;
            _now.digest = voucher;
        }
        return abi.encodePacked(_now.id, openNonce, topUpNonce, voucher, request);
    }

    function _closeRequest() private returns (bytes32 digest) {
        uint256 cancelled = drawNumber() % 256;
        _now.deadline = drawNumber();
        bytes32 typehash = _channels.CLOSE_REQUEST_TYPEHASH();
        bytes32 hash = keccak256(abi.encode(typehash, _now.id, cancelled, _now.deadline));
        digest = keccak256(abi.encodePacked(hex"1901", _channels.domainSeparator(), hash));
        if (_now.way != Way.RequestClose) return digest;
        _now.signerKey = _payerKey;
        _now.digest = digest;
        // As if so many had been cancelled.
        bytes32 slot = keccak256(abi.encode(_now.id, 0));
        vm.store(address(_channels), slot, vm.load(address(_channels), slot) | bytes32(cancelled << 232));
        vm.assertEq(_channels.closesCancelled(_now.id), cancelled, "cancelled");
    }

    function _payouts() private returns (bytes memory) {
        _now.payoutAmount = drawAmount();
        bytes32 payout = _hub.getPayoutDigest(_now.payee, _now.payoutAmount);
        IPayoutHub.PayoutToRow memory row;
        row.to = drawAddress();
        row.minCumulative = uint128(drawAmount() % (uint256(_now.payoutAmount) + 1));
        row.maxFee = drawAmount();
        row.nonce = drawNumber();
        row.deadline = drawNumber();
        bytes32 typehash = _hub.PAYOUT_TO_TYPEHASH();
        bytes32 hash = keccak256(
            abi.encode(typehash, _now.payee, row.to, row.minCumulative, row.maxFee, row.nonce, row.deadline)
        );
        bytes32 instruction = keccak256(abi.encodePacked(hex"1901", _hub.domainSeparator(), hash));
        if (_now.way == Way.Redeem) (_now.signerKey, _now.digest) = (_signerKey, payout);
        if (_now.way == Way.RedeemTo) {
            (_now.signerKey, _now.digest) = (_now.payeeKey, instruction);
            row.payout = _payoutRow(signed(_signerKey, payout));
            _now.instruction = row;
            // As if so many had been followed.
            vm.store(address(_hub), keccak256(abi.encode(_now.payee, 2)), bytes32(row.nonce));
            vm.assertEq(_hub.nonces(_now.payee), row.nonce, "nonce");
        }
        return abi.encodePacked(payout, instruction);
    }

    /// The forms after the ninth have another length: there is no place for them in a row.
    function _spoiled(bytes memory good) private returns (bytes memory) {
        bool isBytes = _now.way == Way.Settle || _now.way == Way.RequestClose;
        uint256 form = drawNumber() % (isBytes ? 13 : 9);
        uint256 drawn = drawNumber();
        (bytes32 r, bytes32 s, uint8 v) = split(good);
        uint8 otherV = v == 27 ? 28 : 27;
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        if (form == 0) return abi.encodePacked(r, high, otherV);
        if (form == 1) return abi.encodePacked(r, high, v);
        if (form == 2) return abi.encodePacked(r, s, v - 27);
        if (form == 3) return abi.encodePacked(r, s, uint8(29));
        if (form == 4) return abi.encodePacked(r, s, otherV);
        if (form == 5) {
            bytes32 bit = bytes32(uint256(1) << (drawn % 256));
            return drawn & 256 == 0 ? abi.encodePacked(r ^ bit, s, v) : abi.encodePacked(r, s ^ bit, v);
        }
        if (form == 6) return signed(drawn, _now.digest);
        if (form == 7) return abi.encodePacked(bytes32(0), s, v);
        if (form == 8) return abi.encodePacked(r, bytes32(0), v);
        if (form == 9) return abi.encodePacked(r, s);
        if (form == 10) return abi.encodePacked(good, uint8(0));
        return form == 11 ? bytes("") : compacted(good);
    }

    // ---- what the contracts say ----------------------------------------------------------------------------------

    function _isAccepted(bytes memory signature) private returns (bool) {
        if (_now.way == Way.Settle) {
            vm.prank(_now.payee);
            return _call(abi.encodeCall(_channels.settle, (_now.id, _now.amount, signature)));
        }
        if (_now.way == Way.RequestClose) {
            bytes4 request = _channels.requestCloseWithAuthorization.selector;
            return _call(abi.encodeWithSelector(request, _now.id, _now.deadline, signature));
        }
        if (_now.way == Way.SettleMany) {
            IPaymentChannel.VoucherRow[] memory vouchers = new IPaymentChannel.VoucherRow[](1);
            (bytes32 r, bytes32 s, uint8 v) = split(signature);
            vouchers[0] = IPaymentChannel.VoucherRow(_now.id, _now.amount, v, r, s);
            vm.prank(_now.payee);
            return _isPaid(_channels.settleMany(_token, vouchers), _now.amount);
        }
        if (_now.way == Way.Redeem) {
            IPayoutHub.PayoutRow[] memory payouts = new IPayoutHub.PayoutRow[](1);
            payouts[0] = _payoutRow(signature);
            return _isPaid(_hub.redeem(payouts), _now.payoutAmount);
        }
        IPayoutHub.PayoutToRow[] memory rows = new IPayoutHub.PayoutToRow[](1);
        rows[0] = _now.instruction;
        (rows[0].r, rows[0].s, rows[0].v) = split(signature);
        return _isPaid(_hub.redeemTo(rows), _now.payoutAmount);
    }

    /// For its signature and for nothing else.
    function _call(bytes memory data) private returns (bool done) {
        bytes memory reason;
        (done, reason) = address(_channels).call(data);
        bool isForIt = bytes4(reason) == IPaymentChannel.InvalidSignature.selector;
        vm.assertTrue(done || isForIt, "refused for its signature");
    }

    function _isPaid(uint256 total, uint256 amount) private pure returns (bool) {
        vm.assertTrue(total == 0 || total == amount, "all or nothing");
        return total == amount;
    }

    function _payoutRow(bytes memory signature) private view returns (IPayoutHub.PayoutRow memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        return IPayoutHub.PayoutRow(_now.payee, _now.payoutAmount, v, r, s);
    }
}
