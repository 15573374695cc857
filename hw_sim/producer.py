"""Prefetches blocks of frames in a worker thread while the C board runs, so that two cores are used.

Rule: guessing the next block changes when it is computed, never what is in it: its start time in
chip clocks and the radar's configuration are all a block depends on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from hw_sim.board import CHIP_CLOCK_NS, Samples
from hw_sim.radar_view import RadarView

# (first_us, period_us, n, view, out uint16[n, samples]) -> fills out, without the interpreter lock
Synthesise = Callable[[float, float, int, RadarView, Samples], None]
BLOCK_FRAMES = 200


class FrameProducer:
    """A sample source over a scene: two buffers, one read by the chip, one being filled.

    synthesise: the scene's frame function. block_frames: frames computed at once.
    """

    any_time = False

    def __init__(self, synthesise: Synthesise, block_frames: int = BLOCK_FRAMES) -> None:
        self._synthesise = synthesise
        self._block_frames = block_frames
        self._worker = ThreadPoolExecutor(1, "scene")
        self._process = os.getpid()
        self._buffers: list[Samples] = []
        self._turn = 0
        self._guess: tuple[int, RadarView] | None = None
        self._pending: Future[Samples] | None = None
        self.frames_made = 0
        self.guesses_wrong = 0

    def block(self, first_clock: int, view: RadarView) -> Samples:
        """The block that starts at first_clock: uint16[frame, chirp * sample * rx]."""
        if self._process != os.getpid():  # a fork copies no threads
            self._process, self._worker, self._pending = os.getpid(), ThreadPoolExecutor(1, "scene"), None
        frames = self._take_guess(first_clock, view)
        if frames is None:
            frames = self._fill(first_clock, view, self._next_buffer(view))
        period_clocks = round(view.frame_period_ns / CHIP_CLOCK_NS)
        following = first_clock + self._block_frames * period_clocks
        self._guess = (following, view)
        self._pending = self._worker.submit(self._fill, following, view, self._next_buffer(view))
        return frames

    def _take_guess(self, first_clock: int, view: RadarView) -> Samples | None:
        if self._pending is None:
            return None
        guessed = self._pending.result()  # also when it is wrong: the worker must be done with its buffer
        self._pending = None
        if self._guess == (first_clock, view):
            return guessed
        self.guesses_wrong += 1
        return None

    def _next_buffer(self, view: RadarView) -> Samples:
        shape = (self._block_frames, view.frame_size)
        if not self._buffers or self._buffers[0].shape != shape:
            self._buffers = [np.zeros(shape, np.uint16) for _ in range(3)]
        self._turn = (self._turn + 1) % len(self._buffers)
        return self._buffers[self._turn]

    def _fill(self, first_clock: int, view: RadarView, out: Samples) -> Samples:
        first_us = first_clock * (CHIP_CLOCK_NS / 1000.0)
        self._synthesise(first_us, view.frame_period_ns / 1000.0, len(out), view, out)
        self.frames_made += len(out)
        return out

    def forget(self) -> None:
        """The scene has changed: the block that was made ahead is dropped."""
        if self._pending is not None:
            self._pending.result()
        self._pending = None

    def close(self) -> None:
        """Ends the worker; the block being computed is finished first."""
        self._worker.shutdown(wait=True, cancel_futures=True)
