"""Prefetching: what is in a block never depends on whether it was guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hw_sim.board import Samples
from hw_sim.producer import FrameProducer
from hw_sim.radar_view import RadarView

VIEW = RadarView(1, 1, 8, 2, 2e6, 59.5e9, 1e13, 5e5, 5e7, 23, 20e3, 31)
PERIOD_CLOCKS = 4_000_000
Call = tuple[float, float, int]


def synthesise(calls: list[Call]) -> Any:
    def frames(first_us: float, period_us: float, n: int, view: RadarView, out: Samples) -> None:
        calls.append((first_us, period_us, n))
        out[:] = (np.arange(n)[:, None] + round(first_us / period_us)) % 4096 + view.tx_power_level

    return frames


def test_consecutive_blocks_are_guessed() -> None:
    calls: list[Call] = []
    producer = FrameProducer(synthesise(calls), block_frames=10)
    blocks = [producer.block(80 + i * 10 * PERIOD_CLOCKS, VIEW).copy() for i in range(5)]
    producer.close()
    assert [int(block[0, 0]) for block in blocks] == [31, 41, 51, 61, 71]
    assert producer.guesses_wrong == 0
    assert calls[:3] == [(1.0, 50_000.0, 10), (500_001.0, 50_000.0, 10), (1_000_001.0, 50_000.0, 10)]


@pytest.mark.parametrize(
    "second", [(80 + 7 * PERIOD_CLOCKS, VIEW), (80 + 10 * PERIOD_CLOCKS, replace(VIEW, tx_power_level=9))]
)
def test_a_wrong_guess_is_dropped(second: tuple[int, RadarView]) -> None:
    producer = FrameProducer(synthesise([]), block_frames=10)
    producer.block(80, VIEW)
    found = producer.block(*second).copy()
    alone = FrameProducer(synthesise([]), block_frames=10)
    expected = alone.block(*second).copy()
    producer.close(), alone.close()
    assert np.array_equal(found, expected)
    assert producer.guesses_wrong == 1


def test_a_block_stays_untouched_while_the_next_is_made() -> None:
    producer = FrameProducer(synthesise([]), block_frames=10)
    first = producer.block(0, VIEW)
    kept = first.copy()
    producer.block(7, VIEW)  # a wrong guess: two more blocks were made meanwhile
    assert np.array_equal(first, kept)
    producer.close()


def test_an_error_of_the_scene_reaches_the_caller() -> None:
    def broken(*_: Any) -> None:
        raise ValueError("no such scatterer")

    producer = FrameProducer(broken, block_frames=10)
    with pytest.raises(ValueError, match="no such scatterer"):
        producer.block(0, VIEW)
    producer.close()
