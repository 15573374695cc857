"""Chirp and frame periods of register lists like those in use, right to the clock, measured at the interrupt line.

The lists are made here: antennas, rates, samples, chirps and repetition times are those of public projects with this
chip. What is expected follows from the datasheet's formulas in exact fractions of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_plan import Channels, Plan, Shape

POWER_UP = {"wkup": (39, 8), "init0": (240, 1), "init1": (70, 0)}
FRAMES = 3


@dataclass(frozen=True)
class Case:
    """chirp_us and frames_per_s: what such a list is made for; half a percent is left to the granularity of its timers."""

    plan: Plan
    chirp_us: float
    frames_per_s: float


def one_shape(rx: int, shape: Shape, **more: object) -> Plan:
    return Plan({1: shape}, {1: Channels(rx)}, **{**POWER_UP, "frame_pd": 2, **more})  # type: ignore[arg-type]


CASES = {
    "presence": Case(one_shape(1, Shape(728, 64, (175, 4), pd=1), adc_div=80, groups=32, fed=(227, 13)), 411, 5),
    "fast presence": Case(one_shape(4, Shape(627, 128, (41, 0)), adc_div=34, groups=16, fed=(239, 12)), 70, 10),
    "segmentation": Case(one_shape(5, Shape(728, 128, (163, 4), pd=1), groups=64, fed=(181, 12)), 392, 10),
    "range and angle": Case(one_shape(5, Shape(2764, 256, (75, 4)), adc_div=80, groups=128, fed=(171, 5)), 400, 19),
    "fall": Case(one_shape(1, Shape(5477, 512, (202, 7), pd=2), adc_div=80, groups=8, fed=(240, 11)), 4190, 12.5),
    "gesture": Case(one_shape(7, Shape(389, 64, (161, 4)), groups=32, fed=(51, 12), frame_pd=1), 300, 33),
    "beams": Case(one_shape(7, Shape(389, 64, (77, 6), pd=1), groups=64, fed=(192, 11)), 591, 12.9),
    "long idle": Case(one_shape(2, Shape(1407, 256, (245, 4), pd=1), groups=32, fed=(190, 18)), 591, 0.2),
    "other crystal": Case(
        one_shape(3, Shape(728, 64, (165, 4), pd=1), adc_div=80, groups=32, fed=(218, 13), divset=21,
                  reference_hz=76_800_000), 412, 5),
    "older tool": Case(one_shape(1, Shape(627, 128, (41, 0)), adc_div=34, groups=16, fed=(239, 12), extra=-9), 70, 10),
    "prefix": Case(one_shape(7, Shape(389, 64, (161, 4)), groups=32, fed=(51, 12), frame_pd=1, prefix=True), 300, 33),
    "repeated shape": Case(one_shape(1, Shape(627, 128, (41, 0), reps=2), adc_div=34, groups=4, fed=(239, 12)), 70, 10),
}  # fmt: skip


def timer(field: tuple[int, int]) -> int:
    coef, mul = field
    return coef * 2**mul * 8 + mul + 3 if coef else 1


def periods_s(plan: Plan) -> tuple[Fraction, Fraction, Fraction]:
    """FRAME_START to the first frame, chirp repetition, frame repetition, in seconds: the datasheet's closed form."""
    clock_s = Fraction(1, plan.reference_hz)
    shape = plan.shapes[1]
    init = timer(plan.init0) + timer(plan.init1)
    wake = timer(plan.wkup)
    restart = {0: 0, 1: init, 2: wake + init}
    fast_down = 40  # FSTDNEN 1, FSDNTMR 0
    converter = 8 * plan.paen + 8 * plan.sstart + 1 + shape.apu * plan.adc_div
    ramp = 8 * plan.start + 10 + 8 * shape.rtu + fast_down + 8 * plan.end + 5
    chirp = max(converter, ramp) + 2 + 2 + plan.extra  # TR_EDU and TR_EDD are 0
    pause = timer(shape.sed) + restart[shape.pd]
    n = min(plan.groups, 2**plan.rept) * 2**shape.reps
    frame = n * chirp + (n - 1) * pause + timer(plan.fed) + restart[plan.frame_pd]
    return (wake + init) * clock_s, (chirp + pause) * clock_s, frame * clock_s


def last_samples_ns(chip: Chip, plan: Plan, n_chirps: int) -> list[int]:
    """When the last sample of each chirp was in the FIFO, by the interrupt; every chirp is read at once."""
    level = plan.words()["SFCTL"] & ~0x1FFF
    per_chirp = plan.shapes[1].apu * plan.sets[1].up.bit_count() // 2 + (3 if plan.prefix else 0)
    chip.write("SFCTL", level | per_chirp - 1)
    found = []
    for _ in range(n_chirps):
        found.append(chip.next_event_ns)
        chip.advance(chip.next_event_ns)
        assert chip.irq
        chip.burst_read(0x60, 3 * per_chirp)
    return found


@pytest.mark.parametrize("name", CASES)
def test_chirps_and_frames_repeat_to_the_clock(name: str) -> None:
    plan = CASES[name].plan
    start_s, chirp_s, frame_s = periods_s(plan)
    chip = Chip(ChipOptions(reference_hz=plan.reference_hz, extra_clocks=plan.extra))
    plan.begin(chip)
    n = chip.radar().n_chirps
    size = chip.radar().frame_size
    assert size == n * plan.shapes[1].apu * plan.sets[1].up.bit_count()
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.zeros((FRAMES, size), np.uint16))
    last_s = Fraction(8 * plan.paen + 8 * plan.sstart + 1 + plan.shapes[1].apu * plan.adc_div, plan.reference_hz)
    expected = [ceil((start_s + f * frame_s + c * chirp_s + last_s) * 10**9) for f in range(FRAMES) for c in range(n)]
    assert last_samples_ns(chip, plan, FRAMES * n) == expected


