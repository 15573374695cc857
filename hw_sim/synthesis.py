"""Scatterers to ADC samples: the one hot loop of the simulator.

Rule: a frame is a function of its time alone (12.5 ns clocks): same scene, same frame, in whatever block it is made.

One scatterer is one tone. Its phase is exact at the middle of the sampled band, at the first and the last chirp of a
frame, for each antenna: cos 2 pi (f0 tau + slope tau t), tau = path / c. Slow scatterers: the noise-free signal of the
chirps between is interpolated. Fast ones (path changes by more than 0.05 wavelengths in the burst): the path
is interpolated and the phase made anew for every chirp. Tones are symmetric about the middle of the chirp, so only
half of the samples are summed: s(+t) = P - Q, s(-t) = P + Q, with P = sum Re(a) cos, Q = sum Im(a) sin.
Left out: motion within a chirp other than its Doppler shift; acceleration within a burst; difference of IF frequency
between antennas (0.03 rad at the ends of the sweep for 20 degrees).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hw_sim.antenna import Weights, find_weights, weigh
from hw_sim.fans import Blades, place_blades
from hw_sim.interferer import Others, add_others
from hw_sim.jit import kernel
from hw_sim.lines import Lines, place_lines, turn_lines
from hw_sim.noise import add_noise, frame_key, halves, row_key
from hw_sim.radar_equation import BACK_LOBE, RadarNumbers
from hw_sim.receiver import Receiver, add_shaped_noise, bend
from hw_sim.scatterers import Doubles, MovingSet, Positions, Rotor, place_rotor, place_set
from hw_sim.synthesis_work import Gains, Work
from hw_sim.tones import MAX_SCATTERERS, STRIDE, Floats, one_tone, sum_tile, turn, unfold

CLOCKS_PER_US: Final = 80.0
CLOCK_S: Final = 12.5e-9
_FAST_TURNS: Final = 0.05
_TOP: Final = np.float32(4095.5)
_ZERO: Final = np.float32(0.0)

# Always N_GROUPS, empty ones too: another number would be another kernel to compile. Empty ones cost nothing.
Groups = tuple[MovingSet, ...]
N_GROUPS: Final = 20
Fans = tuple[Blades, Blades, Blades, Blades]


class Extras(NamedTuple):
    """What a radio does beyond the ideal one; see the files of each."""

    weights: Weights
    lines: Lines
    others: Others
    receiver: Receiver
    special: bool  # other radars or anything of the receiver


@kernel
def _find_paths(radar: RadarNumbers, position_m: Positions, path_m: NDArray[np.float64], n: int) -> None:
    """Path lengths TX - scatterer - rx at both ends of the burst."""
    for end in range(2):
        p = position_m[end]
        for r in range(path_m.shape[1]):
            path = path_m[end, r]
            for i in range(n):
                tx, ty, tz = p[0, i] - radar.tx_m[0], p[1, i] - radar.tx_m[1], p[2, i] - radar.tx_m[2]
                dx, dy, dz = p[0, i] - radar.rx_m[r, 0], p[1, i] - radar.rx_m[r, 1], p[2, i] - radar.rx_m[r, 2]
                path[i] = np.sqrt(tx * tx + ty * ty + tz * tz) + np.sqrt(dx * dx + dy * dy + dz * dz)


@kernel
def _find_gains(
    radar: RadarNumbers, position_m: Positions, amplitude_m: Doubles, path_m: Positions, if_hz: Doubles, gain: Gains
) -> None:
    """IF frequency with Doppler shift, and amplitude with distance, beams and filters, of all n of if_hz."""
    near, far = path_m[0, path_m.shape[1] - 1], path_m[1, path_m.shape[1] - 1]
    p = position_m[0]
    for chain in range(gain.shape[0]):
        _find_gains_of(radar, chain, (near, far), p, amplitude_m, if_hz, gain[chain])


@kernel
def _find_gains_of(
    radar: RadarNumbers,
    chain: int,
    path_m: tuple[Doubles, Doubles],
    p: Doubles,
    amplitude_m: Doubles,
    if_hz: Doubles,
    gain: Gains,
) -> None:
    """The same of one IF chain."""
    near, far = path_m
    amplitude, per_high_pass = radar.amplitude[chain], radar.per_high_pass[chain]
    for i in range(if_hz.size):
        path = 0.5 * (near[i] + far[i])
        if_hz[i] = radar.slope_hz_per_m * path + (far[i] - near[i]) * radar.doppler_hz_per_m
        r2 = 4.0 / (path * path)
        # beams: radar_equation.beam_loss
        u, v = 0.18920712 * r2 * p[0, i] * p[0, i], 0.18920712 * r2 * p[2, i] * p[2, i]
        b = (1.0 + u * radar.rx_beam[0]) * (1.0 + v * radar.rx_beam[1])
        b *= (1.0 + u * radar.tx_beam[0]) * (1.0 + v * radar.tx_beam[1])
        a = amplitude * amplitude_m[i] * r2 / (b * b)
        a = a if p[1, i] > 0.0 else a * BACK_LOBE
        # IF filters: radar_equation.if_response
        x, y = if_hz[i] * per_high_pass, if_hz[i] * radar.per_anti_alias
        q = 1.0 - y * y
        dr, di = q * q - 1.41421356 * y * y, 2.6131259 * q * y
        g = a / ((1.0 + x * x) * (dr * dr + di * di))
        gain[0, i] = g * (x * x * dr + x * di)
        gain[1, i] = g * (x * dr - x * x * di)


@kernel
def _find_phasors(radar: RadarNumbers, work: Work, chirp: int, end: int, start: int, stop: int) -> None:
    """Complex amplitudes of scatterers start..stop at a chirp, into one end; path interpolated over the burst."""
    share = chirp * radar.per_last_chirp
    for r in range(work.path_m.shape[1]):
        first, last = work.path_m[0, r], work.path_m[1, r]
        phasor = work.phasor[r, 2 * end * MAX_SCATTERERS : 2 * (end + 1) * MAX_SCATTERERS]
        gain = work.gain[radar.chain_of[r]]
        for i in range(start, stop):
            turns = (first[i] + (last[i] - first[i]) * share) * radar.centre_turns_per_m
            c, s = turn(np.float32(turns - np.floor(turns + 0.5)))
            phasor[i] = gain[0, i] * c - gain[1, i] * s
            phasor[MAX_SCATTERERS + i] = gain[0, i] * s + gain[1, i] * c


@kernel
def _copy_fast(
    radar: RadarNumbers, path_m: Positions, if_hz: Doubles, gain: Gains, source: NDArray[np.int64], n: int, m: int
) -> int:
    """Moves fast ones among the first n behind the m (their old places stay silent); returns the end, padded to four."""
    n_rx = path_m.shape[1]
    for i in range(n):
        if abs(path_m[1, n_rx - 1, i] - path_m[0, n_rx - 1, i]) * radar.centre_turns_per_m > _FAST_TURNS:
            for r in range(n_rx):
                path_m[0, r, m] = path_m[0, r, i]
                path_m[1, r, m] = path_m[1, r, i]
            if_hz[m] = if_hz[i]
            source[m] = i
            for chain in range(gain.shape[0]):
                gain[chain, 0, m], gain[chain, 1, m] = gain[chain, 0, i], gain[chain, 1, i]
                gain[chain, 0, i], gain[chain, 1, i] = _ZERO, _ZERO
            m += 1
    while m % 4 != 0:
        if_hz[m] = 0.0
        for chain in range(gain.shape[0]):
            gain[chain, 0, m], gain[chain, 1, m] = _ZERO, _ZERO
        m += 1
    return m


@kernel
def _sum_tones(
    tones: Floats, phasor: NDArray[np.float32], total: Floats, pair: NDArray[np.float32], start: int, stop: int
) -> None:
    """pair[end, rx, sample] = noise-free signal of scatterers start..stop at both ends; start, stop: multiples of 4."""
    n_rx, half = pair.shape[1], pair.shape[2] // 2
    for i in range(4 * n_rx):
        total[i * STRIDE : i * STRIDE + half] = _ZERO
    for i in range(start, stop, 4):
        tone = tones[2 * i * STRIDE : (2 * i + 8) * STRIDE]
        for r in range(n_rx):
            sum_tile(tone, phasor[r, i:], total[4 * r * STRIDE : 4 * (r + 1) * STRIDE], half)
    for r in range(n_rx):
        for end in range(2):
            unfold(total[(4 * r + 2 * end) * STRIDE : (4 * r + 2 * end + 2) * STRIDE], half, pair[end, r])


@kernel
def _pad(position_m: Positions, amplitude_m: Doubles, n: int) -> int:
    """Fills up to a multiple of four with points that do not reflect."""
    while n % 4 != 0:
        position_m[:, :, n] = 1.0
        amplitude_m[n] = 0.0
        n += 1
    return n


@kernel
def _write_chirp(rows: NDArray[np.float32], out: NDArray[np.uint16]) -> None:
    """Rounds (rows hold counts plus one half), clips and interleaves: out uint16[sample * rx], lowest rx first."""
    n_rx, n_samples = rows.shape
    if n_rx == 3:
        a, b, c = rows[0], rows[1], rows[2]
        for i in range(n_samples):
            out[3 * i] = np.uint16(np.int32(min(max(a[i], _ZERO), _TOP)))
            out[3 * i + 1] = np.uint16(np.int32(min(max(b[i], _ZERO), _TOP)))
            out[3 * i + 2] = np.uint16(np.int32(min(max(c[i], _ZERO), _TOP)))
    else:
        for r in range(n_rx):
            for i in range(n_samples):
                out[n_rx * i + r] = np.uint16(np.int32(min(max(rows[r, i], _ZERO), _TOP)))


@kernel
def _signal(radar: RadarNumbers, weights: Weights, work: Work, n: int, fast: int, base: NDArray[np.float32]) -> int:
    """Slow scatterers into first (with base) and step per chirp; n..fast, and what else is fast, stay behind n.

    Returns their end.
    """
    _find_paths(radar, work.position_m, work.path_m, fast)
    _find_gains(radar, work.position_m, work.amplitude_m, work.path_m, work.if_hz[:fast], work.gain)
    m = _copy_fast(radar, work.path_m, work.if_hz, work.gain, work.source, n, fast)
    if weights.on:
        find_weights(weights, work.position_m[0], work.source, fast, m, work.weight)
    half = radar.n_samples // 2
    for i in range(m):
        turns = np.float32(work.if_hz[i] * radar.sample_period_s)
        one_tone(work.tone[2 * i * STRIDE : (2 * i + 2) * STRIDE], turns, half)
    start = int(np.int64(0))  # a bare 0 is a type of its own to numba: everything would be compiled twice
    for end in range(2):
        _find_phasors(radar, work, end * (radar.n_chirps - 1), end, start, n)
        if weights.on:
            weigh(work.weight, work.phasor, end, start, n)
    _sum_tones(work.tone, work.phasor, work.total, work.pair, start, n)
    per_chirp = np.float32(radar.per_last_chirp)
    for r in range(base.shape[0]):
        first, step, steady = work.first[r], work.step[r], base[r]
        at_first, at_last = work.pair[0, r], work.pair[1, r]
        for i in range(first.size):
            first[i] = at_first[i] + steady[i]
            step[i] = (at_last[i] - at_first[i]) * per_chirp
            at_first[i] = _ZERO
            at_last[i] = _ZERO
    return m


@kernel
def _add_chirp(radar: RadarNumbers, work: Work, chirp: int, key: np.uint64) -> None:
    """row[rx, sample] = slow and fast scatterers and noise of one chirp, counts plus one half."""
    chirps = np.float32(chirp)
    for r in range(work.row.shape[0]):
        row, fast, first, step = work.row[r], work.pair[chirp & 1, r], work.first[r], work.step[r]
        for i in range(row.size):
            row[i] = fast[i] + first[i] + step[i] * chirps
        key0, key1 = halves(row_key(key, radar.rx_numbers[r], chirp))
        add_noise(row, key0, key1, radar.noise_rms[r])


@kernel
def _add_special_chirp(radar: RadarNumbers, extras: Extras, work: Work, chirp: int, key: np.uint64, t_s: float) -> None:
    """The same with whatever else the receivers, the ramp and other radars do. t_s: of the chirp's first sample."""
    chirps = np.float32(chirp)
    for r in range(work.row.shape[0]):
        row, fast, first, step = work.row[r], work.pair[chirp & 1, r], work.first[r], work.step[r]
        for i in range(row.size):
            row[i] = fast[i] + first[i] + step[i] * chirps
    bend(extras.receiver, work.row, work.spare)
    if chirp == 0:
        for r in range(work.row.shape[0]):
            for i in range(work.row.shape[1]):
                work.row[r, i] += extras.receiver.first_chirp[r, i]
    add_others(extras.others, row_key(key, 0, chirp), t_s, radar.sample_period_s, work.row)
    for r in range(work.row.shape[0]):
        keys = halves(row_key(key, radar.rx_numbers[r], chirp))
        add_shaped_noise(extras.receiver, work.row[r], work.spare[r], keys, radar.noise_rms[r])


