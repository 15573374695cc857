"""Receivers, converter, tones, other radars: against closed form, and each fault does what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from hw_sim import faults
from hw_sim.antenna import make_antennas, still_weights, weights_of
from hw_sim.fades import fading
from hw_sim.interferer import FINE, TAIL, add_others, impulse_response, others_through, received_w
from hw_sim.lines import Line, lines_through
from hw_sim.noise import mix64, noise_rows
from hw_sim.radar_equation import if_response, still_echo
from hw_sim.radio_faults import GROWS_S, RadioFaults, Span, faults_at, next_change_s
from hw_sim.receiver import add_shaped_noise, bent, flicker_poles, ideal, noise_taps
from hw_sim.reflectors import direction
from hw_sim.scatterers import still_set
from hw_sim.scenario import Antennas, Charger, Corner, FrontEnd, Radar, Scenario
from hw_sim.scene import Scene
from tests.scene_views import DEFAULT

FRAME_US = 50e3


def samples(scene: Scene, n: int = 40, first_us: float = 0.0) -> np.ndarray:
    """float64[frame, chirp, sample, rx]"""
    out = np.zeros((n, 6144), np.uint16)
    scene.frames(first_us, FRAME_US, n, DEFAULT, out)
    return out.reshape(n, 8, 256, 3).astype(np.float64)


def scene_of(**tables: object) -> Scene:
    return Scene(Scenario(description="test", **tables), seed=3, duration_s=400)  # type: ignore[arg-type]


def test_a_charger_is_a_line_of_its_amplitude_in_every_chirp() -> None:
    charger = Charger(khz=125.0, counts=20.0, harmonics=1, jitter_pct=0.0)
    extra = samples(scene_of(chargers={"phone": charger})) - samples(scene_of()).mean(axis=(0, 1))
    spectrum = np.abs(np.fft.rfft(extra, axis=2)).mean(axis=(0, 1, 3)) / 128
    assert spectrum.argmax() == 16  # 125 kHz in bins of 7.8125 kHz
    assert spectrum[16] == pytest.approx(20.0, rel=0.02)


def test_a_tone_runs_through_the_chirps_in_absolute_time() -> None:
    """1 kHz beside a multiple of the chirp rate turns by half a turn from chirp to chirp."""
    charger = Charger(khz=126.0 + 1.0, counts=20.0, harmonics=1, jitter_pct=0.0)
    extra = samples(scene_of(chargers={"phone": charger}), 4) - samples(scene_of()).mean(axis=(0, 1))
    z = np.fft.rfft(extra[..., 0] * np.hanning(256), axis=2)[..., 16]
    turned = np.angle(z[:, 1:] * z[:, :-1].conj()) / (2 * math.pi)
    expected = (127e3 * 500e-6 + 0.5) % 1 - 0.5
    assert np.angle(np.exp(2j * math.pi * (turned - expected))) == pytest.approx(np.zeros(turned.shape), abs=0.15)


def test_jitter_spreads_a_line() -> None:
    still, moving = (
        samples(scene_of(chargers={"phone": Charger(khz=100.0, counts=20.0, harmonics=1, jitter_pct=j)}))
        for j in (0.0, 4.0)
    )
    peaks = [np.abs(np.fft.rfft(x.mean(axis=1) - 2048, axis=1))[:, 12:15].mean() for x in (still, moving)]
    assert peaks[1] < 0.9 * peaks[0]


def test_lines_above_half_the_rate_fold() -> None:
    found = lines_through([Line(1.9e6, 1.0, 0.0, 1.0, (0.0, 0.0, 0.0), (0.0, math.inf))], DEFAULT)
    assert found.counts == pytest.approx(np.ones((1, 3)))


def test_another_radar_is_received_as_friis_says() -> None:
    radar = Radar(distance_m=2.0, azimuth_deg=0.0, eirp_dbm=7.5, aim_db=0.0)
    spread_db = 20 * math.log10(DEFAULT.wavelength_m / (4 * math.pi * 2.0))
    assert 10 * math.log10(1e3 * received_w(radar, DEFAULT.wavelength_m)) == pytest.approx(
        7.5 + 3.5 + spread_db, abs=0.01
    )


def test_a_crossing_is_the_filters_answer_to_a_fast_sweep() -> None:
    """Against mixing and filtering at 64 times the rate."""
    radar = Radar(
        distance_m=1.0, azimuth_deg=0.0, start_ghz=60.0, sweep_ghz=-3.0, sweep_us=100.0, chirp_us=400.0, clock_ppm=0.0
    )
    others = others_through([(radar, 10e-6)], DEFAULT)
    rows = np.zeros((3, 256), np.float32)
    add_others(others, np.uint64(5), 0.0, 0.5e-6, rows)
    slope = -3e9 / 100e-6 - DEFAULT.slope_hz_per_s
    apart_hz = 60e9 - DEFAULT.f0_hz + 3e9 / 100e-6 * 10e-6
    fine = 64
    t_s = np.arange(256 * fine * 4) * 0.5e-6 / fine
    turns = (
        float(np.uint64(mix64(np.uint64(5 ^ 31))) >> np.uint64(11)) / 2**53
    )  # where they meet, as the kernel draws it
    on = np.abs(apart_hz + slope * t_s) < 50e6  # what is farther off folds here, and the filters keep it out there
    beat = np.where(on, np.cos(2 * math.pi * (turns + 0.5 * slope * (t_s + apart_hz / slope) ** 2)), 0.0)
    hz = np.fft.rfftfreq(t_s.size, t_s[1])
    answer = np.array([if_response(one, DEFAULT.hp_cutoff_hz) if one < 10e6 else 0.0 for one in hz])
    expected = np.fft.irfft(np.fft.rfft(beat) * answer, t_s.size)[: 256 * fine : fine]
    got = rows[0] / others.counts[0, 0]
    assert (got - expected).std() < 0.1 * expected.std()


def test_an_impulse_response_is_kept_for_its_own_filters() -> None:
    kept = impulse_response(DEFAULT, 20e3)
    assert impulse_response(DEFAULT, 20e3) is kept and not kept.flags.writeable
    assert not np.array_equal(impulse_response(DEFAULT, 80e3), kept)
    assert not np.array_equal(impulse_response(replace(DEFAULT, sample_rate_hz=1e6), 20e3), kept)


def test_impulse_response_has_no_constant_part() -> None:
    answer = impulse_response(DEFAULT, 20e3)
    assert answer.size == TAIL * FINE
    assert abs(answer.sum()) < 0.12 * np.abs(answer).sum()


def test_two_radars_hit_few_chirps_and_stay_in_them() -> None:
    x = samples(Scene.load("two-radars", seed=8, duration_s=400), 400)
    hit = (np.abs(np.diff(x[..., 2], axis=2)).max(axis=2) > 60).mean()
    assert hit < 0.2
    loud = scene_of(radars={"near": Radar(distance_m=0.5, azimuth_deg=0.0, aim_db=0.0, frames_per_s=30.0, chirps=64)})
    burst = np.abs(samples(loud, 200) - samples(scene_of()).mean(axis=(0, 1))).max(axis=(2, 3))
    assert 0.005 < (burst > 20).mean() < 0.3


def test_kernel_and_closed_form_agree_on_antennas_of_ones_own() -> None:
    antennas = Antennas(gain_db=2.0, phase_deg=40.0, squint_deg=8.0, skew=0.2)
    corner = Corner(distance_m=1.0, azimuth_deg=20.0, elevation_deg=-10.0, edge_m=0.06)
    echo = (samples(scene_of(antennas=antennas, corner=corner)) - samples(scene_of(antennas=antennas))).mean(
        axis=(0, 1)
    )
    own = scene_of(antennas=antennas).front_end.antennas
    at_m = direction(20.0, -10.0)[:, None]
    weights = still_weights(weights_of(own, (1, 2, 3), np.ones(3, np.complex128)), at_m)
    from hw_sim.reflectors import corner_rcs_m2

    expected = still_echo(DEFAULT, at_m, np.array([corner_rcs_m2(0.06)]), weights).T
    assert (echo - expected).std() < 0.03 * expected.std()


def test_squint_moves_the_middle_of_a_beam() -> None:
    own = make_antennas(Antennas(squint_deg=10.0), np.random.default_rng(1))
    weights = weights_of(own, (1,), np.ones(3, np.complex128))
    u = np.linspace(-0.5, 0.5, 201)
    at_m = np.stack([u, np.sqrt(1 - u * u), np.zeros(201)])
    from hw_sim.radar_equation import beam_loss

    both = np.sqrt(beam_loss(at_m)) * np.abs(still_weights(weights, at_m)[0])
    middle = 0.5 * (own.squint[0, 0] + own.squint[1, 0])
    assert u[both.argmax()] == pytest.approx(middle, abs=0.03)


def test_noise_falls_as_told_and_keeps_its_power() -> None:
    outer, middle = noise_taps(2.0)
    size_db = [20 * math.log10(abs(middle + 2 * outer * math.cos(2 * math.pi * f))) for f in (0.1, 0.5)]
    assert size_db[0] - size_db[1] == pytest.approx(2.0, abs=0.01)
    x = samples(scene_of(front_end=FrontEnd(noise_shape_db=2.0)), 200)
    power = (np.abs(np.fft.rfft(x - x.mean(axis=(0, 1)), axis=2)) ** 2).mean(axis=(0, 1, 3))
    assert 10 * math.log10(power[24:28].mean() / power[124:128].mean()) == pytest.approx(2.0 * 0.82, abs=0.5)


def test_flicker_equals_white_noise_at_its_corner() -> None:
    receiver = ideal(DEFAULT)._replace(special=True, flicker=flicker_poles(60e3, 2e6))
    rows, spare = np.zeros((3000, 256), np.float32), np.zeros(256, np.float32)
    for k, row in enumerate(rows):
        add_shaped_noise(receiver, row, spare, (np.uint32(k * 7919 + 1), np.uint32(k)), np.float32(1.0))
    power = (np.abs(np.fft.rfft(rows * np.hanning(256), axis=1)) ** 2).mean(axis=0) / (256 * 0.375)
    at_corner = power[7:9].mean()  # 54.7 and 62.5 kHz
    assert 10 * math.log10(at_corner) == pytest.approx(10 * math.log10(2.0), abs=1.0)
    assert power[100:].mean() == pytest.approx(1.0, rel=0.1)
    assert power[2] > 3.0
    assert noise_rows(np.uint64(1), np.zeros(1, np.int64), 1, 0, 8).shape == (1, 8)


def test_a_bent_ramp_reads_a_tone_at_a_bent_time() -> None:
    at, weight = bent(DEFAULT, 0.02)
    n = np.arange(256)
    tone = np.cos(2 * math.pi * 0.05 * n)
    read = (weight * tone[at[:, None] + np.arange(-1, 3)]).sum(axis=1)
    x = n / 255
    expected = np.cos(2 * math.pi * 0.05 * (x + 0.08 * x * (1 - x)) * 255)
    assert read[4:-4] == pytest.approx(expected[4:-4], abs=0.01)


def test_spans_say_what_is_wrong_and_when_it_changes() -> None:
    spans = [Span({"leakage_db": 6.0}, 10.0, 20.0), Span({"mismatch_deg": 60.0}, 15.0)]
    assert faults_at(spans, 5.0) == RadioFaults()
    assert faults_at(spans, 10.0) == RadioFaults(leakage_db=6.0)
    assert faults_at(spans, 15.0 + GROWS_S / 2).mismatch_deg == pytest.approx(30.0, abs=0.3)
    assert faults_at(spans, 15.0 + 2 * GROWS_S).mismatch_deg == 60.0
    assert next_change_s(spans, 0.0) == 10.0
    assert next_change_s(spans, 15.0) == pytest.approx(15.25)
    assert next_change_s(spans, 200.0) == math.inf
    with pytest.raises(ValueError, match="expected fields"):
        Span({"volume": 1})


def played(fields: Mapping[str, object], n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Frames before and in a fault that begins at 100 s."""
    scene = scene_of(corner=Corner(distance_m=1.0, edge_m=0.05))
    scene.play([(fields, 100_000_000, None)])
    return samples(scene, n, 97e6), samples(scene, n, 170e6)


