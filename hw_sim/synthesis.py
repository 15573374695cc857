"""Scatterers to ADC samples: the one hot loop of the simulator (about 12 us for 3 x 256 x 8 samples).

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

from hw_sim.jit import kernel, part
from hw_sim.noise import add_noise, frame_key, row_key
from hw_sim.radar_equation import ANTI_ALIAS_HZ, BACK_LOBE, RadarNumbers
from hw_sim.scatterers import MovingSet, Rotor, place_rotor, place_set

CLOCKS_PER_US: Final = 80.0
CLOCK_S: Final = 12.5e-9
MAX_SCATTERERS: Final = 256
STRIDE: Final = 272  # at least the longest half of a chirp, 256; not a power of two, for the cache
_FAST_TURNS: Final = 0.05

# sin and cos of a turn, |turns| <= 1/2: least squares on Chebyshev nodes, error below 1e-6.
_S0, _S1, _S2 = np.float32(6.28318279), np.float32(-41.34141939), np.float32(81.59613876)
_S3, _S4, _S5 = np.float32(-76.57968785), np.float32(41.20374363), np.float32(-12.26885994)
_C0, _C1, _C2 = np.float32(0.99999921), np.float32(-19.73898036), np.float32(64.92865742)
_C3, _C4, _C5 = np.float32(-85.27162153), np.float32(58.79049212), np.float32(-21.07110563)
_TOP: Final = np.float32(4095.5)
_ZERO: Final = np.float32(0.0)
_HALF: Final = np.float32(0.5)

Flat = NDArray[np.float32]  # one dimension


class Work(NamedTuple):
    """Scratch memory of one call; the middle axis of `phasor` and `path_m` is the antenna."""

    position_m: NDArray[np.float64]  # [2, xyz, n]
    amplitude_m: NDArray[np.float64]  # [n]
    path_m: NDArray[np.float64]  # [2, rx, n]
    real: NDArray[np.float32]  # [2, rx, n]: complex amplitude at band centre, counts
    imag: NDArray[np.float32]
    gain: NDArray[np.float32]  # [2, n]: real and imaginary part of amplitude times filter
    if_hz: NDArray[np.float64]  # [n]
    fast: NDArray[np.bool_]  # [n]
    tone: Flat  # [n * 2 rows of STRIDE]: cosine and sine
    tile: Flat  # [16]: amplitudes of four scatterers
    total: Flat  # [rx * 4 rows of STRIDE]: cosine and sine sums of first and second
    pair: NDArray[np.float32]  # [2, rx, sample]: two chirps
    first: NDArray[np.float32]  # [rx, sample]
    step: NDArray[np.float32]  # [rx, sample]
    row: NDArray[np.float32]  # [rx, sample]


@kernel
def _aligned(size: int) -> Flat:
    """Zeros that start on a cache line: vectors that straddle two lines cost a third of the speed."""
    memory = np.zeros(size + 16, np.float32)
    start = (-(memory.ctypes.data // 4)) % 16
    return memory[start : start + size]


@kernel
def make_work(n_rx: int, n_samples: int) -> Work:
    """Scratch for frames of n_rx antennas and n_samples (even)."""
    n = MAX_SCATTERERS
    return Work(
        np.zeros((2, 3, n)),
        np.zeros(n),
        np.zeros((2, n_rx, n)),
        np.zeros((2, n_rx, n), np.float32),
        np.zeros((2, n_rx, n), np.float32),
        np.zeros((2, n), np.float32),
        np.zeros(n),
        np.zeros(n, np.bool_),
        _aligned(n * 2 * STRIDE),
        _aligned(16),
        _aligned(n_rx * 4 * STRIDE),
        _aligned(2 * n_rx * n_samples).reshape(2, n_rx, n_samples),
        _aligned(n_rx * n_samples).reshape(n_rx, n_samples),
        _aligned(n_rx * n_samples).reshape(n_rx, n_samples),
        _aligned(n_rx * n_samples).reshape(n_rx, n_samples),
    )


@part
def _cos(turns: np.float32) -> np.float32:
    q = turns * turns
    return _C0 + q * (_C1 + q * (_C2 + q * (_C3 + q * (_C4 + q * _C5))))


@part
def _sin(turns: np.float32) -> np.float32:
    q = turns * turns
    return turns * (_S0 + q * (_S1 + q * (_S2 + q * (_S3 + q * (_S4 + q * _S5)))))


@kernel
def _paths(radar: RadarNumbers, work: Work, n: int) -> None:
    """Path lengths at both ends, IF frequency, and amplitude with beams and filters."""
    n_rx = radar.rx_numbers.size
    for end in range(2):
        p = work.position_m[end]
        for r in range(n_rx):
            path = work.path_m[end, r]
            for i in range(n):
                tx, ty, tz = p[0, i] - radar.tx_m[0], p[1, i] - radar.tx_m[1], p[2, i] - radar.tx_m[2]
                dx, dy, dz = p[0, i] - radar.rx_m[r, 0], p[1, i] - radar.rx_m[r, 1], p[2, i] - radar.rx_m[r, 2]
                path[i] = np.sqrt(tx * tx + ty * ty + tz * tz) + np.sqrt(dx * dx + dy * dy + dz * dz)
    doppler = radar.centre_turns_per_m / radar.burst_s if radar.burst_s > 0.0 else 0.0
    p = work.position_m[0]
    for i in range(n):
        path_m = 0.5 * (work.path_m[0, n_rx - 1, i] + work.path_m[1, n_rx - 1, i])
        moved = work.path_m[1, n_rx - 1, i] - work.path_m[0, n_rx - 1, i]
        work.fast[i] = abs(moved) * radar.centre_turns_per_m > _FAST_TURNS
        work.if_hz[i] = radar.slope_hz_per_m * path_m + moved * doppler
        # beams: a power of four of a Lorentzian in the direction cosine, -3 dB at the half width
        r2 = 4.0 / (path_m * path_m)
        u, v = p[0, i] * p[0, i] * r2, p[2, i] * p[2, i] * r2
        b = (1.0 + 0.18920712 * u * radar.rx_beam[0]) * (1.0 + 0.18920712 * v * radar.rx_beam[1])
        b *= (1.0 + 0.18920712 * u * radar.tx_beam[0]) * (1.0 + 0.18920712 * v * radar.tx_beam[1])
        a = radar.amplitude * work.amplitude_m[i] * r2 / (b * b)
        a = a if p[1, i] > 0.0 else a * BACK_LOBE
        # IF filters, see radar_equation.if_response
        x, y = work.if_hz[i] / radar.high_pass_hz, work.if_hz[i] / ANTI_ALIAS_HZ
        q = 1.0 - y * y
        dr, di = q * q - 1.41421356 * y * y, 2.6131259 * q * y
        g = a / ((1.0 + x * x) * (dr * dr + di * di))
        work.gain[0, i] = g * (x * x * dr + x * di)
        work.gain[1, i] = g * (x * dr - x * x * di)


@kernel
def _phasors(radar: RadarNumbers, work: Work, chirp: int, end: int, start: int, stop: int) -> None:
    """Complex amplitudes [end] of scatterers start..stop at a chirp, path interpolated over the burst."""
    share = chirp / max(radar.n_chirps - 1, 1)
    for r in range(radar.rx_numbers.size):
        first, last = work.path_m[0, r], work.path_m[1, r]
        real, imag = work.real[end, r], work.imag[end, r]
        for i in range(start, stop):
            turns = (first[i] + (last[i] - first[i]) * share) * radar.centre_turns_per_m
            frac = np.float32(turns - np.floor(turns + 0.5))
            c, s = _cos(frac), _sin(frac)
            real[i] = work.gain[0, i] * c - work.gain[1, i] * s
            imag[i] = work.gain[0, i] * s + work.gain[1, i] * c


@kernel
def _one_tone(tone: Flat, turns: np.float32, half: int) -> None:
    """cosine into tone[0:], sine into tone[STRIDE:], at 1/2, 3/2 .. sample periods of so many turns each."""
    for h in range(half):
        t = turns * (np.float32(np.int32(h)) + _HALF)
        t = t - np.floor(t + _HALF)
        tone[h] = _cos(t)
        tone[STRIDE + h] = _sin(t)


@kernel
def _tones(radar: RadarNumbers, work: Work, n: int) -> None:
    """Each scatterer's IF tone from the middle of the chirp onwards."""
    half = radar.n_samples // 2
    for i in range(n):
        turns = np.float32(work.if_hz[i] * radar.sample_period_s)
        _one_tone(work.tone[2 * i * STRIDE : (2 * i + 2) * STRIDE], turns, half)


