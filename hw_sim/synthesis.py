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
_FAST_TURNS: Final = 0.05

# sin and cos of a turn, |turns| <= 1/2: least squares on Chebyshev nodes, error below 1e-6.
_S0, _S1, _S2 = np.float32(6.28318279), np.float32(-41.34141939), np.float32(81.59613876)
_S3, _S4, _S5 = np.float32(-76.57968785), np.float32(41.20374363), np.float32(-12.26885994)
_C0, _C1, _C2 = np.float32(0.99999921), np.float32(-19.73898036), np.float32(64.92865742)
_C3, _C4, _C5 = np.float32(-85.27162153), np.float32(58.79049212), np.float32(-21.07110563)
_TOP: Final = np.float32(4095.5)
_ZERO: Final = np.float32(0.0)
_HALF: Final = np.float32(0.5)

Tile = NDArray[np.float32]


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
    cosine: NDArray[np.float32]  # [n, half]
    sine: NDArray[np.float32]
    even: NDArray[np.float32]  # [rx, 2, half]
    odd: NDArray[np.float32]
    pair: NDArray[np.float32]  # [2, rx, sample]: two chirps
    first: NDArray[np.float32]  # [rx, sample]
    step: NDArray[np.float32]  # [rx, sample]
    row: NDArray[np.float32]  # [rx, sample]


