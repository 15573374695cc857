"""truth.json from a scene's arrays: shapes, seconds, and the filter's stretches."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hw_sim import night_truth
from hw_sim.breathing_events import Event
from hw_sim.night import Night
from hw_sim.night_truth import BandFilter
from hw_sim.rig import band_filter


@dataclass
class Arrays:
    """A scene's truth of 10 s: the user arrives at 4 s, moves from 6.5 s to 6.6 s."""

    displacement_um: npt.NDArray[np.float32] = field(
        default_factory=lambda: np.where(np.arange(200) < 81, np.nan, 100).astype(np.float32)
    )
    moving: npt.NDArray[np.bool_] = field(default_factory=lambda: (np.arange(200) // 2) == 65)
    in_place: npt.NDArray[np.bool_] = field(default_factory=lambda: np.arange(200) >= 90)
    person_in_zone: npt.NDArray[np.bool_] = field(default_factory=lambda: np.arange(200) >= 75)
    partner_in_bed: npt.NDArray[np.bool_] = field(default_factory=lambda: np.arange(200) < 30)
    pet_in_zone: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(200, np.bool_))
    in_bed_s: tuple[float | None, float | None] = (4.5, None)
    absences_s: list[tuple[float, float]] = field(default_factory=list)
    night: Night = field(default_factory=Night)
    positions: tuple[str, ...] = ("user: here",)
    child_in_bed: npt.NDArray[np.bool_] | None = None
    events: tuple[tuple[str, Event], ...] = (("user", Event(2.5, 4.0, "central")), ("dog", Event(11.0, 12.0, "walk")))
    distance_m: npt.NDArray[np.float32] = field(default_factory=lambda: np.full(200, 0.75, np.float32))

    def rate_per_min(self) -> npt.NDArray[np.float64]:
        return np.concatenate((np.full(8, np.nan), [14.1234567, 14.5, 15.0]))


def every_second(displacement_um: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    return displacement_um[::2].astype(np.int16)


def test_seconds_are_what_the_scene_says() -> None:
    made = night_truth.build(Arrays(), 1_700_000_000_000_000, 10, [(8.2, 9.0)], BandFilter(every_second, 0.5))
    assert made["in_place"] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    assert made["person_in_zone"] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert made["moving"] == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert made["standby"] == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert made["rate_per_min"] == [None] * 8 + [14.123, 14.5]
    assert len(made["displacement"]["um"]) == 100
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert made["child_in_bed"] == [0] * 10
    event = {"who": "user", "kind": "central", "from_utc_us": made["t0_utc_us"] + 2_500_000}
    assert made["events"] == [event | {"to_utc_us": made["t0_utc_us"] + 4_000_000}]  # the other is after the end


def test_a_scene_shorter_than_the_night_is_filled_up() -> None:
    made = night_truth.build(Arrays(), 0, 12, [], BandFilter(every_second, 0.5))
    assert {len(made[key]) for key in ("rate_per_min", "in_place", "moving", "distance_m")} == {12}
    assert made["distance_m"][-1] is None


def test_a_night_has_instants_and_a_stage_per_epoch() -> None:
    stages = np.array([0, 1, 2], np.int8)
    night = Night(lights_out_s=60.0, woke_up_s=150.0, stages=stages)
    arrays = Arrays(in_bed_s=(30.0, 170.5), absences_s=[(100.0, 110.0)], night=night)
    made = night_truth.build(arrays, 1_000_000, 180, [], BandFilter(every_second, 0.5), {"buzzer": [(7, 1)]})
    assert made["epoch_s"] == 30 and made["stages"] == [None, None, 0, 1, 2, None]
    assert (made["in_bed_utc_us"], made["out_of_bed_utc_us"]) == (31_000_000, 171_500_000)
    assert (made["lights_out_utc_us"], made["woke_up_utc_us"]) == (61_000_000, 151_000_000)
    assert made["absences"] == [[101_000_000, 111_000_000]]
    assert made["pins"] == {"buzzer": [[7, 1]], "light": []}
    assert made["positions"] == ["user: here"]


def test_nobody_has_no_instants() -> None:
    made = night_truth.build(Arrays(in_bed_s=(None, None)), 0, 10, [], BandFilter(every_second, 0.5))
    assert made["stages"] == [None] and made["partner_in_bed"] == [1] * 2 + [0] * 8
    assert all(made[f"{name}_utc_us"] is None for name in ("in_bed", "out_of_bed", "lights_out", "woke_up"))


def test_the_filter_starts_at_rest_where_the_signal_does() -> None:
    starts: list[int] = []

    def noted(displacement_um: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
        starts.append(len(displacement_um))
        return every_second(displacement_um)

    wave = night_truth.filtered(Arrays().displacement_um, BandFilter(noted, 0.0))
    assert starts == [200 - 82]  # the sample at 81 is between two answers
    assert wave.tolist() == [0] * 41 + [100] * 59


def test_the_devices_filter_passes_breathing() -> None:
    t_s = np.arange(0, 120, 1 / 20)
    band = band_filter()
    wave = band.run((1000 * np.sin(2 * np.pi * 0.25 * t_s)).astype(np.float32))
    assert len(wave) == len(t_s) // 2
    assert 940 < wave[600:].max() < 1000
    assert 0.0 < band.delay_s < 0.1
