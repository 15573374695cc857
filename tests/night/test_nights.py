"""Short seeded nights, end to end with the cloud process, against the simulator's truth.

Every claim has a planted fault that breaks it: the night is run again with the fault and the claim must fail.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cloud import metrics, report
from cloud.night import Night, load
from cloud.truth import Truth, parse, seconds_since_start
from edge.core import load as load_core
from hw_sim import night_run
from hw_sim.board import Faults
from hw_sim.rig import Rig, run_night
from hw_sim.scenario import SCENARIO_DIR, load_scenario
from tests import naive

RATE_HZ = 20  # frames a second of the default radar config
MAE_PER_MIN, COVERAGE, RECALL_MOVING = 0.25, 0.90, 0.98
SPHERE_RMSE_MM, POSTURE_RELATIVE, STREAMS_WITHIN_S = 0.05, 0.40, 20
WINDOW_S = 30
Change = Callable[[Rig], None]


@dataclass(frozen=True)
class Result:
    """One night: report.json's content, the stored observations, the truth."""

    report: dict[str, Any]
    night: Night
    truth: Truth

    def __getattr__(self, section: str) -> Any:
        return self.report[section]

    def streams_after_s(self) -> float:
        """From lying down to the first packet; negative: before."""
        if not len(self.night.vitals.utc_us):
            return float("inf")
        return float(self.night.vitals.utc_us[0] - self.truth.t0_utc_us) / 1e6 - int(self.truth.in_place.argmax())


@contextmanager
def changed_rig(change: Change | None, faults: Faults | None) -> Iterator[None]:
    """Nights inside have a device with a fault."""
    with pytest.MonkeyPatch.context() as patch:

        def made(*args: Any, **options: Any) -> Rig:
            rig = Rig(*args, **options, faults=faults)
            if change is not None:
                change(rig)
            return rig

        patch.setattr(night_run, "Rig", made)
        yield


def simulate(
    scenario: str, hours: float, seed: int = 1, change: Change | None = None, faults: Faults | None = None
) -> Result:
    with tempfile.TemporaryDirectory() as folder, changed_rig(change, faults):
        made = run_night(scenario, out=Path(folder), seed=seed, hours=hours)
        return Result(report.build(made.db, made.truth, made.run), load(made.db), parse(made.truth))


