"""Frame and chirp timing against the datasheet's closed formulas, and when frames run at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.chip import Chip
from tests.chip_driver import program, ramp, running_chip, start, unpack

NEVER = 2**64 - 1
OSCCLKEN, SH_EN, CS_EN, MADC_EN = 1 << 23, 1 << 4, 1 << 4, 1 << 10


@dataclass(frozen=True)
class Words:
    """Values of the timing fields; names as in the datasheet."""

    wkup: tuple[int, int]
    init0: tuple[int, int]
    init1: tuple[int, int]
    sed: tuple[int, int]
    fed: tuple[int, int]
    paen: int
    sstart: int
    start: int
    end: int
    edu: int
    edd: int
    rtu: int
    fstdnen: int
    fsdntmr: int
    adc_div: int
    apu: int
    chirp_pd: int
    frame_pd: int
    groups: int
    rept: int
    reps: int

    def write(self, chip: Chip) -> None:
        chip.write("MAIN", 0x1E0000 | self.wkup[1] << 12 | self.wkup[0] << 4)
        chip.write("ADC0", self.adc_div << 14 | 0x240)
        chip.write("PACR2", 0x040014 & ~0x1FFC0 | self.fsdntmr << 8 | self.fstdnen << 6)
        chip.write("CCR0", self.init1[1] << 22 | self.init1[0] << 14 | self.rept << 10 | self.end)
        chip.write("CCR1", self.fed[1] << 19 | self.fed[0] << 11 | self.frame_pd << 9 | self.start)
        chip.write("CCR2", (self.groups - 1) << 12)
        chip.write("CCR3", self.init0[1] << 22 | self.init0[0] << 14 | self.sstart << 9 | self.paen)
        chip.write("PLL1_2", self.edu << 16 | self.rtu)
        chip.write("PLL1_3", self.apu)
        chip.write("PLL1_6", self.edd << 16)
        chip.write("PLL1_7", self.sed[1] << 19 | self.sed[0] << 11 | self.chirp_pd << 9 | SH_EN | self.reps)


def timer(field: tuple[int, int]) -> int:
    coef, mul = field
    return coef * 2**mul * 8 + mul + 3 if coef else 1


def delay(value: int) -> int:
    return 8 * value + 5 if value else 2


def expected(w: Words) -> dict[str, int]:
    """Clocks of 80 MHz, from the formulas of the datasheet."""
    init = timer(w.init0) + timer(w.init1)
    restart = [0, init, timer(w.wkup) + init]
    fast_down = 0 if w.fstdnen == 0 else w.fsdntmr + 1 if w.fsdntmr else {1: 40, 2: 56, 3: 24}[w.fstdnen]
    first = 8 * w.paen + 8 * w.sstart + 1
    ramp_end = 8 * w.start + 10 + 8 * w.rtu + fast_down + 8 * w.end + 5
    chirp = max(first + w.apu * w.adc_div, ramp_end) + delay(w.edu) + delay(w.edd)
    pause = timer(w.sed) + restart[w.chirp_pd]
    chirps = min(w.groups, 2**w.rept) * 2**w.reps
    frame = chirps * chirp + (chirps - 1) * pause + timer(w.fed) + restart[w.frame_pd]
    return {"start": restart[2], "first": first, "period": chirp + pause, "frame": frame, "chirps": chirps}


scaled_2 = st.tuples(st.integers(0, 255), st.integers(0, 3))
WORDS = st.builds(
    Words,
    wkup=st.tuples(st.integers(0, 255), st.integers(0, 15)), init0=scaled_2, init1=scaled_2,
    sed=st.tuples(st.integers(0, 255), st.integers(0, 12)), fed=st.tuples(st.integers(0, 255), st.integers(0, 16)),
    paen=st.integers(0, 511), sstart=st.integers(0, 31), start=st.integers(0, 511), end=st.integers(0, 511),
    edu=st.integers(0, 255), edd=st.integers(0, 255), rtu=st.integers(0, 16383), fstdnen=st.integers(0, 3),
    fsdntmr=st.integers(0, 511), adc_div=st.integers(20, 1023), apu=st.integers(1, 512),
    chirp_pd=st.integers(0, 2), frame_pd=st.integers(0, 2), groups=st.integers(1, 64), rept=st.integers(0, 15),
    reps=st.integers(0, 3),
)  # fmt: skip


def ns(clocks: int) -> int:
    """The first whole nanosecond at which so many clocks have passed."""
    return -(-clocks * 25 // 2)


@given(WORDS, st.integers(0, 10**12))
def test_timing_is_the_closed_form(words: Words, begin_ns: int) -> None:
    chip = Chip()
    program(chip, rx_mask=2)
    words.write(chip)
    chip.advance(begin_ns)
    chip.write("MAIN", chip.read("MAIN") | 1)
    clocks = expected(words)
    begin = begin_ns * 2 // 25
    view = chip.radar()
    assert view.n_chirps == clocks["chirps"]
    assert view.chirp_period_ns == clocks["period"] * 12.5
    assert view.frame_period_ns == clocks["frame"] * 12.5
    assert chip.next_frame_ns == ns(begin + clocks["start"])
    chip.write("SFCTL", 0x700000)  # interrupt at the first word: two samples of one antenna
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.zeros((2, words.apu * clocks["chirps"]), np.uint16))
    one, two = (1, 0) if words.apu == 1 else (0, 2)  # a word may straddle two chirps
    at = begin + clocks["start"] + one * clocks["period"] + clocks["first"] + (two or 1) * words.adc_div
    if words.apu * clocks["chirps"] > 1:
        assert chip.next_event_ns == ns(at)


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF), st.integers(0, 511), st.integers(0, 511), st.integers(0, 31))
def test_frequency_is_the_closed_form(fsu: int, rsu: int, paen: int, start_delay: int, sstart: int) -> None:
    chip = Chip()
    program(chip)
    chip.write("PLL1_0", fsu)
    chip.write("PLL1_1", rsu)
    chip.write("CCR1", start_delay)
    chip.write("CCR3", sstart << 9 | paen)
    signed = [value - 2**24 if value >= 2**23 else value for value in (fsu, rsu)]
    slope = 640e6 * signed[1] / 2**20 * 80e6
    first = 640e6 * (96 + signed[0] / 2**20) + slope * (8 * paen + 8 * sstart + 1 - 8 * start_delay - 10) / 80e6
    view = chip.radar()
    assert view.slope_hz_per_s == pytest.approx(slope, rel=1e-12)
    assert view.f0_hz == pytest.approx(first, rel=1e-12)


def test_frames_do_not_drift() -> None:
    chip = running_chip(ramp(1000, 192))
    first, period = chip.next_frame_ns * 2 // 25, round(chip.radar().frame_period_ns / 12.5)
    for _ in range(999):
        chip.advance(chip.next_event_ns)
        chip.burst_read(0x60, 288)
    assert chip.next_frame_ns == ns(first + 999 * period)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PACR1", 0x196524), ("PLL1_7", 0), ("CSC1", 0x480), ("CSU1_1", 7 << 20), ("CSU1_1", MADC_EN), ("PLL1_3", 0),
     ("ADC0", 19 << 14 | 0x240)],
    ids=["oscillator", "shape", "channel set", "converter", "antennas", "samples", "converter clock"],
)  # fmt: skip
def test_without_it_no_frame_starts(name: str, value: int) -> None:
    chip = Chip()
    program(chip)
    chip.write(name, value)
    start(chip)
    assert not chip.transmitting
    assert chip.counters().warnings == 1


@pytest.mark.parametrize("limit", [1, 3])
def test_frame_limit_ends_in_deep_sleep(limit: int) -> None:
    chip = Chip()
    program(chip, cref=8191)
    chip.write("CCR2", chip.read("CCR2") | limit)
    start(chip)
    chip.set_samples(ramp(10, 192))
    chip.advance(10_000_000_000)
    assert chip.counters().frames_started == limit
    assert (chip.transmitting, chip.needs_samples, chip.next_event_ns) == (False, False, NEVER)
    assert chip.read("STAT1") >> 12 == limit


def test_frame_limit_bounds_the_prediction() -> None:
    chip = Chip()
    size = program(chip, cref=192)
    chip.write("CCR2", chip.read("CCR2") | 2)
    start(chip)
    chip.set_samples(ramp(10, size))
    assert chip.next_event_ns == NEVER  # two frames fill 192 words, the level asks for 193


def test_asleep_nothing_is_transmitted() -> None:
    chip = Chip()
    program(chip)
    chip.advance(10_000_000_000)
    assert (chip.transmitting, chip.counters().frames_started, chip.read("STAT0") >> 5) == (False, 0, 5)


def test_power_mode_follows_the_chirps() -> None:
    chip = running_chip()  # chirp pause: interchirp (2); frame pause: deep sleep (5)
    begin, period = chip.next_frame_ns, chip.radar().chirp_period_ns
    modes = [chip.read("STAT0") >> 5]
    for at in (100, period - 100, period + 100, 4 * period - 100, 4 * period + 100):
        chip.advance(round(begin + at))
        modes.append(chip.read("STAT0") >> 5)
    assert modes == [3, 1, 2, 1, 5, 5]


def test_converter_and_band_gap_are_up_in_a_chirp() -> None:
    chip = running_chip()
    chip.advance(chip.next_frame_ns + 100)
    assert chip.read("STAT0") == 1 << 5 | 0b1111


def test_status_counts_frames_and_chirps() -> None:
    chip = running_chip(cref=8191)
    view = chip.radar()
    chip.advance(round(chip.next_frame_ns + 2 * view.frame_period_ns + 3 * view.chirp_period_ns + 100))
    assert chip.read("STAT1") == 2 << 12 | 3


def test_a_second_start_changes_nothing() -> None:
    chip = running_chip()
    at = chip.next_frame_ns
    chip.advance(1000)
    start(chip)
    assert chip.next_frame_ns == at


def test_time_never_runs_backwards() -> None:
    chip = running_chip()
    chip.advance(chip.next_event_ns)
    fill = chip.read("FSTAT")
    chip.advance(0)
    assert chip.read("FSTAT") == fill


def test_each_antenna_has_its_own_gain_and_corner() -> None:
    chip = Chip()
    program(chip)
    chip.write("CSU1_2", 0b101 << 20 | (6 << 2 | 3) | (2 << 2 | 1) << 5 | (0 << 2 | 2) << 10)
    start(chip)
    view = chip.radar()
    assert (view.rx_gain_db, view.rx_cutoff_hz) == ((48.0, 40.0, 18.0), (80e3, 45e3, 70e3))
    assert chip.counters().warnings == 0


@pytest.mark.parametrize(
    ("hp_gain", "vga", "hpf", "gain_db", "cutoff_hz"),
    [(7, 0, 0, 18, 20e3), (0, 6, 3, 60, 80e3), (7, 1, 1, 23, 45e3), (0, 0, 2, 30, 70e3)],
)
@pytest.mark.parametrize("rx_mask", [1, 2, 4, 7])
def test_analog_chain_is_decoded(
    hp_gain: int, vga: int, hpf: int, gain_db: float, cutoff_hz: float, rx_mask: int
) -> None:
    chip = Chip()
    program(chip, rx_mask=rx_mask)
    chip.write("CSU1_2", hp_gain << 20 | sum((vga << 2 | hpf) << 5 * rx for rx in range(3)))
    view = chip.radar()
    assert (view.if_gain_db, view.hp_cutoff_hz, view.rx_mask) == (gain_db, cutoff_hz, rx_mask)


def test_waiting_for_samples_loses_none() -> None:
    chip = Chip()
    size = program(chip)
    start(chip)
    begin = chip.next_frame_ns
    chip.advance(begin + 5_000)
    assert chip.needs_samples
    assert chip.next_frame_ns == chip.next_event_ns == begin
    chip.set_samples(ramp(3, size), begin)
    chip.advance(chip.next_event_ns)
    assert np.array_equal(unpack(chip.burst_read(0x60, 288)), ramp(3, size)[0])


def test_samples_for_another_time_are_refused() -> None:
    chip = Chip()
    size = program(chip)
    start(chip)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(ramp(3, size), chip.next_frame_ns + 1)
    assert chip.needs_samples


def test_a_restart_drops_samples_made_for_the_old_times() -> None:
    chip = Chip()
    size = program(chip)
    start(chip)
    chip.set_samples(ramp(3, size), chip.next_frame_ns)
    chip.advance(chip.next_event_ns)
    chip.write("MAIN", 0x1E8270 | 8)
    start(chip)
    chip.advance(chip.next_frame_ns)
    assert chip.needs_samples


def test_a_restart_keeps_a_recording() -> None:
    chip = running_chip(ramp(3, 192))
    chip.advance(chip.next_event_ns)
    chip.write("MAIN", 0x1E8270 | 8)
    start(chip)
    chip.advance(chip.next_event_ns)
    assert np.array_equal(unpack(chip.burst_read(0x60, 288)), ramp(3, 192)[1])


def test_a_restart_with_another_frame_size_drops_a_recording() -> None:
    chip = running_chip(ramp(3, 192))
    chip.write("MAIN", 0x1E8270 | 8)
    program(chip, n_samples=32)
    start(chip)
    chip.advance(chip.next_frame_ns)
    assert chip.needs_samples


def test_the_end_of_the_source_is_silent() -> None:
    chip = running_chip(ramp(1, 192))
    chip.advance(chip.next_event_ns)
    chip.burst_read(0x60, 288)
    chip.advance(chip.next_event_ns)
    assert chip.needs_samples
    chip.set_samples(np.zeros((0, 192), np.uint16))
    chip.advance(10_000_000_000)
    assert (chip.needs_samples, chip.next_event_ns, chip.counters().frames_started) == (False, NEVER, 1)
