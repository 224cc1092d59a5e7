// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PayoutHub} from "../../src/PayoutHub.sol";
import {HubBug, HubMutant, IdWithoutChain, IdWithoutContract, PayoutsForAnyPlace} from "./HubMutant.sol";
import {HubHandler} from "../invariants/HubHandler.sol";
import {DifferentialTest} from "../Differential.t.sol";
import {PayoutHubTest} from "../PayoutHub.t.sol";
import {SafetyOfHubTest} from "../SafetyOfHub.t.sol";
import {Campaign, MutantTest} from "./MutantTest.sol";
import {HubCampaign, HubDifferential, HubSuite, SafetyOfHubSuite} from "./Suites.sol";
import {UnguardedHub} from "./UnguardedHub.sol";

/// Each line of the safety list that is the hub's, and each of its invariants: a bug that its test catches.
contract HubMutantsTest is MutantTest {
    function test_mutant_placeInTheId() public {
        bytes memory test = abi.encodeCall(PayoutHubTest.test_K9_idIsTheHashOfItsParts, ());
        _hub(type(IdWithoutContract).creationCode, test);
        _hub(type(IdWithoutChain).creationCode, test);
    }

    function test_mutant_placeInTheDomain() public {
        _safety(
            type(PayoutsForAnyPlace).creationCode,
            abi.encodeCall(SafetyOfHubTest.test_safety_aPayoutIsNoGoodAtAnotherHubOrOnAnotherChain, ())
        );
    }

    function test_mutant_payoutsThatExpire() public {
        _safety(
            _mutant(HubBug.PayoutsExpire),
            abi.encodeCall(SafetyOfHubTest.testFuzz_safety_payoutsDoNotExpire, (uint32(2 days)))
        );
    }

    function test_mutant_guards() public {
        bytes memory reenter = abi.encodeCall(SafetyOfHubTest.test_safety_aReentrantTokenGetsNowhere, ());
        _safety(_unguarded(PayoutHub.redeem.selector, false, true), reenter);
        _safety(_unguarded(PayoutHub.redeemTo.selector, false, true), reenter);
        _safety(_unguarded(PayoutHub.deposit.selector, false, true), reenter);
        _safety(_unguarded(PayoutHub.withdraw.selector, false, true), reenter);
    }

    /// As with channels: behind the guard it takes a token that looks to find the order wrong.
    function test_mutant_guardAndOrder() public {
        bytes memory reenter = abi.encodeCall(SafetyOfHubTest.test_safety_aReentrantTokenGetsNowhere, ());
        bytes memory look = abi.encodeCall(SafetyOfHubTest.test_safety_aTokenThatLooksSeesWhatWillBe, ());
        bytes memory steal = abi.encodeCall(SafetyOfHubTest.test_safety_aReentrantPayeeIsPaidOnce, ());
        bytes4 redeem = PayoutHub.redeem.selector;
        _safety(_unguarded(redeem, true, false), look);
        _safety(_mutant(HubBug.PaysInstructionsBeforeItWrites), look);
        _safety(_unguarded(redeem, false, false), steal);
        isHarmless(address(new SafetyOfHubSuite(_unguarded(redeem, false, true))), steal);
        isHarmless(address(new SafetyOfHubSuite(_unguarded(redeem, true, false))), steal);
        isHarmless(address(new SafetyOfHubSuite(_unguarded(redeem, true, false))), reenter);
    }

    function test_mutant_whatTokensAnswer() public {
        bytes memory redeem = abi.encodeCall(SafetyOfHubTest.test_safety_oddTokensPayOrSkip, ());
        _safety(_mutant(HubBug.IgnoresWhatItsTokenAnswers), redeem);
        bytes memory redeemTo = abi.encodeCall(SafetyOfHubTest.test_safety_oddTokensPayWhereThePayeeWants, ());
        _safety(_mutant(HubBug.IgnoresWhatItsTokenAnswersToInstructions), redeemTo);
        _safety(_mutant(HubBug.WantsItsTokenToAnswerToInstructions), redeemTo);
        bytes memory both = abi.encodeCall(SafetyOfHubTest.test_safety_oddTokensAreBroughtAndTaken, ());
        _safety(_mutant(HubBug.IgnoresWhatItsTokenAnswersToWithdrawals), both);
        _safety(_mutant(HubBug.WantsItsTokenToAnswerToWithdrawals), both);
        _safety(_mutant(HubBug.WantsItsTokenToAnswerToDeposits), both);
    }

    function test_mutant_oneBadRow() public {
        _safety(
            _mutant(HubBug.OneBadPayoutBlocksAll),
            abi.encodeCall(SafetyOfHubTest.test_lesson_oneBadRowBlocksNoBatch, ())
        );
    }

    function test_mutant_differences() public {
        bytes memory test = abi.encodeCall(
            PayoutHubTest.testFuzz_K10_anybodyRedeemsTheDifferenceForThePayee, (uint128(1000), uint128(3000))
        );
        _hub(_mutant(HubBug.PaysThePastAgain), test);
        _hub(_mutant(HubBug.ForgetsWhatIsPaid), test);
        _hub(_mutant(HubBug.RecordsTheLastPaymentOnly), test);
    }

    function test_mutant_signers() public {
        bytes memory test =
            abi.encodeCall(PayoutHubTest.testFuzz_K10_badlySignedPayoutsAreSkipped, (uint256(0xBAD), uint128(10)));
        _hub(_mutant(HubBug.TakesAnyPayout), test);
        _hub(_mutant(HubBug.PayoutsTakeAHighS), test);
        _hub(
            _mutant(HubBug.PayoutsTakeAHighS),
            abi.encodeCall(PayoutHubTest.test_K11_anInstructedPayoutNeedsAValidPayoutAndFunds, ())
        );
    }

    function test_mutant_refusals() public {
        _hub(
            _mutant(HubBug.WhatWasRefusedCountsAsPaid),
            abi.encodeCall(PayoutHubTest.test_K10_aBlockedPayeeIsSkippedAndPaidOnceItIsNot, ())
        );
    }

    function test_mutant_theOwner() public {
        _hub(
            _mutant(HubBug.AnybodyTakesMoneyOut),
            abi.encodeCall(PayoutHubTest.test_K12_onlyTheOwnerTakesMoneyOut, ())
        );
    }

    function test_mutant_depositsThatArriveShort() public {
        _hub(
            _mutant(HubBug.TakesShortDeposits),
            abi.encodeCall(PayoutHubTest.test_K12_aDepositThatArrivesShortIsRefused, ())
        );
    }

    function test_mutant_instructions() public {
        _hub(_mutant(HubBug.AnyFee), abi.encodeCall(PayoutHubTest.test_K11_aFeeIsAtMostTwoPercentOfWhatIsPaid, ()));
        bytes memory byThePayee = abi.encodeCall(PayoutHubTest.test_K11_onlyThePayeeInstructs, ());
        _hub(_mutant(HubBug.AnybodyInstructs), byThePayee);
        _hub(_mutant(HubBug.InstructionsTakeAHighS), byThePayee);
        bytes memory once = abi.encodeCall(PayoutHubTest.test_K11_anInstructionWorksOnceInItsTimeForItsPayout, ());
        _hub(_mutant(HubBug.InstructionsWorkAgain), once);
        _hub(_mutant(HubBug.DeadlinesAreIgnored), once);
        _hub(_mutant(HubBug.LeastPayoutsAreIgnored), once);
        _hub(
            _mutant(HubBug.InstructionsGoToThePayee),
            abi.encodeCall(PayoutHubTest.test_K11_aPayeeIsPaidWhereItWantsLessTheFee, ())
        );
    }

    function test_mutant_formsThatTypeScriptRefuses() public {
        _differential(HubBug.PayoutsTakeAHighS);
        _differential(HubBug.InstructionsTakeAHighS);
        _differential(HubBug.TakesAnyPayout);
    }

    function test_mutant_invariant_paidWithinWhatWasSigned() public {
        _invariant(HubBug.TakesAnyPayout, "K9: paid <= signed");
    }

    function test_mutant_invariant_paidIsWhatWasSent() public {
        string memory rule = "K9: paid is what was sent for the payee";
        _invariant(HubBug.PaysThePastAgain, rule);
        _invariant(HubBug.ForgetsWhatIsPaid, rule);
        _invariant(HubBug.WhatWasRefusedCountsAsPaid, rule);
        // The sums are right.
        _invariant(HubBug.PaysWhoWasPaidBefore, rule);
    }

    function test_mutant_invariant_instructions() public {
        _invariant(HubBug.InstructionsGoToThePayee, "K11: it goes where the payee wants it");
        _invariant(HubBug.AnyFee, "K11: fees <= 2%");
    }

    function test_mutant_invariant_paidOnlyGrows() public {
        _invariant(HubBug.RecordsTheLastPaymentOnly, "K9: paid only grows");
    }

    function test_mutant_invariant_conservation() public {
        _invariant(HubBug.LosesAUnit, "K12: money is conserved");
    }

    function _mutant(HubBug bug) private pure returns (bytes memory) {
        return abi.encodePacked(type(HubMutant).creationCode, abi.encode(bug));
    }

    /// With its first three parameters.
    function _unguarded(bytes4 function_, bool isGuarded, bool isOrdered) private pure returns (bytes memory) {
        return abi.encodePacked(type(UnguardedHub).creationCode, abi.encode(function_, isGuarded, isOrdered));
    }

    function _hub(bytes memory code, bytes memory test) private {
        isCaught(address(new HubSuite(_mutant(HubBug.None))), address(new HubSuite(code)), test);
    }

    function _safety(bytes memory code, bytes memory test) private {
        isCaught(address(new SafetyOfHubSuite(_mutant(HubBug.None))), address(new SafetyOfHubSuite(code)), test);
    }

    function _differential(HubBug bug) private {
        isCaught(
            address(new HubDifferential(_mutant(HubBug.None))),
            address(new HubDifferential(_mutant(bug))),
            abi.encodeCall(DifferentialTest.fold, (0))
        );
    }

    function _invariant(HubBug bug, string memory rule) private {
        isCaughtByInvariant(
            Campaign(address(new HubCampaign(_mutant(HubBug.None)))),
            Campaign(address(new HubCampaign(_mutant(bug)))),
            rule
        );
    }

    function actionOf(uint256 seed) internal pure override returns (bytes memory) {
        uint64 amount = uint64(seed >> 64);
        uint256 fault = seed >> 200;
        uint256 kind = seed % 8;
        if (kind < 3) {
            uint64[5] memory amounts = [amount, amount >> 1, amount >> 2, amount >> 9, amount >> 17];
            return abi.encodeCall(HubHandler.redeem, (amounts, fault));
        }
        if (kind < 5) {
            return abi.encodeCall(HubHandler.redeemTo, (seed >> 8, seed >> 16, amount, amount >> 4, fault));
        }
        if (kind < 7) return abi.encodeCall(HubHandler.fund, (amount));
        return abi.encodeCall(HubHandler.drain, (amount >> 3));
    }
}
