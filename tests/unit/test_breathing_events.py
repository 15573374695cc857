"""Disturbed breathing: closed form of effort and flow, and that the list of events is what the waveforms do."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.breathing import WAVEFORM_HZ, BreathingTrack, breathe
from hw_sim.breathing_events import Disturbed, Event, draw_events, periodic_size, shape_of
from hw_sim.night import Night
from hw_sim.scenario_living import Breathing, Events, Person
from hw_sim.somebody import Generators, Somebody, make_somebody

NIGHT_S = 4 * 3600.0
CALM = Breathing(amplitude_sd=0.0, interval_sd=0.0, heart_mm=0.0)


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def track(events: list[Event], config: Events | None = None, seed: int = 3) -> tuple[BreathingTrack, Disturbed]:
    disturbed = Disturbed(config or Events(), events, rng(seed))
    return breathe(CALM, rng(seed), 600.0, disturbed), disturbed


def within(wave: np.ndarray, event: Event) -> np.ndarray:
    """The event without the tenth of a second by which the abdomen leads."""
    return wave[int(event.from_s * WAVEFORM_HZ) + 1 : int((event.to_s - 0.15) * WAVEFORM_HZ)]


def volume(made: BreathingTrack) -> np.ndarray:
    """Relative to a quiet breath: half of each wall's motion."""
    return np.asarray(0.5 * made.chest_m / (1e-3 * CALM.chest_mm) + 0.5 * made.abdomen_m / (1e-3 * CALM.abdomen_mm))


def test_in_a_central_apnoea_no_wall_moves() -> None:
    made, disturbed = track([Event(300.0, 325.0, "central")])
    (event,) = disturbed.events
    assert event.to_s - event.from_s > 15
    assert not within(made.chest_m, event).any() and not within(made.abdomen_m, event).any()


def test_paradoxical_effort_sums_to_a_fortieth_of_the_flow() -> None:
    for n in (3, 8):
        chest, abdomen = shape_of("obstructive", n, rng(1))
        assert (chest < 0).all() and (np.diff(abdomen) > 0).all()  # sucked in, and growing
        assert chest + abdomen == pytest.approx(0.05 * abdomen)
    assert abdomen[0] == pytest.approx(0.5) and abdomen[-1] == pytest.approx(1.4)


def test_an_obstructive_apnoea_moves_walls_and_no_air_and_ends_in_a_gasp() -> None:
    made, disturbed = track([Event(300.0, 325.0, "obstructive")])
    (event,) = disturbed.events
    assert np.abs(within(made.abdomen_m, event)).max() > 1.2e-3 * CALM.abdomen_mm
    assert within(made.chest_m, event).min() < -1.0e-3 * CALM.chest_mm
    assert within(volume(made), event).max() < 0.1 < 0.9 * volume(made)[: int(290 * WAVEFORM_HZ)].max()
    gasp = volume(made)[int(event.to_s * WAVEFORM_HZ) : int((event.to_s + 5) * WAVEFORM_HZ)]
    assert gasp.max() == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_a_hypopnoea_keeps_three_to_seven_tenths(seed: int) -> None:
    made, disturbed = track([Event(300.0, 330.0, "hypopnoea")], seed=seed)
    (event,) = disturbed.events
    assert 0.29 < within(volume(made), event).max() < 0.71


@pytest.mark.parametrize("kind", ["central", "obstructive"])
def test_a_breath_without_air_is_no_breath(kind: str) -> None:
    made, disturbed = track([Event(300.0, 330.0, kind)])
    (event,) = disturbed.events
    assert not ((made.breath_s > event.from_s - 0.01) & (made.breath_s < event.to_s - 0.01)).any()
    assert (np.abs(made.breath_s - event.to_s) < 0.01).any()


def test_a_hypopnoea_is_still_breathing() -> None:
    made, disturbed = track([Event(300.0, 330.0, "hypopnoea")])
    (event,) = disturbed.events
    assert ((made.breath_s >= event.from_s) & (made.breath_s < event.to_s)).sum() >= 5


