"""Another radar in the band: where its sweep crosses ours, a burst goes through the IF filters.

Rule: when it transmits is a closed formula of time; only the phase of a crossing is drawn, from its own time.

Two sweeps f1(t), f2(t) meet at one instant; the mixer gives a tone that sweeps through zero at the difference k of their
slopes. Far faster than the filters settle (k >> bandwidth^2, so nearly always) the filters answer with their impulse
response h, A / sqrt(k) cos(phase +- pi / 4) h(t - t_meet), the sign that of k:
two or three samples, in the one chirp it hits. Slower crossings are
summed sample by sample, A |H(f)| cos(phase): a radar with our own slope is a tone for as long as both sweep.
Its level is Friis' formula one way, with our beam in its direction.
Left out: echoes of its signal, crossings in the pause of our sweep, what its carrier does to the mixer otherwise.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.jit import kernel
from hw_sim.noise import mix64
from hw_sim.radar_equation import (
    ANTENNA_GAIN_DBI,
    RX_POSITION_M,
    beam_loss,
    counts_per_root_watt,
    if_response,
)
from hw_sim.radar_view import RadarView
from hw_sim.reflectors import direction
from hw_sim.scenario_room import Radar

FINE: Final = 16  # steps of the impulse response a sample
TAIL: Final = 48  # samples of it
FAST: Final = 4e12  # Hz/s: crossings above this difference of slopes are impulses
_BAND_HZ: Final = 1.5e6
_TWO_PI: Final = 2 * math.pi


class Others(NamedTuple):
    """n other radars, and the filters' answer, for the kernel. n = 0: none."""

    start_hz: NDArray[np.float64]  # [n]
    slope: NDArray[np.float64]  # [n], Hz/s
    sweep_s: NDArray[np.float64]  # [n]
    chirp_s: NDArray[np.float64]  # [n]
    chirps: NDArray[np.int64]  # [n]
    frame_s: NDArray[np.float64]  # [n]
    first_s: NDArray[np.float64]  # [n]: when a frame begins
    span_s: NDArray[np.float64]  # [n, 2]
    counts: NDArray[np.float64]  # [n, rx]: amplitude before the filters
    turns: NDArray[np.float64]  # [n, rx]: phase by direction
    impulse: NDArray[np.float64]  # [rx, TAIL * FINE]: answer of the filters to a unit impulse, 1/s
    high_pass_hz: NDArray[np.float64]  # [rx]
    own: NDArray[np.float64]  # [2]: our first frequency, Hz, and slope, Hz/s


def received_w(radar: Radar, wavelength_m: float) -> float:
    """Power at one of our antennas, in its beam (Friis)."""
    beam = math.sqrt(float(beam_loss(direction(radar.azimuth_deg, radar.elevation_deg)[:, None])[0]))
    eirp_w = 1e-3 * 10 ** ((radar.eirp_dbm + radar.aim_db) / 10)
    spread = (wavelength_m / (4 * math.pi * radar.distance_m)) ** 2
    return float(eirp_w * spread * 10 ** (ANTENNA_GAIN_DBI / 10) * beam)


def others_through(radars: list[tuple[Radar, float]], view: RadarView) -> Others:
    """Other radars as one radar configuration hears them. radars: (radar, first frame in s)."""
    counts, turns = [], []
    for radar, _ in radars:
        towards = direction(radar.azimuth_deg, radar.elevation_deg)
        peak = math.sqrt(2 * received_w(radar, view.wavelength_m))
        counts.append([peak * counts_per_root_watt(view.antenna(number)[0]) for number in view.rx_numbers])
        turns.append([towards @ np.array(RX_POSITION_M[number]) / view.wavelength_m for number in view.rx_numbers])
    clock = [1 / (1 + 1e-6 * radar.clock_ppm) for radar, _ in radars]
    far = [(radar.from_s or 0.0, math.inf if radar.to_s is None else radar.to_s) for radar, _ in radars]

    def column(values: list[float]) -> NDArray[np.float64]:
        return np.array(values, np.float64)

    return Others(
        start_hz=column([1e9 * radar.start_ghz for radar, _ in radars]),
        slope=column([1e15 * radar.sweep_ghz / radar.sweep_us for radar, _ in radars]),
        sweep_s=column([1e-6 * radar.sweep_us for radar, _ in radars]),
        chirp_s=column([1e-6 * radar.chirp_us * c for (radar, _), c in zip(radars, clock, strict=True)]),
        chirps=np.array([radar.chirps for radar, _ in radars], np.int64),
        frame_s=column([c / radar.frames_per_s for (radar, _), c in zip(radars, clock, strict=True)]),
        first_s=column([first_s for _, first_s in radars]),
        span_s=np.array(far, np.float64).reshape(-1, 2),
        counts=np.array(counts, np.float64).reshape(-1, view.n_rx),
        turns=np.array(turns, np.float64).reshape(-1, view.n_rx),
        impulse=np.stack([impulse_response(view, view.antenna(number)[1]) for number in view.rx_numbers]),
        high_pass_hz=column([view.antenna(number)[1] for number in view.rx_numbers]),
        own=column([view.f0_hz, view.slope_hz_per_s]),
    )