@kernel
def _sum_tile(tone: Flat, a: Flat, total: Flat, half: int) -> None:
    """Adds four scatterers to two signals; a: real and imaginary parts, four of each, for the first, then the second.

    Rows lie STRIDE apart in two arrays: with distances known, the compiler proves that nothing overlaps.
    """
    a0, a1, a2, a3, b0, b1, b2, b3 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    p0, p1, p2, p3, q0, q1, q2, q3 = a[8], a[9], a[10], a[11], a[12], a[13], a[14], a[15]
    for h in range(half):
        c0, s0 = tone[h], tone[STRIDE + h]
        c1, s1 = tone[2 * STRIDE + h], tone[3 * STRIDE + h]
        c2, s2 = tone[4 * STRIDE + h], tone[5 * STRIDE + h]
        c3, s3 = tone[6 * STRIDE + h], tone[7 * STRIDE + h]
        total[h] += (a0 * c0 + a1 * c1) + (a2 * c2 + a3 * c3)
        total[STRIDE + h] += (b0 * s0 + b1 * s1) + (b2 * s2 + b3 * s3)
        total[2 * STRIDE + h] += (p0 * c0 + p1 * c1) + (p2 * c2 + p3 * c3)
        total[3 * STRIDE + h] += (q0 * s0 + q1 * s1) + (q2 * s2 + q3 * s3)