@pytest.mark.parametrize("name", CASES)
def test_the_lists_are_like_those_in_use(name: str) -> None:
    case = CASES[name]
    _, chirp_s, frame_s = periods_s(case.plan)
    assert float(chirp_s) * 1e6 == pytest.approx(case.chirp_us, rel=0.005)
    assert 1 / float(frame_s) == pytest.approx(case.frames_per_s, rel=0.005)


@pytest.mark.parametrize("reference_hz", [80_000_000, 76_800_000])
def test_a_day_does_not_drift(reference_hz: int) -> None:
    plan = one_shape(1, Shape(389, 64), groups=1, fed=(239, 18), reference_hz=reference_hz)
    chip = Chip(ChipOptions(reference_hz=reference_hz))
    plan.begin(chip)
    start_s, _, frame_s = periods_s(plan)
    n = 24 * 3600 // frame_s
    chip.advance(chip.next_frame_ns)
    chip.set_samples(np.zeros((int(n) + 1, 64), np.uint16))
    for _ in range(int(n)):
        chip.advance(chip.next_event_ns if chip.next_event_ns < 2**63 else chip.next_frame_ns)
        chip.advance(chip.next_frame_ns)
        chip.burst_read(0x60, 96)
    assert chip.next_frame_ns == ceil((start_s + (n + 1) * frame_s) * 10**9)
    assert chip.counters().overflows == 0


def test_frequencies_follow_the_crystal() -> None:
    plan = CASES["other crystal"].plan
    chip = Chip(ChipOptions(reference_hz=plan.reference_hz))
    plan.write(chip)
    signed = 0xF5208C - 2**24
    slope = 614.4e6 * 420 / 2**20 * 76.8e6
    first_s = (8 * plan.paen + 8 * plan.sstart + 1 - 8 * plan.start - 10) / 76.8e6
    view = chip.radar()
    assert view.sample_rate_hz == 0.96e6
    assert view.slope_hz_per_s == pytest.approx(slope, rel=1e-12)
    assert view.f0_hz == pytest.approx(614.4e6 * (100 + signed / 2**20) + slope * first_s, rel=1e-12)


def test_two_shapes_take_turns_with_their_own_pauses() -> None:
    fast, slow = Shape(627, 128, (41, 0)), Shape(389, 32, (202, 7), pd=1, reps=1)
    plan = Plan({1: fast, 3: slow}, {1: Channels(7), 2: Channels(1)}, groups=5, fed=(51, 12), **POWER_UP)  # type: ignore[arg-type]
    chip = Chip()
    plan.write(chip)
    init = 240 * 2 * 8 + 1 + 3 + 70 * 8 + 3
    one = max(8 * 45 + 1 + 128 * 40, 90 + 8 * 627 + 40 + 8 * 14 + 5) + 4 + 41 * 8 + 3
    two = max(8 * 45 + 1 + 32 * 40, 90 + 8 * 389 + 40 + 8 * 14 + 5) + 4 + 202 * 128 * 8 + 7 + 3 + init
    # 1, 3 3, 1, 3 3, 1: the pause behind the last one is the frame's
    starts = [0, one, one + two, one + 2 * two, 2 * one + 2 * two, 2 * one + 3 * two, 2 * one + 4 * two]
    chirps = chip.chirps()
    assert [c.start_clocks for c in chirps] == starts
    assert [c.shape for c in chirps] == [1, 3, 3, 1, 3, 3, 1]
    assert [c.channel_set for c in chirps] == [1, 2, 1, 2, 1, 2, 1]
    assert chip.radar().frame_size == 128 * 3 + 32 + 32 * 3 + 128 + 32 * 3 + 32 + 128 * 3
    assert not chip.radar().uniform


def test_a_triangle_rises_and_falls() -> None:
    down = (0x20, 2**24 - 300, 200)
    shape = Shape(389, 64, (41, 0), edu=3, edd=1, down=down, apd=32)
    plan = Plan({1: shape}, {1: Channels(up=1, down=6)}, groups=2)
    chip = Chip()
    plan.write(chip)
    up, falling = chip.chirps()[:2]
    assert (up.down, up.n_samples, up.n_rx, falling.down, falling.n_samples, falling.n_rx) == (0, 64, 1, 1, 32, 2)
    rise = max(8 * 45 + 1 + 64 * 40, 90 + 8 * 389 + 8 * 14 + 5) + 8 * 3 + 5  # no fast way back
    assert falling.start_clocks == rise
    assert chip.chirps()[2].start_clocks == rise + max(8 * 45 + 1 + 32 * 40, 90 + 8 * 200 + 117) + 13 + 41 * 8 + 3
    assert falling.slope_hz_per_s == pytest.approx(-640e6 * 300 / 2**20 * 80e6, rel=1e-12)
    assert falling.f0_hz == pytest.approx(640e6 * (96 + 0x20 / 2**20) + falling.slope_hz_per_s * 271 / 80e6, rel=1e-12)


def test_a_correction_of_the_chirp_cuts_off_no_sample() -> None:
    plan = one_shape(1, Shape(1, 64), extra=-1000)
    chip = Chip(ChipOptions(extra_clocks=-1000))
    plan.write(chip)
    converter = 8 * plan.paen + 8 * plan.sstart + 1 + 64 * plan.adc_div
    assert chip.radar().chirp_period_ns == (converter + 4 + 1) * 12.5
