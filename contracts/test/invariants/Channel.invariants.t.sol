// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPaymentChannel} from "../../src/IPaymentChannel.sol";
import {PaymentChannel} from "../../src/PaymentChannel.sol";
import {Released} from "../support/Released.sol";
import {ChannelHandler} from "./ChannelHandler.sol";

contract ChannelInvariants is Released {
    ChannelHandler private _handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        _handler = new ChannelHandler(channelCode());
    }

    /// Whom the fuzzer calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// One campaign for all of them: running a campaign for each would cost several times as long.
    function invariant_K1_K3_K5_channels() external view {
        vm.assertEq(_handler.fault(), "", "every rule holds");
    }

    /// At the end of each run every payer leaves with all that was not settled.
    function afterInvariant() external {
        PaymentChannel channels = _handler.channels();
        uint64 grace = _handler.GRACE();
        for (uint256 i = 0; i < _handler.count(); ++i) {
            bytes32 id = _handler.ids(i);
            IPaymentChannel.Channel memory channel = channels.getChannel(id);
            if (channel.finalized) continue;
            uint256 before = _held(channel.payer);
            if (channel.closeRequestedAt == 0) {
                vm.prank(channel.payer);
                channels.requestClose(id);
            }
            vm.warp(block.timestamp + grace);
            vm.prank(channel.payer);
            channels.withdraw(id);
            vm.assertEq(
                _held(channel.payer),
                before + channel.deposit - channel.settled,
                "K7: a payer leaves with the rest"
            );
        }
        vm.assertEq(_held(address(channels)), _handler.donated(), "K7: nothing stays");
    }

    function _held(address account) private view returns (uint256) {
        return _handler.dollar().balanceOf(account);
    }
}
