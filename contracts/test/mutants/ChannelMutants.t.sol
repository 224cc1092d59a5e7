// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {ChannelBug, ChannelMutant} from "./ChannelMutant.sol";
import {UnguardedChannel} from "./UnguardedChannel.sol";
import {ChannelHandler} from "../invariants/ChannelHandler.sol";
import {PaymentChannelCloseTest} from "../PaymentChannel.close.t.sol";
import {PaymentChannelDepositTest} from "../PaymentChannel.deposit.t.sol";
import {PaymentChannelSettleTest} from "../PaymentChannel.settle.t.sol";
import {DifferentialTest} from "../Differential.t.sol";
import {LessonsTest} from "../Lessons.t.sol";
import {SafetyTest} from "../Safety.t.sol";
import {Campaign, MutantTest} from "./MutantTest.sol";
import {
    ChannelCampaign,
    ChannelDifferential,
    CloseSuite,
    DepositSuite,
    LessonsSuite,
    SafetySuite,
    SettleSuite
} from "./Suites.sol";

/// Each line of the channel's safety list, each lesson of others, each invariant: a bug that its test catches.
contract ChannelMutantsTest is MutantTest {
    // ---- the safety list -----------------------------------------------------------------------------------------

    function test_mutant_chainAndContractInTheId() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_chainAndContractAreInTheId, ());
        _safety(_mutant(ChannelBug.IdWithoutChain), test);
        _safety(_mutant(ChannelBug.IdWithoutContract), test);
    }

    function test_mutant_chainAndContractInTheDomain() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_chainAndContractAreInTheDomain, ());
        _safety(_mutant(ChannelBug.DomainWithoutChain), test);
        _safety(_mutant(ChannelBug.DomainWithoutContract), test);
    }

    function test_mutant_finalizedIds() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_aFinalizedIdIsNeverReopened, ());
        _safety(_mutant(ChannelBug.ReopensTheFinalized), test);
        _safety(_mutant(ChannelBug.FinalizedGoOn), test);
    }

    function test_mutant_formsOfSignatures() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_onlyLowSAnd65Bytes, ());
        _safety(_mutant(ChannelBug.TakesAHighS), test);
        _safety(_mutant(ChannelBug.TakesACompactSignature), test);
        _safety(_mutant(ChannelBug.TakesAnySignature), test);
    }

    function test_mutant_stateKeyedOnSignatures() public {
        _safety(
            _mutant(ChannelBug.KeyedOnSignatures),
            abi.encodeCall(SafetyTest.test_safety_stateIsKeyedOnAmountsNotOnSignatures, ())
        );
    }

    function test_mutant_amounts() public {
        uint128[8] memory amounts = [uint128(9), 7, 5_000_000, 5_000_001, 0, 1, 2, 3];
        bytes memory test =
            abi.encodeCall(SafetyTest.testFuzz_safety_cumulativeIncreasingAndWithinTheDeposit, (amounts));
        _safety(_mutant(ChannelBug.TakesALowerAmount), test);
        _safety(_mutant(ChannelBug.SettlesBeyondTheDeposit), test);
        _safety(_mutant(ChannelBug.PaysTheWholeVoucherAgain), test);
        _safety(_mutant(ChannelBug.ForgetsWhatIsSettled), test);
    }

    function test_mutant_vouchersThatExpire() public {
        bytes memory test = abi.encodeCall(SafetyTest.testFuzz_safety_vouchersDoNotExpire, (uint32(2 days)));
        _safety(_mutant(ChannelBug.VouchersExpire), test);
    }

    function test_mutant_aZeroThatCountsAsElapsed() public {
        bytes memory test =
            abi.encodeCall(SafetyTest.testFuzz_safety_aZeroCloseRequestNeverCountsAsElapsed, (type(uint40).max));
        _safety(_mutant(ChannelBug.ZeroCountsAsElapsed), test);
    }

    function test_mutant_topUpsOfOthersCancelACloseToo() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_nobodyElsesTopUpCancelsAClose, ());
        _safety(_mutant(ChannelBug.RelayedTopUpsCancelACloseToo), test);
        _safety(_mutant(ChannelBug.StrangersActForThePayer), test);
    }

    function test_mutant_authorizationsThatAreNotBound() public {
        bytes memory open =
            abi.encodeCall(PaymentChannelDepositTest.test_K5_anAuthorizationOpensOnlyWhatItsNonceIsBoundTo, ());
        bytes memory topUp =
            abi.encodeCall(PaymentChannelDepositTest.test_K5_aTopUpAuthorizationIsBoundToItsChannelAndAmount, ());
        _deposit(_mutant(ChannelBug.AuthorizationsOpenAnything), open);
        _deposit(_mutant(ChannelBug.AuthorizationsOpenAnything), topUp);
    }

    function test_mutant_whoPaysForTopUps() public {
        _deposit(
            _mutant(ChannelBug.RelayedTopUpsAreThePayersOnly),
            abi.encodeCall(
                PaymentChannelDepositTest.testFuzz_K5_anybodyCanPayForATopUpByAuthorization,
                (bytes32(0), uint128(9), false)
            )
        );
    }

    function test_mutant_tokensWithAFee() public {
        bytes memory test = abi.encodeCall(SafetyTest.test_safety_aFeeOnTransferTokenIsRefused, ());
        _safety(_mutant(ChannelBug.TrustsTheTokenWithAmounts), test);
        _safety(_mutant(ChannelBug.TrustsTheTokenWithAuthorizedAmounts), test);
    }

    function test_mutant_tokensThatRound() public {
        _safety(
            _mutant(ChannelBug.TrustsTheTokenWithAmounts),
            abi.encodeCall(SafetyTest.test_safety_aRebasingTokenIsRefusedWhereItRounds, ())
        );
    }

    function test_mutant_whatTokensAnswer() public {
        _safety(
            _mutant(ChannelBug.IgnoresWhatTokensAnswer),
            abi.encodeCall(SafetyTest.test_safety_aPaymentThatATokenAnswersFalseToIsAFailure, ())
        );
        _safety(
            _mutant(ChannelBug.WantsTokensToAnswer),
            abi.encodeCall(SafetyTest.test_safety_tokensThatAnswerNothingWork, ())
        );
    }

    function test_mutant_guards() public {
        bytes memory reenter = abi.encodeCall(SafetyTest.test_safety_aReentrantTokenGetsNowhere, ());
        bytes4[] memory moving = _moving();
        for (uint256 i = 0; i < moving.length; ++i) {
            _safety(_unguarded(moving[i], false, true), reenter);
        }
        _safety(_unguarded(PaymentChannel.requestClose.selector, false, true), reenter);
        _safety(_unguarded(PaymentChannel.requestCloseWithAuthorization.selector, false, true), reenter);
    }

    /// The order is not for a reentrant call to find where there is a guard: it takes a token that looks.
    function test_mutant_order() public {
        bytes memory look = abi.encodeCall(SafetyTest.test_safety_aTokenThatLooksSeesWhatWillBe, ());
        bytes4[] memory moving = _moving();
        for (uint256 i = 0; i < moving.length; ++i) {
            _safety(_unguarded(moving[i], true, false), look);
        }
    }

    /// Money is lost by both together only: each stands in for the other.
    function test_mutant_guardAndOrder() public {
        bytes memory reenter = abi.encodeCall(SafetyTest.test_safety_aReentrantTokenGetsNowhere, ());
        bytes memory steal = abi.encodeCall(SafetyTest.test_safety_aReentrantPayeeIsPaidOnce, ());
        bytes4 settle = PaymentChannel.settle.selector;
        _safety(_unguarded(settle, false, false), steal);
        isHarmless(address(new SafetySuite(_unguarded(settle, false, true))), steal);
        isHarmless(address(new SafetySuite(_unguarded(settle, true, false))), steal);
        isHarmless(address(new SafetySuite(_unguarded(settle, true, false))), reenter);
    }

    /// The functions that move money: each has the guard, and writes before it calls the token.
    function _moving() private pure returns (bytes4[] memory functions) {
        functions = new bytes4[](9);
        functions[0] = PaymentChannel.open.selector;
        functions[1] = PaymentChannel.openWithAuthorization.selector;
        functions[2] = PaymentChannel.topUp.selector;
        functions[3] = PaymentChannel.topUpWithAuthorization.selector;
        functions[4] = PaymentChannel.settle.selector;
        functions[5] = PaymentChannel.settleMany.selector;
        functions[6] = PaymentChannel.close.selector;
        functions[7] = PaymentChannel.withdraw.selector;
        functions[8] = PaymentChannel.withdrawFor.selector;
    }

    /// With all but its last parameter, as `_mutant`.
    function _unguarded(bytes4 function_, bool isGuarded, bool isOrdered) private pure returns (bytes memory) {
        return abi.encodePacked(type(UnguardedChannel).creationCode, abi.encode(function_, isGuarded, isOrdered));
    }

    function test_mutant_signersThatAreContracts() public {
        _safety(
            _mutant(ChannelBug.AsksContractsForTheirConsent),
            abi.encodeCall(SafetyTest.test_safety_onlyAccountsWithAKeySign, ())
        );
    }

    /// A form of signature that TypeScript refuses, in a hundred drawn cases.
    function test_mutant_formsThatTypeScriptRefuses() public {
        _differential(ChannelBug.TakesAHighS);
        _differential(ChannelBug.TakesACompactSignature);
        _differential(ChannelBug.TakesAnySignature);
        _differential(ChannelBug.BatchesTakeAHighS);
    }

    // ---- lessons of others ---------------------------------------------------------------------------------------

    function test_mutant_staleChannels() public {
        bytes memory test = abi.encodeCall(LessonsTest.test_lesson_aStaleChannelIsOfNoUse, ());
        _lesson(_mutant(ChannelBug.ReopensTheFinalized), test);
        _lesson(_mutant(ChannelBug.FinalizedGoOn), test);
    }

    function test_mutant_vouchersOfOtherSources() public {
        bytes memory test = abi.encodeCall(LessonsTest.test_lesson_aVoucherReplayedBySomebodyElsePaysNothing, ());
        _lesson(_mutant(ChannelBug.AnybodySettles), test);
        _lesson(_mutant(ChannelBug.BatchesTakeRowsOfOthers), test);
        _lesson(
            _mutant(ChannelBug.VoucherOfAnyChannel),
            abi.encodeCall(LessonsTest.test_lesson_aVoucherIsNoGoodOnAnotherChannel, ())
        );
    }

    function test_mutant_signaturesOfOtherDeployments() public {
        bytes memory test = abi.encodeCall(LessonsTest.test_lesson_aSignatureIsNoGoodOnAnotherDeployment, ());
        _lesson(_mutant(ChannelBug.DomainWithoutChain), test);
        _lesson(_mutant(ChannelBug.DomainWithoutContract), test);
    }

    function test_mutant_aForcedCloseThatIsNotSeen() public {
        _lesson(
            _mutant(ChannelBug.CloseRequestsAreForgotten),
            abi.encodeCall(LessonsTest.test_lesson_aForcedCloseIsSeenInTheState, ())
        );
    }

    function test_mutant_replayInOneBatch() public {
        _lesson(
            _mutant(ChannelBug.ForgetsWhatIsSettled),
            abi.encodeCall(LessonsTest.test_lesson_aVoucherReplayedInOneBatchPaysOnce, ())
        );
    }

    function test_mutant_vouchersLostToAWithdrawal() public {
        _lesson(
            _mutant(ChannelBug.NothingIsSettledWhileClosing),
            abi.encodeCall(LessonsTest.test_lesson_aDeliveredVoucherIsClaimedBeforeAWithdrawal, ())
        );
    }

    function test_mutant_oneBadRow() public {
        _lesson(
            _mutant(ChannelBug.OneBadRowBlocksTheBatch),
            abi.encodeCall(LessonsTest.test_lesson_oneBadRowBlocksNoBatchOfVouchers, ())
        );
    }

    // ---- the payee's side ----------------------------------------------------------------------------------------

    function test_mutant_whoSettles() public {
        bytes memory test = abi.encodeCall(PaymentChannelSettleTest.test_K3_settleIsThePayees, ());
        _settle(_mutant(ChannelBug.AnybodySettles), test);
    }

    function test_mutant_whoSigns() public {
        _settle(
            _mutant(ChannelBug.NamedSignersAreIgnored),
            abi.encodeCall(PaymentChannelSettleTest.test_K2_theNamedSignerSignsAndThePayerNoMore, ())
        );
    }

    function test_mutant_batches() public {
        bytes memory test =
            abi.encodeCall(PaymentChannelSettleTest.test_K4_settleManyLeavesOutEveryFailingRowAndSaysWhy, ());
        _settle(_mutant(ChannelBug.OneBadRowBlocksTheBatch), test);
        _settle(_mutant(ChannelBug.BatchesTakeRowsOfOthers), test);
        _settle(_mutant(ChannelBug.BatchesTakeUnsignedRows), test);
        _settle(_mutant(ChannelBug.BatchesTakeAHighS), test);
    }

    // ---- closing -------------------------------------------------------------------------------------------------

    function test_mutant_leaving() public {
        _close(
            _mutant(ChannelBug.WithdrawsWithoutGrace),
            abi.encodeCall(PaymentChannelCloseTest.test_K7_thePayerLeavesAfterTheGracePeriod, ())
        );
        _close(
            _mutant(ChannelBug.NobodyLeavesUnserved),
            abi.encodeCall(PaymentChannelCloseTest.test_K7_aPayerWithoutGasLeavesByItsSignature, ())
        );
        _close(
            _mutant(ChannelBug.WhoWithdrawsIsPaid),
            abi.encodeCall(PaymentChannelCloseTest.test_K7_withdrawForPaysOnlyThePayer, ())
        );
        _close(
            _mutant(ChannelBug.StrangersActForThePayer),
            abi.encodeCall(PaymentChannelCloseTest.test_K7_onlyThePayerRequestsAndWithdraws, ())
        );
    }

    function test_mutant_signedCloseRequests() public {
        bytes memory test =
            abi.encodeCall(PaymentChannelCloseTest.test_K7_aCloseRequestIsThePayersAndForItsTime, ());
        _close(_mutant(ChannelBug.CloseRequestsNeverExpire), test);
        _close(_mutant(ChannelBug.SignersRequestCloses), test);
        _close(_mutant(ChannelBug.TakesAHighS), test);
        _close(_mutant(ChannelBug.TakesACompactSignature), test);
    }

    function test_mutant_closeRequests() public {
        _close(
            _mutant(ChannelBug.ACloseCanBePutOff),
            abi.encodeCall(PaymentChannelCloseTest.test_K7_aPendingCloseIsNotPutOff, ())
        );
        _close(
            _mutant(ChannelBug.CancelledRequestsWorkAgain),
            abi.encodeCall(PaymentChannelCloseTest.test_K8_aCancelledRequestCannotBeReplayed, ())
        );
        _close(
            _mutant(ChannelBug.TheCountOfCancelledClosesBeginsAnew),
            abi.encodeCall(PaymentChannelCloseTest.test_K8_theCountOfCancelledClosesNeverBeginsAnew, ())
        );
    }

    // ---- invariants ----------------------------------------------------------------------------------------------

    function test_mutant_invariant_conservation() public {
        string memory rule = "K5: it holds what is not paid out";
        _invariant(ChannelBug.RefundsTheWholeDeposit, rule);
        _invariant(ChannelBug.PaysTheWholeVoucherAgain, rule);
        _invariant(ChannelBug.ForgetsWhatIsSettled, rule);
    }

    /// The sums are right.
    function test_mutant_invariant_payeesHaveWhatIsSettled() public {
        _invariant(ChannelBug.PaysWhoWasPaidBefore, "K3: a payee has what is settled");
    }

    function test_mutant_invariant_settledWithinTheDeposit() public {
        _invariant(ChannelBug.SettlesBeyondTheDeposit, "K3: settled <= deposit");
    }

    function test_mutant_invariant_settledWithinWhatWasSigned() public {
        string memory rule = "K3: settled <= signed";
        _invariant(ChannelBug.TakesAnySignature, rule);
        _invariant(ChannelBug.BatchesTakeUnsignedRows, rule);
        _invariant(ChannelBug.NamedSignersAreIgnored, rule);
    }

    function test_mutant_invariant_amountsOnlyGrow() public {
        string memory rule = "K1: amounts only grow";
        _invariant(ChannelBug.TakesALowerAmount, rule);
        _invariant(ChannelBug.TopUpReplacesTheDeposit, rule);
    }

    function test_mutant_invariant_whatIsFinalStays() public {
        _invariant(ChannelBug.FinalizedGoOn, "K1: what is final stays");
    }

    function test_mutant_invariant_aPayerCanAlwaysLeave() public {
        _invariant(ChannelBug.NobodyLeavesUnserved, LEAVING);
        _invariant(ChannelBug.CloseRequestsAreForgotten, LEAVING);
    }

    function test_mutant_invariant_topUpsOfOthers() public {
        _invariant(ChannelBug.RelayedTopUpsCancelACloseToo, "K8: nobody else's top-up cancels a close");
        _invariant(ChannelBug.RelayedTopUpsAreThePayersOnly, "K5: an authorized top-up counts");
    }

    // ---- inside --------------------------------------------------------------------------------------------------

    /// The creation code with its first parameter: the second one follows in a suite.
    function _mutant(ChannelBug bug) private pure returns (bytes memory) {
        return abi.encodePacked(type(ChannelMutant).creationCode, abi.encode(bug));
    }

    function _safety(bytes memory code, bytes memory test) private {
        isCaught(address(new SafetySuite(_mutant(ChannelBug.None))), address(new SafetySuite(code)), test);
    }

    function _lesson(bytes memory code, bytes memory test) private {
        isCaught(address(new LessonsSuite(_mutant(ChannelBug.None))), address(new LessonsSuite(code)), test);
    }

    function _deposit(bytes memory code, bytes memory test) private {
        isCaught(address(new DepositSuite(_mutant(ChannelBug.None))), address(new DepositSuite(code)), test);
    }

    function _settle(bytes memory code, bytes memory test) private {
        isCaught(address(new SettleSuite(_mutant(ChannelBug.None))), address(new SettleSuite(code)), test);
    }

    function _close(bytes memory code, bytes memory test) private {
        isCaught(address(new CloseSuite(_mutant(ChannelBug.None))), address(new CloseSuite(code)), test);
    }

    function _differential(ChannelBug bug) private {
        isCaught(
            address(new ChannelDifferential(_mutant(ChannelBug.None))),
            address(new ChannelDifferential(_mutant(bug))),
            abi.encodeCall(DifferentialTest.fold, (0))
        );
    }

    function _invariant(ChannelBug bug, string memory rule) private {
        isCaughtByInvariant(
            Campaign(address(new ChannelCampaign(_mutant(ChannelBug.None)))),
            Campaign(address(new ChannelCampaign(_mutant(bug)))),
            rule
        );
    }

    function actionOf(uint256 seed) internal pure override returns (bytes memory) {
        uint256 which = seed >> 8;
        uint128 amount = uint128(seed >> 64);
        uint256 fault = seed >> 200;
        uint256 kind = seed % 13;
        if (kind < 2) return abi.encodeCall(ChannelHandler.open, (which, which >> 3, amount));
        if (kind == 2) return abi.encodeCall(ChannelHandler.topUp, (which, amount));
        if (kind < 5) return abi.encodeCall(ChannelHandler.settle, (which, amount, fault));
        if (kind == 5) {
            uint128[6] memory amounts = [amount, amount >> 1, amount >> 2, amount >> 3, amount >> 4, amount >> 5];
            return abi.encodeCall(ChannelHandler.settleMany, (which, amounts, fault));
        }
        if (kind == 6) return abi.encodeCall(ChannelHandler.close, (which, amount, fault));
        if (kind == 7) return abi.encodeCall(ChannelHandler.requestClose, (which, fault % 2 == 0));
        if (kind == 8) return abi.encodeCall(ChannelHandler.withdraw, (which, fault % 2 == 0));
        if (kind == 9) return abi.encodeCall(ChannelHandler.openWithAuthorization, (which, which >> 3, amount));
        if (kind < 12) return abi.encodeCall(ChannelHandler.topUpWithAuthorization, (which, which >> 3, amount));
        return abi.encodeCall(ChannelHandler.wait, (which));
    }
}