@kernel
def make_work(n_rx: int, n_samples: int) -> Work:
    """Scratch for frames of n_rx antennas and n_samples (even)."""
    n, half = MAX_SCATTERERS, n_samples // 2
    return Work(
        np.zeros((2, 3, n)),
        np.zeros(n),
        np.zeros((2, n_rx, n)),
        np.zeros((2, n_rx, n), np.float32),
        np.zeros((2, n_rx, n), np.float32),
        np.zeros((2, n), np.float32),
        np.zeros(n),
        np.zeros(n, np.bool_),
        np.zeros((n, half), np.float32),
        np.zeros((n, half), np.float32),
        np.zeros((n_rx, 2, half), np.float32),
        np.zeros((n_rx, 2, half), np.float32),
        np.zeros((2, n_rx, n_samples), np.float32),
        np.zeros((n_rx, n_samples), np.float32),
        np.zeros((n_rx, n_samples), np.float32),
        np.zeros((n_rx, n_samples), np.float32),
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
                tx = np.sqrt((p[0, i] - radar.tx_m[0]) ** 2 + (p[1, i] - radar.tx_m[1]) ** 2 + (p[2, i] - radar.tx_m[2]) ** 2)
                dx, dy, dz = p[0, i] - radar.rx_m[r, 0], p[1, i] - radar.rx_m[r, 1], p[2, i] - radar.rx_m[r, 2]
                path[i] = tx + np.sqrt(dx * dx + dy * dy + dz * dz)
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
def _start_tone(c: Tile, s: Tile, turns: np.float32) -> None:
    for h in range(c.size):
        t = turns * (np.float32(np.int32(h)) + _HALF)
        t = t - np.floor(t + _HALF)
        c[h] = _cos(t)
        s[h] = _sin(t)


@kernel
def _turn_tone(c: Tile, s: Tile, c_on: Tile, s_on: Tile, cd: np.float32, sd: np.float32) -> None:
    """The next samples of a tone: c_on + i s_on = (c + i s)(cd + i sd)."""
    for h in range(c_on.size):
        c_on[h] = c[h] * cd - s[h] * sd
        s_on[h] = s[h] * cd + c[h] * sd


@kernel
def _tones(radar: RadarNumbers, work: Work, n: int) -> None:
    """cosine and sine of each scatterer's IF tone for t = 1/2, 3/2 .. sample periods from the middle of the chirp."""
    half = radar.n_samples // 2
    for i in range(n):
        c, s = work.cosine[i], work.sine[i]
        turns = work.if_hz[i] * radar.sample_period_s
        _start_tone(c[:16], s[:16], np.float32(turns))
        done = 16
        while done < half:
            ahead = turns * done
            t = np.float32(ahead - np.floor(ahead + 0.5))
            _turn_tone(c[:done], s[:done], c[done : 2 * done], s[done : 2 * done], _cos(t), _sin(t))
            done *= 2


@kernel
def _sum_tile(
    cosine: Tile, sine: Tile, real: Tile, imag: Tile, e0: Tile, e1: Tile, o0: Tile, o1: Tile
) -> None:
    """Adds four scatterers [4, half] to two signals [half] each; their amplitudes are real, imag [2, 4]."""
    c0, c1, c2, c3 = cosine[0], cosine[1], cosine[2], cosine[3]
    s0, s1, s2, s3 = sine[0], sine[1], sine[2], sine[3]
    p0, p1, p2, p3 = real[0, 0], real[0, 1], real[0, 2], real[0, 3]
    q0, q1, q2, q3 = imag[0, 0], imag[0, 1], imag[0, 2], imag[0, 3]
    t0, t1, t2, t3 = real[1, 0], real[1, 1], real[1, 2], real[1, 3]
    u0, u1, u2, u3 = imag[1, 0], imag[1, 1], imag[1, 2], imag[1, 3]
    for h in range(e0.size):
        e0[h] += (p0 * c0[h] + p1 * c1[h]) + (p2 * c2[h] + p3 * c3[h])
        o0[h] += (q0 * s0[h] + q1 * s1[h]) + (q2 * s2[h] + q3 * s3[h])
        e1[h] += (t0 * c0[h] + t1 * c1[h]) + (t2 * c2[h] + t3 * c3[h])
        o1[h] += (u0 * s0[h] + u1 * s1[h]) + (u2 * s2[h] + u3 * s3[h])


@kernel
def _unfold(even: Tile, odd: Tile, out: Tile) -> None:
    """out[sample] from the two halves: s(+t) = even - odd, s(-t) = even + odd."""
    half = even.size
    later, earlier = out[half:], out[:half]
    for h in range(half):
        later[h] = even[h] - odd[h]
    for h in range(half):
        earlier[half - 1 - h] = even[h] + odd[h]


@kernel
def _sum_tones(work: Work, start: int, stop: int) -> None:
    """pair[end, rx, sample] = noise-free signal of scatterers start..stop at both ends; stop - start a multiple of 4."""
    work.even[:] = _ZERO
    work.odd[:] = _ZERO
    n_rx = work.pair.shape[1]
    for i in range(start, stop, 4):
        cosine, sine = work.cosine[i : i + 4], work.sine[i : i + 4]
        for r in range(n_rx):
            real, imag = work.real[:, r, i : i + 4], work.imag[:, r, i : i + 4]
            _sum_tile(cosine, sine, real, imag, work.even[r, 0], work.even[r, 1], work.odd[r, 0], work.odd[r, 1])
    for r in range(n_rx):
        for end in range(2):
            _unfold(work.even[r, end], work.odd[r, end], work.pair[end, r])


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
    n = _pad(work, place_set(group, 0.0, 0.0, work.position_m, work.amplitude_m, 0))
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
        first_s = tick * CLOCK_S
        last_s = first_s + radar.burst_s
        n = place_set(groups[0], first_s, last_s, work.position_m, work.amplitude_m, 0)
        n = place_set(groups[1], first_s, last_s, work.position_m, work.amplitude_m, n)
        n = _pad(work, place_rotor(rotor, first_s, last_s, work.position_m, work.amplitude_m, n))
        m = _signal(radar, work, n, base)
        key = frame_key(seed, tick)
        for chirp in range(radar.n_chirps):
            if m > n and chirp % 2 == 0:
                _phasors(radar, work, chirp, 0, n, m)
                _phasors(radar, work, chirp + 1, 1, n, m)
                _sum_tones(work, n, m)
            _add_chirp(radar, work, chirp, key)
            _write_chirp(work.row, out[k, chirp * per_chirp : (chirp + 1) * per_chirp])
