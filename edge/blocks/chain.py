"""The whole chain, one frame at a time: samples in, quantised values out.

Order: half bursts, range FFT, wander, calibration, clutter, candidate range bins and direction, motion, then, while the body
is still, phase circles, displacement, band filter and breathing rate. The blocks know nothing of each
other; this file says what follows what.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from edge.blocks import (
    CACHE,
    band_filter,
    breathing_rate,
    calibration,
    candidates,
    clutter,
    direction,
    displacement,
    motion,
    phase_circle,
    resample,
    sample_check,
    vitals,
    wander,
)
from edge.blocks import geometry as geometry_of
from edge.blocks.geometry import GEOMETRY
from edge.blocks.half_burst import half_burst
from edge.blocks.parameters import (
    BACKGROUND_S,
    CHANNEL_SHARE,
    CIRCLE_FIRST_S,
    CIRCLE_RATE_HZ,
)
from edge.blocks.range_fft import range_fft

FLAG_GAP = 2
GAP_US = resample.MAX_GAP_US
GRID_US = resample.STEP_US
TICK_US = 100_000  # the waveform's grid
GROWING_FITS = 16  # a fit every second while the memory grows, every other second afterwards

STATE = np.dtype(
    [
        ("geometry", GEOMETRY),
        ("azimuth_low_rad", np.float32),  # of the user's place; both 0: every direction is
        ("azimuth_high_rad", np.float32),
        ("shape", np.int32, (3,)),  # of a frame: chirps, samples, antennas
        ("check", sample_check.STATE),
        ("wander", wander.STATE),
        ("calibration", calibration.STATE),
        ("clutter", clutter.STATE),
        ("candidates", candidates.STATE),
        ("direction", direction.STATE),
        ("motion", motion.STATE),
        ("circle", phase_circle.STATE),
        ("displacement", displacement.STATE),
        ("resample", resample.STATE),
        ("band", band_filter.STATE),
        ("rate", breathing_rate.STATE),
        ("rate_at_rest", breathing_rate.STATE),  # as it was when the body came to rest
        ("frame", np.int64),
        ("frame_us", np.int64),
        ("remember_every", np.int32),  # frames
        ("since_remembered", np.int32),
        ("remembered_us", np.int64),  # chip time of the newest remembered frame
        ("fits", np.int32),  # since listening began
        ("seconds", np.int32),  # of candidates, since power-on or the last gap
        ("gaps", np.int32),  # frames were lost before a frame, so often
        ("fit_waits", np.int32),  # a fit is due with the next remembered frame
        ("emitted_tick", np.int64),
    ],
    align=True,
)


@njit(cache=CACHE)
def init(state: Any) -> None:
    """Start from nothing; state.geometry must be set."""
    geometry = state.geometry
    sample_check.init(state.check, geometry.frame_s)
    calibration.init(state.calibration)
    init_looking(state)
    phase_circle.init(state.circle)
    displacement.init(state.displacement)
    resample.init(state.resample, GAP_US)
    band_filter.init(state.band)
    breathing_rate.init(state.rate)
    state.frame = 0
    state.frame_us = int(geometry.frame_s * 1e6 + 0.5)
    state.remember_every = max(1, int(1.0 / (geometry.frame_s * CIRCLE_RATE_HZ) + 0.5))
    state.since_remembered = 0
    state.remembered_us = 0
    state.fits = 0
    state.gaps = 0
    state.fit_waits = 0
    state.emitted_tick = 0


@njit(cache=CACHE)
def init_looking(state: Any) -> None:
    """Start to look at the room as if for the first time."""
    geometry = state.geometry
    clutter.init(state.clutter, geometry.frame_s, BACKGROUND_S, geometry.watch_first, geometry.watch_last)
    wander.init(state.wander, geometry.frame_s, BACKGROUND_S)
    candidates.init(state.candidates)
    direction.init(state.direction)
    motion.init(state.motion)
    state.seconds = 0


@njit(cache=CACHE)
def place(state: Any, near_m: float, far_m: float, low_rad: float, high_rad: float) -> None:
    """From now on the user lies between these ranges and azimuths: look anew."""
    geometry_of.place(state.geometry, near_m, far_m)
    state.azimuth_low_rad, state.azimuth_high_rad = low_rad, high_rad
    look_anew(state)


@njit(cache=CACHE)
def correct(state: Any, gain: NDArray[np.complex64], echo: NDArray[np.complex64]) -> None:
    """From now on every profile is corrected by these: look anew. See calibration.correct."""
    calibration.correct(state.calibration, gain, echo)
    look_anew(state)


@njit(cache=CACHE)
def look_anew(state: Any) -> None:
    """Forget who was there."""
    init_looking(state)
    if state.circle.channels > 0:
        phase_circle.init(state.circle)
        breathing_rate.interrupt(state.rate)
        displacement.init(state.displacement)


@njit(cache=CACHE)
def look(state: Any, profile: NDArray[np.complex64], flags: int) -> None:
    """Look whether the radar is what it was; if not, or after a gap, whoever was there before may be gone."""
    per_second = state.geometry.frames_per_second
    if flags & FLAG_GAP:
        init_looking(state)
        state.gaps += 1 if state.frame > 0 else 0  # the very first frame ends no gap
    wander.step(state.wander, per_second, profile)
    if state.wander.stepped or state.check.turned:
        look_anew(state)
        wander.step(state.wander, per_second, profile)


@njit(cache=CACHE)
def wandering(state: Any) -> NDArray[np.float32]:
    """Return what the radar itself makes of still echoes, those that the calibration takes away too: ADC counts^2."""
    geometry, known = state.geometry, state.calibration
    power = np.zeros(geometry.watch_last + 1, np.float32)
    first, last, per_second = geometry.watch_first, geometry.watch_last, geometry.frames_per_second
    still = state.clutter.background[: geometry.n_rx]
    wander.add(state.wander, per_second, still, first, last, power)
    if known.clears:
        last = min(last, calibration.BINS - 1)
        wander.add(state.wander, per_second, known.echo[: geometry.n_rx], first, last, power)
    return power


@njit(cache=CACHE)
def step(state: Any, samples: NDArray[np.uint16], t_us: int, flags: int, out: Any) -> None:
    """Digest one frame.

    samples: uint16[chirp, sample, rx], ADC counts; t_us: chip time, us; flags: FLAG_*; out: vitals.OUT.
    """
    sample_check.samples(state.check, samples, flags & vitals.FLAG_SATURATED != 0)
    halves = half_burst(samples)
    sample_check.means(state.check, halves)
    profile, difference = range_fft(halves)
    sample_check.profiles(state.check, profile, difference)
    look(state, profile, flags)
    calibration.step(state.calibration, profile, difference, flags & FLAG_GAP != 0)
    out.wave_n = 0
    out.wave_t_us = 0
    observe(state, profile, difference, t_us, flags, out)
    vitals.fill(state, t_us, flags, out)
    state.frame += 1


@njit(cache=CACHE)
def observe(
    state: Any, profile: NDArray[np.complex64], difference: NDArray[np.complex64], t_us: int, flags: int, out: Any
) -> None:
    """Digest one range profile: where, whether still, how it breathes."""
    geometry, chosen = state.geometry, state.candidates
    moving = clutter.step(state.clutter, profile)
    sample_check.line(state.check, geometry, difference, chosen.noise)
    second = candidates.step(chosen, geometry, moving, difference)
    if second:
        candidates.choose(chosen, geometry, wandering(state))
    direction.step(state.direction, geometry, moving)
    if second:
        state.seconds += 1
        direction.second(state.direction, geometry, chosen.first_bin, chosen.last_bin)
    first, last = chosen.first_bin, chosen.last_bin
    if chosen.body_bin < 0:
        first, last = geometry.bin_first, geometry.bin_last
    circle_power: Any = state.circle.radius_power if state.circle.fitted else np.float32(0.0)
    motion.step(state.motion, geometry, moving, difference, first, last, chosen.noise, circle_power)
    follow(state, second, flags)
    listen(state, profile, t_us, second, out)
    if second:
        breathing_rate.measure(state.rate, t_us // TICK_US)


@njit(cache=CACHE)
def follow(state: Any, second: bool, flags: int) -> None:
    """Begin, keep or stop listening to the body's range bins."""
    chosen, circle = state.candidates, state.circle
    listening = circle.channels > 0
    lost = state.motion.moving or chosen.body_bin < 0 or flags & FLAG_GAP
    if listening and not lost and second:
        lost = not chosen.first_bin <= circle.bin[0] <= chosen.last_bin
    if listening and lost:
        phase_circle.init(circle)
        breathing_rate.interrupt(state.rate)
        listening = False
    if second and not listening and not lost:
        phase_circle.listen(circle, state.geometry, chosen.excess, chosen.first_bin, chosen.last_bin, CHANNEL_SHARE)
        displacement.init(state.displacement)
        breathing_rate.copy(state.rate_at_rest, state.rate)
        state.fits = 0
        state.fit_waits = 0
        state.since_remembered = 0