def test_a_fault_begins_at_its_frame_and_leaves_the_ones_before() -> None:
    scene, well = (scene_of(corner=Corner(distance_m=1.0)) for _ in range(2))
    scene.play([({"offset_counts": 300.0}, 100_000_000, 101_000_000)])
    x, y = samples(scene, 60, 99e6), samples(well, 60, 99e6)
    assert np.array_equal(x[:20], y[:20])
    assert (x[20:40] - y[20:40]).mean() == pytest.approx(300.0, abs=0.01)
    assert np.array_equal(x[40:], y[40:])


def test_a_dead_antenna_hears_its_converter_alone() -> None:
    well, wrong = played({"dead": 2})
    assert well[..., 1].std() > 20
    assert wrong[..., 1].std() < 0.5
    assert wrong[..., 0] == pytest.approx(well[..., 0], abs=12)


def test_leakage_grows_by_its_decibels() -> None:
    well, wrong = played({"leakage_db": 6.0})
    low = [np.abs(np.fft.rfft(x.mean(axis=(0, 1))[:, 0] - 2048))[1] for x in (well, wrong)]
    assert 20 * math.log10(low[1] / low[0]) == pytest.approx(6.0, abs=0.6)


def test_a_mismatched_antenna_turns_and_weakens() -> None:
    well, wrong = played({"mismatch_deg": 40.0})
    z = [np.fft.rfft(x.mean(axis=(0, 1)) * np.hanning(256)[:, None], axis=0)[23] for x in (well, wrong)]
    ratio = (z[1][1] / z[1][2]) / (z[0][1] / z[0][2])
    assert math.degrees(np.angle(ratio)) == pytest.approx(40.0, abs=2.0)
    assert 20 * math.log10(abs(ratio)) == pytest.approx(-2.0, abs=0.2)