@pytest.fixture(scope="session")
def single(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """An hour of regular breathing: the sleeper without stages, so that the limits are the chain's and not wake's."""
    path = tmp_path_factory.mktemp("steady") / "single.toml"
    path.write_text((SCENARIO_DIR / "single.toml").read_text().replace('population = "healthy"', ""))
    assert load_scenario(path).population is None
    return simulate(str(path), 1.0)


@pytest.fixture(scope="session")
def staged() -> Result:
    return simulate("single", 1.0, seed=2)


@pytest.fixture(scope="session")
def empty() -> Result:
    return simulate("empty", 0.2)


@pytest.fixture(scope="session", params=[1, 2])
def arrival(request: pytest.FixtureRequest) -> Result:
    return simulate("arrival", 0.2, request.param)


@pytest.fixture(scope="session")
def sphere() -> Result:
    return simulate("sphere", 0.05)


def test_the_nights_hold_what_is_judged(single: Result, empty: Result, arrival: Result) -> None:
    settled = seconds_since_start(single.truth.in_place) > WINDOW_S
    assert single.truth.in_place.mean() > 0.9 and (settled & single.truth.moving).sum() >= 20
    assert not empty.truth.person_in_zone.any()
    assert not arrival.truth.person_in_zone[:295].any() and arrival.truth.in_place[-1]


def test_no_frame_is_skipped(single: Result, empty: Result) -> None:
    assert (single.edge["frames"], empty.edge["frames"]) == (3600 * RATE_HZ, 720 * RATE_HZ)
    assert single.edge["overflows"] == empty.edge["overflows"] == 0


def test_the_rate_is_the_sleepers(single: Result) -> None:
    assert single.respiration["mae_per_min"] <= MAE_PER_MIN
    assert single.respiration["coverage"] >= COVERAGE


def test_movements_are_streamed(single: Result) -> None:
    assert single.presence["recall_moving"] >= RECALL_MOVING


def test_the_chest_is_followed(single: Result) -> None:
    """Looser than over a long night: in some postures the phase circle is a short arc and its scale a guess."""
    assert single.respiration["displacement_relative"] <= POSTURE_RELATIVE


def test_a_sphere_is_followed(sphere: Result) -> None:
    assert sphere.respiration["displacement_rmse_mm"] <= SPHERE_RMSE_MM
    assert sphere.respiration["displacement_amplitude_mm"] == pytest.approx(2.0, rel=0.05)
    assert sphere.respiration["displacement_coverage"] > 0.9


def test_an_empty_room_is_silent(empty: Result) -> None:
    assert empty.edge["bytes_unsolicited_while_silent"] == 0 and empty.edge["streaming_s"] == 0
    assert empty.edge["bytes_on_wire"] == empty.edge["bytes_at_boot"] + empty.edge["bytes_replied"]


def test_who_lies_down_is_streamed(arrival: Result) -> None:
    assert arrival.streams_after_s() <= STREAMS_WITHIN_S
    assert arrival.edge["bytes_unsolicited_while_silent"] == 0


def naive_errors(result: Result) -> np.ndarray[Any, np.dtype[np.float64]]:
    """|autocorrelation of the last 30 s of the waveform - truth|, each second with both."""
    utc_us, um = metrics.samples(result.night.vitals)
    at_s, errors = (utc_us - result.truth.t0_utc_us) / 1e6, []
    for second in np.flatnonzero(result.truth.in_place & np.isfinite(result.truth.rate_per_min)):
        first, last = np.searchsorted(at_s, [second - WINDOW_S, second])
        if last - first >= 10 * WINDOW_S - 10:
            errors.append(naive.autocorrelation_rate(um[first:last], 0.1) - result.truth.rate_per_min[second])
    return np.abs(errors)


def test_wake_and_rem_cost_little(staged: Result) -> None:
    """Breathing is irregular there, and who lies awake moves; over a whole night sleep outweighs them."""
    assert staged.respiration["mae_per_min"] <= MAE_PER_MIN
    assert staged.respiration["coverage"] >= COVERAGE - 0.05
    assert staged.presence["recall_moving"] >= RECALL_MOVING


def test_beside_the_naive_estimator(single: Result, figures: Callable[[str, dict[str, float]], None]) -> None:
    errors = naive_errors(single)
    beside = {name: single.respiration[name] for name in ("mae_per_min", "coverage", "displacement_relative")}
    beside |= {"naive mae_per_min": float(errors.mean()), "naive coverage": len(errors) / single.truth.in_place.sum()}
    figures("an hour of one sleeper", beside)
    assert single.respiration["mae_per_min"] < errors.mean()


# --- planted faults ---


def firmware(rig: Rig) -> Any:
    return rig.device.firmware.state  # type: ignore[union-attr]


def c_chain(rig: Rig) -> Any:
    return load_core()[0].cast("sw_chain *", firmware(rig).chain.state)


def always_confident(rig: Rig) -> None:
    firmware(rig).policy.config.enter_confidence = 0


def never_in_a_hurry(rig: Rig) -> None:
    firmware(rig).policy.config.enter_s = 40


def wrong_wavelength(rig: Rig) -> None:
    c_chain(rig).geometry.wavelength_m *= 1.05


def wrong_clock(rig: Rig) -> None:
    firmware(rig).driver.timing.frame_ticks = int(1.03 * firmware(rig).driver.timing.frame_ticks)


def test_a_device_that_always_speaks_is_noticed() -> None:
    assert simulate("empty", 0.02, change=always_confident).edge["bytes_unsolicited_while_silent"] > 0


def test_a_device_that_hesitates_is_noticed() -> None:
    assert simulate("arrival", 0.1, change=never_in_a_hurry).streams_after_s() > STREAMS_WITHIN_S


def test_a_wrong_wavelength_is_noticed() -> None:
    assert simulate("sphere", 0.05, change=wrong_wavelength).respiration["displacement_rmse_mm"] > SPHERE_RMSE_MM


def test_a_wrong_clock_is_noticed() -> None:
    """The device gives a radar up whose frames come at another rate than it was told."""
    assert simulate("single", 0.2, change=wrong_clock).respiration["coverage"] < COVERAGE


def test_a_radar_that_stops_is_noticed() -> None:
    stopped = simulate("single", 0.1, faults=Faults(miso_from_us=200_000_000, miso_and=0, miso_fifo_only=False))
    assert stopped.edge["frames"] < 360 * RATE_HZ and stopped.respiration["coverage"] < COVERAGE
    assert stopped.presence["recall"] < RECALL_MOVING
