"""The night's figures against values computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cloud import metrics
from cloud.night import Night, Vitals, latest
from cloud.observations import User
from cloud.truth import Truth, TruthError, parse, seconds_since_start

S = 1_000_000
T0 = 1_770_000_000 * S
NAN = float("nan")


def truth(in_place: list[int], **changes: Any) -> Truth:
    n = len(in_place)
    content = {
        "schema": 1, "t0_utc_us": T0, "step_s": 1, "rate_per_min": [14.0] * n, "in_place": in_place,
        "person_in_zone": in_place, "moving": [0] * n, "standby": [0] * n, "distance_m": [0.6] * n, "stages": None,
        "displacement": {"rate_hz": 10, "um": [0] * (10 * n), "delay_s": 0},
    }  # fmt: skip
    return parse(content | changes)


def night(rates: list[float | None], who: str = "user") -> Night:
    """One packet a second, 0.9 s into it; None: no packet, NaN: a packet without a valid rate."""
    known = [(second, rate) for second, rate in enumerate(rates) if rate is not None]
    n = len(known)
    vitals = Vitals(
        utc_us=np.array([T0 + second * S + 900_000 for second, _ in known], np.int64),
        confidence=np.ones(n),
        rate_per_min=np.array([rate for _, rate in known], float),
        rate_reason=[""] * n,
        moving=np.zeros(n),
        motion_db=np.zeros(n),
        distance_mm=np.full(n, 600.0),
        wave_utc_us=np.array([T0 + second * S for second, _ in known], np.int64),
        wave=[None] * n,
    )
    user = [User(T0, who, "")]
    return Night({}, T0, T0 + len(rates) * S, [], vitals, [], [], [], [], user=user)


def test_mae_is_over_valid_seconds_in_bed() -> None:
    found = metrics.respiration(night([14.5, 13.0, NAN, None, None, 99.0]), truth([1, 1, 1, 1, 1, 0])).values
    assert found["mae_per_min"] == 0.75  # (0.5 + 1.0) / 2: the 99 comes when the bed is empty


def test_coverage_counts_every_second_in_bed() -> None:
    rates = [14.0] * 6 + [NAN, NAN, None, None]
    assert metrics.respiration(night(rates), truth([1] * 8 + [0, 0])).values["coverage"] == 0.75  # 6 of 8


def test_a_valid_rate_without_a_defined_truth_covers_but_does_not_err() -> None:
    found = metrics.respiration(night([14.0, 20.0, 20.0]), truth([1, 1, 1], rate_per_min=[9.0, 14.0, None])).values
    assert (found["coverage"], found["mae_per_min"]) == (1.0, 0.0)


def test_a_packet_at_the_end_of_a_second_is_compared_with_truth_at_that_time() -> None:
    found = metrics.respiration(night([11.0, 12.0, 12.0]), truth([1, 1, 1], rate_per_min=[10.0, 11.0, 12.0]))
    assert found.values["mae_per_min"] == 0.0


def test_the_median_needs_no_truth() -> None:
    found = metrics.respiration(night([13.0, 14.0, 20.0, NAN]), None)
    assert found.values["rate_per_min_median"] == 14.0
    assert found.reasons["mae_per_min"] == "no truth"


@pytest.mark.parametrize("who", ["other", "unknown"])
def test_the_median_is_the_users_alone(who: str) -> None:
    found = metrics.respiration(night([23.0, 23.0], who), None)
    assert found.values["rate_per_min_median"] is None
    assert found.reasons["rate_per_min_median"].startswith("no valid breathing rate of the user: ")


def test_nobody_in_bed_is_a_reason() -> None:
    found = metrics.respiration(night([None, None]), truth([0, 0]))
    assert found.values["coverage"] is None
    assert found.reasons["coverage"] == "the user was never in bed"


def test_recall_starts_30_s_after_each_arrival() -> None:
    # arrives at second 10 for 40 s, streamed from 20 s after arrival on; seconds 40..49 count, and 48, 49 are silent
    rates = [None] * 30 + [14.0] * 18 + [None] * 7
    assert metrics.presence(night(rates), truth([0] * 10 + [1] * 40 + [0] * 5)).values["recall"] == 8 / 10


def test_false_alarms_are_seconds_with_nobody_in_the_zone() -> None:
    rates = [14.0] * 3 + [None] * 7
    found = metrics.presence(night(rates), truth([0] * 10, person_in_zone=[1, 1] + [0] * 8)).values
    assert found["false_alarm_rate"] == 1 / 8


def test_recall_of_movement_counts_moving_seconds_alone() -> None:
    rates = [14.0] * 35 + [None] * 5
    moving = [0] * 32 + [1] * 8
    # of the seconds 32..39 three have a packet
    assert metrics.presence(night(rates), truth([1] * 40, moving=moving)).values["recall_moving"] == 3 / 8


def test_a_packet_speaks_for_the_second_it_ends() -> None:
    utc_us = np.array([T0 + 900_000, T0 + 2_400_000, T0 + 9_000_000], np.int64)
    assert latest(utc_us, T0, 10).tolist() == [0, 1, -1, -1, -1, -1, -1, -1, 2, -1]


@pytest.mark.parametrize("phase_us", range(0, S, 50_000))
def test_a_packet_a_second_leaves_no_gap_at_any_phase(phase_us: int) -> None:
    utc_us = T0 + phase_us + S * np.arange(-1, 12, dtype=np.int64)
    assert np.diff(latest(utc_us, T0, 10)).tolist() == [1] * 9


def _waves(um: list[float], shift_us: int = 0) -> Vitals:
    """A night whose packets carry this waveform, ten samples a second."""
    seconds = len(um) // 10
    made = night([14.0] * seconds).vitals
    made.wave[:] = [np.array(um[10 * i : 10 * i + 10], "<i2").tobytes() for i in range(seconds)]
    return Vitals(**{**made.__dict__, "wave_utc_us": made.wave_utc_us + shift_us})


SINE_UM = [1000 * np.sin(2 * np.pi * i / 40) for i in range(600)]  # 15 per minute, 1 mm, 60 s


def _truth_um(um: list[float], delay_s: float = 0) -> Truth:
    return truth([1] * 60, displacement={"rate_hz": 10, "um": [round(v) for v in um], "delay_s": delay_s})


def test_an_equal_waveform_has_no_error() -> None:
    found = metrics.displacement(_waves(SINE_UM), _truth_um(SINE_UM))
    assert found["displacement_rmse_mm"] == pytest.approx(0, abs=0.001)
    assert found["displacement_amplitude_mm"] == pytest.approx(1, abs=0.002)


def test_nine_tenths_of_the_amplitude_is_an_error_of_a_tenth() -> None:
    found = metrics.displacement(_waves([0.9 * v for v in SINE_UM]), _truth_um(SINE_UM))
    assert found["displacement_rmse_mm"] == pytest.approx(0.1 / np.sqrt(2), abs=0.001)  # RMS of 0.1 mm amplitude
    assert found["displacement_relative"] == pytest.approx(0.1 / np.sqrt(2), abs=0.001)


def test_a_target_that_is_no_user_is_judged_all_the_time() -> None:
    sphere = truth([0] * 60, displacement={"rate_hz": 10, "um": [round(v) for v in SINE_UM], "delay_s": 0})
    found = metrics.displacement(_waves([0.9 * v for v in SINE_UM]), sphere)
    assert found["displacement_relative"] == pytest.approx(0.1 / np.sqrt(2), abs=0.001)
    assert found["displacement_coverage"] == 1.0


def test_the_waveform_outside_the_bed_is_not_judged() -> None:
    in_place = [1] * 30 + [0] * 30
    half = truth(in_place, displacement={"rate_hz": 10, "um": [round(v) for v in SINE_UM], "delay_s": 0})
    found = metrics.displacement(_waves(SINE_UM[:300] + [0.0] * 300), half)
    assert found["displacement_rmse_mm"] == pytest.approx(0, abs=0.001)


def test_a_constant_between_the_two_is_no_error() -> None:
    found = metrics.displacement(_waves([v + 500 for v in SINE_UM]), _truth_um(SINE_UM))
    assert found["displacement_rmse_mm"] == pytest.approx(0, abs=0.001)


def test_stated_delays_are_taken_out_on_both_sides() -> None:
    late = [0.0] * 5 + SINE_UM[:-5]  # the true filter's output comes half a second late
    found = metrics.displacement(_waves(SINE_UM[:590]), _truth_um(late, delay_s=0.5))
    assert found["displacement_rmse_mm"] == pytest.approx(0, abs=0.02)


def test_an_unstated_delay_is_an_error() -> None:
    found = metrics.displacement(_waves(SINE_UM, shift_us=500_000), _truth_um(SINE_UM))
    # a sine against itself half a second (45 degrees) late: RMS = sqrt(2) sin(22.5 degrees) = 0.541
    assert found["displacement_rmse_mm"] == pytest.approx(0.541, abs=0.005)


def test_the_distribution_is_over_half_minutes() -> None:
    got = SINE_UM[:300] + [0.0] * 300  # right in the first half minute, nothing in the second
    found = metrics.displacement(_waves(got), _truth_um(SINE_UM))
    # errors 0 and 1/sqrt(2) mm: median half of it, 90th percentile nine tenths
    assert found["displacement_rmse_p50_mm"] == pytest.approx(0.5 / np.sqrt(2), abs=0.002)
    assert found["displacement_rmse_p90_mm"] == pytest.approx(0.9 / np.sqrt(2), abs=0.002)
    assert found["displacement_relative_p90"] == pytest.approx(0.9 / np.sqrt(2), abs=0.002)


def test_unsolicited_bytes_count_from_30_s_after_the_last_one_left() -> None:
    present = [1] * 10 + [0] * 60
    utc_us = np.array([T0 + s * S for s in (5, 15, 39, 40, 60)], np.int64)
    n_bytes = np.array([1, 10, 100, 1000, 10000], np.int64)
    # left at 10: quiet from second 40 on
    assert metrics.unsolicited_while_silent(utc_us, n_bytes, truth(present)) == 11000


def test_before_anybody_came_every_byte_counts() -> None:
    utc_us, n_bytes = np.array([T0 + S], np.int64), np.array([7], np.int64)
    assert metrics.unsolicited_while_silent(utc_us, n_bytes, truth([0] * 20 + [1] * 5)) == 7


def test_standby_counts_with_somebody_there() -> None:
    utc_us, n_bytes = np.array([T0 + S, T0 + 3 * S], np.int64), np.array([7, 9], np.int64)
    assert metrics.unsolicited_while_silent(utc_us, n_bytes, truth([1] * 5, standby=[0, 0, 0, 1, 1])) == 9


def test_seconds_since_start() -> None:
    mask = np.array([1, 1, 0, 1, 1, 1, 0], bool)
    assert seconds_since_start(mask).tolist() == [1, 2, 0, 1, 2, 3, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step_s": 2}, "step_s 2, expected 1"),
        ({"moving": [1]}, "columns of unequal length"),
        ({"rate_per_min": ["x", "y"]}, "could not convert"),
    ],
)
def test_a_wrong_truth_is_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TruthError, match=message):
        truth([1, 1], **changes)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(TruthError, match="key 't0_utc_us' is missing"):
        parse({"step_s": 1, "in_place": [], "person_in_zone": [], "moving": [], "standby": [], "displacement": {}})