@njit(cache=CACHE)
def fit_again(state: Any, out: Any) -> bool:
    """Fit the circles if that waits; return whether the whole memory was read again with them."""
    if not state.fit_waits:
        return False
    state.fit_waits = 0
    state.fits += 1
    phase_circle.fit(state.circle, state.candidates.noise / state.geometry.n_rx)
    if state.circle.samples >= phase_circle.SAMPLES:
        return False
    replay(state, out)
    return True


@njit(cache=CACHE)
def listen(state: Any, profile: NDArray[np.complex64], t_us: int, second: bool, out: Any) -> None:
    """Remember the channels, fit their circles now and then, and follow the displacement."""
    circle = state.circle
    replayed = False
    if circle.channels > 0:
        remembered = state.since_remembered == 0
        if remembered:
            phase_circle.remember(circle, profile)
            state.remembered_us = t_us
        if second and fit_is_due(state):
            state.fit_waits = 1
        replayed = remembered and fit_again(state, out)
        state.since_remembered = (state.since_remembered + 1) % state.remember_every
        if circle.fitted:
            displacement.step(state.displacement, circle, state.geometry, profile)
    if not replayed:
        pass_on(state, t_us, state.displacement.displacement_um, out)


@njit(cache=CACHE)
def fit_is_due(state: Any) -> bool:
    """Return whether the circles shall be fitted in this second."""
    remembered_s = state.circle.samples * state.remember_every * state.geometry.frame_s
    return bool(remembered_s >= CIRCLE_FIRST_S and (state.fits < GROWING_FITS or state.seconds % 2 == 0))


