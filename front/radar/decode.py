"""What a register list makes the chip do: frequencies, times and settings, exactly.

Rule: whole clocks and fractions of hertz, nothing rounded; a register that the list leaves out has its reset value.
Formulas and reset values: datasheet V2.4.9, chapters on chirp, shape and frame timing. Written from there, for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

FIFO_SAMPLES = 16384
RESET_VALUES = {0x00: 0x1E0000, 0x01: 0x0A0240, 0x04: 0x196524, 0x05: 0x040014, 0x06: 0x710000, 0x16: 0x000B60}
FIXED_FAST_DOWN = {1: 40, 2: 56, 3: 24}  # clocks, by mode, when the timer is 0
HP_CUTOFFS_HZ = (20_000, 45_000, 70_000, 80_000)
REFERENCES_HZ = {20: 80_000_000, 21: 76_800_000}
"""Reference clock that a divider DIVSET is made for."""
STAY, IDLE, DEEP_SLEEP = 0, 1, 2
"""Power modes in which a pause is spent."""


@dataclass(frozen=True)
class Power:
    """Clocks of one frame: chirping, waiting awake, in idle, in deep sleep, waking up. Their sum is the period."""

    chirping: int
    awake: int
    idle: int
    deep_sleep: int
    waking: int


@dataclass(frozen=True)
class Decoded:
    """Times in clocks of reference_hz; start: power amplifier on, first: first sample, ramp_end; slope in Hz a clock."""

    reference_hz: int
    rx_antennas: tuple[int, ...]
    n_samples: int
    n_chirps: int
    adc_div: int
    start_hz: Fraction
    first_hz: Fraction
    end_hz: Fraction
    step_hz: Fraction
    declared_clocks: int
    first_sample: int
    sampling_end: int
    ramp_end: int
    ramp: int
    chirp: int
    chirp_period: int
    frame_period: int
    wake_up: int
    first_frame: int
    power: Power
    chirp_pause_mode: int
    frame_pause_mode: int
    gains_db: tuple[int, ...]
    hp_cutoffs_hz: tuple[int, ...]
    tx_power_level: int
    threshold: int
    max_frames: int

    @property
    def sampled_hz(self) -> Fraction:
        """Bandwidth that the samples of a chirp sweep."""
        return self.step_hz * self.n_samples * self.adc_div

    @property
    def slope_hz_per_s(self) -> Fraction:
        return self.step_hz * self.reference_hz

    @property
    def sample_rate_hz(self) -> Fraction:
        return Fraction(self.reference_hz, max(self.adc_div, 1))

    @property
    def end_unit_hz(self) -> Fraction:
        """What one unit of slope is at the end of the ramp: nearer to a declared end no list can be sure to come."""
        return Fraction(8 * self.reference_hz, 1 << 20) * (abs(self.declared_clocks) + 1)

    @property
    def frame_samples(self) -> int:
        """Of all antennas."""
        return len(self.rx_antennas) * self.n_samples * self.n_chirps

    def seconds(self, clocks: int) -> Fraction:
        return Fraction(clocks, self.reference_hz)


class Fields:
    """Bits of registers. registers: data by address."""

    def __init__(self, registers: Mapping[int, int]) -> None:
        self._registers = registers

    def __call__(self, address: int, high: int, low: int) -> int:
        content = self._registers.get(address, RESET_VALUES.get(address, 0))
        return content >> low & (1 << high - low + 1) - 1

    def signed(self, address: int) -> int:
        value = self(address, 23, 0)
        return value - (value >> 23 << 24)


def timer(coefficient: int, exponent: int) -> int:
    """Clocks of a scaled timer."""
    return coefficient * 2**exponent * 8 + exponent + 3 if coefficient else 1


def edge_delay(value: int) -> int:
    return 8 * value + 5 if value else 2


def decode(registers: Mapping[int, int]) -> Decoded:
    """From data by address."""
    at = Fields(registers)
    reference = REFERENCES_HZ.get(at(0x05, 4, 0), 80_000_000)
    step = Fraction(8 * reference * at.signed(0x31), 1 << 20)
    ramp_start_hz = 8 * reference * (4 * (at(0x05, 4, 0) + 2) + 8 + Fraction(at.signed(0x30), 1 << 20))
    t_start, t_paen, ramp = 8 * at(0x2D, 8, 0) + 10, 8 * at(0x2F, 8, 0), 8 * at(0x32, 13, 0)
    first_sample = t_paen + 8 * at(0x2F, 13, 9) + 1
    mask = at(0x11, 22, 20) if at(0x11, 10, 10) else 0
    rx = tuple(n for n in (1, 2, 3) if mask >> (n - 1) & 1)
    gains = [(30 - 12 * (at(0x12, 22, 20) >> n & 1)) + 5 * (at(0x12, 14, 0) >> 5 * n + 2 & 7) for n in range(3)]
    cutoffs = [HP_CUTOFFS_HZ[at(0x12, 14, 0) >> 5 * n & 3] for n in range(3)]
    n_chirps = min(at(0x2E, 23, 12) + 1, 2 ** at(0x2C, 13, 10)) * 2 ** at(0x37, 3, 0)
    wake_up = timer(at(0x00, 11, 4), at(0x00, 15, 12))
    init = timer(at(0x2F, 21, 14), at(0x2F, 23, 22)) + timer(at(0x2C, 21, 14), at(0x2C, 23, 22))
    restart = (0, init, wake_up + init, wake_up + init)
    sampling_end = first_sample + at(0x33, 11, 0) * at(0x01, 23, 14)
    busy = max(sampling_end, t_start + ramp + _fast_down(at) + 8 * at(0x2C, 8, 0) + 5)
    chirp = busy + edge_delay(at(0x32, 23, 16)) + edge_delay(at(0x36, 23, 16))
    chirp_mode, frame_mode = at(0x37, 10, 9), at(0x2D, 10, 9)
    between, after = timer(at(0x37, 18, 11), at(0x37, 23, 19)), timer(at(0x2D, 18, 11), at(0x2D, 23, 19))
    pauses = (((n_chirps - 1) * between, chirp_mode), (after, frame_mode))
    waking = (n_chirps - 1) * restart[chirp_mode] + restart[frame_mode]
    awake, idle, asleep = (sum(n for n, mode in pauses if min(mode, DEEP_SLEEP) == one) for one in range(3))
    return Decoded(
        reference_hz=reference,
        rx_antennas=rx,
        n_samples=at(0x33, 11, 0),
        n_chirps=n_chirps,
        adc_div=at(0x01, 23, 14),
        start_hz=ramp_start_hz + step * (t_paen - t_start),
        first_hz=ramp_start_hz + step * (first_sample - t_start),
        end_hz=ramp_start_hz + step * ramp,
        step_hz=step,
        declared_clocks=ramp - (t_paen - t_start),
        first_sample=first_sample,
        sampling_end=sampling_end,
        ramp_end=t_start + ramp,
        ramp=ramp,
        chirp=chirp,
        chirp_period=chirp + between + restart[chirp_mode],
        frame_period=n_chirps * chirp + sum(clocks for clocks, _ in pauses) + waking,
        wake_up=wake_up,
        first_frame=wake_up + init,
        power=Power(n_chirps * chirp, awake, idle, asleep, waking),
        chirp_pause_mode=chirp_mode,
        frame_pause_mode=frame_mode,
        gains_db=tuple(gains[n - 1] for n in rx),
        hp_cutoffs_hz=tuple(cutoffs[n - 1] for n in rx),
        tx_power_level=at(0x11, 4, 0),
        threshold=2 * at(0x06, 12, 0) + 2,
        max_frames=at(0x2E, 11, 0),
    )


def _fast_down(at: Fields) -> int:
    mode, count = at(0x05, 7, 6), at(0x05, 16, 8)
    if mode == 0:
        return 0
    return count + 1 if count else FIXED_FAST_DOWN[mode]
