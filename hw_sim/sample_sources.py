"""Where the samples of a bare board come from, beside what its C files make themselves: a scene, frames in an array.

Rule: a source is a function of time, or frames that exist; nothing here knows who reads the samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hw_sim.board import Samples, SampleSource
from hw_sim.radar_view import RadarView


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
    """A Scene, an object with block(), or an array, as a source of samples. Raises ValueError."""
    if isinstance(source, str):
        raise ValueError(f'source: expected "ramp", "silence", "noise", a scene, a source or an array, got {source!r}')
    if hasattr(source, "block"):
        chosen: SampleSource = source
        return chosen
    if hasattr(source, "frames") and hasattr(source, "truth"):
        from hw_sim.producer import FrameProducer

        return FrameProducer(source.frames)
    return Recorded(source)