@njit(cache=CACHE)
def replay(state: Any, out: Any) -> None:
    """While the memory reaches back to where rest began, read all of it again with the newest circles."""
    circle = state.circle
    breathing_rate.copy(state.rate, state.rate_at_rest)
    resample.init(state.resample, GAP_US)
    per_rad = -state.geometry.wavelength_m * 1e6 / (4.0 * np.pi)
    n = circle.samples
    um = np.float32(0.0)
    for t in range(n):
        back_us = (n - 1 - t) * state.remember_every * state.frame_us
        um = np.float32(per_rad * (circle.phase[t] - circle.phase[0]))
        pass_on(state, state.remembered_us - back_us, um, out)
    displacement.init(state.displacement)
    state.displacement.displacement_um = um


@njit(cache=CACHE)
def pass_on(state: Any, t_us: int, um: np.float32, out: Any) -> None:
    """Bring a displacement at a frame's time onto the grid, through the band filter, to the breaths."""
    restart, first_us, found = resample.step(state.resample, t_us, um)
    if restart:
        band_filter.init(state.band)
    for i in range(found.size):
        grid_us = first_us + i * GRID_US
        if state.circle.fitted:
            ready, wave_um = band_filter.step(state.band, found[i])
        else:
            ready, wave_um = grid_us % TICK_US == 0, 0
        if ready:
            tick = grid_us // TICK_US
            if state.circle.fitted:
                breathing_rate.step(state.rate, tick, float(wave_um))
            emit(state, tick, wave_um, out)


@njit(cache=CACHE)
def emit(state: Any, tick: int, wave_um: int, out: Any) -> None:
    """Hand a waveform sample out once, however often the memory was read again."""
    if tick <= state.emitted_tick or out.wave_n >= vitals.WAVE_MAX:
        return
    if out.wave_n == 0:
        out.wave_t_us = tick * TICK_US - band_filter.DELAY_US
    out.wave_um[out.wave_n] = wave_um
    out.wave_n += 1
    state.emitted_tick = tick
