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

interface Handler {
    function fault() external view returns (string memory);
}

/// A planted bug counts as caught where a test passes on the mutant without a bug, and fails on the one with it.
abstract contract MutantTest is Released {
    uint256 private constant CAMPAIGNS = 6;
    uint256 private constant ACTIONS = 40;
    /// What a campaign looks at in its end.
    string internal constant LEAVING = "K7: a payer can leave";

    function isCaught(address healthy, address planted, bytes memory test) internal {
        vm.assertTrue(_passes(healthy, test), "the test passes without the bug");
        vm.assertTrue(!_passes(planted, test), "the test catches the bug");
    }

    /// Where a second defence makes up for the one that is missing.
    function isHarmless(address planted, bytes memory test) internal {
        vm.assertTrue(_passes(planted, test), "the test passes with the bug");
    }

    function _passes(address suite, bytes memory test) private returns (bool done) {
        uint256 before = vm.snapshotState();
        Suite(suite).setUp();
        (done,) = suite.call(test);
        // The next one may use the same addresses.
        vm.revertToState(before);
    }

    /// The same with an invariant for a test, and drawn actions. @param rule the first one that is broken in some run
    function isCaughtByInvariant(Campaign healthy, Campaign planted, string memory rule) internal {
        vm.assertEq(_broken(healthy, rule), "", "the invariant holds without the bug");
        vm.assertEq(_broken(planted, rule), rule, "the invariant catches the bug");
    }

    /// An action on the handler, drawn by a seed.
    function actionOf(uint256 seed) internal pure virtual returns (bytes memory);

    /// This rule where a run breaks it before any other, else what another run broke, or nothing.
    function _broken(Campaign campaign, string memory rule) private returns (string memory broken) {
        for (uint256 round = 0; round < CAMPAIGNS; ++round) {
            string memory found = _brokenIn(campaign, round);
            if (bytes(found).length != 0) broken = found;
            if (keccak256(bytes(found)) == keccak256(bytes(rule))) return rule;
        }
    }

    function _brokenIn(Campaign campaign, uint256 round) private returns (string memory) {
        campaign.setUp();
        address handler = campaign.targetContracts()[0];
        for (uint256 i = 0; i < ACTIONS; ++i) {
            // With a bug an action may revert where it never should; what counts is what the invariant says.
            (bool ignored,) = handler.call(actionOf(uint256(keccak256(abi.encode(round, i)))));
            ignored;
            try campaign.check() {}
            catch {
                return Handler(handler).fault();
            }
        }
        try campaign.finish() {}
        catch {
            return LEAVING;
        }
        return "";
    }
}