@kernel
def _find_fast(
    radar: RadarNumbers, extras: Extras, work: Work, chirp: int, n: int, m: int, stop: int, tick_s: float
) -> None:
    """Fast scatterers n..m and tones m..stop of two neighbouring chirps."""
    for end in range(2):
        _find_phasors(radar, work, chirp + end, end, n, m)
        if extras.weights.on:
            weigh(work.weight, work.phasor, end, n, m)
        if stop > m:
            t_s = tick_s + (chirp + end) * radar.burst_s * radar.per_last_chirp
            turn_lines(extras.lines, radar, work, t_s, end, m, stop)
    _sum_tones(work.tone, work.phasor, work.total, work.pair, n, stop)


@kernel
def synthesise(
    radar: RadarNumbers,
    seed: np.uint64,
    times_us: tuple[float, float],
    groups: Groups,
    rotor: Rotor,
    fans: Fans,
    extras: Extras,
    base: NDArray[np.float32],
    work: Work,
    out: NDArray[np.uint16],
) -> None:
    """Fills out uint16[frame, chirp * sample * rx] from first time and period in times_us.

    base: float32[rx, sample], what never changes, plus one half.
    """
    per_chirp = radar.n_samples * base.shape[0]
    for k in range(out.shape[0]):
        tick = np.int64(np.floor((times_us[0] + k * times_us[1]) * CLOCKS_PER_US + 0.5))
        ends_s = (tick * CLOCK_S, tick * CLOCK_S + radar.burst_s)
        n = int(np.int64(0))
        for g in range(len(groups)):
            n = place_set(groups[g], ends_s, work.position_m, work.amplitude_m, n)
        n = _pad(work.position_m, work.amplitude_m, n)
        fast = place_rotor(rotor, ends_s, work.position_m, work.amplitude_m, n)
        for f in range(len(fans)):
            fast = place_blades(fans[f], ends_s, work.position_m, work.amplitude_m, fast)
        m = _signal(radar, extras.weights, work, n, fast, base)
        stop = place_lines(extras.lines, radar, work, ends_s[0], m)
        key = frame_key(seed, tick)
        for chirp in range(radar.n_chirps):
            if stop > n and (chirp & 1) == 0:
                _find_fast(radar, extras, work, chirp, n, m, stop, ends_s[0])
            if extras.special:
                t_s = ends_s[0] + chirp * radar.burst_s * radar.per_last_chirp
                _add_special_chirp(radar, extras, work, chirp, key, t_s)
            else:
                _add_chirp(radar, work, chirp, key)
            _write_chirp(work.row, out[k, chirp * per_chirp : (chirp + 1) * per_chirp])
