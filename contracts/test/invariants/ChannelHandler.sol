// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../../src/IPaymentChannel.sol";
import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {TestDollar} from "../../src/TestDollar.sol";
import {Released} from "../support/Released.sol";

/**
 * Lets the fuzzer act as payers, payees and bystanders in any order, good and bad vouchers alike, and keeps count of
 * what was signed. No action of it reverts.
 */
contract ChannelHandler is Released {
    uint64 public constant GRACE = 1 hours;
    uint256 private constant PAYERS = 3;
    uint256 private constant MOST_CHANNELS = 10;
    uint256 private constant NAMED_KEY = 0x5E55;

    PaymentChannel public immutable channels;
    TestDollar public immutable dollar;
    bytes32[] public ids;
    /// The highest amount that a channel's payer signed.
    mapping(bytes32 id => uint128) public signedUpTo;
    uint256 public donated;
    /// The first rule that was broken, in words; empty while all hold.
    string public fault;
    /// What a channel was after the last action: deposit and settled in one word, and once final the hash of all of it.
    mapping(bytes32 id => uint256) private _amounts;
    mapping(bytes32 id => bytes32) private _final;

    mapping(bytes32 id => uint256) private _payerKey;
    /// Of channels whose vouchers a named signer signs.
    mapping(bytes32 id => bool) private _isNamed;
    uint256 private _authorizations;
    address[PAYERS] private _payers;
    address[2] private _payees = [vm.addr(0xBEEF), vm.addr(0xBEF0)];

    /// @param code the creation code of the contract to try
    constructor(bytes memory code) {
        channels = PaymentChannel(create(code, abi.encode(GRACE)));
        dollar = new TestDollar();
        for (uint256 i = 0; i < PAYERS; ++i) {
            _payers[i] = vm.addr(_key(i));
            vm.prank(_payers[i]);
            dollar.approve(address(channels), type(uint256).max);
        }
    }

    /// Looks at everything once after each action: asking from outside would take several times as long.
    modifier checked() {
        _;
        _inspect();
    }

    function open(uint256 who, uint256 to, uint128 amount) external checked {
        if (ids.length == MOST_CHANNELS) return;
        amount = uint128(within(amount, 1, 1e12));
        address payer = _payers[who % PAYERS];
        dollar.mint(payer, amount);
        address to_ = payee(to);
        vm.prank(payer);
        bytes32 id = channels.open(to_, address(dollar), amount, bytes32(ids.length), address(0));
        ids.push(id);
        _payerKey[id] = _key(who);
    }

    /// By the payer's signature, with a signer that is not the payer.
    function openWithAuthorization(uint256 who, uint256 to, uint128 amount) external checked {
        if (ids.length == MOST_CHANNELS) return;
        amount = uint128(within(amount, 1, 1e12));
        address payer = _payers[who % PAYERS];
        address signer = vm.addr(NAMED_KEY);
        dollar.mint(payer, amount);
        bytes32 salt = bytes32(ids.length);
        bytes32 nonce = keccak256(abi.encode(payer, payee(to), address(dollar), salt, signer));
        bytes memory signature = _authorization(who, amount, nonce);
        bytes32 id = channels.openWithAuthorization(
            payee(to), address(dollar), amount, salt, signer, payer, 0, block.timestamp + 1, nonce, signature
        );
        ids.push(id);
        _payerKey[id] = _key(who);
        _isNamed[id] = true;
    }

    /// Anybody's money; refused while a close is pending.
    function topUpWithAuthorization(uint256 which, uint256 who, uint128 amount) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (channel.deposit == 0 || channel.finalized) return;
        amount = uint128(within(amount, 1, 1e12));
        address from = _payers[who % PAYERS];
        dollar.mint(from, amount);
        bytes32 salt = bytes32(++_authorizations);
        bytes32 nonce = keccak256(abi.encode(id, amount, from, salt));
        bytes memory signature = _authorization(who, amount, nonce);
        bool isPending = channel.closeRequestedAt != 0;
        try channels.topUpWithAuthorization(id, amount, from, salt, 0, block.timestamp + 1, nonce, signature) {
            _demand(!isPending, "K8: nobody else's top-up cancels a close");
        } catch {
            _demand(isPending, "K5: an authorized top-up counts");
        }
    }

    function topUp(uint256 which, uint128 amount) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (channel.deposit == 0 || channel.finalized) return;
        amount = uint128(within(amount, 1, 1e12));
        dollar.mint(channel.payer, amount);
        vm.prank(channel.payer);
        channels.topUp(id, amount);
    }

    function settle(uint256 which, uint128 amount, uint256 fault) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (channel.deposit == 0) return;
        amount = _amount(channel, amount);
        bytes memory signature = _voucher(id, amount, fault);
        vm.prank(channel.payee);
        try channels.settle(id, amount, signature) {} catch {}
    }

    function settleMany(uint256 who, uint128[6] calldata amounts, uint256 faults) external checked {
        if (ids.length == 0) return;
        IPaymentChannel.VoucherRow[] memory rows = new IPaymentChannel.VoucherRow[](amounts.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(uint256(amounts[i]) / 7);
            uint128 amount = _amount(channel, amounts[i]);
            (bytes32 r, bytes32 s, uint8 v) = split(_voucher(id, amount, faults >> (8 * i)));
            rows[i] = IPaymentChannel.VoucherRow(id, amount, v, r, s);
        }
        vm.prank(payee(who));
        channels.settleMany(address(dollar), rows);
    }

    function close(uint256 which, uint128 amount, uint256 fault) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (channel.deposit == 0) return;
        amount = _amount(channel, amount);
        bytes memory signature = _voucher(id, amount, fault);
        vm.prank(channel.payee);
        try channels.close(id, amount, signature) {} catch {}
    }

    function requestClose(uint256 which, bool bySignature) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (channel.deposit == 0 || channel.finalized || channel.closeRequestedAt != 0) return;
        if (!bySignature) {
            vm.prank(channel.payer);
            return channels.requestClose(id);
        }
        bytes32 hash = keccak256(
            abi.encode(
                channels.CLOSE_REQUEST_TYPEHASH(), id, uint256(channels.closesCancelled(id)), block.timestamp
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", channels.domainSeparator(), hash));
        channels.requestCloseWithAuthorization(id, block.timestamp, signed(_payerKey[id], digest));
    }

    function withdraw(uint256 which, bool byAnybody) external checked {
        (bytes32 id, IPaymentChannel.Channel memory channel) = _pick(which);
        if (!byAnybody) vm.prank(channel.payer);
        if (byAnybody) try channels.withdrawFor(id) {} catch {} else try channels.withdraw(id) {} catch {}
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + within(seconds_, 1, GRACE));
    }

    function donate(uint64 amount) external checked {
        dollar.mint(address(channels), amount);
        donated += amount;
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function payee(uint256 number) public view returns (address) {
        return _payees[number % 2];
    }

    function _inspect() private {
        uint256 owed;
        uint256[2] memory settled;
        for (uint256 i = 0; i < ids.length; ++i) {
            bytes32 id = ids[i];
            IPaymentChannel.Channel memory channel = channels.getChannel(id);
            // A broken rule is to be told of, not to revert the action that broke it.
            if (!channel.finalized && channel.settled <= channel.deposit) {
                owed += channel.deposit - channel.settled;
            }
            settled[channel.payee == _payees[0] ? 0 : 1] += channel.settled;
            _inspectOne(id, channel);
        }
        _demand(dollar.balanceOf(address(channels)) == owed + donated, "K5: it holds what is not paid out");
        for (uint256 i = 0; i < 2; ++i) {
            _demand(dollar.balanceOf(_payees[i]) == settled[i], "K3: a payee has what is settled");
        }
    }

    function _inspectOne(bytes32 id, IPaymentChannel.Channel memory channel) private {
        _demand(channel.settled <= channel.deposit, "K3: settled <= deposit");
        _demand(channel.settled <= signedUpTo[id], "K3: settled <= signed");
        uint256 before = _amounts[id];
        uint256 amounts = (uint256(channel.deposit) << 128) | channel.settled;
        if (amounts != before) {
            bool grew = channel.deposit >= before >> 128 && channel.settled >= uint128(before);
            _demand(grew, "K1: amounts only grow");
            _amounts[id] = amounts;
        }
        if (!channel.finalized && _final[id] == 0) return;
        bytes32 hash = keccak256(abi.encode(channel));
        _demand(_final[id] == 0 || _final[id] == hash, "K1: what is final stays");
        if (_final[id] == 0) _final[id] = hash;
    }

    function _demand(bool holds, string memory rule) private {
        if (!holds && bytes(fault).length == 0) fault = rule;
    }

    function _key(uint256 number) private pure returns (uint256) {
        return 0xFACE + number % PAYERS;
    }

    function _pick(uint256 which) private view returns (bytes32 id, IPaymentChannel.Channel memory channel) {
        if (ids.length == 0) return (id, channel);
        id = ids[which % ids.length];
        channel = channels.getChannel(id);
    }

    /// Mostly within the deposit, sometimes beyond it.
    function _amount(IPaymentChannel.Channel memory channel, uint128 seed) private pure returns (uint128) {
        return uint128(within(seed, 0, uint256(channel.deposit) + channel.deposit / 8));
    }

    function _authorization(uint256 who, uint256 value, bytes32 nonce) private view returns (bytes memory) {
        return authorizationFor(_key(who), dollar, address(channels), value, block.timestamp + 1, nonce);
    }

    /// One in four is signed by somebody else and counts as unsigned; with a named signer the payer is somebody else.
    function _voucher(bytes32 id, uint128 amount, uint256 fault) private returns (bytes memory) {
        bytes32 digest = channels.getVoucherDigest(id, amount);
        if (fault % 4 == 0) return signed(_isNamed[id] ? _payerKey[id] : 0xBAD, digest);
        if (amount > signedUpTo[id]) signedUpTo[id] = amount;
        return signed(_isNamed[id] ? NAMED_KEY : _payerKey[id], digest);
    }
}