def test_a_mismatched_antenna_turns_its_leakage_too() -> None:
    well, wrong = (x.mean(axis=(0, 1)) for x in played({"mismatch_deg": 180.0}))
    mean, loss = 2048.0, 10 ** (-9 / 20)
    assert np.corrcoef(well[:, 1] - mean, wrong[:, 1] - mean)[0, 1] < -0.99
    assert (wrong[:, 1] - mean).std() / (well[:, 1] - mean).std() == pytest.approx(loss, rel=0.1)


def test_an_unsettled_first_chirp_leaves_the_others() -> None:
    well, wrong = played({"first_chirp_counts": 400.0})
    change = (wrong - well).mean(axis=0)
    assert change[0, 0] == pytest.approx(np.full(3, 400.0), abs=2)
    assert change[0, 40] == pytest.approx(np.full(3, 400.0 / math.e), abs=2)
    assert np.abs(change[1:]).max() < 2


def test_without_a_ramp_nothing_has_a_range() -> None:
    _, wrong = played({"unlocked": True})
    spectrum = np.abs(np.fft.rfft(wrong.mean(axis=(0, 1)), axis=0))[1:]
    assert spectrum.max() < 30


def test_gain_and_a_near_plate_clip_the_converter() -> None:
    for fields in ({"gain_db": 30.0}, {"near_m": 0.05}):
        _, wrong = played(fields, 4)
        assert wrong.min() == 0.0 and wrong.max() == 4095.0


