// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Released} from "../support/Released.sol";

interface Suite {
    function setUp() external;
}

interface Campaign is Suite {
    function targetContracts() external view returns (address[] memory);
    function check() external;
    function finish() external;
}

/// A planted bug counts as caught where a test passes on the mutant without a bug, and fails on the one with it.
abstract contract MutantTest is Released {
    uint256 private constant CAMPAIGNS = 6;
    uint256 private constant ACTIONS = 40;

    function isCaught(address healthy, address planted, bytes memory test) internal {
        vm.assertTrue(_passes(healthy, test), "the test passes without the bug");
        vm.assertTrue(!_passes(planted, test), "the test catches the bug");
    }

    /// Where a second defence makes up for the one that is missing.
    function isHarmless(address planted, bytes memory test) internal {
        vm.assertTrue(_passes(planted, test), "the test passes with the bug");
    }

    function _passes(address suite, bytes memory test) private returns (bool done) {
        Suite(suite).setUp();
        (done,) = suite.call(test);
    }

    /// The same with an invariant for a test, and drawn actions.
    function isCaughtByInvariant(Campaign healthy, Campaign planted) internal {
        vm.assertTrue(!_isBroken(healthy), "the invariant holds without the bug");
        vm.assertTrue(_isBroken(planted), "the invariant catches the bug");
    }

    /// An action on the handler, drawn by a seed.
    function actionOf(uint256 seed) internal pure virtual returns (bytes memory);

    function _isBroken(Campaign campaign) private returns (bool) {
        for (uint256 round = 0; round < CAMPAIGNS; ++round) {
            if (_isBrokenIn(campaign, round)) return true;
        }
        return false;
    }

    function _isBrokenIn(Campaign campaign, uint256 round) private returns (bool) {
        campaign.setUp();
        address handler = campaign.targetContracts()[0];
        for (uint256 i = 0; i < ACTIONS; ++i) {
            // With a bug an action may revert where it never should; what counts is what the invariant says.
            (bool ignored,) = handler.call(actionOf(uint256(keccak256(abi.encode(round, i)))));
            ignored;
            try campaign.check() {}
            catch {
                return true;
            }
        }
        try campaign.finish() {}
        catch {
            return true;
        }
        return false;
    }
}