def test_periodic_breathing_waxes_wanes_and_stops_for_two_fifths() -> None:
    cycles = np.linspace(0, 1, 100_001)
    size = periodic_size(cycles)
    assert (size == 0).mean() == pytest.approx(0.4, abs=1e-4)
    assert size[0] < 0.01 and size.max() == pytest.approx(1.6) and cycles[size.argmax()] == pytest.approx(0.3, abs=1e-4)


def test_pauses_of_periodic_breathing_are_central_apnoeas() -> None:
    made, disturbed = track([Event(100.0, 500.0, "periodic")], Events(periodic_cycle_s=(60.0, 60.0)))
    pauses = [one for one in disturbed.events if one.kind == "central"]
    assert 4 <= len(pauses) <= 7 and all(10 <= one.to_s - one.from_s <= 30 for one in pauses)
    assert all(not within(made.chest_m, one).any() for one in pauses)


def test_a_sigh_is_one_breath_of_two_to_three_times() -> None:
    made, disturbed = track([Event(300.0, 303.0, "sigh")])
    (event,) = disturbed.events
    assert 1.95 < within(volume(made), event).max() < 3.05
    before = Event(event.from_s - 4, event.from_s, "before")
    assert within(volume(made), before).max() < 1.05


@pytest.mark.parametrize(
    ("kind", "low_m", "high_m"), [("cough", 4e-3, 6e-3), ("swallow", 3e-4, 7e-4), ("hiccups", 2e-3, 4e-3)]
)
def test_jerks_come_on_top_of_breathing(kind: str, low_m: float, high_m: float) -> None:
    made, disturbed = track([Event(300.0, 360.0, kind)])
    quiet, _ = track([])
    jerk = made.chest_m - quiet.chest_m
    assert [one.kind for one in disturbed.events] == [kind]
    assert low_m < jerk.max() < high_m
    assert not jerk[: int(299 * WAVEFORM_HZ)].any()


def test_rates_are_per_hour_of_sleep_and_events_do_not_overlap() -> None:
    night = Night(lights_out_s=0.0, stages=np.ones(480, np.int8))
    config = Events(central_per_hour=6.0, obstructive_per_hour=10.0, hypopnoea_per_hour=4.0)
    counts = []
    for seed in range(10):
        found = draw_events(config, night, (0.0, NIGHT_S), rng(seed))
        assert all(b.from_s > a.to_s for a, b in zip(found, found[1:], strict=False))
        counts.append(len(found))
    assert 0.65 * 80 < np.mean(counts) < 80  # some are crowded out


def test_nobody_has_apnoeas_awake() -> None:
    night = Night(lights_out_s=0.0, stages=np.zeros(480, np.int8))
    assert draw_events(Events(central_per_hour=30.0, obstructive_per_hour=30.0), night, (0.0, NIGHT_S), rng(1)) == []


def somebody(person: Person, seed: int = 2, duration_s: float = 3600.0) -> Somebody:
    return make_somebody(person, None, Generators(*rng(seed).spawn(6)), duration_s)


def test_arousals_move_the_body_when_an_event_ends() -> None:
    events = Events(obstructive_per_hour=20.0, arousal=1.0)
    made = somebody(Person(centre_m=(0.0, 0.75, -0.08), body="whole", movements_per_hour=0.0, events=events))
    ends = [one.to_s for one in made.events if one.kind == "obstructive"]
    keys, moving = np.array(made.line.key_s), np.array(made.line.moving)
    begins = keys[np.flatnonzero(np.diff(np.concatenate([[False], moving]).astype(int)) > 0)]
    assert len(ends) > 5
    assert all((np.abs(begins - end) < 2.0).any() for end in ends)


def test_a_torso_can_have_events_too() -> None:
    made = somebody(Person(centre_m=(0.0, 0.75, -0.08), events=Events(central_per_hour=20.0)))
    assert {one.kind for one in made.events} == {"central"} and made.line.poses[0].position_m.shape[1] == 32


def test_who_has_no_events_has_none() -> None:
    assert somebody(Person(centre_m=(0.0, 0.75, -0.08), body="whole")).events == []
