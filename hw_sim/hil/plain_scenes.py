"""Scenes that are no physics: samples of which every bit can be foretold, or none at all.

Rule: the ramp is the one that hw_sim/chip/vrb.h documents, so that one expectation serves both boards.
"""

from __future__ import annotations

import numpy as np

from hw_sim.board import CHIP_CLOCK_NS, NoSamples, Samples, SampleSource
from hw_sim.radar_view import RadarView

BLOCK_FRAMES = 64


class Ramp:
    """Sample k of a chirp, all antennas, is (k + 7 * chirp + 131 * frame) mod 4096; frames count from FRAME_START.

    A start is seen by a block that does not follow the last one.
    """

    any_time = False

    def __init__(self) -> None:
        self._next = (-1, 0)  # (clock, frame number) of the block that would follow

    def block(self, first_clock: int, view: RadarView) -> Samples:
        """uint16[frame, chirp * sample * rx], the block that starts at first_clock."""
        first = self._next[1] if self._next[0] == first_clock else 0
        period_clocks = round(view.frame_period_ns / CHIP_CLOCK_NS)
        self._next = first_clock + BLOCK_FRAMES * period_clocks, first + BLOCK_FRAMES
        frame = np.arange(first, first + BLOCK_FRAMES)[:, None, None]
        chirp = np.arange(view.n_chirps)[:, None]
        k = np.arange(view.n_samples * view.n_rx)
        return ((k + 7 * chirp + 131 * frame) & 0xFFF).astype(np.uint16).reshape(BLOCK_FRAMES, -1)


PLAIN_SCENES: dict[str, type[SampleSource]] = {"ramp": Ramp, "silence": NoSamples}
