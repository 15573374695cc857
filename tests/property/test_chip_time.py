"""Times and samples of any register list against a naive enumeration of its chirps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.chip.chip import Chip, ChipOptions
from tests.chip_driver import unpack
from tests.chip_plan import Channels, Plan, Shape

small = st.tuples(st.integers(0, 20), st.integers(0, 2))
DOWN = st.one_of(st.just((0, 0, 0)), st.tuples(st.integers(0, 9), st.integers(1, 9), st.integers(0, 60)))
SHAPES = st.builds(
    Shape,
    rtu=st.integers(0, 90), apu=st.integers(1, 9), sed=small, pd=st.integers(0, 2), reps=st.integers(0, 2),
    edu=st.integers(0, 3), edd=st.integers(0, 3), down=DOWN, apd=st.integers(0, 5),
)  # fmt: skip
SETS = st.builds(Channels, up=st.integers(1, 7), down=st.integers(0, 7), repc=st.integers(0, 2))
PLANS = st.builds(
    Plan,
    shapes=st.dictionaries(st.integers(1, 4), SHAPES, min_size=1), sets=st.dictionaries(st.integers(1, 4), SETS, min_size=1),
    adc_div=st.integers(20, 70), groups=st.integers(1, 9), rept=st.integers(0, 2), wkup=small, init0=small, init1=small,
    fed=small, frame_pd=st.integers(0, 2), paen=st.integers(0, 40), sstart=st.integers(0, 31), start=st.integers(0, 40),
    end=st.integers(0, 40), fstdnen=st.integers(0, 3), fsdntmr=st.integers(0, 60), prefix=st.booleans(),
    extra=st.sampled_from([0, 9, -9]), reference_hz=st.sampled_from([80_000_000, 76_800_000]), cref=st.integers(0, 300),
)  # fmt: skip
FRAMES = 4


def chip_of(plan: Plan, spi_hz: int = 0) -> Chip:
    return Chip(ChipOptions(reference_hz=plan.reference_hz, extra_clocks=plan.extra, spi_hz=spi_hz))


def lend(chip: Chip, plan: Plan, n: int = FRAMES) -> np.ndarray:
    """Frames whose samples are 12 even bits of their place."""
    size = plan.frame_samples
    frames = (np.arange(n * size) * 2654435761 >> 9 & 0xFFF).astype(np.uint16).reshape(n, size)
    chip.advance(chip.next_frame_ns)
    chip.set_samples(frames)
    return frames


@given(PLANS)
def test_every_chirp_is_where_the_enumeration_has_it(plan: Plan) -> None:
    chip = chip_of(plan)
    plan.write(chip)
    chirps, period = plan.frame()
    seen = chip.chirps()
    assert [(c.start_clocks, c.shape, c.channel_set, c.down, c.rx_mask, c.n_samples) for c in seen] == [
        (c.start, c.shape, c.channel_set, c.down, c.rx_mask, c.n_samples) for c in chirps
    ]
    before = np.cumsum([0, *(c.n_rx * c.n_samples for c in chirps)])
    assert [c.first_sample for c in seen] == before[:-1].tolist()
    view = chip.radar()
    assert (view.n_chirps, view.frame_size) == (len(chirps), before[-1])
    assert round(view.frame_period_ns * plan.reference_hz / 1e9) == period


@given(PLANS, st.integers(0, 10**12))
def test_frames_start_to_the_clock(plan: Plan, begin_ns: int) -> None:
    chip = chip_of(plan)
    plan.write(chip)
    chip.advance(begin_ns)
    chip.write("MAIN", plan.words()["MAIN"] | 1)
    begin = begin_ns * plan.reference_hz // 10**9
    period = plan.frame()[1]
    starts = []
    for _ in range(FRAMES):
        starts.append(chip.next_frame_ns)
        chip.advance(chip.next_frame_ns)
        chip.set_samples(np.zeros((1, plan.frame_samples), np.uint16))
        chip.advance(chip.next_frame_ns - 1)
        chip.burst_read(0x60, 3 * (chip.read("FSTAT") & 0x3FFF))
    assert starts == [plan.ns(begin + plan.to_first_frame + k * period) for k in range(FRAMES)]


def words_of(plan: Plan, frames: np.ndarray) -> list[int]:
    """What the FIFO must hold: prefix words and packed samples. For one group, and even numbers of samples."""
    words = []
    for number, frame in enumerate(frames):
        at = 0
        for chirp in plan.frame()[0]:
            size = chirp.n_rx * chirp.n_samples
            half = frame[at : at + size].reshape(-1, 2).astype(int)
            data = [int(first << 12 | second) for first, second in half]
            at += size
            if plan.prefix:
                words += [0, number << 12, chirp.n_samples << 12 | chirp.channel_set - 1]
                data = [word or 1 for word in data]
            words += data
    return words


EVEN = st.integers(1, 5).map(lambda n: 2 * n)


@given(PLANS, EVEN, EVEN)
def test_the_stream_is_complete_and_in_order(plan: Plan, apu: int, apd: int) -> None:
    shape = replace(next(iter(plan.shapes.values())), apu=apu, apd=apd, reps=0)
    plan = replace(plan, shapes={1: shape}, groups=1)
    chip = chip_of(plan)
    plan.begin(chip)
    frames = lend(chip, plan)
    frames[:, :2] = 0
    expected = words_of(plan, frames)
    chip.advance(plan.ns(plan.to_first_frame + FRAMES * plan.frame()[1]) - 1)
    data = unpack(chip.burst_read(0x60, 3 * len(expected))).astype(int).reshape(-1, 2)
    assert (data[:, 0] << 12 | data[:, 1]).tolist() == expected


@given(PLANS, st.lists(st.integers(0, 400_000), max_size=12))
def test_what_is_due_is_there_and_nothing_else(plan: Plan, steps_ns: list[int]) -> None:
    chip = chip_of(plan)
    plan.begin(chip)
    units, period = plan.units(), plan.frame()[1]
    first = plan.to_first_frame
    lend(chip, plan)
    now_ns = chip.time_ns
    for step_ns in steps_ns:
        now_ns += step_ns
        chip.advance(now_ns)
        clocks = now_ns * plan.reference_hz // 10**9 - first
        due = sum(sum(t + k * period <= clocks for t in units) for k in range(FRAMES))
        assert chip.read("FSTAT") & 0x3FFF == due // 2


@given(PLANS)
def test_the_interrupt_is_predicted_to_the_clock(plan: Plan) -> None:
    chip = chip_of(plan)
    plan.begin(chip)
    units, period = plan.units(), plan.frame()[1]
    lend(chip, plan)
    needed = 2 * (plan.cref + 1)
    if needed > FRAMES * len(units):
        assert chip.next_event_ns == plan.ns(plan.to_first_frame + FRAMES * period)
        return
    whole, rest = divmod(needed - 1, len(units))
    expected = plan.ns(plan.to_first_frame + whole * period + units[rest])
    assert chip.next_event_ns == max(expected, 0)
    chip.advance(expected - 1)
    assert not chip.irq or units[rest] == units[0]
    chip.advance(expected)
    assert chip.irq


@given(PLANS, st.integers(0, 10**7))
def test_status_follows_the_chirps(plan: Plan, at: int) -> None:
    chip = chip_of(plan)
    plan.begin(chip)
    chirps, period = plan.frame()
    lend(chip, plan)
    at %= 2 * period
    chip.advance(plan.ns(plan.to_first_frame + at))
    running = [c for c in chirps if c.start <= at % period][-1]
    status = chip.read("STAT0")
    indices = tuple(2 * (n - 1) + running.down for n in (running.channel_set, running.shape))
    assert (status >> 8 & 7, status >> 11 & 7) == indices
    assert (status >> 5 & 7 == 1) == (at % period < running.end)


ACTIONS = st.lists(
    st.one_of(st.tuples(st.just("advance"), st.integers(0, 30_000)), st.tuples(st.just("read"), st.integers(0, 70))),
    max_size=12,
)


def play(plan: Plan, spi_hz: int, actions: list[tuple[str, int]], cuts: st.DataObject | None) -> list[object]:
    """The actions, whole or in pieces that cuts draws; returns everything a driver could see afterwards."""
    chip = chip_of(plan, spi_hz)
    plan.begin(chip)
    lend(chip, plan)
    seen: list[object] = []
    for kind, size in actions:
        pieces = [size]
        while cuts is not None and pieces[-1] > 1 and cuts.draw(st.booleans()):
            piece = cuts.draw(st.integers(1, pieces[-1] - 1))
            pieces[-1:] = [piece, pieces[-1] - piece]
        if kind == "advance":
            now_ns = chip.time_ns
            for piece in pieces:
                now_ns += piece
                chip.advance(now_ns)
        else:
            seen.append(chip.transfer(bytes([0xFF, 0xC0, 0, 0]), *(b"\xff" * piece for piece in pieces)))
        seen += [chip.time_ns, chip.irq, chip.next_event_ns, chip.read("FSTAT"), chip.read("STAT0"), chip.read("STAT1")]
    return seen


@given(PLANS, st.sampled_from([0, 999_983, 7_000_000, 50_000_000]), ACTIONS, st.data())
def test_cutting_time_and_transfers_changes_nothing(
    plan: Plan, spi_hz: int, actions: list[tuple[str, int]], data: st.DataObject
) -> None:
    assert play(plan, spi_hz, actions, data) == play(plan, spi_hz, actions, None)
