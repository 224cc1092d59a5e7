// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {TestDollar} from "../src/TestDollar.sol";
import {Test} from "./support/Test.sol";

contract TestDollarTest is Test {
    uint256 private constant KEY = 0xA11CE;
    address private immutable _from = vm.addr(KEY);
    address private immutable _to = vm.addr(0xB0B);
    TestDollar private _dollar;

    function setUp() public {
        vm.warp(1000);
        _dollar = new TestDollar();
        _dollar.mint(_from, 100);
    }

    function test_hasSixDecimals() public view {
        vm.assertEq(_dollar.decimals(), 6, "decimals");
    }

    function test_transfersByBothFormsOfSignature() public {
        bytes memory packed = _signed("TransferWithAuthorization", 10, "a");
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "a", packed);
        (bytes32 r, bytes32 s, uint8 v) = split(_signed("TransferWithAuthorization", 10, "b"));
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "b", v, r, s);
        vm.assertEq(_dollar.balanceOf(_to), 20, "balance");
        vm.expectPartialRevert(ERC3009.ERC3009UsedAuthorization.selector);
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "a", packed);
    }

    function test_receivesOnlyForTheReceiver() public {
        bytes memory packed = _signed("ReceiveWithAuthorization", 10, "a");
        vm.expectRevert();
        _dollar.receiveWithAuthorization(_from, _to, 10, 0, 2000, "a", packed);
        vm.prank(_to);
        _dollar.receiveWithAuthorization(_from, _to, 10, 0, 2000, "a", packed);
        vm.assertEq(_dollar.balanceOf(_to), 10, "balance");
        vm.assertTrue(_dollar.authorizationState(_from, "a"), "used");
    }

    function test_refusesOtherSignatures() public {
        bytes memory packed = _signed("TransferWithAuthorization", 10, "a");
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureS.selector);
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "a", malleated(packed));
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureLength.selector);
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "a", compacted(packed));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _dollar.transferWithAuthorization(_from, _to, 11, 0, 2000, "a", packed);
        vm.warp(2000);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidAuthorizationTime.selector);
        _dollar.transferWithAuthorization(_from, _to, 10, 0, 2000, "a", packed);
    }

    function _signed(string memory name, uint256 value, bytes32 nonce) private view returns (bytes memory) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                name,
                "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
            )
        );
        bytes32 hash = keccak256(abi.encode(typeHash, _from, _to, value, uint256(0), uint256(2000), nonce));
        return signed(KEY, keccak256(abi.encodePacked(hex"1901", _dollar.domainSeparator(), hash)));
    }
}
