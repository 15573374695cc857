"""The timing of the radar chip a second time, naively: every chirp of a frame and every unit in the FIFO, one by one.

Rule: written from the datasheet's formulas in whole clocks of the reference, sharing nothing with the chip but the
names of its registers. A unit is half a FIFO word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from hw_sim.chip.chip import Chip

Timer = tuple[int, int]
"""(coefficient, multiplier)"""
OSCCLKEN, MADC_EN, PREFIX = 1 << 23, 1 << 10, 1 << 18


def timer(field: Timer) -> int:
    coef, mul = field
    return coef * 2**mul * 8 + mul + 3 if coef else 1


def delay(value: int) -> int:
    return 8 * value + 5 if value else 2


@dataclass(frozen=True)
class Shape:
    """One of four. down: (FSD, RSD, RTD), all 0 for a saw-tooth; edd counts for both."""

    rtu: int
    apu: int
    sed: Timer = (0, 0)
    pd: int = 0
    reps: int = 0
    edu: int = 0
    edd: int = 0
    down: tuple[int, int, int] = (0, 0, 0)
    apd: int = 0
    fsu: int = 0xF5208C
    rsu: int = 420


@dataclass(frozen=True)
class Channels:
    """One set of four. up, down: antennas as bits."""

    up: int
    down: int = 0
    repc: int = 0
    gains: int = 0


@dataclass(frozen=True)
class ChirpTime:
    """One chirp: clocks since the start of the frame, numbers of shape and set from 1, samples per antenna."""

    start: int
    shape: int
    channel_set: int
    down: int
    rx_mask: int
    n_samples: int
    end: int

    @property
    def n_rx(self) -> int:
        return self.rx_mask.bit_count()


@dataclass(frozen=True)
class Plan:
    """A register list by its fields. shapes and sets: by their numbers 1 to 4."""

    shapes: dict[int, Shape]
    sets: dict[int, Channels]
    adc_div: int = 40
    groups: int = 1
    rept: int = 15
    wkup: Timer = (0, 0)
    init0: Timer = (0, 0)
    init1: Timer = (0, 0)
    fed: Timer = (0, 0)
    frame_pd: int = 0
    paen: int = 30
    sstart: int = 15
    start: int = 10
    end: int = 14
    fstdnen: int = 1
    fsdntmr: int = 0
    divset: int = 20
    max_frames: int = 0
    prefix: bool = False
    cref: int = 8191
    extra: int = 0
    reference_hz: int = 80_000_000
    cw: bool = False
    writes: dict[str, int] = field(default_factory=dict)

    def words(self) -> dict[str, int]:
        """What a driver writes, MAIN without FRAME_START."""
        words = {
            "MAIN": 0x1E0000 | self.cw << 16 | self.wkup[1] << 12 | self.wkup[0] << 4,
            "PACR1": 0x196524 | OSCCLKEN,
            "ADC0": self.adc_div << 14 | 0x240,
            "PACR2": 0x040000 & ~0x1FFC0 | self.fsdntmr << 8 | self.fstdnen << 6 | self.divset,
            "SFCTL": 0x700000 | (PREFIX if self.prefix else 0) | self.cref,
            "CCR0": self.init1[1] << 22 | self.init1[0] << 14 | self.rept << 10 | 1 << 9 | self.end,
            "CCR1": self.fed[1] << 19 | self.fed[0] << 11 | self.frame_pd << 9 | self.start,
            "CCR2": (self.groups - 1) << 12 | self.max_frames,
            "CCR3": self.init0[1] << 22 | self.init0[0] << 14 | self.sstart << 9 | self.paen,
        }
        for n, s in self.shapes.items():
            words |= {f"PLL{n}_0": s.fsu, f"PLL{n}_1": s.rsu, f"PLL{n}_2": s.edu << 16 | s.rtu}
            words |= {f"PLL{n}_3": s.apd << 12 | s.apu, f"PLL{n}_4": s.down[0], f"PLL{n}_5": s.down[1]}
            words |= {f"PLL{n}_6": s.edd << 16 | s.down[2]}
            words |= {f"PLL{n}_7": s.sed[1] << 19 | s.sed[0] << 11 | s.pd << 9 | 1 << 8 | 1 << 4 | s.reps}
        for n, c in self.sets.items():
            words |= {f"CSU{n}_1": c.up << 20 | MADC_EN | 31, f"CSD{n}_1": c.down << 20 | MADC_EN | 31}
            words |= {f"CSU{n}_2": c.gains, f"CSC{n}": 0x480 | 1 << 4 | c.repc}
        return words | self.writes

    def write(self, chip: Chip) -> None:
        for name, value in self.words().items():
            chip.write(name, value)

    def begin(self, chip: Chip) -> None:
        self.write(chip)
        chip.write("MAIN", self.words()["MAIN"] | 1)

    @property
    def to_first_frame(self) -> int:
        return self.restart(2)

    def restart(self, pd: int) -> int:
        init = timer(self.init0) + timer(self.init1)
        return [0, init, init + timer(self.wkup)][pd]

    def pause(self, shape: Shape) -> int:
        return timer(shape.sed) + self.restart(shape.pd)

    @property
    def first_sample(self) -> int:
        return 8 * self.paen + 8 * self.sstart + 1

    def half(self, ramp: int, samples: int, back: int) -> int:
        ramp_end = 8 * self.start + 10 + 8 * ramp + back + 8 * self.end + 5
        sampling = self.first_sample + samples * self.adc_div
        return max(max(sampling, ramp_end) + self.extra, sampling)

    def up_and_down(self, shape: Shape) -> tuple[int, int]:
        """Clocks of the up-chirp and of the down-chirp (0: there is none), end delays included."""
        if any(shape.down):
            up = self.half(shape.rtu, shape.apu, 0) + delay(shape.edu)
            return up, self.half(shape.down[2], shape.apd, 0) + delay(shape.edd)
        back = 0 if self.fstdnen == 0 else self.fsdntmr + 1 if self.fsdntmr else {1: 40, 2: 56, 3: 24}[self.fstdnen]
        return self.half(shape.rtu, shape.apu, back) + delay(shape.edu) + delay(shape.edd), 0

    def frame(self) -> tuple[list[ChirpTime], int]:
        """All chirps of a frame, and the clocks from one frame to the next."""
        numbers, sets = sorted(self.shapes), [(n, self.sets[n]) for n in sorted(self.sets)]
        turn = [entry for entry in sets for _ in range(2 ** entry[1].repc)]
        chirps: list[ChirpTime] = []
        now = nth = pause = 0
        for group in range(min(self.groups, len(numbers) * 2**self.rept)):
            number = numbers[group % len(numbers)]
            shape = self.shapes[number]
            up, down = self.up_and_down(shape)
            for _ in range(2**shape.reps):
                n, channels = turn[nth % len(turn)]
                chirps.append(ChirpTime(now, number, n, 0, channels.up, shape.apu, now + up))
                now += up
                if down:
                    chirps.append(ChirpTime(now, number, n, 1, channels.down, shape.apd, now + down))
                    now += down
                pause = self.pause(shape)
                now += pause
                nth += 1
        return chirps, now - pause + timer(self.fed) + self.restart(self.frame_pd)

    def units(self) -> list[int]:
        """When each unit of a frame is in the FIFO, clocks since the start of the frame."""
        found = []
        for chirp in self.frame()[0]:
            found += [chirp.start] * (6 if self.prefix else 0)
            for k in range(chirp.n_samples):
                found += [chirp.start + self.first_sample + (k + 1) * self.adc_div] * chirp.n_rx
        return found

    @property
    def frame_samples(self) -> int:
        return sum(chirp.n_rx * chirp.n_samples for chirp in self.frame()[0])

    def ns(self, clocks: int) -> int:
        """The first whole nanosecond at which so many clocks have passed."""
        exact = Fraction(clocks * 10**9, self.reference_hz)
        return -(-exact.numerator // exact.denominator)