def impulse_response(view: RadarView, high_pass_hz: float) -> NDArray[np.float64]:
    """Answer of the IF filters to a unit impulse, 1/s, FINE steps a sample: float64[TAIL * FINE].

    Without the impulse of the high-pass's direct path: the anti-alias filter is behind it. Read only.
    """
    return _impulse_response(view.sample_rate_hz, high_pass_hz)


@lru_cache(maxsize=16)
def _impulse_response(sample_rate_hz: float, high_pass_hz: float) -> NDArray[np.float64]:
    """Kept: a fault that grows asks hundreds of times, and each is 25,000 values of the filters' answer."""
    rate_hz, n = sample_rate_hz * FINE, TAIL * FINE * 64
    hz = np.fft.rfftfreq(n, 1 / rate_hz)
    response = np.array([if_response(float(one), high_pass_hz) if one > 0 else 0.0 for one in hz[hz < 20e6]])
    spectrum = np.zeros(hz.size, np.complex128)
    spectrum[: response.size] = response
    found = np.asarray(np.fft.irfft(spectrum, n)[: TAIL * FINE] * rate_hz)
    found.flags.writeable = False
    return found


@kernel
def add_others(others: Others, key: np.uint64, t_s: float, sample_s: float, rows: NDArray[np.float32]) -> None:
    """Adds what other radars do to a chirp whose first sample is at t_s: rows float32[rx, sample]."""
    window_s = rows.shape[1] * sample_s
    for k in range(others.slope.size):
        if t_s < others.span_s[k, 0] or t_s >= others.span_s[k, 1]:
            continue
        frame = math.floor((t_s - others.first_s[k]) / others.frame_s[k])
        for j in range(2):  # the frame that is on, and the next one
            began_s = others.first_s[k] + (frame + j) * others.frame_s[k]
            first = max(0, int(math.floor((t_s - began_s - others.sweep_s[k]) / others.chirp_s[k])))
            last = min(others.chirps[k] - 1, int(math.floor((t_s + window_s - began_s) / others.chirp_s[k])))
            for i in range(first, last + 1):
                # seen from our first sample
                _meet(others, key, k, (began_s - t_s) + i * others.chirp_s[k], sample_s, rows)


@kernel
def _meet(others: Others, key: np.uint64, k: int, start_s: float, sample_s: float, rows: NDArray[np.float32]) -> None:
    """One sweep of another radar that starts start_s after our first sample."""
    n_rx, n = rows.shape
    k_slope = others.slope[k] - others.own[1]
    apart_hz = others.start_hz[k] - others.own[0] - others.slope[k] * start_s  # at our first sample, were it on
    phase = np.float64(mix64(np.uint64(key ^ np.uint64(k * 977 + 31))) >> np.uint64(11)) / 9007199254740992.0
    if abs(k_slope) > FAST:
        meet_s = -apart_hz / k_slope
        if meet_s < start_s or meet_s > start_s + others.sweep_s[k] or meet_s < 0.0 or meet_s > n * sample_s:
            return
        first = int(math.ceil(meet_s / sample_s))
        for r in range(n_rx):
            size = others.counts[k, r] / math.sqrt(abs(k_slope))
            size *= math.cos(_TWO_PI * (phase + others.turns[k, r] + math.copysign(0.125, k_slope)))
            for i in range(first, min(n, first + TAIL - 1)):
                x = (i * sample_s - meet_s) / sample_s * FINE
                at = int(x)
                part = x - at
                value = others.impulse[r, at] * (1.0 - part) + others.impulse[r, at + 1] * part
                rows[r, i] += np.float32(size * value)
        return
    first = max(0, int(math.ceil(start_s / sample_s)))
    last = min(n, int((start_s + others.sweep_s[k]) / sample_s))
    for i in range(first, last):
        t_s = i * sample_s
        hz = apart_hz + k_slope * t_s
        if abs(hz) > _BAND_HZ:
            continue
        turns = phase + apart_hz * t_s + 0.5 * k_slope * t_s * t_s
        for r in range(n_rx):
            x = abs(hz) / others.high_pass_hz[r]
            size = others.counts[k, r] * x / math.sqrt(1.0 + x * x) / math.sqrt(1.0 + (hz / 500e3) ** 8)
            rows[r, i] += np.float32(size * math.cos(_TWO_PI * (turns + others.turns[k, r])))