@kernel
def _unfold(total: Flat, half: int, out: Flat) -> None:
    """out[sample] from two half rows: s(+t) = even - odd, s(-t) = even + odd."""
    later, earlier = out[half:], out[:half]
    for h in range(half):
        later[h] = total[h] - total[STRIDE + h]
    for h in range(half):
        earlier[np.uintp(half - 1 - h)] = total[h] + total[STRIDE + h]  # unsigned: no check for negative indices


@kernel
def _sum_tones(work: Work, start: int, stop: int) -> None:
    """pair[end, rx, sample] = noise-free signal of scatterers start..stop at both ends; start, stop: multiples of 4."""
    n_rx, half = work.pair.shape[1], work.pair.shape[2] // 2
    for row in range(4 * n_rx):
        work.total[row * STRIDE : row * STRIDE + half] = _ZERO
    for i in range(start, stop, 4):
        tone = work.tone[2 * i * STRIDE : (2 * i + 8) * STRIDE]
        for r in range(n_rx):
            for j in range(4):
                work.tile[j], work.tile[4 + j] = work.real[0, r, i + j], work.imag[0, r, i + j]
                work.tile[8 + j], work.tile[12 + j] = work.real[1, r, i + j], work.imag[1, r, i + j]
            _sum_tile(tone, work.tile, work.total[4 * r * STRIDE : 4 * (r + 1) * STRIDE], half)
    for r in range(n_rx):
        for end in range(2):
            _unfold(work.total[(4 * r + 2 * end) * STRIDE : (4 * r + 2 * end + 2) * STRIDE], half, work.pair[end, r])


@part
def _pad(work: Work, n: int) -> int:
    """Fills up to a multiple of four with points that do not reflect."""
    while n % 4 != 0:
        for end in range(2):
            work.position_m[end, 0, n] = 0.0
            work.position_m[end, 1, n] = 1.0
            work.position_m[end, 2, n] = 0.0
        work.amplitude_m[n] = 0.0
        n += 1
    return n


