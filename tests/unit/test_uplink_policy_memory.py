"""What the uplink policy keeps beside its state: from what memory it begins, whose diagnosis counts, what is out of range."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from tests.unit.test_uplink_policy import policy, seconds, step

ffi, lib = load()
FAULTS = (lib.SW_REASON_MISO_LOW, lib.SW_REASON_MISO_HIGH)


def told(p: Any, given: int, fault: int) -> Any:
    change = ffi.new("sw_uplink_change *")
    lib.sw_uplink_policy_step(p, 0, given, fault, change)
    return change


def test_it_begins_the_same_from_whatever_memory() -> None:
    clean, used = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_policy *")
    ffi.memmove(used, b"\xa5" * ffi.sizeof("sw_uplink_policy"), ffi.sizeof("sw_uplink_policy"))
    for one in (clean, used):
        assert lib.sw_uplink_policy_init(one, ffi.NULL, 7) == 0
    names = ("state", "above_s", "below_s", "silent_from_us", "silent_reason", "silent_fault")
    assert [getattr(used, name) for name in names] == [getattr(clean, name) for name in names]
    assert [getattr(clean, name) for name in names] == [lib.SW_UPLINK_BOOT, 0, 0, 7, lib.SW_REASON_BOOTED, 0]


def test_a_configuration_of_ones_own_counts_and_none_is_the_default() -> None:
    assert seconds(policy(enter_s=1), 255, 1) == ["CONFIDENT"]
    p = ffi.new("sw_uplink_policy *")
    assert lib.sw_uplink_policy_init(p, ffi.NULL, 0) == 0
    assert (p.config.enter_s, p.config.leave_s) == (3, 15)


def test_seconds_are_not_counted_beyond_what_is_asked() -> None:
    p = policy()
    assert seconds(p, 255, 5)[2:] == ["CONFIDENT"] * 3
    assert p.above_s == p.config.enter_s


def test_a_silence_names_the_fault_behind_it() -> None:
    p = policy("STREAMING")
    assert told(p, lib.SW_INPUT_RADAR_FAILED, FAULTS[0]).reason == FAULTS[0]
    assert told(p, lib.SW_INPUT_CONFIDENT, 0).silent_reason == FAULTS[0]


def test_the_latest_diagnosis_counts() -> None:
    p = policy("STREAMING")
    for fault in FAULTS:
        told(p, lib.SW_INPUT_RADAR_FAILED, fault)
    assert told(p, lib.SW_INPUT_CONFIDENT, 0).silent_reason == FAULTS[1]


def test_no_diagnosis_takes_none_away() -> None:
    p = policy("STREAMING")
    for fault in (FAULTS[0], 0):
        told(p, lib.SW_INPUT_RADAR_FAILED, fault)
    assert p.silent_fault == FAULTS[0]


def test_a_diagnosis_of_something_less_important_does_not_count() -> None:
    p = policy("STREAMING")
    step(p, lib.SW_INPUT_STANDBY_ON)
    told(p, lib.SW_INPUT_RADAR_FAILED, FAULTS[0])
    assert p.silent_fault == 0


def test_another_cause_forgets_the_fault_behind_the_old_one() -> None:
    p = policy("STREAMING")
    told(p, lib.SW_INPUT_RADAR_FAILED, FAULTS[0])
    step(p, lib.SW_INPUT_STANDBY_ON)
    assert (p.silent_reason, p.silent_fault) == (lib.SW_REASON_STANDBY_SWITCH, 0)


@pytest.mark.parametrize("given", ["STANDBY_ON", "NOT_CONFIDENT", "RADAR_FAILED"])
def test_what_ends_streaming_clears_both_counts(given: str) -> None:
    p = policy("STREAMING")
    seconds(p, 255, 2)
    p.below_s = 3
    step(p, getattr(lib, f"SW_INPUT_{given}"))
    assert (p.above_s, p.below_s) == (0, 0)


def test_a_cell_out_of_range_is_one_of_the_first() -> None:
    def cell(state: int, given: int) -> tuple[int, int]:
        found = lib.sw_uplink_policy_cell(state, given)
        return found.next, found.reason

    states, inputs = lib.SW_UPLINK_COUNT, lib.SW_INPUT_COUNT
    assert cell(states, 0) == cell(states + 9, 0) == cell(0, 0)
    assert cell(2, inputs) == cell(2, inputs + 9) == cell(2, 0)
    assert cell(states - 1, inputs - 1) != cell(states - 1, 0)