def test_an_interferer_disturbs_some_chirps_and_ripple_all() -> None:
    well, burst = played({"interferer_dbm": -50.0}, 400)
    hit = np.abs(burst - well.mean(axis=(0, 1))).max(axis=(2, 3)) > 15
    assert 0.005 < hit.mean() < 0.3
    _, tone = played({"ripple_hz": 250e3})
    size = np.abs(np.fft.rfft(tone - well.mean(axis=(0, 1)), axis=2))[:, :, 32] / 128
    assert size == pytest.approx(np.full(size.shape, 12.0), abs=1.0)


def test_fades_go_through_zero_and_come_back() -> None:
    body = still_set(np.array([[0.0], [1.0], [0.0]]), np.array([0.01]))
    seen = fading(body, 20.0, (10.0, 60.0), np.random.default_rng(1))
    share = seen.amplitude_m[:, 0] / 0.1
    assert share.min() == pytest.approx(-0.1, rel=1e-3)
    assert share[0] == share[-1] == pytest.approx(1.0)
    assert np.all(np.diff(seen.key_s) > 0)


def test_every_row_of_the_radio_can_be_played() -> None:
    rows = [row for row in faults.ROWS.values() if row.part == "scene"]
    assert len(rows) >= 12
    for row in rows:
        scene = scene_of(corner=Corner(distance_m=1.0))
        value = row.kind.default if row.kind is not None and row.kind.default is not None else 0.0
        scene.play([(row.fields(value), 0, None)])
        assert samples(scene, 2).shape == (2, 8, 256, 3)


def test_a_view_of_fewer_antennas_has_the_same_faults() -> None:
    scene = scene_of(antennas=Antennas(gain_db=2.0))
    scene.play([({"dead": 3}, 0, None)])
    view, out = replace(DEFAULT, n_rx=2, rx_mask=5), np.zeros((4, 8 * 256 * 2), np.uint16)
    scene.frames(0.0, FRAME_US, 4, view, out)
    assert out.reshape(-1, 2)[:, 1].std() < 0.6 < out.reshape(-1, 2)[:, 0].std()