@kernel
def _copy_fast(work: Work, n: int) -> int:
    """Moves fast scatterers behind the n slow ones (their old places stay silent); returns the end, padded to four."""
    m = n
    for i in range(n):
        if work.fast[i]:
            for r in range(work.path_m.shape[1]):
                work.path_m[0, r, m] = work.path_m[0, r, i]
                work.path_m[1, r, m] = work.path_m[1, r, i]
            work.gain[0, m], work.gain[1, m] = work.gain[0, i], work.gain[1, i]
            work.gain[0, i], work.gain[1, i] = _ZERO, _ZERO
            work.if_hz[m] = work.if_hz[i]
            m += 1
    while m % 4 != 0:
        work.gain[0, m], work.gain[1, m], work.if_hz[m] = _ZERO, _ZERO, 0.0
        m += 1
    return m


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
            row = rows[r]
            for i in range(n_samples):
                out[n_rx * i + r] = np.uint16(np.int32(min(max(row[i], _ZERO), _TOP)))


@kernel
def _signal(radar: RadarNumbers, work: Work, n: int, base: NDArray[np.float32]) -> int:
    """Slow scatterers into first (with base) and step per chirp; fast ones left behind n. Returns their end."""
    _paths(radar, work, n)
    m = _copy_fast(work, n)
    _tones(radar, work, m)
    last = radar.n_chirps - 1
    _phasors(radar, work, 0, 0, 0, n)
    _phasors(radar, work, last, 1, 0, n)
    _sum_tones(work, 0, n)
    per_chirp = np.float32(1.0 / max(last, 1))
    for r in range(radar.rx_numbers.size):
        first, step, steady = work.first[r], work.step[r], base[r]
        start, stop = work.pair[0, r], work.pair[1, r]
        for i in range(first.size):
            first[i] = start[i] + steady[i]
            step[i] = (stop[i] - start[i]) * per_chirp
    work.pair[:] = _ZERO
    return m


@kernel
def _add_chirp(radar: RadarNumbers, work: Work, chirp: int, key: np.uint64) -> None:
    """row[rx, sample] = slow and fast scatterers and noise of one chirp, counts plus one half."""
    chirps = np.float32(chirp)
    for r in range(work.row.shape[0]):
        row, fast, first, step = work.row[r], work.pair[chirp % 2, r], work.first[r], work.step[r]
        for i in range(row.size):
            row[i] = fast[i] + first[i] + step[i] * chirps
        add_noise(row, row_key(key, radar.rx_numbers[r], chirp), np.float32(radar.noise_rms))


@kernel
def still_signal(radar: RadarNumbers, group: MovingSet) -> NDArray[np.float32]:
    """Noise-free signal of a set that never moves, counts: float32[rx, sample]."""
    work = make_work(radar.rx_numbers.size, radar.n_samples)
    n = _pad(work, place_set(group, (0.0, 0.0), work.position_m, work.amplitude_m, 0))
    _signal(radar, work, n, np.zeros((radar.rx_numbers.size, radar.n_samples), np.float32))
    return work.first


@kernel
def synthesise(
    radar: RadarNumbers,
    seed: np.uint64,
    first_us: float,
    period_us: float,
    groups: tuple[MovingSet, MovingSet],
    rotor: Rotor,
    base: NDArray[np.float32],
    out: NDArray[np.uint16],
) -> None:
    """Fills out uint16[frame, chirp * sample * rx]; base float32[rx, sample] is what never changes, plus one half."""
    n_rx = radar.rx_numbers.size
    work = make_work(n_rx, radar.n_samples)
    per_chirp = radar.n_samples * n_rx
    for k in range(out.shape[0]):
        tick = np.int64(np.round((first_us + k * period_us) * CLOCKS_PER_US))
        ends_s = (tick * CLOCK_S, tick * CLOCK_S + radar.burst_s)
        n = place_set(groups[0], ends_s, work.position_m, work.amplitude_m, 0)
        n = place_set(groups[1], ends_s, work.position_m, work.amplitude_m, n)
        n = _pad(work, place_rotor(rotor, ends_s, work.position_m, work.amplitude_m, n))
        m = _signal(radar, work, n, base)
        key = frame_key(seed, tick)
        for chirp in range(radar.n_chirps):
            if m > n and chirp % 2 == 0:
                _phasors(radar, work, chirp, 0, n, m)
                _phasors(radar, work, chirp + 1, 1, n, m)
                _sum_tones(work, n, m)
            _add_chirp(radar, work, chirp, key)
            _write_chirp(work.row, out[k, chirp * per_chirp : (chirp + 1) * per_chirp])
