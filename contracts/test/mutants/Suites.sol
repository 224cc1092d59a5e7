// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PaymentChannelCloseTest} from "../PaymentChannel.close.t.sol";
import {PaymentChannelDepositTest} from "../PaymentChannel.deposit.t.sol";
import {PaymentChannelSettleTest} from "../PaymentChannel.settle.t.sol";
import {PayoutHubTest} from "../PayoutHub.t.sol";
import {DifferentialTest} from "../Differential.t.sol";
import {LessonsTest} from "../Lessons.t.sol";
import {SafetyTest} from "../Safety.t.sol";
import {SafetyOfHubTest} from "../SafetyOfHub.t.sol";
import {ChannelInvariants} from "../invariants/Channel.invariants.t.sol";
import {HubInvariants} from "../invariants/Hub.invariants.t.sol";

/// The tests, on a contract of whatever code they are given. Forge itself runs none of them: they have parameters.

contract SafetySuite is SafetyTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract LessonsSuite is LessonsTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract DepositSuite is PaymentChannelDepositTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract SettleSuite is PaymentChannelSettleTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract CloseSuite is PaymentChannelCloseTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract HubSuite is PayoutHubTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function hubCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract SafetyOfHubSuite is SafetyOfHubTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function hubCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract ChannelDifferential is DifferentialTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function setUp() external {}

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract HubDifferential is DifferentialTest {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function setUp() external {}

    function hubCode() internal view override returns (bytes memory) {
        return _code;
    }
}

contract ChannelCampaign is ChannelInvariants {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function channelCode() internal view override returns (bytes memory) {
        return _code;
    }

    function check() external view {
        this.invariant_K1_K3_K5_channels();
    }

    function finish() external {
        this.afterInvariant();
    }
}

contract HubCampaign is HubInvariants {
    bytes private _code;

    constructor(bytes memory code) {
        _code = code;
    }

    function hubCode() internal view override returns (bytes memory) {
        return _code;
    }

    function check() external view {
        this.invariant_K9_K12_hub();
    }

    function finish() external pure {}
}
