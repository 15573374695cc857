"""Where the samples of a bare board come from: the documented ramp, a scene, frames in an array, nowhere.

Rule: a source is a function of frame number or time; nothing here knows who reads the samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hw_sim.board import CHIP_CLOCK_NS, NoSamples, Samples, SampleSource
from hw_sim.radar_view import RadarView

RAMP_BLOCK_FRAMES = 64


def ramp_frames(first: int, n: int, n_chirps: int, per_chirp: int) -> Samples:
    """uint16[n, n_chirps * per_chirp]: (k + 7 * chirp + 131 * frame) & 0xFFF; k counts a chirp's samples, all antennas."""
    frame = np.arange(first, first + n, dtype=np.int64)[:, None, None]
    chirp = np.arange(n_chirps, dtype=np.int64)[:, None]
    k = np.arange(per_chirp, dtype=np.int64)
    return ((k + 7 * chirp + 131 * frame) & 0xFFF).astype(np.uint16).reshape(n, n_chirps * per_chirp)


class Ramp:
    """The ramp; frames count from FRAME_START, which is seen by a block that does not follow the last one."""

    any_time = False

    def __init__(self) -> None:
        self._next = (-1, 0)  # (clock, frame number) of the block that would follow

    def block(self, first_clock: int, view: RadarView) -> Samples:
        clock, number = self._next
        first = number if clock == first_clock else 0
        period_clocks = round(view.frame_period_ns / CHIP_CLOCK_NS)
        self._next = (first_clock + RAMP_BLOCK_FRAMES * period_clocks, first + RAMP_BLOCK_FRAMES)
        if view.uniform:
            return ramp_frames(first, RAMP_BLOCK_FRAMES, view.n_chirps, view.n_samples * view.n_rx)
        longest = ramp_frames(first, RAMP_BLOCK_FRAMES, view.n_chirps, max(view.chirp_samples))
        by_chirp = longest.reshape(RAMP_BLOCK_FRAMES, view.n_chirps, -1)
        return np.concatenate([by_chirp[:, i, :n] for i, n in enumerate(view.chirp_samples)], axis=1)


class Recorded:
    """Frames that exist: uint16[frame, ...], each in the order of the FIFO; they end, and no frame follows."""

    any_time = True

    def __init__(self, frames: npt.ArrayLike) -> None:
        array = np.asarray(frames)
        if array.dtype != np.uint16 or array.ndim < 2:
            raise ValueError(f"source: expected uint16[frame, ...], got {array.dtype}{list(array.shape)}")
        self._frames = np.ascontiguousarray(array.reshape(len(array), -1))

    def block(self, first_clock: int, view: RadarView) -> Samples:
        frames, self._frames = self._frames, self._frames[:0]
        size = view.frame_size
        if len(frames) and frames.shape[1] != size:
            raise ValueError(f"source: expected {size} samples a frame as programmed, got {frames.shape[1]}")
        return frames


def sample_source(source: Any) -> SampleSource:
    """A source of samples from a word (ramp, silence), a Scene, an object with block() or an array. Raises ValueError."""
    if isinstance(source, str):
        if source not in ("ramp", "silence"):
            raise ValueError(
                f'source: expected "ramp", "silence", a scene, a sample source or an array, got {source!r}'
            )
        return Ramp() if source == "ramp" else NoSamples()
    if hasattr(source, "block"):
        chosen: SampleSource = source
        return chosen
    if hasattr(source, "frames") and hasattr(source, "truth"):
        from hw_sim.producer import FrameProducer

        return FrameProducer(source.frames)
    return Recorded(source)
