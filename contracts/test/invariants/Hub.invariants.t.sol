// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "../support/Test.sol";
import {HubHandler} from "./HubHandler.sol";

contract HubInvariants is Test {
    HubHandler private _handler;

    function setUp() public {
        _handler = new HubHandler();
    }

    /// Whom the fuzzer calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// One campaign for all of them.
    function invariant_K9_K12_hub() external view {
        _paidIsWithinWhatWasSigned();
        _paidIsWhatWasSentLessFees();
        _moneyIsConserved();
        vm.assertTrue(!_handler.wentBack(), "K9: paid only grows");
    }

    function _paidIsWithinWhatWasSigned() private view {
        for (uint256 i = 0; i < _handler.PAYEES(); ++i) {
            address payee = _handler.payee(i);
            vm.assertLe(_handler.hub().paid(payee), _handler.signedUpTo(payee), "K9: paid <= signed");
        }
    }

    function _paidIsWhatWasSentLessFees() private view {
        uint256 paid;
        uint256 received;
        for (uint256 i = 0; i < _handler.PAYEES(); ++i) {
            address payee = _handler.payee(i);
            paid += _handler.hub().paid(payee);
            received += _handler.dollar().balanceOf(payee);
            vm.assertLe(_handler.dollar().balanceOf(payee), _handler.hub().paid(payee), "K9: received <= paid");
        }
        // The handler submits, so fees are what it has.
        uint256 fees = _handler.dollar().balanceOf(address(_handler));
        vm.assertEq(received + fees, paid, "K9: paid is what was sent");
        vm.assertLe(fees * 50, paid, "K11: fees <= 2%");
    }

    function _moneyIsConserved() private view {
        uint256 paid;
        for (uint256 i = 0; i < _handler.PAYEES(); ++i) {
            paid += _handler.hub().paid(_handler.payee(i));
        }
        uint256 held = _handler.dollar().balanceOf(address(_handler.hub()));
        vm.assertEq(held + paid + _handler.drained(), _handler.funded(), "K12: money is conserved");
    }
}
