"""From watts to ADC counts: antennas, radar equation, IF filters, gain.

Rule: every constant of the radio is here, with its source; the kernels get them as one tuple of numbers.

Received power of a scatterer: P = Pt Gt(dir) Gr(dir) lambda^2 RCS / ((4 pi)^3 Rt^2 Rr^2). The IF signal of one
antenna is real, A cos(...), with A^2 / 2 = g^2 P in ADC counts; thermal noise has the density g^2 k T F per
hertz, hence g^2 k T F fs/2 per sample. g is fixed by one measurement: a public recording of the real chip at
2 MHz, IF gain 23 dB, has noise of 1.05 to 1.25 counts rms per antenna (chirp-to-chirp differences, 150 kHz to
600 kHz, quantisation included), taken here as 1.15 without quantisation.
Left out: change of the beams over the sweep, near field, polarisation, multipath, mixer harmonics, gain and phase
mismatch of the antennas, settling of the filters at the start of a chirp (their steady-state response is used).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.radar_view import SPEED_OF_LIGHT_M_PER_S, RadarView

# Positions in metres: x towards RX1, y boresight, z up towards RX2 (datasheet, package top view).
RX_POSITION_M: Final = {1: (0.0025, 0.0, 0.0), 2: (0.0, 0.0, 0.0025), 3: (0.0, 0.0, 0.0)}
TX_POSITION_M: Final = (0.0035, 0.0, 0.0025)

TX_POWER_DBM: Final = 4.0  # typical, at level 31; amplitude taken as proportional to the level
ANTENNA_GAIN_DBI: Final = 3.5  # each
NOISE_FIGURE_DB: Final = 13.0  # datasheet 12 to 14
TEMPERATURE_K: Final = 290.0
BOLTZMANN_J_PER_K: Final = 1.380649e-23
# Full widths between half-power directions, degrees: (H plane = azimuth, E plane = elevation).
RX_BEAM_DEG: Final = (35.0, 65.0)
TX_BEAM_DEG: Final = (40.0, 65.0)
BACK_LOBE: Final = 0.1  # amplitude factor for directions behind the device, both antennas together

ANTI_ALIAS_HZ: Final = 500e3  # 4 poles, taken as Butterworth
NOISE_COUNTS: Final = 1.15  # rms per sample at the reference point below
REFERENCE_GAIN_DB: Final = 23.0
REFERENCE_RATE_HZ: Final = 2e6

# Coupling from TX into each receiver (housing, package), dB, and its one-way distance. From the recording's mean
# chirp: one cycle of 31 kHz at 172 GHz/ms, 370, 168 and 69 counts rms behind the 80 kHz high-pass.
LEAKAGE_DB: Final = {1: -46.0, 2: -53.0, 3: -61.0}
LEAKAGE_DISTANCE_M: Final = {1: 0.027, 2: 0.030, 3: 0.034}

Signal = NDArray[np.float64]


class RadarNumbers(NamedTuple):
    """What the kernels need of a RadarView."""

    centre_turns_per_m: float  # phase per metre of path at the middle of the sampled band, turns
    slope_hz_per_m: float  # IF frequency per metre of path
    sample_period_s: float
    burst_s: float  # first chirp to last chirp
    doppler_hz_per_m: float  # IF frequency per metre of path that is gained in the burst
    per_last_chirp: float  # 1 / (chirps - 1), or 0
    n_chirps: int
    n_samples: int
    amplitude: NDArray[np.float64]  # [chain], counts * m: peak of 1 m^2 on boresight, times Rt * Rr
    per_high_pass: NDArray[np.float64]  # [chain]: 1 / corner, s
    per_anti_alias: float
    noise_rms: NDArray[np.float32]  # [rx], counts
    chain_of: NDArray[np.int64]  # [rx]: antennas of equal gain and corner share one IF chain here
    rx_numbers: NDArray[np.int64]  # [rx]
    rx_m: NDArray[np.float64]  # [rx, xyz]
    tx_m: NDArray[np.float64]  # [xyz]
    rx_beam: NDArray[np.float64]  # [2]: 1 / square of the direction cosine at half power
    tx_beam: NDArray[np.float64]


def counts_per_root_watt(if_gain_db: float) -> float:
    """g: rms ADC counts per square root of received watt, front end and IF together."""
    noise_w = BOLTZMANN_J_PER_K * TEMPERATURE_K * 10 ** (NOISE_FIGURE_DB / 10) * REFERENCE_RATE_HZ / 2
    return NOISE_COUNTS / math.sqrt(noise_w) * 10 ** ((if_gain_db - REFERENCE_GAIN_DB) / 20)


def tx_power_w(level: int) -> float:
    """Transmit power for a level 0..31."""
    return 1e-3 * 10 ** (TX_POWER_DBM / 10) * (level / 31) ** 2


def noise_rms_counts(view: RadarView, rx_number: int | None = None) -> float:
    """Thermal noise per sample of an antenna (None: the lowest), counts: it goes with the root of the rate."""
    if_gain_db = view.if_gain_db if rx_number is None else view.antenna(rx_number)[0]
    gain = 10 ** ((if_gain_db - REFERENCE_GAIN_DB) / 20)
    return NOISE_COUNTS * gain * math.sqrt(view.sample_rate_hz / REFERENCE_RATE_HZ)


def radar_numbers(view: RadarView) -> RadarNumbers:
    """All constants of one radar configuration."""
    antenna_gain = 10 ** (ANTENNA_GAIN_DBI / 10)
    power = tx_power_w(view.tx_power_level) * antenna_gain**2 * view.wavelength_m**2 / (4 * math.pi) ** 3
    middle_s = 0.5 * (view.n_samples - 1) / view.sample_rate_hz
    rx_numbers = view.rx_numbers
    centre_turns_per_m = (view.f0_hz + view.slope_hz_per_s * middle_s) / SPEED_OF_LIGHT_M_PER_S
    burst_s = (view.n_chirps - 1) * view.chirp_period_ns * 1e-9
    chains = list(dict.fromkeys(view.antenna(number) for number in rx_numbers))
    return RadarNumbers(
        centre_turns_per_m=centre_turns_per_m,
        slope_hz_per_m=view.slope_hz_per_s / SPEED_OF_LIGHT_M_PER_S,
        sample_period_s=1 / view.sample_rate_hz,
        burst_s=burst_s,
        doppler_hz_per_m=centre_turns_per_m / burst_s if burst_s > 0 else 0.0,
        per_last_chirp=1 / (view.n_chirps - 1) if view.n_chirps > 1 else 0.0,
        n_chirps=int(view.n_chirps),
        n_samples=int(view.n_samples),
        amplitude=np.array([counts_per_root_watt(gain_db) * math.sqrt(2 * power) for gain_db, _ in chains]),
        per_high_pass=np.array([1 / cutoff_hz for _, cutoff_hz in chains]),
        per_anti_alias=1 / ANTI_ALIAS_HZ,
        noise_rms=np.array([noise_rms_counts(view, number) for number in rx_numbers], np.float32),
        chain_of=np.array([chains.index(view.antenna(number)) for number in rx_numbers], np.int64),
        rx_numbers=np.array(rx_numbers, np.int64),
        rx_m=np.array([RX_POSITION_M[number] for number in rx_numbers], np.float64),
        tx_m=np.array(TX_POSITION_M, np.float64),
        rx_beam=_half_power(RX_BEAM_DEG),
        tx_beam=_half_power(TX_BEAM_DEG),
    )


def _half_power(full_width_deg: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([1 / math.sin(math.radians(0.5 * width)) ** 2 for width in full_width_deg])


def leakage(
    view: RadarView, more_db: Sequence[float] = (0.0, 0.0, 0.0), gain: NDArray[np.complex128] | None = None
) -> Signal:
    """What reaches the ADC from the transmitter without any scatterer: float64[rx, sample], counts.

    more_db: of RX1 to RX3, beside LEAKAGE_DB. gain: complex[3], what receivers that are not ideal make of it.
    """
    power = tx_power_w(view.tx_power_level)
    rows = []
    for number in view.rx_numbers:
        gain_db, cutoff_hz = view.antenna(number)
        coupling_db = LEAKAGE_DB[number] + more_db[number - 1]
        peak = counts_per_root_watt(gain_db) * math.sqrt(2 * power * 10 ** (coupling_db / 10))
        own = 1.0 if gain is None else complex(gain[number - 1])
        rows.append(_tone(view, cutoff_hz, 2 * LEAKAGE_DISTANCE_M[number], peak * own))
    return np.array(rows)


def still_echo(
    view: RadarView,
    position_m: NDArray[np.float64],
    rcs_m2: NDArray[np.float64],
    weights: NDArray[np.complex128] | None = None,
) -> Signal:
    """Noise-free signal of points that never move: position_m float64[xyz, n], result float64[rx, sample], counts.

    weights: complex[rx, n], what antennas make of them that are not ideal.
    """
    numbers = radar_numbers(view)
    signal = np.zeros((view.n_rx, view.n_samples))
    for i, (at_m, rcs) in enumerate(zip(position_m.T, rcs_m2, strict=True)):
        to_point_m = float(np.linalg.norm(at_m - numbers.tx_m))
        for r, rx_m in enumerate(numbers.rx_m):
            from_point_m = float(np.linalg.norm(at_m - rx_m))
            amplitude = float(numbers.amplitude[numbers.chain_of[r]])
            peak = amplitude * math.sqrt(rcs * beam_loss(at_m[:, None])[0]) / (to_point_m * from_point_m)
            cutoff_hz = view.antenna(view.rx_numbers[r])[1]
            own = 1.0 if weights is None else complex(weights[r, i])
            signal[r] += _tone(view, cutoff_hz, to_point_m + from_point_m, peak * own)
    return signal


def beam_loss(position_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power gain of both antennas relative to boresight: position_m float64[xyz, n], result float64[n].

    A Lorentzian to the fourth power in each direction cosine, one half at half of the stated full width.
    """
    distance = np.linalg.norm(position_m, axis=0)
    gain = np.where(position_m[1] > 0, 1.0, BACK_LOBE**2)
    for beam in (_half_power(RX_BEAM_DEG), _half_power(TX_BEAM_DEG)):
        for axis, per_square in ((0, beam[0]), (2, beam[1])):
            gain = gain / (1 + (2**0.25 - 1) * per_square * (position_m[axis] / distance) ** 2) ** 4
    return np.asarray(gain, np.float64)


def _tone(view: RadarView, cutoff_hz: float, path_m: float, peak: complex) -> NDArray[np.float64]:
    """IF signal of one path behind the filters, float64[sample]."""
    t_s = np.arange(view.n_samples) / view.sample_rate_hz
    delay_s = path_m / SPEED_OF_LIGHT_M_PER_S
    if_hz = view.slope_hz_per_s * delay_s
    turns = view.f0_hz * delay_s + if_hz * t_s
    return np.real(peak * if_response(if_hz, cutoff_hz) * np.exp(2j * np.pi * turns))


def if_response(if_hz: float, high_pass_hz: float) -> complex:
    """First-order high-pass times four-pole Butterworth low-pass, steady state; also what the kernel uses."""
    high = 1j * if_hz / high_pass_hz
    s = 1j * if_hz / ANTI_ALIAS_HZ
    low = 1 / ((s * s + 0.7653668647 * s + 1) * (s * s + 1.8477590650 * s + 1))
    return complex(high / (1 + high) * low)
