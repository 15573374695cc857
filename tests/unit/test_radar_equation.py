"""Watts to counts: signal-to-noise ratio against the closed form, filters, leakage, clipping."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hw_sim.radar_equation import if_response, leakage, noise_rms_counts, tx_power_w
from hw_sim.radar_view import RadarView
from hw_sim.scenario import Scenario, Sphere
from hw_sim.scene import Scene
from tests.scene_views import DEFAULT

C = 299_792_458.0


def samples(scenario: Scenario, view: RadarView, n: int, seed: int = 5, first_us: float = 0.0) -> np.ndarray:
    """float64[frame, chirp, sample, rx]"""
    scene = Scene(scenario, seed=seed, duration_s=60.0)
    out = np.zeros((n, view.n_chirps * view.n_samples * view.n_rx), np.uint16)
    scene.frames(first_us, view.frame_period_ns / 1e3, n, view, out)
    return out.reshape(n, *view.frame_shape).astype(np.float64)


def sphere(distance_m: float, **more: float) -> Scenario:
    return Scenario(description="test", sphere=Sphere(distance_m=distance_m, **more))


@pytest.mark.parametrize("distance_m", [0.5, 1.0, 2.0])
def test_sphere_has_the_snr_of_the_radar_equation(distance_m: float) -> None:
    view, n = DEFAULT, 100
    # closed form: Pt G^2 lambda^2 pi a^2 / ((4 pi)^3 R^4), over the frame's energy, against k T F
    received_w = (1e-3 * 10 ** (4.0 / 10) * 10 ** (2 * 3.5 / 10) * view.wavelength_m**2 * math.pi * 0.025**2) / (
        (4 * math.pi) ** 3 * distance_m**4
    )
    seconds = view.n_chirps * view.n_samples / view.sample_rate_hz
    expected_db = 10 * math.log10(received_w * seconds / (1.380649e-23 * 290 * 10 ** (13 / 10)))

    with_it = samples(sphere(distance_m), view, n)[..., 2]
    without = samples(Scenario(description="test"), view, n)[..., 2]
    still = without.mean(axis=(0, 1))
    t_s = np.arange(view.n_samples) / view.sample_rate_hz
    tau_s = 2 * distance_m / C
    template = np.exp(-2j * np.pi * (view.f0_hz * tau_s + view.slope_hz_per_s * tau_s * t_s))
    signal = ((with_it - still) @ template).sum(axis=1)  # matched filter over all chirps of a frame
    noise = (without - still) @ template  # of single chirps: independent, so a frame's power is their sum
    noise_power = view.n_chirps * (abs(noise) ** 2).mean()
    measured_db = 10 * math.log10(abs(signal.mean()) ** 2 / noise_power)
    assert measured_db == pytest.approx(expected_db, abs=1.0)


def test_noise_is_that_of_the_recording_at_its_gain() -> None:
    x = samples(Scenario(description="test"), DEFAULT, 40)
    rms = (x - x.mean(axis=(0, 1))).std(axis=(0, 1, 2))
    assert rms == pytest.approx(math.hypot(1.15, 1 / math.sqrt(12)), rel=0.02)


def test_gain_and_rate_scale_the_noise() -> None:
    assert noise_rms_counts(replace(DEFAULT, if_gain_db=43.0)) == pytest.approx(10 * noise_rms_counts(DEFAULT))
    assert noise_rms_counts(replace(DEFAULT, sample_rate_hz=1e6)) == pytest.approx(
        noise_rms_counts(DEFAULT) / math.sqrt(2)
    )


def test_power_level_scales_the_echo() -> None:
    assert 10 * math.log10(tx_power_w(31) / 1e-3) == pytest.approx(4.0)
    assert tx_power_w(0) == 0.0
    full, half = (leakage(replace(DEFAULT, tx_power_level=level)) for level in (30, 15))
    assert np.allclose(full, 2 * half)


def test_filters_have_their_corners() -> None:
    assert abs(if_response(20e3, 20e3)) == pytest.approx(math.sqrt(0.5), rel=1e-3)
    assert abs(if_response(500e3, 20e3)) == pytest.approx(math.sqrt(0.5), rel=2e-3)
    assert 20 * math.log10(abs(if_response(1e6, 20e3))) == pytest.approx(-24, abs=0.5)


def test_leakage_lies_in_the_lowest_bins() -> None:
    power = (np.abs(np.fft.rfft(leakage(DEFAULT) * np.hanning(256), axis=1)) ** 2).mean(axis=0)
    assert power[:3].sum() > 0.95 * power.sum()


def test_a_mirror_at_full_gain_clips() -> None:
    x = samples(sphere(0.2, diameter_m=0.5), replace(DEFAULT, if_gain_db=60.0), 2)
    assert x.min() == 0
    assert x.max() == 4095


def test_each_antenna_has_its_own_gain_and_corner() -> None:
    view = replace(DEFAULT, rx_gain_db=(23.0, 33.0, 23.0), rx_cutoff_hz=(20e3, 20e3, 80e3))
    same, own = (samples(sphere(1.0, diameter_m=0.3), v, 40) for v in (DEFAULT, view))
    empty_same, empty_own = (samples(Scenario(description="test"), v, 40) for v in (DEFAULT, view))
    echoes = [(with_it - without).mean(axis=(0, 1)) for with_it, without in ((same, empty_same), (own, empty_own))]
    rms_same, rms_own = (np.sqrt((echo**2).mean(axis=0)) for echo in echoes)
    if_hz = DEFAULT.slope_hz_per_s * 2 * 1.0 / C
    corner = abs(if_response(if_hz, 80e3)) / abs(if_response(if_hz, 20e3))
    assert rms_own / rms_same == pytest.approx([1.0, math.sqrt(10), corner], rel=0.01)
    noise = [(x - x.mean(axis=(0, 1))).std(axis=(0, 1, 2)) for x in (empty_same, empty_own)]
    assert noise[1] / noise[0] == pytest.approx([1.0, math.sqrt(10), 1.0], rel=0.06)


def test_a_scene_refuses_chirps_that_differ() -> None:
    with pytest.raises(ValueError, match="one shape"):
        samples(sphere(1.0), replace(DEFAULT, uniform=False), 1)
