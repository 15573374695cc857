"""From one chirp shape to the register list that makes exactly it: 38 words, times to the clock.

Rule: what the chip cannot do is refused in one line naming the key; what it can only come near to is the nearest there
is: the end of the sweep, whose step is one unit of slope over the whole ramp. Formulas: datasheet V2.4.9; set-up words:
as exported lists have them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from front.env import InputError
from front.radar.decode import DEEP_SLEEP, FIFO_SAMPLES, HP_CUTOFFS_HZ, IDLE, STAY, timer
from front.radar.listing import WRITE
from front.radar.shape import SDK_NAMES, Shape

CLOCK_HZ = 80_000_000
TR_START, TR_PAEN, TR_SSTART, END_MIN, END_MAX = 10, 30, 31, 14, 511
RAMP_BEGIN, AMPLIFIER_ON = 8 * TR_START + 10, 8 * TR_PAEN
FIRST_SAMPLE = AMPLIFIER_ON + 8 * TR_SSTART + 1
EDGES = 2 + 2
FAST_DOWN = range(6, 513)
WAKE_UP_MIN, INIT0_MIN, INIT1_MIN = 79_883, 3_604, 563
"""Clocks: 1 ms, 45 us, 7 us for supplies, oscillator and synthesiser; what exported lists allow them."""
STEP_MAX = 8192  # 400 MHz per us


@dataclass(frozen=True)
class Timer:
    """coefficient * 2^exponent * 8 + exponent + 3 clocks."""

    coefficient: int
    exponent: int


def encode(shape: Shape, where: str = "config") -> list[int]:
    """The 38 words. Raises InputError naming the key."""
    return _Encoder(shape, where).words()


class _Encoder:
    def __init__(self, shape: Shape, where: str) -> None:
        self.shape, self.where = shape, where
        self.adc_div = round(CLOCK_HZ / Fraction(shape.sample_rate_hz))
        if not 20 <= self.adc_div <= 1023:
            self._refuse("sample_rate_hz", "80 MHz / n with n in 20..1023")
        self.frame_samples = len(shape.rx_antennas) * shape.n_samples * shape.n_chirps
        sampling_end = FIRST_SAMPLE + shape.n_samples * self.adc_div
        self.ramp_eighths = -(-(sampling_end - RAMP_BEGIN) // 8)
        if self.ramp_eighths > 16383:
            self._refuse("num_samples_per_chirp", "a chirp of at most 1.6 ms at this sample rate")
        self._sweep()
        self._chirp()
        self._frame()

    def _refuse(self, key: str, expected: str) -> NoReturn:
        name = SDK_NAMES.get(key, key)
        got = f", got {getattr(self.shape, key):g}" if hasattr(self.shape, key) else ""
        raise InputError(f"{self.where}: {name}: expected {expected}{got}")

    def _sweep(self) -> None:
        """Declared sweep: from power amplifier on to the end of the ramp."""
        unit = Fraction(8 * CLOCK_HZ, 1 << 20)
        before = AMPLIFIER_ON - RAMP_BEGIN
        clocks = 8 * self.ramp_eighths - before
        start_hz, end_hz = Fraction(self.shape.start_hz), Fraction(self.shape.end_hz)
        self.step = round((end_hz - start_hz) / (unit * clocks))
        if not 1 <= self.step <= STEP_MAX:
            self._refuse("end_hz", f"a slope of {float(unit) * CLOCK_HZ / 1e12:.3f} to 400 MHz/us")
        self.start = round((start_hz - 8 * CLOCK_HZ * (4 * (20 + 2) + 8)) / unit) - self.step * before
        if not -(1 << 23) <= self.start < 1 << 23:
            self._refuse("start_hz", "57 to 64 GHz")

    def _chirp(self) -> None:
        """Busy part, then a pause awake; the rest to the clock goes into fast-down and end delay."""
        self.chirp_period = round(Fraction(self.shape.chirp_period_s) * CLOCK_HZ)
        fixed = RAMP_BEGIN + 8 * self.ramp_eighths + 5 + EDGES
        least = fixed + FAST_DOWN[0] + 8 * END_MIN
        for exponent in range(10):
            step = 8 << exponent
            room = self.chirp_period - least - exponent - 3
            coefficient = min(room // step, 255)
            if coefficient < 1:
                break
            rest = room - coefficient * step
            ends = -(-max(rest - (FAST_DOWN[-1] - FAST_DOWN[0]), 0) // 8)
            if ends <= END_MAX - END_MIN:
                self.pause = Timer(coefficient, exponent)
                self.end = END_MIN + ends
                self.fast_down = FAST_DOWN[0] + rest - 8 * ends
                self.busy = self.chirp_period - timer(coefficient, exponent)
                return
        shortest, longest = Fraction(least + 11, CLOCK_HZ), Fraction(least + timer(255, 9), CLOCK_HZ)
        self._refuse("chirp_period_s", f"{float(shortest):g} to {float(longest):.3g} for these samples")

    def _frame(self) -> None:
        """The pause after the last chirp: as deep a sleep as it is long enough to wake up from.

        Exact for pauses of 60 us to 1 s; others may be up to 8 clocks off.
        """
        wanted = round(Fraction(self.shape.frame_period_s) * CLOCK_HZ)
        burst = (self.shape.n_chirps - 1) * self.chirp_period + self.busy
        for off, self.frame_mode in itertools.product(sorted(range(-8, 9), key=abs), (DEEP_SLEEP, IDLE, STAY)):
            found = fit_pause(wanted - burst + off, self.frame_mode)
            if found is not None:
                self.after, self.wake_up, self.init0, self.init1 = found
                return
        shortest = Fraction(burst + timer(1, 0) + INIT0_MIN + INIT1_MIN + 64, CLOCK_HZ)
        self._refuse("frame_period_s", f"{float(shortest):.9g} to 10 for these chirps")

    def _baseband(self) -> int:
        strong = self.shape.if_gain_db >= 30 and self.shape.if_gain_db % 5 == 0
        steps, odd = divmod(self.shape.if_gain_db - (30 if strong else 18), 5)
        if odd or not 0 <= steps <= 6:
            self._refuse("if_gain_db", "18 + 5 n or 30 + 5 n with n in 0..6")
        channel = steps << 2 | HP_CUTOFFS_HZ.index(self.shape.hp_cutoff_hz)
        return (0 if strong else 7 << 20) | channel << 10 | channel << 5 | channel

    def words(self) -> list[int]:
        shape, rx = self.shape, self.shape.rx_antennas
        mask = sum(1 << (n - 1) for n in rx)
        receivers = sum({1: 0x003400, 2: 0x00C000, 3: 0x020000}[n] for n in rx) | (0x010400 if 3 in rx else 0)
        data = {
            0x00: 0x1E0000 | self.wake_up.exponent << 12 | self.wake_up.coefficient << 4,
            0x01: self.adc_div << 14 | 0x0210,
            0x04: 0xE967FD,  # clock and supplies on
            0x05: 0x0800B4 | self.fast_down - 1 << 8,
            0x06: 0x100000
            | max(min(self.frame_samples, FIFO_SAMPLES) // 2, 1) - 1,  # interrupt once a whole frame is there
            0x07: 0x000000,
            **dict.fromkeys((0x08, 0x09, 0x0A), 0),
            0x0B: 0x000BE0,
            **dict.fromkeys((0x0C, 0x0D, 0x0E), 0),
            0x0F: 0x000B60,
            0x10: 0x100851 | receivers,
            0x11: mask << 20 | 0x0FF400 | shape.tx_power_level,
            0x12: self._baseband(),
            0x16: 0x000490,
            **dict.fromkeys((0x1D, 0x24, 0x2B), 0x000480),
            0x2C: self.init1.exponent << 22 | self.init1.coefficient << 14 | 15 << 10 | 1 << 9 | self.end,
            0x2D: self.after.exponent << 19 | self.after.coefficient << 11 | self.frame_mode << 9 | TR_START,
            0x2E: shape.n_chirps - 1 << 12,
            0x2F: self.init0.exponent << 22 | self.init0.coefficient << 14 | TR_SSTART << 9 | TR_PAEN,
            0x30: self.start & 0xFFFFFF,
            0x31: self.step,
            0x32: self.ramp_eighths,
            0x33: shape.n_samples,
            **dict.fromkeys((0x34, 0x35, 0x36), 0),
            0x37: self.pause.exponent << 19 | self.pause.coefficient << 11 | STAY << 9 | 1 << 8 | 1 << 4,
            **dict.fromkeys((0x3F, 0x47, 0x4F), 0x000100),
            **dict.fromkeys((0x56, 0x5B), 0),
        }
        return [address << 25 | WRITE | content for address, content in data.items()]


def fit_pause(pause: int, mode: int) -> tuple[Timer, Timer, Timer, Timer] | None:
    """Timers (after the frame, wake-up, init 0, init 1) whose clocks in this mode are the pause; None: there are none.

    Only the timer after the frame is a pause, so it takes all it can; the others stay near their least values.
    """
    used = {DEEP_SLEEP: (0, 1, 2, 3), IDLE: (0, 2, 3), STAY: (0,)}[mode]
    for after, wake, init0, init1 in itertools.product(range(21), range(6, 13), range(1, 4), range(3)):
        least = ((WAKE_UP_MIN, wake), (INIT0_MIN, init0), (INIT1_MIN, init1))
        timers = [Timer(1, after), *(at_least(*one) for one in least)]
        rest = pause - sum(timer(timers[i].coefficient, timers[i].exponent) for i in used)
        for i in used:
            step = 8 << timers[i].exponent
            more = max(min(rest // step, 255 - timers[i].coefficient), 0)
            timers[i] = Timer(timers[i].coefficient + more, timers[i].exponent)
            rest -= more * step
            if i == 0 and rest >= step:
                break
        if rest == 0:
            return (timers[0], timers[1], timers[2], timers[3])
    return None


def at_least(clocks: int, exponent: int) -> Timer:
    """The shortest timer with this exponent that is not shorter."""
    return Timer(max(-(-(clocks - exponent - 3) // (8 << exponent)), 1), exponent)
