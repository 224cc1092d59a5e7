// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentChannel} from "../src/PaymentChannel.sol";
import {PayoutHub} from "../src/PayoutHub.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Placed} from "./support/Placed.sol";

/**
 * Ten thousand channels and hubs, drawn by the counter that `scripts/payment-sequence.ts` draws by: the
 * contracts' ids, nonces and digests, and signatures over them, fold to the very hashes that TypeScript came to.
 */
contract DifferentialTest is Placed {
    uint256 private constant GROUPS = 100;
    uint256 private constant CASES = 100;
    uint256 private constant DRAWS = 32;

    PaymentChannel private _channels;
    PayoutHub private _hub;
    address private _token;
    uint256 private _signerKey;
    uint256 private _payerKey;
    uint256 private _namedKey;
    uint256 private _at;

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
        _at = group * DRAWS * (CASES + 1);
        vm.chainId(1 + _number() % 2 ** 40);
        _channels = PaymentChannel(_address());
        _hub = PayoutHub(_address());
        _token = _address();
        address owner = _address();
        _signerKey = _number();
        _payerKey = _number();
        _namedKey = _number();
        place(address(_channels), abi.encodePacked(channelCode(), abi.encode(uint64(60))));
        place(_token, type(TestDollar).creationCode);
        place(address(_hub), abi.encodePacked(hubCode(), abi.encode(_token, owner, vm.addr(_signerKey))));
        running = _hub.hubId();
        for (uint256 i = 0; i < CASES; ++i) {
            _at = (group * (CASES + 1) + i + 1) * DRAWS;
            running = keccak256(abi.encodePacked(running, _case(i % 2 == 0)));
        }
    }

    /// The draws and the folding have the order of the TypeScript.
    /// @param vouchers whether the voucher is signed, or the payout
    function _case(bool vouchers) private returns (bytes memory) {
        bool isNamed = _number() % 2 == 0;
        address payer = vm.addr(_payerKey);
        address payee = _address();
        bytes32 salt = _word();
        address named = isNamed ? vm.addr(_namedKey) : address(0);
        bytes32 id = _channels.computeChannelId(payer, payee, _token, salt, named);
        bytes32 voucher = _channels.getVoucherDigest(id, _amount());
        bytes32 topUp = keccak256(abi.encode(id, _amount(), payer, _word()));
        bytes memory channel = abi.encodePacked(
            id, keccak256(abi.encode(payer, payee, _token, salt, named)), topUp, voucher, _closeRequest(id)
        );
        (bytes32 payout, bytes32 instruction) = _payouts(payee);
        bytes memory signature =
            vouchers ? signed(isNamed ? _namedKey : _payerKey, voucher) : signed(_signerKey, payout);
        return abi.encodePacked(channel, payout, instruction, signature);
    }

    function _closeRequest(bytes32 id) private returns (bytes32) {
        uint256 cancelled = _number() % 256;
        bytes32 hash = keccak256(abi.encode(_channels.CLOSE_REQUEST_TYPEHASH(), id, cancelled, _number()));
        return keccak256(abi.encodePacked(hex"1901", _channels.domainSeparator(), hash));
    }

    function _payouts(address payee) private returns (bytes32 payout, bytes32 instruction) {
        payout = _hub.getPayoutDigest(payee, _amount());
        bytes32 hash = keccak256(
            abi.encode(_hub.PAYOUT_TO_TYPEHASH(), payee, _address(), _amount(), _amount(), _number(), _number())
        );
        instruction = keccak256(abi.encodePacked(hex"1901", _hub.domainSeparator(), hash));
    }

    function _word() private returns (bytes32) {
        return keccak256(abi.encodePacked("afterglow/differential", _at++));
    }

    function _number() private returns (uint256) {
        return uint256(_word());
    }

    function _address() private returns (address) {
        return address(uint160(_number()));
    }

    function _amount() private returns (uint128) {
        uint256 size = _number();
        return uint128(uint128(size) >> (_number() % 128));
    }
}
