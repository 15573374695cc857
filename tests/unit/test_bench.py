"""Floors and rows of the benchmark: what they count, not how fast anything is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bench import blocks, floors, line_rows, run, spi
from hw_sim.chip.chip import Chip
from tests.chip_driver import unpack
from wire import codec


def test_a_call_is_timed_by_the_given_clock() -> None:
    ticks = iter(np.arange(0.0, 1000.0, 0.25))
    taken = floors.seconds_per_call(lambda: None, 0.0, clock=lambda: float(next(ticks)))
    assert taken == 0.25


@pytest.mark.parametrize("name", sorted(floors.transforms()))
def test_every_library_of_the_floor_computes_the_same(name: str) -> None:
    signal = np.random.default_rng(1).standard_normal((4, 64), dtype=np.float32)
    assert np.asarray(floors.transforms()[name](signal)) == pytest.approx(np.fft.rfft(signal), abs=1e-4)


def test_the_ratio_is_the_cost_over_the_cost_of_the_floor() -> None:
    row = run._row("chain", 200.0, "frames/s", floors.Floor(500.0, "FFT"))
    assert (row["floor"], row["ratio_to_floor"]) == (500.0, 2.5)


def test_the_scene_sees_the_radar_that_the_firmware_programmes() -> None:
    used = run.radar(**run.SMALL)
    assert used.name == "3x64x16"
    assert used.view.frame_period_ns == pytest.approx(50e6, rel=1e-6)
    assert used.view.bandwidth_hz == pytest.approx(used.timing.sampled_bandwidth_khz * 1e3)


def test_the_block_of_the_bench_looks_at_every_frame_as_the_chain_does() -> None:
    used = run.radar(**run.SMALL)
    leakage = 300 * np.cos(2 * np.pi * 0.8 * np.arange(64) / 64)[:, None] * np.array([1.0, 0.7, 0.5])
    noise = np.random.default_rng(1).normal(0, 1.2, (30, 16, 64, 3))
    frames = np.rint(2048 + leakage + noise).astype(np.uint16).reshape(30, -1)
    front = blocks.Front(used, frames, len(frames))
    front.sample_check()
    assert front.check.learnt == len(frames) and front.check.print != 0
    assert not front.check.noticed >> front.lib.SW_CHECK_FRAME_REPEATED & 1


def test_the_share_of_a_block_is_that_of_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    used = run.radar(**run.SMALL)
    seconds = iter([0.5, 0.25, 1.25, 0.25])  # looks and empty calls, from cache and from memory
    monkeypatch.setattr(blocks, "seconds_per_call", lambda call, budget_s: next(seconds))
    found = blocks.rows(used, np.full((10, 64 * 16 * 3), 2048, np.uint16), 5.0, 0.0)
    assert [run._row(*row)["ratio_to_floor"] for row in found] == [0.125, 0.5]


def test_an_impossible_radar_is_refused() -> None:
    with pytest.raises(ValueError, match="n_chirps"):
        run.radar(n_chirps=3)


def test_the_bursts_of_the_bench_are_the_frames_that_were_lent() -> None:
    chip, frames, buffer = Chip(), spi.lent(), bytearray(spi.BURST_BYTES)
    for word in spi.words():
        chip.transfer(word)
    chip.advance(chip.next_event_ns)
    chip.set_samples(frames)
    for frame in frames[:20]:
        chip.advance(chip.next_event_ns)
        chip.transfer_into(buffer)
        assert np.array_equal(unpack(bytes(buffer)), frame)


@pytest.mark.parametrize("make", [spi.chip_bursts, spi.board_bursts, spi.spidev_bursts])
def test_every_way_reads_all_its_bursts_without_a_loss(
    make: Callable[[], Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Chip] = []
    first = Chip.__init__

    def keep(chip: Chip, *options: Any) -> None:
        first(chip, *options)
        made.append(chip)

    at = Chip.at

    def keep_at(pointer: Any) -> Chip:
        made.append(at(pointer))
        return made[-1]

    monkeypatch.setattr(Chip, "__init__", keep)
    monkeypatch.setattr(Chip, "at", keep_at)
    bursts = make()  # the board lives in it, and with the board its chip
    bursts()
    counters = made[0].counters()
    assert counters.frames_from_ring == spi.BURSTS
    assert (counters.fifo_burst_bytes, counters.overflows, counters.underflows) == (
        spi.BURSTS * (spi.BURST_BYTES + 4),
        0,
        0,
    )


def test_the_lines_of_the_bench_are_packets_and_every_codec_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in (("N_C", 100), ("N_PYTHON", 20), ("N_BULK", 50), ("N_PTY", 100)):
        monkeypatch.setattr(line_rows, name, small)

    found = line_rows.rows(0.0)

    assert [one.seq for one in codec.Decoder().feed(line_rows.sample(5))] == [1, 2, 3, 4, 5]
    assert len({name for name, *_ in found}) == 9 and all(value > 0 for _, value, *_ in found)
