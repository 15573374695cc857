"""Whatever happens, in whatever order: what leaves the device brackets every silence, and nothing leaves inside one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.core import load

ffi, lib = load()
CAUSES = {
    lib.SW_INPUT_STANDBY_ON: lib.SW_REASON_STANDBY_SWITCH,
    lib.SW_INPUT_STANDBY_ORDERED: lib.SW_REASON_STANDBY_COMMAND,
    lib.SW_INPUT_SELF_TEST_FAILED: lib.SW_REASON_SELF_TEST_FAILED,
    lib.SW_INPUT_RADAR_FAILED: lib.SW_REASON_RADAR_FAILED,
    lib.SW_INPUT_NOT_CONFIDENT: lib.SW_REASON_NOBODY,
}  # input -> cause, the most important first; a boot comes last
EVENTS = st.lists(st.integers(0, lib.SW_INPUT_COUNT - 1) | st.integers(0, 255).map(lambda c: -1 - c), max_size=200)


@given(EVENTS)
def test_silence_is_always_bracketed(events: list[int]) -> None:
    """events: an input of the table, or -1 - confidence for a second."""
    policy, change = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_change *")
    assert lib.sw_uplink_policy_init(policy, ffi.NULL, 0) == 0
    streaming, silent_from_us = False, 0
    for t_us, event in enumerate(events, start=1):
        given_input = event if event >= 0 else lib.sw_uplink_policy_second(policy, -1 - event)
        lib.sw_uplink_policy_step(policy, t_us, given_input, 0, change)
        now_streaming = policy.state == lib.SW_UPLINK_STREAMING
        assert bool(change.tell) == (now_streaming != streaming)
        if change.tell:
            assert change.reason != lib.SW_REASON_NONE
            expected = (silent_from_us, t_us) if now_streaming else (0, 0)
            assert (change.silent_from_us, change.silent_to_us) == expected
        if streaming and not now_streaming:
            silent_from_us = t_us
        streaming = now_streaming


@given(EVENTS)
def test_a_silence_ends_with_the_most_important_of_its_causes(events: list[int]) -> None:
    policy, change = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_change *")
    lib.sw_uplink_policy_init(policy, ffi.NULL, 0)
    causes = {lib.SW_REASON_BOOTED}
    for t_us, event in enumerate(events, start=1):
        given_input = event if event >= 0 else lib.sw_uplink_policy_second(policy, -1 - event)
        lib.sw_uplink_policy_step(policy, t_us, given_input, 0, change)
        if policy.state == lib.SW_UPLINK_STREAMING:
            most = next((one for one in [*CAUSES.values(), lib.SW_REASON_BOOTED] if one in causes), lib.SW_REASON_NONE)
            assert change.silent_reason == (most if change.tell else lib.SW_REASON_NONE)
            causes = set()
        else:
            assert change.silent_reason == lib.SW_REASON_NONE
            causes |= {CAUSES[given_input]} if given_input in CAUSES else set()


@given(EVENTS)
def test_standby_ends_only_by_its_switch(events: list[int]) -> None:
    policy, change = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_change *")
    lib.sw_uplink_policy_init(policy, ffi.NULL, 0)
    lib.sw_uplink_policy_step(policy, 0, lib.SW_INPUT_STANDBY_ON, 0, change)
    for t_us, event in enumerate(events, start=1):
        given_input = event if event >= 0 else lib.sw_uplink_policy_second(policy, -1 - event)
        if given_input == lib.SW_INPUT_STANDBY_OFF:
            break
        lib.sw_uplink_policy_step(policy, t_us, given_input, 0, change)
        assert (policy.state, change.tell) == (lib.SW_UPLINK_STANDBY, 0)
