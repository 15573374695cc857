"""Every cell of the uplink policy, its thresholds, and the diagram in the documentation."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import load
from edge.uplink_diagram import DOCUMENT, placed

ffi, lib = load()

STATES = ("BOOT", "STANDBY", "MONITORING", "STREAMING")
# what each input does in BOOT, STANDBY, MONITORING, STREAMING: next state and reason, or nothing
CELLS: dict[str, tuple[str, str, str, str]] = {
    "ANNOUNCED": ("MONITORING BOOTED", "", "", ""),
    "STANDBY_ON": ("STANDBY STANDBY_SWITCH", "", "STANDBY STANDBY_SWITCH", "STANDBY STANDBY_SWITCH"),
    "STANDBY_ORDERED": ("STANDBY STANDBY_COMMAND", "", "STANDBY STANDBY_COMMAND", "STANDBY STANDBY_COMMAND"),
    "STANDBY_OFF": ("", "MONITORING STANDBY_SWITCH", "", ""),
    "CONFIDENT": ("", "", "STREAMING CONFIDENT", ""),
    "UNDECIDED": ("", "", "", ""),
    "NOT_CONFIDENT": ("", "", "", "MONITORING NOBODY"),
    "RADAR_FAILED": ("", "", "", "MONITORING RADAR_FAILED"),
    "SELF_TEST_FAILED": ("", "", "", "MONITORING SELF_TEST_FAILED"),
    "NOT_PAIRED": ("", "", "", "MONITORING NOT_PAIRED"),
}
# why it is silent, the most important first, and the input that says so
CAUSES = {
    "STANDBY_SWITCH": "STANDBY_ON",
    "STANDBY_COMMAND": "STANDBY_ORDERED",
    "NOT_PAIRED": "NOT_PAIRED",
    "SELF_TEST_FAILED": "SELF_TEST_FAILED",
    "RADAR_FAILED": "RADAR_FAILED",
    "NOBODY": "NOT_CONFIDENT",
    "BOOTED": "",
    "NONE": "",
}


def policy(state: str = "MONITORING", silent_from_us: int = 0, **config: int) -> Any:
    p, c = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_config *")
    lib.sw_uplink_config_default(c)
    for name, value in config.items():
        setattr(c, name, value)
    assert lib.sw_uplink_policy_init(p, c, silent_from_us) == 0
    p.state = getattr(lib, f"SW_UPLINK_{state}")
    p.silent_reason = lib.SW_REASON_NONE if state == "STREAMING" else lib.SW_REASON_BOOTED
    return p


def step(p: Any, given: int, t_us: int = 0) -> Any:
    change = ffi.new("sw_uplink_change *")
    lib.sw_uplink_policy_step(p, t_us, given, 0, change)
    return change


def seconds(p: Any, confidence: int, n: int) -> list[str]:
    """The inputs that n seconds of this confidence make."""
    made = [lib.sw_uplink_policy_second(p, confidence) for _ in range(n)]
    return [str(ffi.string(ffi.cast("sw_uplink_input", value))).removeprefix("SW_INPUT_") for value in made]


def test_the_walk_below_meets_every_cell() -> None:
    assert len(STATES) == lib.SW_UPLINK_COUNT
    assert [f"SW_INPUT_{name}" for name in CELLS] == [
        name for value, name in sorted(ffi.typeof("sw_uplink_input").elements.items()) if value < lib.SW_INPUT_COUNT
    ]


@pytest.mark.parametrize("given", CELLS)
@pytest.mark.parametrize("state", STATES)
def test_each_cell_does_what_it_should(state: str, given: str) -> None:
    to_state, reason = (CELLS[given][STATES.index(state)] or f"{state} NONE").split()
    p = policy(state, silent_from_us=11)
    change = step(p, getattr(lib, f"SW_INPUT_{given}"), t_us=99)
    assert p.state == change.to_state == getattr(lib, f"SW_UPLINK_{to_state}")
    assert change.reason == getattr(lib, f"SW_REASON_{reason}")
    assert bool(change.tell) == (state != to_state and "STREAMING" in (state, to_state))
    ends_silence = state != "STREAMING" and to_state == "STREAMING"
    expected = (11, 99, lib.SW_REASON_BOOTED) if ends_silence else (0, 0, lib.SW_REASON_NONE)
    assert (change.silent_from_us, change.silent_to_us, change.silent_reason) == expected


@pytest.mark.parametrize("given", CELLS)
@pytest.mark.parametrize("before", CAUSES)
@pytest.mark.parametrize("state", STATES)
def test_each_cell_keeps_the_most_important_cause(state: str, before: str, given: str) -> None:
    to_state = (CELLS[given][STATES.index(state)] or state).split()[0]
    joins = next((cause for cause, said_by in CAUSES.items() if said_by == given), "NONE")
    p = policy(state)
    p.silent_reason = getattr(lib, f"SW_REASON_{before}")
    step(p, getattr(lib, f"SW_INPUT_{given}"))
    after = "NONE" if to_state == "STREAMING" else next(cause for cause in CAUSES if cause in (before, joins))
    assert p.silent_reason == getattr(lib, f"SW_REASON_{after}")


@pytest.mark.parametrize("state", ["BOOT", "STANDBY", "MONITORING"])
@pytest.mark.parametrize("failure", ["RADAR_FAILED", "SELF_TEST_FAILED"])
def test_seconds_before_the_radar_failed_do_not_count(state: str, failure: str) -> None:
    p = policy(state)
    seconds(p, 255, 2)
    step(p, getattr(lib, f"SW_INPUT_{failure}"))
    assert seconds(p, 255, 3) == ["UNDECIDED", "UNDECIDED", "CONFIDENT"]


def test_three_confident_seconds_start_streaming() -> None:
    assert seconds(policy(), 179, 3) == ["UNDECIDED", "UNDECIDED", "CONFIDENT"]


def test_fifteen_unconfident_seconds_stop_it() -> None:
    made = seconds(policy("STREAMING"), 101, 15)
    assert made == ["UNDECIDED"] * 14 + ["NOT_CONFIDENT"]


@pytest.mark.parametrize("confidence", [102, 178])
def test_between_the_thresholds_nothing_is_decided(confidence: int) -> None:
    assert set(seconds(policy(), confidence, 60)) == {"UNDECIDED"}


def test_one_other_second_starts_the_count_anew() -> None:
    p = policy("STREAMING")
    assert "NOT_CONFIDENT" not in seconds(p, 0, 14) + seconds(p, 150, 1) + seconds(p, 0, 14)


def test_seconds_of_another_state_do_not_count() -> None:
    p = policy("STANDBY")
    seconds(p, 255, 10)
    step(p, lib.SW_INPUT_STANDBY_OFF)
    assert seconds(p, 255, 3) == ["UNDECIDED", "UNDECIDED", "CONFIDENT"]


def test_a_silence_is_told_from_its_first_to_its_last_moment() -> None:
    p = policy("STREAMING")
    step(p, lib.SW_INPUT_NOT_CONFIDENT, t_us=1_000)
    step(p, lib.SW_INPUT_STANDBY_ON, t_us=2_000)
    step(p, lib.SW_INPUT_STANDBY_OFF, t_us=3_000)
    change = step(p, lib.SW_INPUT_CONFIDENT, t_us=4_000)
    assert (change.silent_from_us, change.silent_to_us) == (1_000, 4_000)
    assert change.silent_reason == lib.SW_REASON_STANDBY_SWITCH


def test_the_next_silence_forgets_why_the_last_one_was() -> None:
    p = policy("STREAMING")
    for name in ("STANDBY_ON", "STANDBY_OFF", "CONFIDENT", "NOT_CONFIDENT"):
        step(p, getattr(lib, f"SW_INPUT_{name}"))
    assert step(p, lib.SW_INPUT_CONFIDENT).silent_reason == lib.SW_REASON_NOBODY


@pytest.mark.parametrize(
    "config",
    [
        {"enter_confidence": 256},
        {"leave_confidence": 180},
        {"leave_confidence": 0},
        {"enter_s": 0},
        {"leave_s": 0},
    ],
)
def test_thresholds_that_cannot_work_are_refused(config: dict[str, int]) -> None:
    p, c = ffi.new("sw_uplink_policy *"), ffi.new("sw_uplink_config *")
    lib.sw_uplink_config_default(c)
    for name, value in config.items():
        setattr(c, name, value)
    assert lib.sw_uplink_policy_init(p, c, 0) == lib.SW_ERROR_PARAMETER


@pytest.mark.parametrize(
    "config",
    [{"enter_confidence": 255}, {"leave_confidence": 179}, {"leave_confidence": 1}, {"enter_s": 1}, {"leave_s": 1}],
)
def test_thresholds_at_their_very_limits_are_taken(config: dict[str, int]) -> None:
    assert {name: getattr(policy(**config).config, name) for name in config} == config


def test_the_documents_diagram_is_the_table() -> None:
    document = DOCUMENT.read_text()
    assert placed(document) == document, "run: python -m edge.uplink_diagram"


def test_a_wrong_diagram_is_seen() -> None:
    document = DOCUMENT.read_text().replace("streaming --> standby", "streaming --> boot")
    assert placed(document) != document
